"""What is looked at before a statement runs, so that it can be told afterwards what it changed without a new name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hotswap.events import bare, content, is_content
from hotswap.model import Name
from hotswap.patch.contents import Contents, Counters
from hotswap.patch.dispatch import Registrations
from hotswap.patch.overloads import other_overloads, overloads_of
from hotswap.patch.surroundings import Surroundings
from hotswap.planning.live_names import value_of


class Observed:
    """The containers, numbers, generic functions and overloads of one statement, as they are before it runs."""

    def __init__(self, around: Surroundings, mutated: Iterable[Name]) -> None:
        """The statement may change what the events `mutated` tell of."""
        self.around = around
        self.registrations = Registrations(around.generic_functions())
        self.contents = Contents([bare(event) for event in mutated if is_content(event)], around.graph)
        self.counters = Counters(around.edition, around.place[1], around.graph)
        self._own = Contents(around.instances_bound(), around.graph)
        self._overloads = overloads_of(around.place[0])

    def registered(self) -> Iterator[Name]:
        """What generic functions of the program have other implementations for now, as events."""
        yield from self.registrations.events(self.around.index)

    def overloaded(self) -> Iterator[Name]:
        """What has other overloads now, as events."""
        yield from other_overloads(self._overloads, self.around.place[0])

    def filled(self) -> Iterator[Name]:
        """What holds other content now, as events: also what a call returned as the same instance, but changed."""
        values = self.around.values
        for name in self._own.changed():
            if value_of(name, self.around.graph) is values.original(name):
                yield name
        for name in self.contents.changed():
            yield content(name)
