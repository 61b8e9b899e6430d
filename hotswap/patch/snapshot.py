"""What statements of the program may write to while they run, remembered for the rollback."""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any

from hotswap.graph import Graph
from hotswap.index import Tracked
from hotswap.journal import MISSING, Journal

LARGEST = 100_000
"""Containers with more entries are not copied: a rollback leaves in them what the failed statement put there."""


class Snapshot:
    """Takes note of module namespaces, of the containers in them, of classes and of attributes."""

    def __init__(self, journal: Journal, graph: Graph) -> None:
        self.journal, self.graph, self.index = journal, graph, graph.index
        self._taken: set[str] = set()

    def take(self, tracked: Tracked) -> None:
        """Remember a module, and those that it imports, before a statement of it runs."""
        if tracked.name in self._taken:
            return
        self._taken.add(tracked.name)
        self.journal.remember(tracked.namespace)
        for value in list(tracked.namespace.values()):
            self._remember(value, tracked.name)
        for imported in self.graph.imports(tracked):
            if imported in self.index.modules and imported in sys.modules:
                self.take(self.index.modules[imported])

    def _remember(self, value: Any, module: str) -> None:
        if isinstance(value, list | dict | set | bytearray):
            if len(value) < LARGEST:
                self.journal.remember(value)
        elif isinstance(value, type):
            if value.__module__ == module:
                self.journal.on_rollback(restore_class, value, dict(vars(value)))
                for member in list(vars(value).values()):
                    if isinstance(member, list | dict | set) and len(member) < LARGEST:
                        self.journal.remember(member)
        elif isinstance(value, FunctionType) or type(value).__module__ in self.index.modules:
            if isinstance(getattr(value, "__dict__", None), dict):
                self.journal.remember(vars(value))


def restore_class(cls: type, before: dict[str, Any]) -> None:
    """Undo what statements of the program wrote to a class."""
    for name in [n for n in vars(cls) if n not in before]:
        type.__delattr__(cls, name)
    for name, value in before.items():
        if vars(cls).get(name, MISSING) is not value and name not in ("__dict__", "__weakref__"):
            type.__setattr__(cls, name, value)
