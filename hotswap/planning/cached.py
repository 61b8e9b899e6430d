"""Which cached functions may have answered calls without running a function: nobody sees those run.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from hotswap.codefacts import CodeFacts, every_function
from hotswap.graph import Graph
from hotswap.looking import family
from hotswap.model import Name
from hotswap.planning.edition import Edition
from hotswap.planning.live_names import value_of
from hotswap.reach import Reach, cached_definitions, is_cache
from hotswap.resolving import resolve_value
from hotswap.source import StatementPath

CALLING = frozenset(("map", "filter", "sorted", "min", "max"))
"""Built-in functions that call what they are given."""


class Cached:
    """The caches of the program by the names at which they can be asked, within wrappers too; looked for once."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.index = graph, graph.index
        self._reach = Reach(graph.index, graph.code_facts)
        self._behind: dict[Name, set[Name]] = {}

    def answering(self, function: Name, value: object) -> Iterator[Name]:
        """The names of the caches with results of a function, or of others that call it; `value` is what it names."""
        found = {function} if is_cache(value) else set()
        if function in self._all:
            found.update(name for name in self._caches if function in self._functions(name))
        yield from sorted(found)

    def running(self, is_wanted: Callable[[CodeFacts], bool]) -> Iterator[Name]:
        """The names of the caches with results of such functions: that ask for modules by computed names, say."""
        for name in sorted(self._caches):
            codes = map(self.graph.code_facts, self._functions(name))
            if any(code is not None and is_wanted(code) for code in codes):
                yield name

    def is_asked_by(self, edition: Edition, path: StatementPath, cached: Name) -> bool:
        """Whether a statement calls the cache of that name itself, or has it called: `list(map(square, SIZES))`."""
        facts, namespace = edition.facts(path), edition.tracked.namespace
        _, is_member, leaf = cached[1].rpartition(".")
        if is_member:
            return any(chain[-1] == leaf for chain in facts.calls)
        value = value_of(cached, self.graph)
        hands_on = any(chain[0] in CALLING and chain[0] not in namespace for chain in facts.calls)
        chains = facts.calls | (facts.arguments if hands_on else frozenset())
        return any(resolve_value(namespace, chain) is value for chain in chains)

    def is_named_by(self, function: Name, cached: Name) -> bool:
        """Whether the code of a function names the cache, not only that of functions in it: calls of these are seen."""
        leaf = cached[1].rpartition(".")[2]
        codes = every_function(self.index.modules[function[0]].source.code)
        return any(leaf in (*code.co_names, *code.co_consts) for code in codes if code.co_qualname == function[1])

    def _functions(self, name: Name) -> set[Name]:
        if name not in self._behind:
            self._behind[name] = self._reach.functions(self._caches[name])
        return self._behind[name]

    @cached_property
    def _all(self) -> set[Name]:
        """All functions that may run behind caches: told by one walk, for most functions stand behind none."""
        return self._reach.functions([each for found in self._caches.values() for each in found])

    @cached_property
    def _caches(self) -> dict[Name, list[Any]]:
        found: dict[Name, list[Any]] = {}
        for module in sorted(self.index.caching & self.index.modules.keys()):
            for key, value in list(self.index.modules[module].namespace.items()):  # one by one: it may have several
                for owner, name, cached in cached_definitions({"__name__": module, key: value}):
                    if is_cache(cached):
                        at = module, name if owner is None else f"{owner.__qualname__}.{name}"
                        found.setdefault(at, []).extend([cached, *(family(owner) if owner is not None else ())])
        return found
