"""Compares what the names of a statement held with what they hold when it has run: that is what has happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from hotswap.events import HOOKS, behaviour, content, described
from hotswap.journal import MISSING
from hotswap.looking import is_a, is_any
from hotswap.model import Name, Place
from hotswap.patch.changes import Changes
from hotswap.patch.values import Values
from hotswap.planning.editions import Editions
from hotswap.planning.groups import Group
from hotswap.planning.live_names import DEFINITIONS
from hotswap.source import prefix_of

NoteBases: TypeAlias = Callable[[tuple[type, ...], tuple[type, ...]], None]


class Noting:
    """For the statements of one round."""

    def __init__(self, editions: Editions, values: Values, changes: Changes, note_bases: NoteBases) -> None:
        """`note_bases` is told of the bases of a class before and after."""
        self.editions, self.values, self.changes, self.note_bases = editions, values, changes, note_bases

    def compare(self, place: Place, made: dict[Name, Any], touched: set[Name], qualnames: dict[Name, Name]) -> None:
        """Note what is another one now.  `touched`: what is the same object, but not what it was."""
        group = self.values.group(place[0])
        names = {b.name for b in group.new.bindings(place)} | made.keys()
        for name, value in made.items():
            is_new = is_a(value, type) and value is not self.values.original(name)
            if is_new and (value.__module__, value.__qualname__) == name:
                self.note_bases((), value.__bases__)
        for name in names:
            if self._holds_another(place, group, name, made):
                self.changes.add(name, place)
                touched.add(name)
                if "." in name[1]:
                    self.changes.add(described((name[0], name[1].rpartition(".")[0])), place)
        for name in touched:
            if made.get(name) is not None and not is_any(made[name], *DEFINITIONS):
                self.changes.add(content(name), place)  # what a decorator made has become what it makes now
            self.changes.add(behaviour(name), place)
            self.changes.add(described(name), place)
            if name in qualnames:
                self.changes.add(behaviour(qualnames[name]), place)
                self.changes.add(described(qualnames[name]), place)
        if len(place[1]) > 1 and made:
            self.class_changed(place, made.keys())

    def class_changed(self, place: Place, members: Iterable[Name]) -> None:
        """The class in whose body the statement stands tells something else of itself."""
        prefix = prefix_of(self.editions.new(place[0]).source, place[1])
        cls = place[0], prefix.rstrip(".")
        self.changes.add(described(cls), place)
        if any(name.rpartition(".")[2] in HOOKS for _, name in members):
            self.changes.add(behaviour(cls), place)

    def _holds_another(self, place: Place, group: Group, name: Name, made: dict[Name, Any]) -> bool:
        if name not in group.new or (made.get(name) is MISSING and not group.new.final(name)):  # or it is deleted
            return made[name] is not self.values.original(name)
        if name not in made and "." in name[1] and len(place[1]) == 1:
            return name[0] != place[0] or "__annotations__" in name[1]  # which nobody looks at
        return self.values.after(name, place) is not self.values.was(name, place)
