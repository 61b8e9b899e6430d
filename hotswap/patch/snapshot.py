"""What statements of the program may write to while they run, remembered for the rollback."""

from __future__ import annotations

import functools
import sys
from abc import ABCMeta
from collections import ChainMap, UserDict, UserList, UserString
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from types import FunctionType, SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

from hotswap.containers import FIXED, VARIABLE, content_of, fill, living, size_of, values_of
from hotswap.graph import Graph
from hotswap.holders import cell_content
from hotswap.index import Tracked
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_a, is_instance, own_space
from hotswap.patch import abstract, classes
from hotswap.patch.foreign import SlotMembers, slot_members

DEEPEST = 4
"""How many containers within containers are followed."""
ATOMS = frozenset((int, float, complex, str, bytes, bool, type(None)))
LARGEST = 100_000
"""Containers with more entries are not copied: a rollback leaves in them what the failed statement put there."""
SIMPLE = (SimpleNamespace, UserDict, UserList, UserString, ChainMap)
"""Classes of the standard library whose instances hold what the program puts there, and nothing else."""
WEAK = (WeakKeyDictionary, WeakValueDictionary, WeakSet)

Way = Callable[[Any, int], None]
"""How an object is remembered, and what is in it so deep."""


class Snapshot:
    """Takes note of module namespaces, of the containers in them, of classes and of attributes."""

    def __init__(self, journal: Journal, graph: Graph) -> None:
        self.journal, self.graph, self.index = journal, graph, graph.index
        self._taken: set[str] = set()
        self._ways: dict[type, Way] = {}
        self._slots: dict[type, SlotMembers] = {}
        """By class what its instances hold in slots."""
        self.seen: set[int] = set()
        """The ids of what has been remembered."""

    def by_class(self) -> list[object]:
        """The tables that hold classes, which nobody need hold any more."""
        return [self._ways, self._slots]

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
        cls = type(value)
        if depth == 0 or cls in ATOMS or id(value) in self.seen:
            return
        way = self._ways.get(cls)
        if way is None:
            way = self._ways[cls] = self._way_of(cls)
        if way is not _pass_by:
            self.seen.add(id(value))
            way(value, depth)

    def _way_of(self, cls: type) -> Way:
        """How the instances of a class are remembered."""
        if issubclass(cls, (*VARIABLE, *FIXED)):
            remember = self._remember_fixed if issubclass(cls, FIXED) else self._remember_container
            return self._with_attributes(remember) if self._is_followed(cls) else remember
        if issubclass(cls, type):
            return self._remember_class
        if issubclass(cls, FunctionType):
            return self._remember_function
        if issubclass(cls, WEAK):
            return self._remember_weak
        if issubclass(cls, staticmethod | classmethod):
            return lambda value, depth: self._remember(value.__func__, depth)
        if issubclass(cls, property):
            return lambda value, depth: self._remember_all((value.fget, value.fset, value.fdel), depth)
        if issubclass(cls, functools.partial):
            return lambda value, depth: self._remember_all(
                (value.func, *value.args, *value.keywords.values()), depth - 1
            )
        return self._remember_instance if self._is_followed(cls) else _pass_by

    def _is_followed(self, cls: type) -> bool:
        """Whether instances are the program's: those of libraries are seen to in another way (see `foreign`)."""
        return cls.__module__ in self.index.modules or issubclass(cls, SIMPLE)

    def _remember_all(self, values: Iterable[Any], depth: int) -> None:
        for value in values:
            self._remember(value, depth)

    def _remember_container(self, value: Any, depth: int) -> None:
        if size_of(value) >= LARGEST:
            return
        content = content_of(value)
        self.journal.on_rollback(fill, value, content)
        if type(content) is not bytes:
            self._remember_all(content.values() if type(content) is dict else content, depth - 1)

    def _remember_fixed(self, value: Any, depth: int) -> None:
        if size_of(value) < LARGEST:
            self._remember_all(values_of(value), depth - 1)

    def _with_attributes(self, remember: Way) -> Way:
        def remember_both(value: Any, depth: int) -> None:
            remember(value, depth)
            self._remember_instance(value, depth)

        return remember_both

    def _remember_weak(self, value: Any, depth: int) -> None:
        data = value.data  # there is no public way to its content
        self.journal.on_rollback(fill_with_living, data, content_of(data))
        self._remember_all(values_of(data) if is_a(value, WeakKeyDictionary) else (), depth - 1)

    def _remember_function(self, function: FunctionType, depth: int) -> None:
        self._remember(vars(function), depth)
        if function.__defaults__:
            self._remember_all(function.__defaults__, depth - 1)
        if function.__kwdefaults__:
            self._remember_all(function.__kwdefaults__.values(), depth - 1)
        for cell in function.__closure__ or ():
            self._remember_cell(cell, depth)

    def _remember_cell(self, cell: Any, depth: int) -> None:
        """A variable that functions share: each of them may give it another value."""
        if id(cell) in self.seen:
            return
        self.seen.add(id(cell))
        content = cell_content(cell)
        self.journal.on_rollback(fill_cell, cell, content)
        self._remember(content, depth - 1)

    def _remember_instance(self, value: Any, depth: int) -> None:
        cls = type(value)
        if cls.__dictoffset__:
            self._remember(own_space(value), depth)
        if cls not in self._slots:
            self._slots[cls] = slot_members(cls)
        for name, content in in_slots(value, self._slots[cls]):
            self.journal.on_rollback(fill_slot, value, self._slots[cls][name], content)
            self._remember(content, depth - 1)

    def _remember_class(self, cls: type, depth: int) -> None:
        if cls.__module__ in self.index.modules:
            self.journal.on_rollback(dismiss_others, cls, type.__subclasses__(cls))
            self.journal.on_rollback(restore_class, cls, dict(vars(cls)))
            if is_instance(cls, ABCMeta):
                self.journal.on_rollback(abstract.set_registered, cls, abstract.registered(cls))
            for part in list(vars(cls).values()):
                self._remember(part, depth - 1)


def _pass_by(value: Any, depth: int) -> None:
    """Nothing is written to the object, or not by the program."""


def in_slots(value: Any, members: SlotMembers) -> Iterator[tuple[str, Any]]:
    """What the slots of an object hold, MISSING for those that are empty."""
    for name, member in members.items():
        try:
            yield name, member.__get__(value)
        except AttributeError:
            yield name, MISSING


def fill_slot(owner: Any, member: Any, content: Any) -> None:
    """Undo what was written to a slot."""
    if content is not MISSING:
        member.__set__(owner, content)
        return
    with suppress(AttributeError):  # it is empty already
        member.__delete__(owner)


def fill_cell(cell: Any, content: Any) -> None:
    """Undo what was given to the variable of a closure."""
    if content is not MISSING:
        cell.cell_contents = content
    elif cell_content(cell) is not MISSING:
        del cell.cell_contents


def fill_with_living(container: Any, content: Any) -> None:
    """Undo what was written to a weak container, which has dropped the references to what is gone since."""
    fill(container, living(content))


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
