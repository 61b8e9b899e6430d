"""All functions that a call of an object may run, told from the object: an estimate, for what nobody saw."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import FunctionType, MethodType, ModuleType
from typing import Any, TypeAlias

from hotswap.codefacts import CodeFacts, all_codes, code_facts
from hotswap.holders import cell_content
from hotswap.index import Index
from hotswap.looking import is_a, is_any, own_space
from hotswap.model import Name
from hotswap.resolving import resolve_value

MOST_IN_CELL = 1000

CodeOf: TypeAlias = Callable[[Name], CodeFacts | None]
"""What the code of a function refers to, by its name."""


@dataclass(slots=True)
class Leg:
    """What one object leads to: functions that run when it is called, the attributes that they read, what is next."""

    value: Any
    functions: set[Name] = field(default_factory=set)
    attributes: frozenset[str] = frozenset()
    cls: type | None = None
    onward: list[Any] = field(default_factory=list)


class Reach:
    """Walks from objects to all tracked functions that calling them may run.

    What an object leads to is looked up once: for one plan, during which nothing in the program changes.
    """

    def __init__(self, index: Index, code: CodeOf) -> None:
        self.index, self.code = index, code
        self._legs: dict[int, Leg] = {}
        self._members: dict[type, dict[str, list[Any]]] = {}

    def functions(self, roots: Iterable[Any], attributes: Iterable[str] = ()) -> set[Name]:
        """The functions that calling these objects may run; methods count when one of their name is read on the way."""
        return set[Name]().union(*(leg.functions for leg in self.walk(roots, attributes)))

    def walk(self, roots: Iterable[Any], attributes: Iterable[str] = ()) -> Iterator[Leg]:
        """What the objects lead to, piece by piece: for those who need not know it all."""
        wanted = {"__call__", *attributes}
        waiting: dict[type, set[str]] = {}  # by class, the members that nobody has asked for yet
        seen: set[int] = set()
        todo = list(roots)
        while todo:
            while todo:
                value = todo.pop()
                if id(value) in seen:
                    continue
                seen.add(id(value))
                leg = self._leg(value)
                yield leg
                wanted |= leg.attributes
                todo += leg.onward
                if leg.cls is not None and leg.cls not in waiting:
                    waiting[leg.cls] = set(self._members_of(leg.cls))
            for cls, names in waiting.items():
                for name in names & wanted:
                    todo += self._members_of(cls)[name]
                names.difference_update(wanted)

    def _members_of(self, cls: type) -> dict[str, list[Any]]:
        """The members of a class, inherited ones too, with what they wrap."""
        if cls not in self._members:
            found: dict[str, Any] = {}
            for each in reversed(type.__dict__["__mro__"].__get__(cls)[:-1]):  # all but `object`
                found |= type.__dict__["__dict__"].__get__(each)
            self._members[cls] = {name: [value, *wrapped_by(value)] for name, value in found.items()}
        return self._members[cls]

    def _leg(self, value: Any) -> Leg:
        if id(value) not in self._legs:
            self._legs[id(value)] = self._look(value)
        return self._legs[id(value)]

    def _look(self, value: Any) -> Leg:
        leg = Leg(value)
        if is_any(value, MethodType, staticmethod, classmethod):
            leg.onward.append(value.__func__)
        elif is_a(value, FunctionType):
            self._look_into(value, leg)
        else:
            cls = value if is_a(value, type) else type(value)
            if type.__getattribute__(cls, "__module__") in self.index.modules:
                leg.cls = cls
            if cls is not value:
                leg.onward += wrapped_by(value)
        return leg

    def _look_into(self, function: FunctionType, leg: Leg) -> None:
        home = function.__globals__.get("__name__")  # what it says itself may be what it wraps
        if home in self.index.modules:
            name = home, function.__code__.co_qualname
            facts = self.code(name) or code_facts(function.__code__)
            leg.functions = {name, *((name[0], code.co_qualname) for code in all_codes(function.__code__))}
            leg.attributes = frozenset(facts.attributes)
            leg.onward += [resolve_value(function.__globals__, chain) for chain in facts.reads]
        for cell in function.__closure__ or ():
            with suppress(ValueError):
                leg.onward += _parts(cell.cell_contents)


def _parts(value: Any) -> Iterable[Any]:
    """What a variable of a closure holds: a table of implementations, say."""
    if is_any(value, dict, list, tuple) and len(value) < MOST_IN_CELL:
        return list(dict.values(value) if is_a(value, dict) else value)
    return [value]


def is_cache(value: object, depth: int = 3) -> bool:
    """Whether calls of the object may be answered without running all that it stands for: a cache, or one around it."""
    if is_a(value, FunctionType) and depth:
        cells = [cell_content(cell) for cell in value.__closure__ or ()]
        return any(is_cache(content, depth - 1) for content in cells)
    return is_a(value, functools._lru_cache_wrapper)


def cached_definitions(namespace: dict[str, Any]) -> Iterator[tuple[type | None, str, Any]]:
    """The cached functions and properties of a module and of its classes: class, name, definition."""
    todo: list[tuple[type | None, str, Any]] = [(None, n, v) for n, v in namespace.items()]
    seen: set[int] = set()
    while todo:
        owner, name, value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if is_any(value, functools._lru_cache_wrapper, functools.cached_property):
            yield owner, name, value
        elif is_a(value, type):
            if value.__module__ == namespace.get("__name__"):
                todo += [(value, n, v) for n, v in vars(value).items()]
        elif is_any(value, staticmethod, classmethod):
            todo.append((owner, name, value.__func__))
        elif is_a(value, FunctionType):
            inside = [*vars(value).values(), *(cell_content(cell) for cell in value.__closure__ or ())]
            todo += [(owner, name, part) for part in inside if is_any(part, functools._lru_cache_wrapper, FunctionType)]
        todo += [(owner, name, inner) for inner in wrapped_by(value)]


def wrapped_by(value: Any) -> Iterator[Any]:
    """The functions in a wrapper of the standard library, or one that says `__wrapped__`."""
    if is_a(value, property):
        yield from (f for f in (value.fget, value.fset, value.fdel) if f is not None)
    elif is_any(value, functools.partial, functools.cached_property, functools.partialmethod):
        yield value.func
    elif is_a(value, functools.singledispatchmethod):
        yield value.dispatcher  # its variables hold the implementations
    elif is_any(value, staticmethod, classmethod):
        yield value.__func__
    elif is_a(value, functools._lru_cache_wrapper):
        yield value.__wrapped__
    elif not is_any(value, type, FunctionType, ModuleType):
        inner = own_space(value).get("__wrapped__")
        if inner is not None:
            yield inner
