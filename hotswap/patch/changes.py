"""What has happened in a round so far: which statements ran, and what changed by that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hotswap.events import abstractness, bare, described, is_description
from hotswap.model import Cause, Name, Place, Step


@dataclass(slots=True)
class Ran:
    """One statement that ran, and why."""

    step: Step
    cause: Cause | None


@dataclass(slots=True)
class Changes:
    """What has changed in a round so far: causes for the steps to come, and the bare events."""

    causes: set[Cause] = field(default_factory=set)
    events: set[Name] = field(default_factory=set)
    weak: set[Cause] = field(default_factory=set)
    """Causes that are about containers which hold the same again: definitions that were made anew, and poured."""

    derived_from: Callable[[Name], Iterable[Name]] = lambda _: ()
    """Tells which classes derive from the one of that name: they tell something else of themselves, too."""

    def add(self, event: Name, place: Place | None = None) -> None:
        """Note one."""
        if (event, place) not in self.causes:
            self.causes.add((event, place))
            self.events.add(event)
            for cls in self.derived_from(bare(event)) if is_description(event) else ():
                self.add(described(cls), place)

    def add_abstract(self, before: dict[type, bool], now: dict[type, bool], place: Place | None = None) -> None:
        """Note which classes became abstract, or ceased to be."""
        for cls, is_abstract in now.items():
            if before.get(cls) != is_abstract:
                self.add(abstractness((cls.__module__, cls.__qualname__)), place)
