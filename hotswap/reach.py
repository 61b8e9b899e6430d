"""All functions that a call of an object may run, told from the object: an estimate, for what nobody saw."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FunctionType, MethodType, ModuleType
from typing import Any, TypeAlias

from hotswap.codefacts import CodeFacts, all_codes, code_facts
from hotswap.index import Index
from hotswap.looking import in_classes, is_a, is_any, own_space
from hotswap.model import Name
from hotswap.resolving import resolve_value

MOST_IN_CELL = 1000

CodeOf: TypeAlias = Callable[[Name], CodeFacts | None]
"""What the code of a function refers to, by its name."""


class Reach:
    """Walks from objects to all tracked functions that calling them may run."""

    def __init__(self, index: Index, code: CodeOf) -> None:
        self.index, self.code = index, code
        self.functions: set[Name] = set()
        self.attributes: set[str] = set()
        self._classes: list[type] = []
        self._seen: set[int] = set()

    def value(self, value: Any, depth: int = 0) -> None:
        """Go on from an object."""
        if id(value) in self._seen or depth > 12:
            return
        self._seen.add(id(value))
        if is_any(value, MethodType, staticmethod, classmethod):
            self.value(value.__func__, depth)
        elif is_a(value, FunctionType):
            self._function(value, depth)
        elif is_a(value, type):
            if value.__module__ in self.index.modules:
                self._classes.append(value)
        else:
            for inner in wrapped_by(value):
                self.value(inner, depth + 1)
            if type(value).__module__ in self.index.modules:
                self._classes.append(type(value))

    def _function(self, function: FunctionType, depth: int) -> None:
        if function.__module__ in self.index.modules:
            name = function.__module__, function.__code__.co_qualname
            self.functions.add(name)
            facts = self.code(name) or code_facts(function.__code__)
            self.attributes |= facts.attributes
            for code in all_codes(function.__code__):
                self.functions.add((function.__module__, code.co_qualname))
            for chain in facts.reads:
                self.value(resolve_value(function.__globals__, chain), depth + 1)
        for cell in function.__closure__ or ():
            with suppress(ValueError):
                self._cell(cell.cell_contents, depth + 1)

    def _cell(self, value: Any, depth: int) -> None:
        if is_any(value, dict, list, tuple) and len(value) < MOST_IN_CELL:  # a table of implementations
            for part in list(dict.values(value) if is_a(value, dict) else value):
                self.value(part, depth)
        else:
            self.value(value, depth)

    def close(self) -> None:
        """Methods count when an attribute of their name is read anywhere on the way."""
        done: set[tuple[int, str]] = set()
        while True:
            todo = [(c, a) for c in self._classes for a in self.attributes | {"__call__"} if (id(c), a) not in done]
            if not todo:
                return
            for cls, attribute in todo:
                done.add((id(cls), attribute))
                member = in_classes(cls.__mro__, attribute)
                for part in (member, *wrapped_by(member)):
                    self.value(part)


def is_cache(value: object) -> bool:
    """Whether calls of the object may be answered without running anything that can be seen."""
    return is_a(value, functools._lru_cache_wrapper)


def wrapped_by(value: Any) -> Iterator[Any]:
    """The functions in a wrapper of the standard library, or one that says `__wrapped__`."""
    if is_a(value, property):
        yield from (f for f in (value.fget, value.fset, value.fdel) if f is not None)
    elif is_any(value, functools.partial, functools.cached_property, functools.partialmethod):
        yield value.func
    elif is_a(value, functools._lru_cache_wrapper):
        yield value.__wrapped__
    elif not is_any(value, type, FunctionType, ModuleType):
        inner = own_space(value).get("__wrapped__")
        if inner is not None:
            yield inner
