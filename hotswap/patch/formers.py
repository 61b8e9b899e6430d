"""Objects that a name of the program stood for in the past, as far as somebody still holds them.

A function that becomes decorated, cached, a lambda, or plain again is another object each time.  Who took a reference
meanwhile still holds one of the earlier ones: each of them has to behave as what the name stands for now, and if one of
them can be that itself (a plain function again), it becomes so.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from hotswap.journal import Journal
from hotswap.looking import is_a, is_any
from hotswap.model import Name
from hotswap.reach import wrapped_by


class Formers:
    """By name, what it stood for; kept over all rounds, and never keeping anything alive."""

    def __init__(self) -> None:
        self._by_name: dict[Name, list[weakref.ref[Any]]] = {}

    def of(self, name: Name) -> list[Any]:
        """What the name stood for and is still alive, the earliest first."""
        references = self._by_name.get(name, [])
        alive = [value for reference in references if (value := reference()) is not None]
        if len(alive) < len(references):
            self._by_name[name] = [reference for reference in references if reference() is not None]
            if not alive:
                del self._by_name[name]
        return alive

    def forget_results(self) -> None:
        """Empty the caches among them: nobody follows what their results depend on."""
        for name in list(self._by_name):
            for value in self.of(name):
                forget_results(value)

    def add_own(self, name: Name, value: Any, journal: Journal) -> None:
        """The same if the object was made for the name, and not only imported or called so too."""
        inner = next(functions_of(value), None)
        if inner is not None and inner.__module__ == name[0]:
            if inner.__qualname__ == name[1] or inner.__qualname__.endswith("<lambda>"):
                self.add(name, value, journal)

    def add(self, name: Name, value: Any, journal: Journal) -> None:
        """Note that the name stood for an object, if that is one that can be made to follow."""
        if not is_any(value, FunctionType, functools._lru_cache_wrapper, type):
            return
        if all(known is not value for known in self.of(name)):
            journal.on_rollback(self._remove, value, name)
            self._by_name.setdefault(name, []).append(weakref.ref(value))

    def _remove(self, value: Any, name: Name) -> None:
        self._by_name[name] = [reference for reference in self._by_name[name] if reference() is not value]


def functions_of(value: Any) -> Iterator[FunctionType]:
    """The functions that decide what a call of the object does: itself, or what a cache wraps."""
    if is_a(value, FunctionType):
        yield value
    elif is_a(value, functools._lru_cache_wrapper):
        for inner in wrapped_by(value):
            yield from functions_of(inner)


def forget_results(value: Any) -> None:
    """Empty the cache, if the object is one, and those that it asks in turn."""
    if is_a(value, functools._lru_cache_wrapper):
        value.cache_clear()
        for inner in wrapped_by(value):
            forget_results(inner)
