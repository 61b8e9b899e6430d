"""Which files are the program's own."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterable
from functools import lru_cache
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from types import FunctionType, ModuleType

from hotswap.looking import is_instance

HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
COMPILED = (*EXTENSION_SUFFIXES, ".pyc")
"""How the files of modules end that have no source: they cannot be loaded a second time."""


class Scope:
    """Which files are the program's own: those under the given paths, or all outside of Python and site-packages."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        foreign_folders()  # finding them imports modules, which must not happen inside of an import
        self.roots = tuple(dict.fromkeys(p for path in paths for p in (os.path.abspath(path), os.path.realpath(path))))
        self._roots = [(root, prefix := os.path.join(root, ""), _beneath(prefix)) for root in self.roots]
        self._cached = lru_cache(maxsize=None)(self._contains)

    def __str__(self) -> str:
        return " ".join(self.roots) or "the whole program"

    def contains(self, path: str) -> bool:
        """Whether the file belongs to the program."""
        return self._cached(path)

    def includes(self, other: Scope) -> bool:
        """Whether all that belongs to the other one belongs here too."""
        return not self.roots or (bool(other.roots) and all(self._has(root) for root in other.roots))

    def overlaps(self, other: Scope) -> bool:
        """Whether a file may belong to both."""
        if not self.roots or not other.roots:
            return True
        return any(map(self._has, other.roots)) or any(map(other._has, self.roots))

    def _has(self, path: str) -> bool:
        return any(path == root or path.startswith(prefix) for root, prefix, _ in self._roots)

    def _contains(self, path: str) -> bool:
        if path.startswith(("<", HERE)):
            return False
        path = absolute(path)
        if self.roots:
            return self._is_own(path) or ((real := real_path(path)) != path and self._is_own(real))
        return not path.startswith(foreign_folders()) and not real_path(path).startswith(foreign_folders())

    def _is_own(self, path: str) -> bool:
        """Whether the file lies under a root and is not installed there: a project often has its environment in it."""
        return any(
            path == root or (path.startswith(prefix) and not path.startswith(foreign) and _is_written(path, prefix))
            for root, prefix, foreign in self._roots
        )


def _is_written(path: str, prefix: str) -> bool:
    """Whether nothing on the way from the root says that the file was installed."""
    rest = path[len(prefix) :]
    return "-packages" not in rest or INSTALLED.isdisjoint(rest.split(os.sep))


INSTALLED = frozenset(("site-packages", "dist-packages"))


@lru_cache(maxsize=1)
def foreign_folders() -> tuple[str, ...]:
    """The folders of Python itself and of installed distributions (an editable install lives elsewhere)."""
    folders = {sysconfig.get_path(key) for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {*site.getsitepackages(), site.getusersitepackages()}
    folders |= {p for p in sys.path if os.path.basename(p) in ("site-packages", "dist-packages")}
    return tuple({form(f) + os.sep for f in folders if f for form in (os.path.abspath, os.path.realpath)})


def _beneath(prefix: str) -> tuple[str, ...]:
    return tuple(folder for folder in foreign_folders() if folder.startswith(prefix))


def source_path(module: object) -> str | None:
    """The file that a module was loaded from, lexically absolute; None when there is none."""
    if not is_instance(module, ModuleType):
        return None
    path = module.__dict__.get("__file__")
    if not is_instance(path, str) or "\0" in path:  # some importers of archives and network file systems write such
        return None
    is_script = module.__name__ == "__main__" and os.path.isfile(path)  # a script may be called anything
    if not is_script and not path.endswith((".py", ".pyw", *COMPILED)):
        return None
    return absolute(path)


def shows_another(module: object, path: str) -> bool:
    """Whether a module only gives the file of another one as its own, as a loader does that fills it with its names."""
    spec = _spec_of(module)
    if spec is None:
        if not is_instance(module, ModuleType) or module.__name__ == "__main__" or _defines(vars(module)):
            return False
    elif spec.origin is not None and absolute(spec.origin) == path:
        return False
    specs = (_spec_of(other) for other in list(sys.modules.values()) if other is not module)
    return any(each is not None and each.origin is not None and absolute(each.origin) == path for each in specs)


def showing(path: str, module: str) -> list[str]:
    """The modules that so show the file of a module."""
    others: list[tuple[str, object]] = [pair for pair in list(sys.modules.items()) if pair[0] != module]
    same = [(n, m) for n, m in others if is_instance(m, ModuleType) and vars(m).get("__file__") == path]
    return sorted(name for name, other in same if shows_another(other, path))


def _defines(namespace: dict[str, object]) -> bool:
    """Whether a function was made among these names."""
    values = (value for value in list(namespace.values()) if is_instance(value, FunctionType))
    return any(value.__globals__ is namespace for value in values)


def _spec_of(module: object) -> ModuleSpec | None:
    found = vars(module).get("__spec__") if is_instance(module, ModuleType) else None
    return found if type(found) is ModuleSpec and (found.origin is None or type(found.origin) is str) else None


def absolute(path: str) -> str:
    """The path made absolute and normal; quick when it is so already, as that of most modules is."""
    if os.sep == "/" and path.startswith("/") and "/." not in path and "//" not in path:
        return path
    return os.path.abspath(path)


def real_path(path: str) -> str:
    """The path without symbolic links on the way."""
    folder, name = os.path.split(path)
    place = os.path.join(_real_folder(folder), name)
    return os.path.realpath(path) if os.path.islink(place) else place


@lru_cache(maxsize=4096)
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)


def forget_folders() -> None:
    """Links may lead elsewhere by now."""
    _real_folder.cache_clear()
