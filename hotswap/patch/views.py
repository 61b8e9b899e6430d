"""A statement that fills a container while others look at a view of it: what it puts into the view goes into both.

A *view* is a container built once more, for statements that look into it at an earlier place than its end (see
`Drafts.supply_view`).  The container itself stays as it is, with all that the running program has put into it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from hotswap.journal import MISSING, Journal
from hotswap.looking import is_instance

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
        if not is_instance(container, dict | list | deque | set | bytearray):
            return None
        keyed = dict.items(container) if is_instance(container, dict) else enumerate(container)
        found = ((key, cls.of(value, depth - 1)) for key, value in keyed) if depth else ()
        return cls(container, container.copy(), {key: inner for key, inner in found if inner is not None})

    def carry_over(self, other: Any, journal: Journal) -> bool:
        """Put into another container what has come into this one since; False if it cannot be told what that is."""
        if type(other) is not type(self.container):
            return False
        if is_instance(other, set):
            return self._carry_members(other, journal)
        carried = self._carry_keys(other, journal) if is_instance(other, dict) else self._carry_tail(other, journal)
        return carried and all(
            inner.carry_over(self._at(other, key), journal)
            for key, inner in self.inner.items()
            if inner.container is self._at(self.container, key)
        )

    def _at(self, container: Any, key: Any) -> Any:
        if is_instance(container, dict):
            return dict.get(container, key, MISSING)
        return container[key] if key < len(container) else MISSING

    def _carry_members(self, other: set[Any], journal: Journal) -> bool:
        come, gone = self.container - self.entries, self.entries - self.container
        if come or gone:
            journal.remember(other)
            other |= come
            other -= gone
        return True

    def _carry_keys(self, other: dict[Any, Any], journal: Journal) -> bool:
        come = {k: v for k, v in dict.items(self.container) if dict.get(self.entries, k, MISSING) is not v}
        gone = self.entries.keys() - self.container.keys()
        if come or gone:
            journal.remember(other)
            for key in gone:
                dict.pop(other, key, None)
            dict.update(other, come)
        return True

    def _carry_tail(self, other: Any, journal: Journal) -> bool:
        before, now = list(self.entries), list(self.container)
        if len(now) < len(before) or any(a is not b for a, b in zip(before, now, strict=False)):
            return False
        if len(now) > len(before):
            journal.remember(other)
            other.extend(now[len(before) :])
        return True
