"""Lists and dictionaries in the body of a class that the making of the class fills: `__set_name__`, a decorator."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from hotswap.containers import fill, items_of, keys_of, size_of
from hotswap.journal import Journal
from hotswap.looking import is_a, is_any

_EMPTY = frozenset(("list", "dict", "defaultdict", "OrderedDict"))


@dataclass(frozen=True, slots=True)
class Collected:
    """Such a member of a live class, and of the one that was made anew."""

    name: str
    live: Any
    fresh: Any
    size: int
    """How many entries the live one had when the class was made; those behind them are the program's own."""

    def is_another(self, twins: dict[int, Any]) -> bool:
        """Whether other entries came in now.  `twins` are live objects by the ids of fresh ones."""
        was, now = _entries(self.live)[: self.size], _entries(self.fresh)
        return len(was) != len(now) or not all(_same(a, b, twins) for a, b in zip(was, now, strict=True))

    def exchange(self, journal: Journal) -> None:
        """Let the live one have the new entries, and behind them what the program has added."""
        journal.remember(self.live)
        own, made = _entries(self.live)[self.size :], _entries(self.fresh)
        fill(self.live, dict([*made, *own]) if is_a(self.live, dict) else [*made, *own])


def collected(
    node: ast.ClassDef, live: type, fresh: type, names: frozenset[str], sizes: Mapping[tuple[str, str], int]
) -> Iterator[Collected]:
    """Those of the named members that have other entries than the class body gives them."""
    for name, value in _assignments(node):
        first = _size(value)
        held: Any = vars(live).get(name)
        made: Any = vars(fresh).get(name)
        if name not in names or first is None or type(held) is not type(made) or not is_any(held, list, dict):
            continue
        size = sizes.get((live.__qualname__, name), size_of(held))
        if held is not made and (size_of(made) != first or size != first):
            yield Collected(name, held, made, size)


def made_by_body(node: ast.ClassDef, fresh: type, was_there: Callable[[object], bool]) -> frozenset[str]:
    """The members to which the class body gives an object that it makes for them."""
    made = {name for name, value in _assignments(node) if isinstance(value, _MAKING)}
    values = {name: vars(fresh)[name] for name in made & vars(fresh).keys()}
    return frozenset(name for name, value in values.items() if not is_any(value, *_SHARED) and not was_there(value))


_MAKING = (ast.Call, ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_SHARED = (int, float, complex, str, bytes, tuple, frozenset, type(None), type, FunctionType)


def _assignments(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr | None]]:
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if len(targets) == 1 and isinstance(targets[0], ast.Name):
            yield targets[0].id, getattr(statement, "value", None)


def _size(value: ast.expr | None) -> int | None:
    """How many entries a list or dictionary has that is written down; None when that cannot be told."""
    if isinstance(value, ast.List):
        return None if any(isinstance(each, ast.Starred) for each in value.elts) else len(value.elts)
    if isinstance(value, ast.Dict):
        return None if None in value.keys else len(value.keys)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in _EMPTY:
        return 0 if not value.args or value.func.id == "defaultdict" else None
    return None


def _entries(container: Any) -> list[Any]:
    return items_of(container) if is_a(container, dict) else keys_of(container)


def _same(one: Any, other: Any, twins: dict[int, Any]) -> bool:
    if is_a(one, tuple) and is_a(other, tuple):  # an item of a dictionary, say
        return len(one) == len(other) and all(_same(a, b, twins) for a, b in zip(one, other, strict=True))
    return one is twins.get(id(other), other) or (type(one) is type(other) and type(one) in _PLAIN and one == other)


_PLAIN = (str, int, float, bytes)
