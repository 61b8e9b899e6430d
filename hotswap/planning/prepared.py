"""A plan with what it was made from, for those who carry it out."""

from __future__ import annotations

from dataclasses import dataclass, field

from hotswap.model import Cause, Name, Plan
from hotswap.planning.affected import Affected
from hotswap.planning.groups import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared(Plan):
    """A plan that can be carried out."""

    foreseen: frozenset[Cause] = field(default=frozenset(), repr=False, compare=False)
    """What the steps may change, and which of them."""
    views: frozenset[Name] = field(default=frozenset(), repr=False, compare=False)
    """Containers of which some steps see an earlier content."""
    groups: tuple[Group, ...] = field(default=(), repr=False, compare=False)
    affected: Affected | None = field(default=None, repr=False, compare=False)
    """What the plan was made from; it knows where names get their values."""
