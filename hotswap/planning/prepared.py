"""A plan with what it was made from, for those who carry it out."""

from __future__ import annotations

from dataclasses import dataclass, field

from hotswap.model import Cause, Name, Place, Plan
from hotswap.planning.affected import Affected
from hotswap.planning.disposal import Disposal
from hotswap.planning.groups import Group
from hotswap.planning.loading import Loaders


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What a change set holds besides edits of loaded modules."""

    created: tuple[str, ...] = ()
    """The names of modules whose files are new."""
    files: tuple[str, ...] = ()
    """The files of which assets are loaded anew."""
    coming: tuple[str, ...] = ()
    """The sources that come or go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared(Plan):
    """A plan that can be carried out."""

    foreseen: frozenset[Cause] = field(default=frozenset(), repr=False, compare=False)
    """What the steps may change, and which of them."""
    certain: frozenset[Name] = field(default=frozenset(), repr=False, compare=False)
    """What happens by the edit itself: the text of a function is another one, say."""
    forgotten: frozenset[Name] = field(default=frozenset(), repr=False, compare=False)
    """Names that the `__getattr__` of a module had answered and kept: it is asked anew."""
    views: frozenset[tuple[Place, Name]] = field(default=frozenset(), repr=False, compare=False)
    """Containers of which some steps see an earlier content."""
    is_perishable: bool = field(default=False, repr=False, compare=False)
    """Whether it rests on what is in containers, which may change at any time: hooks that put things away."""
    refused: frozenset[Place] = field(default=frozenset(), repr=False, compare=False)
    """Definitions that raised in an earlier try: what is registered of those that run again goes first."""
    disposals: tuple[Disposal, ...] = field(default=(), repr=False, compare=False)
    """The `on_dispose` hooks that are called, oldest first."""
    away: frozenset[object] = field(default=frozenset(), repr=False, compare=False)
    """The keys of those that were called in an earlier try."""
    loaders: Loaders | None = field(default=None, repr=False, compare=False)
    """The loaders of assets, as they were before."""
    groups: tuple[Group, ...] = field(default=(), repr=False, compare=False)
    affected: Affected | None = field(default=None, repr=False, compare=False)
    """What the plan was made from; it knows where names get their values."""
