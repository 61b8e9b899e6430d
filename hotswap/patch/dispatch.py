"""Generic functions and methods of functools: what is registered with them, and what changes when that does."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType
from typing import Any

from hotswap.events import behaviour, content
from hotswap.facts import Facts
from hotswap.index import Index
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_a
from hotswap.model import Name
from hotswap.resolving import definition_of, resolve_value

_CODES = [c for c in functools.singledispatch.__code__.co_consts if isinstance(c, CodeType)]
DISPATCHER = next(c for c in _CODES if c.co_name == "wrapper")
"""The code of every function that `functools.singledispatch` has made."""

Registry = dict[Any, Any]


def dispatcher_of(value: Any) -> Any:
    """The generic function that a value is, or that a generic method asks; None for anything else."""
    if is_a(value, functools.singledispatchmethod):
        value = value.dispatcher
    return value if is_a(value, FunctionType) and value.__code__ is DISPATCHER else None


def registry_of(dispatcher: Any) -> Registry:
    """The implementations by class, as the dictionary that `register` writes to."""
    variables = dispatcher.dispatch.__code__.co_freevars
    found: Registry = dispatcher.dispatch.__closure__[variables.index("registry")].cell_contents
    return found


def refill(dispatcher: Any, implementations: Registry, journal: Journal) -> None:
    """Let a generic function have these implementations, and forget which class got which."""
    registry = registry_of(dispatcher)
    journal.remember(registry)
    registry.clear()
    registry.update(implementations)
    journal.call((dispatcher._clear_cache,), (dispatcher._clear_cache,))


def named_in(facts: Facts, namespace: dict[str, Any]) -> Iterator[Any]:
    """The generic functions with which a statement may register something: `@show.register`."""
    for chain in facts.reads | facts.calls:
        if len(chain) > 1 and chain[-1] == "register":
            found = dispatcher_of(resolve_value(namespace, chain[:-1]))
            if found is not None:
                yield found


def methods_of(cls: type) -> Iterator[Any]:
    """What the generic methods of a class ask."""
    return (d for d in map(dispatcher_of, list(vars(cls).values())) if d is not None)


class Registrations:
    """What is registered with some generic functions before something happens to them."""

    def __init__(self, dispatchers: Iterable[Any]) -> None:
        self._before = [(each, dict(registry_of(each))) for each in {id(d): d for d in dispatchers}.values()]

    def settle(self, twin: Callable[[Any], Any], journal: Journal) -> None:
        """Let them hold the live functions that fresh ones were poured into."""
        for dispatcher, _ in self._before:
            registry = registry_of(dispatcher)
            settled = {cls: twin(each) for cls, each in registry.items()}
            if any(settled[cls] is not each for cls, each in registry.items()):
                refill(dispatcher, settled, journal)

    def events(self, index: Index) -> Iterator[Name]:
        """What happened since then: whoever called, or looked at, an implementation may get another one now."""
        for dispatcher, before in self._before:
            now = registry_of(dispatcher)
            if before.keys() == now.keys() and all(now.get(cls, MISSING) is each for cls, each in before.items()):
                continue
            homes = {definition_of(each, index) for each in (dispatcher, *before.values(), *now.values())}
            for home in homes - {None}:
                assert home is not None
                yield content(home)
                yield behaviour(home)
