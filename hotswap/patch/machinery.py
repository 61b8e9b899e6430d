"""What the machinery of classes makes: which members it generated, and how its work is redone in a live class."""

from __future__ import annotations

import functools
import sys
from enum import EnumMeta
from typing import Any, Protocol

from hotswap.codes import behaviour
from hotswap.journal import Journal
from hotswap.looking import is_instance
from hotswap.patch import enums, models, records
from hotswap.patch.twins import Twins


class Work(Protocol):
    """What one kind of machinery does around the pouring of members."""

    def begin(self, journal: Journal) -> None:
        """Before any member is stored."""

    def finish(self, journal: Journal) -> None:
        """When the class has all its members."""


def kind(cls: type) -> str:
    """Which machinery determines what the instances of a class are; it cannot change under living ones."""
    if is_instance(cls, EnumMeta):
        return "enum"
    return "namedtuple" if records.is_namedtuple(cls) else "class"


def generated(cls: type) -> frozenset[str]:
    """The members that machinery made from the class body; empty for a class that only `type` built."""
    if is_instance(cls, EnumMeta):
        return frozenset(cls.__dict__)
    if models.is_model(cls):
        return frozenset(cls.__dict__) - models.class_variables(cls)
    if records.is_namedtuple(cls):
        return frozenset(cls.__dict__)
    return frozenset(records.field_names(cls))


def made_later(cls: type) -> tuple[str, ...]:
    """The members that are not poured, because `Work.finish` makes them for the live class."""
    return models.COMPILED if models.is_model(cls) else ()


def prepare(live: type, fresh: type, twins: Twins, journal: Journal) -> list[Work]:
    """The work around the pouring of `fresh` into `live`.  Raises CannotSwap when it cannot be done; writes nothing."""
    if is_instance(fresh, EnumMeta):
        assert is_instance(live, EnumMeta)
        members: list[Work] = [enums.Members(live, fresh, twins, journal)]
        is_held = "pydantic" in sys.modules and enums.have_other_members(live, fresh)
        return [*members, models.Holders(live)] if is_held else members
    records.check_tuple(live, fresh)
    works: list[Work] = [records.Fields(live, fresh)]
    if models.is_model(live) and models.is_model(fresh):
        works.append(models.Schemas(live, fresh, journal))
    return works


def same_function(old: functools.cached_property[Any], fresh: object) -> bool:
    """Whether two cached properties compute the same."""
    if not is_instance(fresh, functools.cached_property):
        return False
    one, other = (getattr(p.func, "__code__", None) for p in (old, fresh))
    return one is not None and other is not None and behaviour(one) == behaviour(other)
