"""What is looked at before a statement runs, so that it can be told afterwards what it changed without a new name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hotswap.events import bare, content, is_content
from hotswap.model import Name
from hotswap.patch.contents import Contents, Counters
from hotswap.patch.dispatch import Registrations
from hotswap.patch.overloads import other_overloads, overloads_of
from hotswap.patch.scene import Scene
from hotswap.planning.live_names import value_of


class Observed:
    """The containers, numbers, generic functions and overloads of one statement, as they are before it runs."""

    def __init__(self, scene: Scene, mutated: Iterable[Name]) -> None:
        """The statement may change what the events `mutated` tell of."""
        self.scene = scene
        self.registrations = Registrations(scene.generic_functions())
        self.contents = Contents([bare(event) for event in mutated if is_content(event)], scene.graph)
        self.counters = Counters(scene.edition, scene.place[1], scene.graph)
        self._own = Contents(scene.instances_bound(), scene.graph)
        self._overloads = overloads_of(scene.place[0])

    def registered(self) -> Iterator[Name]:
        """What generic functions of the program have other implementations for now, as events."""
        yield from self.registrations.events(self.scene.index)

    def overloaded(self) -> Iterator[Name]:
        """What has other overloads now, as events."""
        yield from other_overloads(self._overloads, self.scene.place[0])

    def filled(self) -> Iterator[Name]:
        """What holds other content now, as events: also what a call returned as the same instance, but changed."""
        values = self.scene.values
        for name in self._own.changed():
            if value_of(name, self.scene.graph) is values.original(name):
                yield name
        for name in self.contents.changed():
            yield content(name)

    def refilled(self, twin: Callable[[Any], Any]) -> Iterator[Name]:
        """What holds the same as before, as events: definitions made anew become (`twin`) those that there were."""
        differing = set(self.contents.differing(twin))
        yield from (content(name) for name in self.contents.changed() if name not in differing)
