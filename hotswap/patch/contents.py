"""Whether the content of containers and instances changed while a statement ran."""

from __future__ import annotations

from abc import ABCMeta
from collections import deque
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from contextvars import ContextVar
from types import FunctionType, ModuleType
from typing import Any

from hotswap.containers import keys_of, size_of, values_of
from hotswap.graph import Graph
from hotswap.journal import MISSING
from hotswap.looking import is_a, is_any, is_instance, own_space
from hotswap.model import Name
from hotswap.patch.abstract import registered
from hotswap.planning.edition import Edition
from hotswap.planning.live_names import value_of
from hotswap.resolving import resolve_value
from hotswap.source import StatementPath

DEEPEST = 4
MOST = 10_000
"""Containers with more entries are taken to have changed, for comparing them would take longer than what follows."""


class Contents:
    """The content of what some names stand for, before a statement runs."""

    def __init__(self, names: Iterable[Name], graph: Graph) -> None:
        self.graph = graph
        self._before = {name: _taken(value_of(name, graph)) for name in names}

    def changed(self) -> list[Name]:
        """The names of which the content is another one now."""
        return self.differing(lambda value: value)

    def differing(self, twin: Callable[[Any], Any]) -> list[Name]:
        """The same, if objects are what they become in this round: `twin` tells that."""
        now = {name: _taken(value_of(name, self.graph)) for name in self._before}
        return [name for name, before in self._before.items() if not _same(before, now[name], twin)]

    def grown(self, known: AbstractSet[int]) -> list[Name]:
        """The names of which a container has more in it now than before; `known` (identities) aside."""
        now = {name: _taken(value_of(name, self.graph)) for name in self._before}
        return [name for name, before in self._before.items() if _has_more(before, now[name], known)]


def _has_more(before: tuple[Any, ...], now: tuple[Any, ...], known: AbstractSet[int]) -> bool:
    if before[0] is not now[0] or is_any(now[0], type, FunctionType):
        return False
    sized = is_any(now[0], dict, list, set, deque, bytearray)
    if sized:
        return len(now) > len(before) and id(now[0]) not in known
    pairs = zip(before[1:], now[1:], strict=False) if len(before) == len(now) else ()
    return any(_has_more(was, part, known) for was, part in pairs)


def _taken(value: Any, depth: int = DEEPEST) -> tuple[Any, ...]:
    """The object, and what it contains; objects are kept, so that no new one can take their identity."""
    parts = _parts(value) if depth else None
    return (value,) if parts is None else (value, *(_taken(part, depth - 1) for part in parts))


def _parts(value: Any) -> list[Any] | None:
    if is_a(value, dict):
        return [*keys_of(value), *values_of(value)] if size_of(value) < MOST else [object()]
    if type(value) in (list, tuple, set, frozenset, deque, bytearray):
        return list(value) if len(value) < MOST else [object()]
    if is_instance(value, ABCMeta):
        return list(registered(value))
    if is_a(value, ContextVar):
        return [value.get(MISSING)]
    space = own_space(value) if not is_any(value, type, ModuleType) else {}
    return [*space, *space.values()] if space else None


def _same(one: tuple[Any, ...], other: tuple[Any, ...], twin: Callable[[Any], Any]) -> bool:
    if len(one) != len(other) or not (_alike(one[0], other[0]) or one[0] is twin(other[0])):
        return False
    return all(_same(a, b, twin) for a, b in zip(one[1:], other[1:], strict=True))


def _alike(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and type(one) in (int, str, bytes, float) and one == other)


class Counters:
    """What calls in a statement may add to without naming it, before it runs.

    The numbers in instances of the program whose methods it calls; the containers that are default values of functions.
    """

    def __init__(self, edition: Edition, path: StatementPath, graph: Graph) -> None:
        self._edition, self._path, self._graph = edition, path, graph
        space = edition.tracked.namespace
        owners = {chain[:-1]: resolve_value(space, chain[:-1]) for chain in edition.facts(path).calls if len(chain) > 1}
        self._before = {chain: (owner, _numbers(owner)) for chain, owner in owners.items() if self._is_ours(owner)}
        functions = {name: value_of(name, graph) for name in edition.called(path)}
        self._defaults = {name: sizes for name, value in functions.items() if (sizes := _sizes(value))}

    def _is_ours(self, owner: Any) -> bool:
        return not is_any(owner, type, FunctionType, ModuleType) and type(owner).__module__ in self._graph.index.modules

    def counted_on(self, known: AbstractSet[int], restored: AbstractSet[tuple[int, str]]) -> list[Name]:
        """The names of instances in which functions made another number out of the one before, and of functions.

        Not of those that had been put back: containers `known` by their identities, attributes that were `restored`.
        """
        filled = [name for name, sizes in self._defaults.items() if self._has_more(name, sizes, known)]
        if not self._before:
            return filled
        codes = [code for called in self._edition.called(self._path) if (code := self._edition.code(called))]
        counted = {chain[1] for code in codes for chain in code.sets if len(chain) == 2 and chain[1] in code.attributes}
        found = filled
        for chain, (owner, before) in self._before.items():
            now = _numbers(owner)
            name = self._edition.holder(chain, self._path)
            numbers = {leaf for leaf in counted & before.keys() if (id(owner), leaf) not in restored}
            if name is not None and any(now.get(leaf) != before.get(leaf) for leaf in numbers):
                found.append(name)
        return found

    def _has_more(self, function: Name, sizes: list[int], known: AbstractSet[int]) -> bool:
        defaults = value_of(function, self._graph)
        return _sizes(defaults) > sizes and not any(id(each) in known for each in defaults.__defaults__)


def _numbers(owner: Any) -> dict[str, Any]:
    return {leaf: value for leaf, value in own_space(owner).items() if type(value) in (int, float, complex)}


def _sizes(function: Any) -> list[int]:
    """How much is in the containers that are default values of a function."""
    defaults = function.__defaults__ or () if is_a(function, FunctionType) else ()
    return [len(value) for value in defaults if type(value) in (list, dict, set)]
