"""One file a tool, each with a class Adapter(Base) that says how the tool is started and told to apply.

Adapters run inside of the program that is measured, so they import nothing but the standard library and the tool.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Literal, TypeAlias

Told: TypeAlias = Literal["live", "rollback", "restart"] | None


class Base:
    """A tool that does nothing.  A scenario that passes with it tests nothing (or only that old code goes on working).

    An adapter may have a `run_cell(text, filename) -> BaseException | None`: then the tool runs the cells itself.
    """

    DIST: str | None = None
    """The distribution whose version is recorded."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.executed: int | None = None
        self.told = ""

    def start(self, root: Path, namespace: ModuleType) -> None:
        """Before the program's first import; `namespace` is the module in sys.modules["__main__"]."""
        self.root = root
        self.namespace = namespace
        self.stamps = stamps_below(root)

    def ready(self) -> None:
        """The program has imported what it imports."""

    def apply(self) -> Told:
        """Apply what was saved since.  None: the tool does not tell how it went.

        `errors` is then what the tool reported to its user, `told` its line, `executed` how many modules it ran, if known.
        """

    def stop(self) -> None:
        """The end."""

    def changes(self) -> tuple[list[Path], list[Path], list[Path]]:
        """The .py files edited, added and deleted since the last call, told from mtime, size and inode."""
        before, self.stamps = self.stamps, stamps_below(self.root)
        edited = [path for path, stamp in self.stamps.items() if path in before and before[path] != stamp]
        added = [path for path in self.stamps if path not in before]
        return edited, added, [path for path in before if path not in self.stamps]

    def loaded(self) -> dict[Path, ModuleType]:
        """The modules below the root by their file, in the order of their first import."""
        found = {}
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file and name != "__main__" and Path(file).resolve().is_relative_to(self.root):
                found[Path(file).resolve()] = module
        return found


def stamps_below(root: Path) -> dict[Path, tuple[int, int, int]]:
    """What tells one version of a file from another, for tools that do not read it."""
    found = {}
    for folder, _, files in os.walk(root):
        for path in (Path(folder, name) for name in files if name.endswith(".py")):
            stat = path.stat()
            found[path.resolve()] = stat.st_mtime_ns, stat.st_size, stat.st_ino
    return found
