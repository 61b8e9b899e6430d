"""Which statement gives each name its value, at each place of a program.  Pure.

A *schedule* is the order in which a fresh process would run the statements of some modules: each module's in order, a
module's imports in between.  For one module that is its text; for modules that import each other in a circle the
schedule says what a module sees of another one that is only half way through.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hotswap.model import Name, Place


@dataclass(frozen=True, slots=True)
class Binding:
    """A statement gives a name a value, or (deletes) takes it away.

    `maybe`: not on every way through the statement; `defines`: by a `def` or `class`; `reuses`: it reads the name too.
    """

    name: Name
    maybe: bool = False
    deletes: bool = False
    defines: bool = False
    reuses: bool = False


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One statement with what it binds and whose content it changes."""

    place: Place
    bindings: tuple[Binding, ...] = ()
    mutates: frozenset[Name] = frozenset()


class Flow:
    """Answers for one schedule where a name gets its value from."""

    def __init__(self, schedule: Iterable[Scheduled]) -> None:
        self.order: dict[Place, int] = {}
        self._binders: dict[Name, list[tuple[int, Place, Binding]]] = {}
        self._mutators: dict[Name, list[tuple[int, Place]]] = {}
        self._bindings: dict[Place, tuple[Binding, ...]] = {}
        for number, each in enumerate(schedule):
            self.order[each.place] = number
            self._bindings[each.place] = each.bindings
            for binding in each.bindings:
                self._binders.setdefault(binding.name, []).append((number, each.place, binding))
            for name in each.mutates:
                self._mutators.setdefault(name, []).append((number, each.place))

    def __contains__(self, name: Name) -> bool:
        return name in self._binders

    @property
    def names(self) -> Iterable[Name]:
        """All names that any of the statements binds."""
        return self._binders.keys()

    def bindings(self, place: Place) -> tuple[Binding, ...]:
        """What the statement binds."""
        return self._bindings.get(place, ())

    def defines(self, name: Name, place: Place) -> bool:
        """Whether the statement binds the name by a definition."""
        return any(binding.name == name and binding.defines for binding in self.bindings(place))

    def reuses(self, name: Name, place: Place) -> bool:
        """Whether the statement makes the new value of the name out of the one that it had."""
        return any(binding.name == name and binding.reuses for binding in self.bindings(place))

    def binders(self, name: Name) -> list[Place]:
        """All statements that bind the name, in order."""
        return [place for _, place, _ in self._binders.get(name, ())]

    def definers(self, name: Name) -> list[Place]:
        """Those of them that do it by a definition."""
        return [place for place in self.binders(name) if self.defines(name, place)]

    def mutators(self, name: Name) -> list[Place]:
        """All statements that change the content of what the name stands for, in order."""
        return [place for _, place in self._mutators.get(name, ())]

    def before(self, name: Name, place: Place) -> tuple[Place, ...]:
        """The statements that may have given the name the value that it has when `place` begins, latest first.

        The last of them binds it in any case, unless there is none that does; empty: the name is not bound then.
        """
        return self._from(name, self.order[place])

    def final(self, name: Name) -> tuple[Place, ...]:
        """The same for the end of the schedule."""
        return self._from(name, len(self.order))

    def _from(self, name: Name, end: int) -> tuple[Place, ...]:
        found = []
        entries = self._binders.get(name, [])
        for _, place, binding in reversed(entries[: bisect_left(entries, end, key=lambda e: e[0])]):
            if binding.deletes and not binding.maybe:
                break
            found.append(place)
            if not binding.maybe:
                break
        return tuple(found)

    def is_sure(self, name: Name) -> bool:
        """Whether the name has a value at the end, whatever way the program takes."""
        return any(
            not binding.maybe for place in self.final(name) for binding in self.bindings(place) if binding.name == name
        )

    def content_before(self, name: Name, place: Place) -> tuple[Place, ...]:
        """The statements that have made the content of the name's value until `place` begins, in order."""
        return self._content(name, self.order[place])

    def filled_before(self, name: Name, place: Place) -> tuple[Place, ...]:
        """Those of them that did not bind the name, but changed its value in place."""
        return tuple(p for p in self.content_before(name, place) if p in self._fillers(name))

    def _fillers(self, name: Name) -> set[Place]:
        return {place for _, place in self._mutators.get(name, ())}

    def content_final(self, name: Name) -> tuple[Place, ...]:
        """The same for the end of the schedule."""
        return self._content(name, len(self.order))

    def _content(self, name: Name, end: int) -> tuple[Place, ...]:
        binders = self._from(name, end)
        first = min((self.order[place] for place in binders), default=-1)
        mutators = [place for number, place in self._mutators.get(name, ()) if first < number < end]
        return tuple(sorted({*binders, *mutators}, key=self.order.__getitem__))


def schedule(
    entries: Sequence[str], places: Mapping[str, Sequence[Place]], imports: Mapping[Place, Sequence[str]]
) -> Iterator[Place]:
    """The order in which a fresh process runs the statements of some modules.

    `entries` are the modules in the order in which they would be asked for; `places` are the statements of each;
    `imports` tells which of the modules a statement asks for, in order.
    """
    begun: set[str] = set()
    for entry in entries:
        if entry in begun:
            continue
        begun.add(entry)
        stack = [iter(places[entry])]
        while stack:
            place = next(stack[-1], None)
            if place is None:
                stack.pop()
                continue
            asked = next((m for m in imports.get(place, ()) if m not in begun and m in places), None)
            if asked is None:
                yield place
            else:  # the statement is through when all the modules that it asks for are
                begun.add(asked)
                stack += [iter([place]), iter(places[asked])]
