"""Path ⇄ module, and the source that each module of the process was really made from.

The index knows the tracked modules: those under the watched paths.  For each it keeps the `Source` that the process
runs (taken from the loader as the module is imported, so an edit made a moment later is not mistaken for it) and what
its statements called.  It answers which files differ from what runs.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import util as importlib_util
from importlib.machinery import EXTENSION_SUFFIXES
from types import ModuleType
from typing import Any

from hotswap.imprint import Imprint
from hotswap.model import Change, ChangeSet
from hotswap.source import Source
from hotswap.trace import Footprint

HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep


@dataclass(slots=True, eq=False)
class Tracked:
    """A module of the program and the source that it runs.

    `calls` holds what was called by the statement on each line (None: it ran before anybody looked); `certain` is False
    when the source on disk may already have been another one than the one that was imported.  `away` is the module
    object while its file is deleted: if the file comes back, those who hold the module shall see it.  `imprint` is None
    when nobody looked as its statements had just run.
    """

    name: str
    path: str
    source: Source
    calls: dict[int, Footprint] | None = None
    certain: bool = True
    generation: int = 0
    replaced: bool = False
    away: ModuleType | None = None
    imprint: Imprint | None = None

    @property
    def module(self) -> ModuleType:
        """The module object; raises KeyError when the program dropped it."""
        return sys.modules[self.name] if self.away is None else self.away

    @property
    def namespace(self) -> dict[str, Any]:
        """The module's global names."""
        return self.module.__dict__

    def footprint(self, first: int, last: int, without: Iterable[tuple[int, int]] = ()) -> Footprint | None:
        """What the statement on these lines called when it ran, except on some of them; None when nobody looked."""
        if self.calls is None:
            return None
        found = Footprint()
        for line, footprint in self.calls.items():
            if first <= line <= last and not any(begin <= line <= end for begin, end in without):
                found.add(footprint)
        return found

    @property
    def is_main(self) -> bool:
        """Whether it is the program's script."""
        return self.name == "__main__"

    @property
    def is_package(self) -> bool:
        """Whether it is the `__init__` of a package."""
        return os.path.basename(self.path) == "__init__.py"


class Index:
    """The tracked modules of the process."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.modules: dict[str, Tracked] = {}
        self.extensions: dict[str, tuple[str, tuple[int, int] | None]] = {}
        self._by_path: dict[str, list[str]] = {}
        self._seen: dict[str, int] = {}
        self.generation = 0
        self.caching: set[str] = set()
        """Modules whose text mentions caches."""
        self.unobserved: set[str] = set()
        """Modules that ran before anybody looked what they call."""
        self.attempted: set[str] = set()
        """Files that were loaded, or failed to, since the set was emptied."""
        self.begun: dict[str, int] = {}
        """When the loading of a module began: its number in the order of all."""
        self._changed: set[str] = set()
        self._loaded: tuple[int, str] = (0, "")

    def __len__(self) -> int:
        return len(self.modules)

    # ------------------------------------------------------------------ what is tracked

    def adopt(self) -> list[str]:
        """Take in the modules that were loaded since the last look.  Returns the paths of files to watch."""
        found: list[str] = []
        newest = len(sys.modules), next(reversed(sys.modules))
        if newest == self._loaded:
            return found
        self._loaded = newest
        for name, module in list(sys.modules.items()):
            if self._seen.get(name) != id(module):
                self._seen[name] = id(module)
                if name not in self.modules or self._was_replaced(name, module):
                    found += self._adopt(name, module)
        return found

    def _was_replaced(self, name: str, module: object) -> bool:
        """Whether the name now stands for another module (imported anew from another file, say)."""
        path = getattr(module, "__file__", None)
        if path is not None and path != self.modules[name].path and self.scope.contains(path):
            return True
        self.modules[name].replaced = not isinstance(module, ModuleType)
        return False

    def _adopt(self, name: str, module: object) -> list[str]:
        path = source_path(module)
        if path is None or not self.scope.contains(path):
            return []
        if path.endswith(tuple(EXTENSION_SUFFIXES)):
            self.extensions[path] = name, stamp(path)
            return [path]
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError:
            return []
        self.put(Tracked(name, path, Source(path, data), certain=not changed_since_import(module, path)))
        return [path]

    def put(self, tracked: Tracked) -> None:
        """Track a module, or replace what is known of it."""
        before = self.modules.get(tracked.name)
        if before is not None and before.path != tracked.path:
            self.forget(tracked.name)
        self.generation += 1
        tracked.generation = self.generation
        self.modules[tracked.name] = tracked
        self._seen[tracked.name] = id(sys.modules.get(tracked.name))
        self._changed.add(tracked.name)
        (self.unobserved.add if tracked.calls is None else self.unobserved.discard)(tracked.name)
        (self.caching.add if b"cache" in tracked.source.data else self.caching.discard)(tracked.name)
        for key in {tracked.path, os.path.realpath(tracked.path)}:
            names = self._by_path.setdefault(key, [])
            if tracked.name not in names:
                names.append(tracked.name)

    def begins(self, name: str) -> None:
        """Note that a module is being loaded."""
        self.begun.setdefault(name, len(self.begun))

    def forget(self, name: str) -> None:
        """Stop tracking a module."""
        tracked = self.modules.pop(name, None)
        self._seen.pop(name, None)
        self.begun.pop(name, None)
        self._changed.add(name)
        self.unobserved.discard(name)
        self.caching.discard(name)
        if tracked is not None:
            for key in {tracked.path, os.path.realpath(tracked.path)}:
                if name in self._by_path.get(key, ()):
                    self._by_path[key].remove(name)

    def take_changed(self) -> set[str]:
        """The modules put or forgotten since the last call (for the graph, which keeps an index of its own)."""
        changed, self._changed = self._changed, set()
        return changed

    def check_place(self, tracked: Tracked) -> None:
        """Note when a module has put another object in its own place."""
        held = sys.modules.get(tracked.name)
        if held is not None and tracked.away is None:
            tracked.replaced = tracked.replaced or not isinstance(held, ModuleType)

    def at(self, path: str) -> list[Tracked]:
        """The modules that were made from the file (more than one when it was imported under several names)."""
        names = self._by_path.get(path) or self._by_path.get(os.path.realpath(path), [])
        return [self.modules[n] for n in names if n in self.modules]

    def names_of_file(self, path: str) -> bool:
        """Whether a code object's file is one of the tracked ones."""
        return self.scope.contains(path)

    # ------------------------------------------------------------------ what differs

    def changes(self, paths: Iterable[str]) -> ChangeSet:
        """Which of the files differ from what the process runs; contents decide."""
        found = []
        for path in sorted(set(paths)):
            if path in self.extensions:
                if stamp(path) != self.extensions[path][1]:
                    found.append(Change(path=path, kind="edited"))
                continue
            known = self.at(path)
            data = read(path)
            if not known or all(t.away for t in known):
                if data is not None:
                    found.append(Change(path=path, kind="added"))
            elif data is None:
                found.append(Change(path=path, kind="deleted"))
            elif any(data != t.source.data or not t.certain for t in known):
                found.append(Change(path=path, kind="edited"))
        return tuple(found)

    def paths(self) -> Iterator[str]:
        """The files of all tracked modules."""
        for tracked in list(self.modules.values()):
            yield tracked.path  # also of those that are away
        yield from self.extensions


class Scope:
    """Which files are the program's own: those under the given paths, or all outside of Python and site-packages."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        foreign_folders()  # finding them imports modules, which must not happen inside of an import
        self.roots = tuple({p for path in paths for p in (os.path.abspath(path), os.path.realpath(path))})
        self._cached = lru_cache(maxsize=None)(self._contains)

    def contains(self, path: str) -> bool:
        """Whether the file belongs to the program."""
        return self._cached(path)

    def _contains(self, path: str) -> bool:
        if path.startswith(("<", HERE)):
            return False
        path = os.path.abspath(path)
        if self.roots:
            return any(path == r or path.startswith(r + os.sep) for r in self.roots) or self._linked(path)
        real = os.path.realpath(path)
        return not any(p.startswith(foreign_folders()) for p in (path, real))

    def _linked(self, path: str) -> bool:
        real = os.path.realpath(path)
        return real != path and any(real == r or real.startswith(r + os.sep) for r in self.roots)


@lru_cache(maxsize=1)
def foreign_folders() -> tuple[str, ...]:
    """The folders of Python itself and of installed distributions (an editable install lives elsewhere)."""
    folders = {sysconfig.get_path(key) for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {*site.getsitepackages(), site.getusersitepackages()}
    folders |= {p for p in sys.path if os.path.basename(p) in ("site-packages", "dist-packages")}
    return tuple({form(f) + os.sep for f in folders if f for form in (os.path.abspath, os.path.realpath)})


def source_path(module: object) -> str | None:
    """The file that a module was loaded from, lexically absolute; None when there is none."""
    if not isinstance(module, ModuleType):
        return None
    path = module.__dict__.get("__file__")
    if not isinstance(path, str) or "\0" in path:  # some importers of archives and network file systems write such
        return None
    is_script = module.__name__ == "__main__" and os.path.isfile(path)  # a script may be called anything
    return os.path.abspath(path) if is_script or path.endswith((".py", ".pyw", *EXTENSION_SUFFIXES)) else None


def changed_since_import(module: object, path: str) -> bool:
    """Whether the file may be another one than the one that was imported, told by the header of the cached bytecode."""
    cached = getattr(module, "__cached__", None)
    try:
        with open(cached or importlib_util.cache_from_source(path), "rb") as file:
            header = file.read(16)
        status = os.stat(path)
    except (OSError, NotImplementedError, TypeError):
        return False
    if len(header) < 16 or header[:4] != importlib_util.MAGIC_NUMBER or int.from_bytes(header[4:8], "little"):
        return False  # written by another Python, or checked by hash
    wanted = int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF
    return (int.from_bytes(header[8:12], "little"), int.from_bytes(header[12:16], "little")) != wanted


def stamp(path: str) -> tuple[int, int] | None:
    """Time and size of a file that is not text."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def read(path: str) -> bytes | None:
    """The file's content; None when there is no readable file."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
