"""Containers that are looked into by another way than their name: as attributes of classes, default values.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import FunctionType
from typing import Any

from hotswap.index import Index
from hotswap.looking import is_a, own_space
from hotswap.model import Name
from hotswap.planning.edition import Edition
from hotswap.planning.live_names import value_of
from hotswap.resolving import resolve_value
from hotswap.source import StatementPath


def attributes_with(value: object, modules: Iterable[str], index: Index) -> Iterator[Name]:
    """The attributes of classes of these modules that hold the object."""
    for module in modules:
        for cls in _classes(module, index.modules[module].namespace):
            for leaf, held in own_space(cls).items():
                if held is value:
                    yield module, f"{cls.__qualname__}.{leaf}"


def functions_with(value: object, modules: Iterable[str], index: Index) -> Iterator[Name]:
    """The functions of these modules, methods too, that have the object for a default value."""
    for module in modules:
        space = index.modules[module].namespace
        spaces = [space, *(own_space(cls) for cls in _classes(module, space))]
        for each in [held for names in spaces for held in list(names.values())]:
            function = each.__func__ if isinstance(each, staticmethod | classmethod) else each
            if is_a(function, FunctionType) and function.__globals__ is space:
                given = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
                if any(part is value for part in given):
                    yield module, function.__code__.co_qualname


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


def _classes(module: str, space: dict[str, Any]) -> list[Any]:
    found = [held for held in list(space.values()) if is_a(held, type)]
    return [cls for cls in found if own_space(cls).get("__module__") == module]
