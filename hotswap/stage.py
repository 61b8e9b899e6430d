"""A program put on stage: imported as it would be, with its script as `__main__`, but without its course.

What stands under `if __name__ == "__main__":` does not run, so that a game or server can be looked at without playing
it.  Everything else that runs when the program is imported runs here too.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec
from types import CodeType

import hotswap
from hotswap.errors import HotswapError, UsageError
from hotswap.launch import Program, install_main
from hotswap.parsing import parse
from hotswap.reloader import Reloader
from hotswap.report import error_text
from hotswap.watch import NEVER


@dataclass(frozen=True, slots=True)
class Place:
    """Where a program's script is, and the folder that stands first on its `sys.path`."""

    path: str
    entry: str


def find_place(program: Program) -> Place:
    """Where the program would be found.  Raises UsageError when there is none, or none that has a source."""
    if program.is_module:
        return Place("", os.getcwd())
    path = os.path.realpath(program.name)
    if os.path.isdir(path):
        return Place(checked(os.path.join(path, "__main__.py")), path)
    return Place(checked(path), os.path.dirname(path))


def checked(path: str) -> str:
    """The path of a script that can be read.  Raises UsageError when it cannot."""
    if not os.path.isfile(path):
        raise UsageError(f"there is no file {path!r}; check the spelling")
    return path


@contextmanager
def stage() -> Iterator[Reloader]:
    """A reloader that notes everything and does nothing by itself, also where the environment has switched it off."""
    os.environ.pop("HOTSWAP", None)
    with hotswap.watch(apply="manual", on_restart="never") as reloader:
        yield reloader


class DoesNotStart(HotswapError):
    """The program raised as it was imported; `error` says what."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error_text(error))
        self.error = error


def perform(program: Program, place: Place, reloader: Reloader) -> None:
    """Import the program.  What it prints goes to the standard error; raises DoesNotStart when it raises."""
    try:
        _perform(program, place, reloader)
    except (UsageError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise DoesNotStart(error) from error


def _perform(program: Program, place: Place, reloader: Reloader) -> None:
    sys.argv[:] = [place.path or "-m", *program.arguments]
    sys.path.insert(0, place.entry)
    with redirect_stdout(sys.stderr):
        if not program.is_module:
            _run(place.path, reloader, spec=None)
            return
        spec = _spec_of(program.name)
        assert spec.origin is not None
        _run(spec.origin, reloader, spec=spec)


def _spec_of(name: str) -> ModuleSpec:
    try:
        spec = find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = find_spec(f"{name}.__main__") or spec
    except ModuleNotFoundError as error:
        raise UsageError(f"there is no module {name!r}: {error}") from error
    if spec is None:
        raise UsageError(f"there is no module {name!r} in {os.getcwd()} or on sys.path")
    if not isinstance(spec.loader, SourceFileLoader):
        raise UsageError(f"the module {name!r} has no source file that could be edited")
    return spec


def _run(path: str, reloader: Reloader, *, spec: ModuleSpec | None) -> None:
    """Run a script, or a module of which only the definitions count when it is a package without a `__main__`."""
    if spec is not None and spec.submodule_search_locations is not None:
        __import__(spec.name)
        return
    with open(path, "rb") as file:
        data = file.read()
    namespace = install_main()
    namespace |= {"__file__": path, "__cached__": None, "__spec__": spec}
    if spec is not None:
        namespace["__package__"] = spec.parent
    reloader.adopt_main(path, data)
    with _unwatched(reloader):
        exec(without_course(data, path), namespace)


@contextmanager
def _unwatched(reloader: Reloader) -> Iterator[None]:
    """Whatever the program asks of its reloader by itself, it stays as it is here."""
    try:
        yield
    finally:
        reloader.on_restart, reloader.report, reloader.deliver = "never", None, lambda _: None


def without_course(data: bytes, path: str) -> CodeType:
    """The code of a script whose blocks `if __name__ == "__main__":` do nothing; lines stay where they are."""
    tree = parse(data, path)
    for node in tree.body:
        if isinstance(node, ast.If) and is_guard(node.test):
            node.body = [ast.copy_location(ast.Pass(), node)]
    code = compile(tree, path, "exec", dont_inherit=True)
    assert isinstance(code, CodeType)
    return code


def is_guard(test: ast.expr) -> bool:
    """Whether an expression asks for `__name__ == "__main__"`, either way round."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = {ast.unparse(test.left), ast.unparse(test.comparators[0])}
    return sides == {"__name__", "'__main__'"}


def is_source_folder(path: str) -> bool:
    """Whether a folder may hold sources of a project: not hidden, and not made or fetched by a tool."""
    name = os.path.basename(path)
    made = any(os.path.lexists(os.path.join(path, sign)) for sign in ("pyvenv.cfg", "CACHEDIR.TAG"))
    return not name.startswith(".") and name not in NEVER and not made
