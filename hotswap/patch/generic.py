"""While a statement runs that may call generic functions, these have what was registered with them at its place.

What statements behind it have registered is away for that long; what the running program has registered stays.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hotswap.index import Index
from hotswap.journal import Journal
from hotswap.looking import is_a
from hotswap.model import Place
from hotswap.patch.dispatch import Registry, dispatcher_of, methods_of, named_in, refill, registry_of
from hotswap.patch.functions import functions_within
from hotswap.planning.edition import Edition, span
from hotswap.planning.editions import Editions
from hotswap.planning.live_names import value_of
from hotswap.resolving import home_of, resolve_value
from hotswap.source import StatementPath


@dataclass(frozen=True, slots=True)
class Hidden:
    """A generic function without some of its implementations."""

    dispatcher: Any
    registry: Registry
    content: Registry
    """All that it had."""
    away: frozenset[Any]

    def put_back(self, journal: Journal) -> None:
        """Let it have them again, with what was registered in between."""
        now = registry_of(self.dispatcher)
        if now is self.registry:  # else it was made anew
            kept = {key: each for key, each in self.content.items() if key in now or key in self.away}
            refill(self.dispatcher, {**kept, **{k: v for k, v in now.items() if k not in self.away}}, journal)


class Generics:
    """Hides implementations, for the statements of one round."""

    def __init__(self, editions: Editions, journal: Journal, comes_first: Callable[[Place, Place], bool]) -> None:
        """`comes_first`: whether a statement has its turn before another one."""
        self.editions, self.journal, self.comes_first = editions, journal, comes_first
        self.index: Index = editions.index

    @contextmanager
    def at_place(self, place: Place, edition: Edition) -> Iterator[None]:
        """Let the generic functions that a statement reads have what they have in a fresh process as it begins."""
        hidden = list(self._hide(place, edition))
        yield  # when it raises, the journal puts everything back
        for each in hidden:
            each.put_back(self.journal)

    def _hide(self, place: Place, edition: Edition) -> Iterator[Hidden]:
        for home, dispatcher in self._read(edition, place[1]):
            registry = registry_of(dispatcher)
            later = frozenset(self._registered_behind(place, home, dispatcher)) if len(registry) > 1 else frozenset()
            if later:
                content = dict(registry)
                refill(dispatcher, {key: each for key, each in content.items() if key not in later}, self.journal)
                yield Hidden(dispatcher, registry, content, later)

    def _read(self, edition: Edition, path: StatementPath) -> Iterator[tuple[str, Any]]:
        """The generic functions that a statement may call, itself or by way of others, each with its module."""
        found: dict[int, tuple[str, Any]] = {}
        for name in edition.reads(path):
            value = value_of(name, edition.graph)
            several = methods_of(value) if is_a(value, type) else [dispatcher_of(value)]
            found |= {id(each): (name[0], each) for each in several if each is not None}
        yield from found.values()

    def _registered_behind(self, place: Place, home: str, dispatcher: Any) -> Iterator[Any]:
        """The classes for which statements behind a place have registered something."""
        known = {place[0], home, dispatcher.__module__}
        known = known.union(*(self.editions.graph.dependents(name) for name in known))
        for module in sorted(known & self.index.modules.keys()):
            edition = self.editions.find_new(module)
            for path in edition.mentioning(["register"]) if edition is not None else ():
                assert edition is not None
                other = module, path
                if other != place and not self.comes_first(other, place) and _registers(edition, path, dispatcher):
                    yield from _classes(edition, path, registry_of(dispatcher))


def _registers(edition: Edition, path: StatementPath, dispatcher: Any) -> bool:
    return any(each is dispatcher for each in named_in(edition.facts(path), edition.tracked.namespace))


def _classes(edition: Edition, path: StatementPath, registry: Registry) -> list[Any]:
    """The classes for which a statement has registered something: told by what it defines, or by what it names."""
    first, last = span(edition.source, path)
    made = [
        cls for cls, each in registry.items() if any(_is_made(f, edition, first, last) for f in functions_within(each))
    ]
    if made:
        return made
    space = {**vars(builtins), **edition.tracked.namespace}
    named = {id(resolve_value(space, chain)) for chain in edition.facts(path).reads}
    return [cls for cls in registry if cls is not object and id(cls) in named]


def _is_made(function: Any, edition: Edition, first: int, last: int) -> bool:
    return home_of(function) == edition.module and first <= function.__code__.co_firstlineno <= last
