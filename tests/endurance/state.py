"""Everything about a program that a round could change, as plain values: two that are equal mean nothing changed."""

from __future__ import annotations

import functools
import linecache
import sys
import types
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

LEFT_OUT = frozenset(("__builtins__", "_abc_impl", "__warningregistry__", "__annotations_cache__"))
"""What the interpreter keeps for itself."""

CACHED = 1 << 19
"""A flag of classes that says whether a method was looked up lately."""

Parts = Iterator[tuple[str, Any]]


class State:
    """Objects of the program by identity, each with its parts, in order."""

    def __init__(self, modules: Iterable[str], held: Iterable[object]) -> None:
        self.names = frozenset(modules)
        self.found: dict[object, tuple[str, list[tuple[str, object]]]] = {}
        self._alive: list[object] = []  # so that no identity is used twice
        self._follow([*((f"held {n}", each) for n, each in enumerate(held)), *self._modules()])

    def _modules(self) -> list[tuple[str, Any]]:
        return [(name, sys.modules[name]) for name in sorted(self.names) if name in sys.modules]

    def _follow(self, todo: list[tuple[str, Any]]) -> None:
        while todo:
            path, value = todo.pop()
            if id(value) in self.found:
                continue
            self._alive.append(value)
            parts = [(label, part) for label, part in self._parts(value) if label not in LEFT_OUT]
            if type(value) is not tuple:  # some are made anew each time that one asks
                self.found[id(value)] = path, [(label, self._shown(part)) for label, part in parts]
            todo += [(f"{path}.{label}", part) for label, part in parts if not self._is_plain(part)]

    def _is_plain(self, value: object) -> bool:
        return (
            isinstance(value, int | float | str | bytes | None | types.CodeType)
            and type(value).__module__ not in self.names
        )

    def _shown(self, value: Any) -> object:
        """A plain value as itself, a tuple by its parts (they are made anew), everything else by its identity."""
        if type(value) is tuple:
            return tuple(map(self._shown, value))
        if isinstance(value, types.CodeType) or not self._is_plain(value):
            return id(value)
        return repr(value)

    def _parts(self, value: Any) -> Parts:
        if isinstance(value, types.ModuleType):
            # Sorted: a name that was taken out and came back stands at the end, which nobody but a loop over them sees.
            yield from sorted(vars(value).items()) if value.__name__ in self.names else ()
        elif isinstance(value, type):
            yield from self._class(value) if value.__module__ in self.names else ()
        elif isinstance(value, dict | types.MappingProxyType):
            yield from ((str(key), part) for key, part in value.items())
        elif isinstance(value, list | tuple | deque):
            yield from ((str(number), part) for number, part in enumerate(value))
        elif isinstance(value, set | frozenset):
            yield from sorted((repr(part), part) for part in value)
        else:
            yield from self._definition(value)

    def _class(self, cls: type) -> Parts:
        for name in ("__name__", "__qualname__", "__bases__", "__mro__", "__doc__"):
            yield f"{name}()", getattr(cls, name)
        yield "flags()", cls.__flags__ & ~CACHED
        yield "type()", type(cls)
        yield "subclasses()", tuple(sorted(f"{c.__module__}.{c.__qualname__}" for c in cls.__subclasses__()))
        yield "abstract()", tuple(sorted(getattr(cls, "__abstractmethods__", ())))
        is_own = {name: not name.startswith("__") for name in vars(cls)}
        yield from (
            (name, vars(cls)[name])
            for name in sorted(is_own, key=lambda name: (is_own[name], "" if is_own[name] else name))
        )

    def _definition(self, value: Any) -> Parts:
        if isinstance(value, types.FunctionType):
            names = "__code__ __defaults__ __kwdefaults__ __dict__ __annotations__ __doc__ __name__ __qualname__ __closure__"
            yield from ((name, getattr(value, name)) for name in names.split())
        elif isinstance(value, types.CellType):
            yield "content", value.cell_contents
        elif isinstance(value, staticmethod | classmethod | types.MethodType):
            yield "__func__", value.__func__
        elif isinstance(value, property):
            yield from (("fget", value.fget), ("fset", value.fset), ("fdel", value.fdel), ("__doc__", value.__doc__))
        elif isinstance(value, functools.partial):
            yield from (("func", value.func), ("args", value.args), ("keywords", value.keywords))
        elif isinstance(value, functools._lru_cache_wrapper):
            yield (
                "__wrapped__",
                value.__wrapped__,
            )  # results are forgotten too early, see tests/unit/test_transaction.py
        elif type(value).__module__ in {*self.names, "functools"}:
            yield "type()", type(value)
            yield from getattr(value, "__dict__", {}).items()


def state_of(modules: Iterable[str], files: Iterable[str], held: Iterable[object]) -> tuple[State, dict[str, object]]:
    """What there is now: the objects, and what stands beside them."""
    names = list(modules)
    beside = {
        "modules": sorted(n for n in names if n in sys.modules),
        "linecache": {file: linecache.getlines(file) if file in linecache.cache else None for file in files},
    }
    return State(names, held), beside


def differences(before: tuple[State, dict[str, object]], after: tuple[State, dict[str, object]]) -> list[str]:
    """Where two states differ, in words."""
    told = [f"{key}: {value} != {after[1][key]}"[:300] for key, value in before[1].items() if value != after[1][key]]
    for number, (path, parts) in before[0].found.items():
        now = after[0].found.get(number)
        if now is None:
            told.append(f"{path} is not there any more")
        elif now[1] != parts:
            told.append(f"{path}: {_first(parts, now[1])}"[:300])
    return told


def _first(before: list[Any], now: list[Any]) -> str:
    for one, other in zip(before, now, strict=False):
        if one != other:
            return f"{one} != {other}"
    return f"{len(before)} parts != {len(now)} parts"
