"""Containers that are looked into by another way than their name: as attributes of classes, default values.  Pure."""

from __future__ import annotations

import enum
from collections.abc import Container, Iterable, Iterator
from types import FunctionType, MethodType
from typing import Any

from hotswap.codefacts import CodeFacts
from hotswap.containers import values_of
from hotswap.facts import Facts
from hotswap.index import Index
from hotswap.looking import classes_in, is_a, is_any, own_space
from hotswap.model import Name
from hotswap.planning.chosen import hands_on, leads_into
from hotswap.planning.edition import Edition
from hotswap.planning.live_names import value_of
from hotswap.resolving import resolve_value
from hotswap.source import StatementPath, prefix_of


def attributes_with(value: object, modules: Iterable[str], index: Index) -> Iterator[Name]:
    """The attributes of classes of these modules that hold the object."""
    for module in modules:
        for cls in classes_in(index.modules[module].namespace):
            for leaf, held in own_space(cls).items():
                if held is value:
                    yield module, f"{cls.__qualname__}.{leaf}"


def functions_with(value: object, modules: Iterable[str], index: Index) -> Iterator[Name]:
    """The functions of these modules, methods too, that have the object for a default value."""
    for module in modules:
        space = index.modules[module].namespace
        spaces = [space, *(own_space(cls) for cls in classes_in(space))]
        for each in [held for names in spaces for held in list(names.values())]:
            function = each.__func__ if isinstance(each, staticmethod | classmethod) else each
            if is_a(function, FunctionType) and function.__globals__ is space:
                given = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
                if any(part is value for part in given):
                    yield module, function.__code__.co_qualname


def tells_of(edition: Edition, path: StatementPath, instance: Name, *, known: bool) -> bool:
    """Whether a statement, or a function that it calls, uses a container in an instance, or asks its methods.

    Also if it hands the instance on, or looks into it otherwise (`known`), and keeps none that it made of that.
    """
    value, index = value_of(instance, edition.graph), edition.graph.index
    named: list[tuple[Facts | CodeFacts, dict[str, Any]]] = [(edition.facts(path), edition.tracked.namespace)]
    for called in edition.called(path):
        code, tracked = edition.code(called), index.modules.get(called[0])
        if code is not None and tracked is not None:
            named.append((code, tracked.namespace))
    if any(leads_into(facts, space, value) for facts, space in named):
        return True
    is_given = known or any(hands_on(facts, space, value) for facts, space in named)
    return is_given and not keeps_instance(edition, path)


def methods_of(value: object, modules: Iterable[str], index: Index) -> Iterator[Name]:
    """The names in these modules that stand for methods of the object: `get = conf.get`."""
    for module in modules:
        for name, held in list(index.modules[module].namespace.items()):
            if is_a(held, MethodType) and held.__self__ is value:
                yield module, name


def keeps_instance(edition: Edition, path: StatementPath) -> bool:
    """Whether a statement keeps an object of the program that may have a life of its own: that is state."""
    prefix, modules = prefix_of(edition.source, path), edition.graph.index.modules
    values = (value_of((edition.module, prefix + name), edition.graph) for name in edition.facts(path).binds)
    return any(_is_of_program(part, modules) for value in values for part in with_parts(value))


def with_parts(value: Any) -> list[Any]:
    """What a container holds, or the value itself."""
    return values_of(value) if type(value) in (list, tuple, set, frozenset, dict) else [value]


def _is_of_program(value: object, modules: Container[str]) -> bool:
    """Members of enumerations and tuples are values."""
    return type(value).__module__ in modules and not is_any(value, type, tuple, enum.Enum)


def hands_owner(edition: Edition, path: StatementPath, member: Name) -> bool:
    """Whether a statement hands a class, or an instance, to what looks into its member: or calls such a method."""
    owner, _, leaf = member[1].rpartition(".")
    cls, space, facts = value_of((member[0], owner), edition.graph), edition.tracked.namespace, edition.facts(path)
    handed = facts.arguments | {chain[: -1 if len(chain) > 1 else 1] for chain in facts.calls}
    values = [resolve_value(space, chain) for chain in handed]
    kinds = [value if is_a(value, type) else type(value) for value in values]
    if not any(cls in type.__dict__["__mro__"].__get__(kind) for kind in kinds):
        return False
    codes = (edition.code(called) for called in edition.called(path))
    return any(code is not None and leaf in code.attributes for code in codes)
