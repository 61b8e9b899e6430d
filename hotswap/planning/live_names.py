"""What names stand for in the live program.  Read through `__dict__`s only: nothing of the program runs."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from hotswap.graph import Graph
from hotswap.index import Tracked
from hotswap.looking import family, is_a, look_up
from hotswap.model import Name
from hotswap.resolving import definition_of, resolve_value
from hotswap.syntax import Chain

DEFINITIONS = (type, FunctionType, ModuleType)


def name_of_holder(tracked: Tracked, chain: Chain, graph: Graph) -> Name | None:
    """The name of the tracked module or class attribute that a dotted name leads to, before it enters an instance."""
    return _holder((tracked.name, chain[0]), tracked.namespace.get(chain[0]), chain[1:], graph)


def name_of_holder_in(cls: type, chain: Chain, graph: Graph) -> Name | None:
    """The same for a dotted name that begins at a class."""
    return _holder((cls.__module__, cls.__qualname__), cls, chain, graph)


def _holder(name: Name, value: Any, attributes: Chain, graph: Graph) -> Name | None:
    for attribute in attributes:
        if is_a(value, ModuleType):
            name, value = (value.__name__, attribute), look_up(value, attribute)
        elif is_a(value, type):
            owner = next((c for c in value.__mro__ if attribute in c.__dict__), value)
            name, value = (owner.__module__, f"{owner.__qualname__}.{attribute}"), owner.__dict__.get(attribute)
        elif is_a(value, FunctionType) and attribute in vars(value) and (home := definition_of(value, graph.index)):
            name, value = (home[0], f"{home[1]}.{attribute}"), vars(value)[attribute]
        else:
            break
    return name if name[0] in graph.index.modules else None


def value_of(name: Name, graph: Graph) -> Any:
    """What a name stands for now; None when that cannot be told."""
    tracked = graph.index.modules.get(name[0])
    return resolve_value(tracked.namespace, tuple(name[1].split("."))) if tracked is not None else None


def derived_from(name: Name, graph: Graph) -> Iterator[Name]:
    """The classes of the program that derive from the class of that name, if it is one."""
    cls: Any = value_of(name, graph)
    for each in family(cls)[1:] if is_a(cls, type) and definition_of(cls, graph.index) == name else ():
        home = definition_of(each, graph.index)
        if home is not None:
            yield home


def bases_of(name: Name, graph: Graph) -> list[Name]:
    """The classes of the program from which the class of that name derives; none when it is no class."""
    cls: Any = value_of(name, graph)
    bases = cls.__bases__ if is_a(cls, type) and definition_of(cls, graph.index) == name else ()
    return [home for base in bases if (home := definition_of(base, graph.index)) is not None]
