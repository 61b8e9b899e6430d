"""A small program in a folder of its own: written, imported into the test's process, edited, brought up to date."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

from hotswap import asked, assets
from hotswap.index import Tracked
from hotswap.model import Outcome, Plan
from hotswap.reloader import Reloader


class Program:
    """The files of a program, and the reloader that keeps this process in step with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._main = sys.modules["__main__"]
        self.reloader = Reloader(folder, apply="manual")

    def write(self, name: str, text: str | bytes) -> Path:
        """Save a file ("enemy.py", "game/level.py")."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).lstrip("\n").encode())
        return path

    def import_(self, name: str) -> ModuleType:
        """The module of that name, imported now if it was not before."""
        importlib.invalidate_caches()
        return importlib.import_module(name)

    def load(self, name: str, text: str | bytes) -> Any:
        """Save a module's file and import it."""
        self.write(name, text)
        return self.import_(name.removesuffix("/__init__.py").removesuffix(".py").replace("/", "."))

    def watch(self, **options: Any) -> Reloader:
        """Begin to watch, with other options than usual if any are given."""
        if options:
            self.reloader = Reloader(self.folder, **{"apply": "manual", **options})
        return self.reloader.start()

    def sync(self, name: str = "", text: str | bytes = "", *, force: bool = False) -> Outcome:
        """Save a file, if one is given, and bring the process up to date."""
        if name:
            self.write(name, text)
        return self.reloader.sync(force=force)

    def plan(self, name: str = "", text: str | bytes = "") -> Plan:
        """Save a file, if one is given, and say what `sync` would do."""
        if name:
            self.write(name, text)
        return self.reloader.plan()

    def tracked(self, name: str) -> Tracked:
        """What the index knows of a module."""
        return self.reloader._index.modules[name]

    def close(self) -> None:
        """Stop watching; no module of the program stays behind, nor what it asked for."""
        self.reloader.stop()
        asked.forget(lambda _: True)
        assets.assets.clear()
        known = self.reloader._index.modules  # also those that put something else in their place
        for name in [n for n, m in list(sys.modules.items()) if n in known or self._is_mine(m)]:
            del sys.modules[name]
        sys.modules["__main__"] = self._main

    def _is_mine(self, module: ModuleType) -> bool:
        place = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)
        return place is not None and Path(place).is_relative_to(self.folder)


@contextmanager
def program_in(folder: Path) -> Iterator[Program]:
    """A program that can be imported while the block runs, and is forgotten afterwards."""
    sys.path.insert(0, str(folder))
    program = Program(folder)
    try:
        yield program
    finally:
        program.close()
        sys.path.remove(str(folder))
