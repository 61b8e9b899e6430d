"""What functions do to classes when statements call them: counters, singletons, tables that they fill.  Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import MethodType, ModuleType
from typing import Any

from hotswap.codefacts import CodeFacts
from hotswap.facts import Facts
from hotswap.graph import Graph
from hotswap.index import Index, Tracked
from hotswap.looking import in_classes, is_a, is_any, own_space
from hotswap.model import Name
from hotswap.planning.live_names import DEFINITIONS, name_of_holder, name_of_holder_in, value_of
from hotswap.reach import CodeOf
from hotswap.resolving import definition_of, resolve_value
from hotswap.syntax import Chain

CONSTRUCTORS = ("__new__", "__init__", "__post_init__")


def constructors(caller: Tracked, facts: Facts, index: Index) -> Iterator[Name]:
    """The functions of the program that make the instances which a statement asks classes for by name."""
    for chain in facts.calls:
        cls = resolve_value(caller.namespace, chain)
        for leaf in CONSTRUCTORS if is_a(cls, type) and cls.__module__ in index.modules else ():
            function = in_classes(type.__dict__["__mro__"].__get__(cls), leaf)
            function = function.__func__ if is_a(function, staticmethod) else function
            home = definition_of(function, index)
            if home is not None:
                yield home


@dataclass(frozen=True, slots=True)
class Call:
    """A statement that calls functions: its facts, and the dotted names that the called functions read."""

    caller: Tracked
    facts: Facts
    within: tuple[tuple[Tracked, frozenset[Chain]], ...] = ()

    def classes_given_to(self, function: Name, index: Index) -> list[type]:
        """The classes for which a class method, or `__new__`, is called: its own, or what is named before it."""
        owner, _, leaf = function[1].rpartition(".")
        cls: Any = resolve_value(index.modules[function[0]].namespace, tuple(owner.split("."))) if owner else None
        if not is_a(cls, type) or (leaf != "__new__" and not is_a(own_space(cls).get(leaf), classmethod)):
            return []
        named = self.classes_named(function, index)
        if named:
            return named
        within = (_derived(cls, tracked, _before(leaf, chains)) for tracked, chains in self.within)
        return [cls, *itertools.chain.from_iterable(within)]

    def classes_named(self, function: Name, index: Index) -> list[type]:
        """Those that the statement itself names; none when it need not name them."""
        owner, _, leaf = function[1].rpartition(".")
        cls: Any = resolve_value(index.modules[function[0]].namespace, tuple(owner.split("."))) if owner else None
        if not is_a(cls, type):
            return []
        owners = _before(leaf, self.facts.calls)
        if any(chain and chain[0] in self.facts.binds for chain in owners):
            owners = [chain[:n] for chain in self.facts.reads for n in range(1, len(chain) + 1)]  # a loop over them
        return list(dict.fromkeys(_derived(cls, self.caller, owners)))


def _before(leaf: str, chains: Iterable[Chain]) -> list[Chain]:
    """What stands before a method of that name in dotted names that end with it; for `__new__`, all of them."""
    return [c if leaf == "__new__" else c[:-1] for c in chains if leaf in ("__new__", c[-1])]


def _derived(cls: type, tracked: Tracked, chains: Iterable[Chain]) -> Iterator[type]:
    """The class and those derived from it among what dotted names stand for."""
    for chain in chains:
        value = resolve_value(tracked.namespace, chain) if chain else None
        if is_a(value, type) and cls in type.__dict__["__mro__"].__get__(value):
            yield value


def attributes_set_by(function: Name, code: CodeFacts, call: Call, index: Index) -> Iterator[Name]:
    """The attributes of classes, functions and modules that a function sets when it is called by a statement."""
    tracked = index.modules.get(function[0])
    owners: Sequence[Any]
    for chain in code.sets if tracked is not None else ():
        assert tracked is not None
        if chain[0] == "__class__":
            owners = [resolve_value(tracked.namespace, tuple(function[1].split(".")[:-1]))]
        elif chain[0]:
            owners = [resolve_value(tracked.namespace, chain[:-1])]
        elif len(chain) == 2:
            owners = call.classes_given_to(function, index)
        else:
            continue
        for owner in owners:
            if is_a(owner, ModuleType) and owner.__name__ in index.modules:
                yield owner.__name__, chain[-1]
            elif (home := definition_of(owner, index)) is not None:
                yield home[0], f"{home[1]}.{chain[-1]}"


def filled_by(function: Name, code: CodeFacts, call: Call, graph: Graph) -> Iterator[Name]:
    """The names whose value a function may change in place when it is called by a statement.

    What it reaches by way of `cls` belongs to the class for which it is called.
    """
    tracked, owner = graph.index.modules.get(function[0]), tuple(function[1].split(".")[:-1])
    for chain in code.mutates if tracked is not None else ():
        assert tracked is not None
        is_member = bool(owner) and len(chain) > len(owner) and chain[: len(owner)] == owner
        classes = call.classes_given_to(function, graph.index) if is_member else []
        names = [name_of_holder_in(cls, chain[len(owner) :], graph) for cls in classes]
        for name in names or [name_of_holder(tracked, chain, graph)]:
            value = value_of(name, graph) if name is not None else None
            if name is not None and value is not None and not is_any(value, *DEFINITIONS):
                yield name


def altered_by(functions: Iterable[Name], code: CodeOf, call: Call, graph: Graph) -> Iterator[tuple[Chain, Any]]:
    """The instances of the program of which a statement calls methods that alter something, and how it names them.

    That is so of a method that makes a decorator which alters the instance, too.  Of a bound method that has a name of
    its own the instance is told without one.
    """
    space, named = call.caller.namespace, call.facts.calls | call.facts.shapes
    found = [(chain[:n], resolve_value(space, chain[:n])) for chain in named for n in range(1, len(chain))]
    found += [((), v.__self__) for chain in named if is_a(v := resolve_value(space, chain), MethodType)]
    for chain, owner in found:
        if owner is None or is_any(owner, *DEFINITIONS) or type(owner).__module__ not in graph.index.modules:
            continue
        homes = {(cls.__module__, f"{cls.__qualname__}.") for cls in type.__dict__["__mro__"].__get__(type(owner))}
        methods = (f for f in functions if any(f[0] == module and f[1].startswith(name) for module, name in homes))
        if any(facts.alters for method in methods if (facts := code(method)) is not None):
            yield chain, owner
