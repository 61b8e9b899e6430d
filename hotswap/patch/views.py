"""A statement that fills a container while others look at a view of it: what it puts into the view goes into both.

A *view* is a container built once more, for statements that look into it at an earlier place than its end (see
`Drafts.supply_view`).  The container itself stays as it is, with all that the running program has put into it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hotswap.containers import content_of, drop, kind_of, put, size_of
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_a, is_any
from hotswap.model import Name
from hotswap.trace import Footprint

DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Content:
    """What a container holds, and what the containers in it hold, by key or position."""

    container: Any
    entries: Any
    inner: dict[Any, Content]

    @classmethod
    def of(cls, container: Any, depth: int = DEEPEST) -> Content | None:
        """What it holds now; None for what is no plain container."""
        if not is_any(container, dict, list, deque, set, bytearray):
            return None
        entries = content_of(container)
        keyed = entries.items() if is_a(container, dict) else enumerate(entries)
        found = ((key, cls.of(value, depth - 1)) for key, value in keyed) if depth else ()
        return cls(container, entries, {key: inner for key, inner in found if inner is not None})

    def carry_over(self, other: Any, journal: Journal) -> bool:
        """Put into another container what has come into this one since; False if it cannot be told what that is."""
        if type(other) is not type(self.container):
            return False
        if is_a(other, set):
            return self._carry_members(other, journal)
        carried = self._carry_keys(other, journal) if is_a(other, dict) else self._carry_tail(other, journal)
        return carried and all(
            inner.carry_over(self._at(other, key), journal)
            for key, inner in self.inner.items()
            if inner.container is self._at(self.container, key)
        )

    def counterparts(self, other: Any) -> Iterator[tuple[Any, Any]]:
        """The container and those in it, each with what stands in its place in another one."""
        if type(other) is type(self.container):
            yield self.container, other
            for key, inner in self.inner.items():
                yield from inner.counterparts(self._at(other, key))

    def _at(self, container: Any, key: Any) -> Any:
        if is_a(container, dict):
            return dict.get(container, key, MISSING)
        return kind_of(type(container)).__getitem__(container, key) if key < size_of(container) else MISSING

    def _carry_members(self, other: set[Any], journal: Journal) -> bool:
        before, now = set(self.entries), set(content_of(self.container))
        if before != now:
            journal.remember(other)
            set.update(other, now - before)
            set.difference_update(other, before - now)
        return True

    def _carry_keys(self, other: dict[Any, Any], journal: Journal) -> bool:
        now = content_of(self.container)
        come = {k: v for k, v in now.items() if self.entries.get(k, MISSING) is not v}
        gone = self.entries.keys() - now.keys()
        if come or gone:
            journal.remember(other)
            for key in gone:
                drop(other, key)
            for key, value in come.items():
                put(other, key, value)
        return True

    def _carry_tail(self, other: Any, journal: Journal) -> bool:
        before, now = list(self.entries), list(content_of(self.container))
        if len(now) < len(before) or any(a is not b for a, b in zip(before, now, strict=False)):
            return False
        if len(now) > len(before):
            journal.remember(other)
            kind_of(type(other)).extend(other, now[len(before) :])
        return True


@dataclass(slots=True)
class Doubled:
    """The containers of which a statement that fills them sees views: their names, what is in the views, they."""

    found: list[tuple[Name, Content, Any]] = field(default_factory=list)

    def carry_over(self, lines: Iterable[Footprint], journal: Journal) -> list[Name]:
        """Put what the statement has put into the views into the containers, and note it as put there.

        Returns the names of those of which it cannot be told what that is: they have to be built again.
        """
        counterparts = self.counterparts()
        contents = {id(each): content_of(each) for each in counterparts.values()}
        unclear = [name for name, view, container in self.found if not view.carry_over(container, journal)]
        for each in lines if counterparts else ():
            each.deposits = [deposit.moved(counterparts, contents) for deposit in each.deposits]
        return unclear

    def counterparts(self) -> dict[int, Any]:
        """By the identity of the views, and of what is in them, what these are views of."""
        doubled = ((view, container) for _, view, container in self.found)
        return {id(v): c for view, container in doubled for v, c in view.counterparts(container)}
