"""What the tests of `hotswap.patch` about classes share: one class in two versions, and a description to compare."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any
from weakref import WeakKeyDictionary

from hotswap.codes import behaviour
from hotswap.journal import Journal
from hotswap.patch import classes
from hotswap.patch.formers import Formers
from hotswap.patch.functions import Merger
from hotswap.patch.layout import layout

MODULE = "poured"


class Program:
    """A module `poured` whose source is executed, and class statements of which are executed again and poured."""

    def __init__(self, source: str) -> None:
        self.module = types.ModuleType(MODULE)
        sys.modules[MODULE] = self.module
        self.space = vars(self.module)
        self.journal = Journal()
        self.fresh: list[type] = []
        self.merger = Merger(self.journal, self._pour, Formers())
        exec(source, self.space)

    def __getattr__(self, name: str) -> Any:
        return self.space[name]

    def edit(self, source: str, *names: str, keep: frozenset[str] = frozenset()) -> None:
        """Execute new source in staging and pour the classes of these names (all that it binds) into the live ones."""
        staging: dict[str, Any] = {}
        exec(source, self.space, staging)
        for name in names or staging:
            if isinstance(staging[name], type) and name in self.space:
                self.space[name] = classes.pour(
                    self.space[name], staging[name], journal=self.journal, merge=self.merger, known=classes.Known(keep)
                )
            else:
                self.space[name] = staging[name]

    def _pour(self, live: type, fresh: type, merge: Callable[[object, object], object]) -> type:
        return classes.pour(live, fresh, journal=self.journal, merge=merge)


@contextmanager
def program(source: str) -> Iterator[Program]:
    """A program that is forgotten afterwards."""
    try:
        yield Program(source)
    finally:
        sys.modules.pop(MODULE, None)


def pristine(source: str, name: str) -> type:
    """The class as a process has it that never knew another version."""
    space: dict[str, Any] = {"__name__": MODULE}
    exec(source, space)
    found: type = space[name]
    return found


def described(cls: type) -> dict[str, Any]:
    """All that one can see of a class, in plain values: equal descriptions mean equal classes."""
    known = {"<self>": cls}
    facts: dict[str, Any] = {n: _value(v, known, 5) for n, v in vars(cls).items() if n not in _SKIPPED}
    for name in (
        "__name__",
        "__qualname__",
        "__module__",
        "__doc__",
        "__abstractmethods__",
        "__base__",
        "__bases__",
        "__mro__",
    ):
        facts[name] = _value(getattr(cls, name, None), known, 5)
    facts["metaclass"] = _value(type(cls), known, 1)
    facts["flags"] = cls.__flags__ & (1 << 20 | 1 << 5 | 1 << 6)  # abstract; a sequence or mapping to `match`
    return facts


_SKIPPED = ("_abc_impl", "__firstlineno__", "__attrs_base_of_slotted__")


def _value(value: Any, known: dict[str, Any], depth: int) -> Any:
    for name, each in known.items():
        if each is value:
            return name
    if depth == 0:
        return "…"
    if isinstance(value, types.FunctionType):
        return _function(value, known, depth)
    if isinstance(value, type):
        return "class", value.__module__, value.__qualname__
    if isinstance(value, staticmethod | classmethod):
        return type(value).__name__, _value(value.__func__, known, depth - 1)
    if isinstance(value, property):
        return "property", *(_value(f, known, depth - 1) for f in (value.fget, value.fset, value.fdel)), value.__doc__
    if isinstance(value, tuple | list):
        return type(value).__name__, [_value(v, known, depth - 1) for v in value]
    if isinstance(value, set | frozenset):
        return type(value).__name__, sorted(str(_value(v, known, depth - 1)) for v in value)
    if isinstance(value, dict | types.MappingProxyType):
        return "dict", [(_value(k, known, depth - 1), _value(v, known, depth - 1)) for k, v in value.items()]
    return _object(value, known, depth)


def _object(value: Any, known: dict[str, Any], depth: int) -> Any:
    if isinstance(value, types.MemberDescriptorType | types.GetSetDescriptorType):
        return type(value).__name__, value.__name__, value.__objclass__ is known["<self>"]
    if isinstance(value, int | str | float | bytes | None) or type(value).__module__ == "builtins":
        return type(value).__name__, repr(value).split(" at 0x")[0]
    inside = getattr(value, "__dict__", {}) if not isinstance(value, WeakKeyDictionary) else {}  # a dispatch cache
    return type(value).__qualname__, {n: _value(v, known, depth - 1) for n, v in inside.items()}


def _function(function: types.FunctionType, known: dict[str, Any], depth: int) -> Any:
    cells = []
    for cell in function.__closure__ or ():
        try:
            cells.append(_value(cell.cell_contents, known, depth - 1))
        except ValueError:
            cells.append("empty")
    parts = (
        function.__defaults__,
        function.__kwdefaults__,
        function.__annotations__,
        function.__dict__,
        function.__doc__,
    )
    names = function.__name__, function.__qualname__, function.__module__
    return "function", behaviour(function.__code__), *names, cells, [_value(p, known, depth - 1) for p in parts]


def state(cls: type) -> dict[str, Any]:
    """A class exactly as it is, identities included, to be compared after a rollback; holds no member of it."""
    space = {n: (id(v), _deep_state(v)) for n, v in vars(cls).items()}
    shape: Any = (
        cls.__bases__,
        cls.__mro__,
        cls.__name__,
        cls.__qualname__,
        type(cls),
        layout(cls),
        type.__subclasses__(cls),
    )
    return {"space": space, "shape": shape, "described": described(cls)}


def _deep_state(value: Any) -> Any:
    if isinstance(value, types.FunctionType):
        return value.__code__, value.__defaults__, dict(value.__dict__), value.__closure__
    if isinstance(value, dict):
        return [(key, id(each)) for key, each in value.items()]
    if isinstance(value, list | set):
        return [id(each) for each in value]
    return [(n, id(each)) for n, each in vars(value).items()] if isinstance(value, Enum) else None


def failing_at(number: int) -> Callable[[], None]:
    """A hook that raises at the n-th write."""
    count = 0

    def hook() -> None:
        nonlocal count
        count += 1
        if count == number:
            raise OSError(number)

    return hook
