"""What statements of the program may write to while they run, remembered for the rollback."""

from __future__ import annotations

import sys
from abc import ABCMeta
from collections import deque
from collections.abc import Iterable
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from hotswap.graph import Graph
from hotswap.index import Tracked
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_a, is_any, is_instance, own_space
from hotswap.patch import abstract, classes
from hotswap.patch.functions import cell_content

DEEPEST = 4
"""How many containers within containers are followed."""
ATOMS = frozenset((int, float, complex, str, bytes, bool, type(None)))
LARGEST = 100_000
"""Containers with more entries are not copied: a rollback leaves in them what the failed statement put there."""


class Snapshot:
    """Takes note of module namespaces, of the containers in them, of classes and of attributes."""

    def __init__(self, journal: Journal, graph: Graph) -> None:
        self.journal, self.graph, self.index = journal, graph, graph.index
        self._taken: set[str] = set()
        self.seen: set[int] = set()
        """The ids of what has been remembered."""

    def take(self, tracked: Tracked) -> None:
        """Remember a module, and those that it imports, before a statement of it runs."""
        if tracked.name in self._taken:
            return
        self._taken.add(tracked.name)
        self.journal.remember(tracked.namespace)
        for name, value in list(tracked.namespace.items()):
            if name != "__builtins__":
                self._remember(value)
        self.take_all(self.graph.imports(tracked))

    def take_all(self, names: Iterable[str]) -> None:
        """The same for the modules of these names, as far as they are loaded."""
        for name in names:
            if name in self.index.modules and name in sys.modules:
                self.take(self.index.modules[name])

    def _remember(self, value: Any, depth: int = DEEPEST) -> None:
        if depth == 0 or type(value) in ATOMS or id(value) in self.seen:
            return
        self.seen.add(id(value))
        if is_any(value, list, dict, set, bytearray, deque):
            if len(value) < LARGEST:
                self.journal.remember(value)
                for part in list(value.values() if is_a(value, dict) else value):
                    self._remember(part, depth - 1)
        elif is_a(value, type):
            self._remember_class(value, depth)
        elif is_a(value, WeakKeyDictionary):
            self._remember(value.data, depth)  # type: ignore[attr-defined]  # there is no public way to its content
        elif is_a(value, FunctionType):
            self._remember(vars(value), depth)
            for cell in value.__closure__ or ():
                self._remember(cell_content(cell), depth - 1)
        elif type(value).__module__ in self.index.modules:
            self._remember(own_space(value), depth)

    def _remember_class(self, cls: type, depth: int) -> None:
        if cls.__module__ in self.index.modules:
            self.journal.on_rollback(dismiss_others, cls, type.__subclasses__(cls))
            self.journal.on_rollback(restore_class, cls, dict(vars(cls)))
            if is_instance(cls, ABCMeta):
                self.journal.on_rollback(abstract.set_registered, cls, abstract.registered(cls))
            for part in list(vars(cls).values()):
                self._remember(part, depth - 1)


def restore_class(cls: type, before: dict[str, Any]) -> None:
    """Undo what statements of the program wrote to a class."""
    for name in [n for n in vars(cls) if n not in before]:
        type.__delattr__(cls, name)
    for name, value in before.items():
        if vars(cls).get(name, MISSING) is not value and name not in ("__dict__", "__weakref__"):
            type.__setattr__(cls, name, value)


def dismiss_others(cls: type, known: list[type]) -> None:
    """Undo that statements of the program derived from a class."""
    children: list[type] = type.__subclasses__(cls)
    for child in children:
        if child not in known:
            classes.dismiss(child)
