"""What a statement that is to run again knows of its names from before the round."""

from __future__ import annotations

from collections.abc import Collection
from functools import _lru_cache_wrapper
from types import FunctionType
from typing import Any

from hotswap.looking import is_a, is_any
from hotswap.model import Name, Place
from hotswap.patch.equality import Parts
from hotswap.patch.sharing import is_shared
from hotswap.patch.statements import makes
from hotswap.patch.values import Values
from hotswap.planning.groups import LOADED
from hotswap.resolving import is_alias, supplied_by_stars
from hotswap.source import class_path
from hotswap.syntax import assignments


class ModulePast:
    """For the names that a top-level statement binds."""

    def __init__(self, values: Values, place: Place) -> None:
        self.values, self.place = values, place

    def was(self, name: str) -> Any:
        """What the name held, or MISSING."""
        return self.values.was((self.place[0], name), self.place)

    def owned(self, name: str) -> bool:
        """Whether what it held was made for it alone, or for a name that is gone."""
        held, group = self.was(name), self.values.group(self.place[0])
        names = [n for n, v in self.values.originals(self.place[0]).items() if v is held]
        makers = [n for n in names if self._made_for(n)]
        staying = [n for n in makers if n == name or (self.place[0], n) in group.new]
        return staying == [name] if name in makers else bool(makers) and not staying

    def was_defined(self, name: str) -> bool:
        """Whether it held what a `def` or `class` made."""
        full, flow = (self.place[0], name), self.values.group(self.place[0]).old
        return any(flow.defines(full, place) for place in flow.final(full))

    def _made_for(self, name: str) -> bool:
        """Whether the statement that gave the name its object has made that object."""
        full = self.place[0], name
        group = self.values.group(self.place[0])
        held = self.values.original(full)
        if is_any(held, FunctionType, _lru_cache_wrapper, type) and (held.__module__, held.__qualname__) == full:
            return any(self._makes(place, name) for place in group.old.binders(full))
        if is_alias(held, name):
            return False  # a call has chosen it: `max(classes, key=…)`
        if is_a(held, type) and self._has_left(held):
            return False
        before, final = group.old_place(self.place), group.old.final(full)
        if before is None or before not in final:
            before = final[0] if final else None
        return before is not None and self._makes(before, name)

    def _has_left(self, cls: type) -> bool:
        """Whether another module's statement defines the class by now."""
        edition = self.values.editions.find_old(cls.__module__) if cls.__module__ != self.place[0] else None
        return edition is not None and class_path(edition.source, cls.__qualname__) is not None

    def _makes(self, place: Place, name: str) -> bool:
        """Whether a statement of before defines what it gives to the name, or calls for it."""
        edition = self.values.editions.find_old(place[0]) if place[1] != LOADED else None
        if edition is None:
            return False
        node = edition.source.statement(place[1])
        return name in edition.facts(place[1]).defines or any(makes(each, name) for each in assignments(node))

    def is_last(self, name: str) -> bool:
        """Whether what the statement gives to the name, or what is made of that, is what it holds at the end."""
        return is_last(self.values, self.place, (self.place[0], name))

    def is_held(self, value: object) -> bool:
        """Whether a name of the module held the object."""
        return any(held is value for held in self.values.originals(self.place[0]).values())

    def brought(self) -> set[str]:
        """The names that star imports of the statement bring now."""
        edition = self.values.editions.new(self.place[0])
        return supplied_by_stars(edition.tracked, edition.facts(self.place[1]))

    def is_shared(self, names: Collection[str], old: Any, parts: Parts) -> bool:
        """Whether an old value is not that of these names alone, to which the statement gives an equal one."""
        full = [(self.place[0], name) for name in names]
        return self.values.makes_view(full) or is_shared(self.values, self.place, full, old, parts)


class ClassPast:
    """For the names that a statement of a class body binds."""

    def __init__(self, values: Values, place: Place, owner: type) -> None:
        self.values, self.place, self.owner = values, place, owner

    def was(self, name: str) -> Any:
        """What the class held, or MISSING."""
        return self.values.was((self.place[0], f"{self.owner.__qualname__}.{name}"), self.place)

    def is_last(self, name: str) -> bool:
        """Whether what the statement gives to the name, or what is made of that, is what it holds at the end."""
        return is_last(self.values, self.place, (self.place[0], f"{self.owner.__qualname__}.{name}"))

    def is_shared(self, names: Collection[str], old: Any, parts: Parts) -> bool:
        """Whether an old value is not that of these members alone, to which the statement gives an equal one."""
        full = [(self.place[0], f"{self.owner.__qualname__}.{name}") for name in names]
        return is_shared(self.values, self.place, full, old, parts)


def is_last(values: Values, place: Place, name: Name) -> bool:
    """Whether what a statement gives to a name, or what is made of that, is what the name holds at the end."""
    flow = values.group(place[0]).new
    final = flow.final(name)
    return place in final or any(flow.reuses(name, each) for each in final)
