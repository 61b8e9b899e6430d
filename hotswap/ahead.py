"""What was done about a round before its moment, and whether it is still good.

The program runs on meanwhile.  A plan rests on what its modules and classes hold, so it is used only while those hold
the very same definitions, and state of the same kinds; otherwise the round is planned anew, from sources that are
parsed already.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import is_
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from hotswap import asked
from hotswap.diff import Diff
from hotswap.files import read
from hotswap.index import Index
from hotswap.looking import is_a, is_any, own_space
from hotswap.model import ChangeSet, Edit
from hotswap.planning.prepared import Prepared
from hotswap.source import Source

Space = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the modules of the program and the classes in them held: their names, and the objects themselves.

    The objects are held, not their ids, which could be given to others.
    """

    generation: int
    modules: tuple[str, ...]
    spaces: tuple[tuple[object, Space], ...]

    def holds(self, index: Index) -> bool:
        """Whether they hold the same now."""
        if self.generation != index.generation or self.modules != tuple(index.modules):
            return False
        return all(self._holds(owner, space, dict(own_space(owner))) for owner, space in self.spaces)

    def _holds(self, owner: object, before: Space, now: Space) -> bool:
        if before.keys() != now.keys():
            return False
        if list(before) == list(now) and all(map(is_, before.values(), now.values())):
            return True  # almost always, and a hundred times faster
        changed = [name for name, value in before.items() if now[name] is not value]
        return all(is_state(before[n], now[n]) and not self._is_elsewhere(owner, n) for n in changed)

    def _is_elsewhere(self, owner: object, name: str) -> bool:
        """Whether another module has a name like that: one may have taken it from the other, and is to follow it."""
        return any(name in space for other, space in self.spaces if other is not owner)


def take_snapshot(index: Index) -> Snapshot:
    """Look at all modules of the program, and their classes."""
    generation, names = index.generation, tuple(index.modules)
    found = (index.modules.get(name) for name in names)
    modules = [t.module for t in found if t is not None and (t.away is not None or t.name in sys.modules)]
    return Snapshot(generation, names, tuple(_spaces(modules)))


def _spaces(modules: Iterable[object]) -> Iterator[tuple[object, Space]]:
    for module in modules:
        space = dict(own_space(module))
        yield module, space
        name = space.get("__name__")
        for value in space.values():
            if is_a(value, type) and own_space(value).get("__module__") == name:
                yield value, dict(own_space(value))


DEFINITIONS = (
    type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, property, staticmethod, classmethod,
    functools.partial, functools.cached_property, functools._lru_cache_wrapper,
)  # fmt: skip


def is_state(one: object, other: object) -> bool:
    """Whether two values of a name are what a program keeps (numbers, lists, instances), both of the same kind.

    What plans ask of those is their type.
    """
    return type(one) is type(other) and not is_any(one, *DEFINITIONS) and "__wrapped__" not in own_space(one)


@dataclass(frozen=True, slots=True)
class Ready:
    """A round that was prepared: what it is about, its plan, and what the plan rests on."""

    changes: ChangeSet
    edits: tuple[Edit, ...]
    plan: Prepared
    snapshot: Snapshot
    asked: int
    """How often anything had been asked for, or was no more."""

    def fits(self, changes: ChangeSet, index: Index) -> bool:
        """Whether it is still about what is on disk, and about this process."""
        return (
            self.changes == changes
            and self.asked == asked.version()
            and not self.plan.is_perishable
            and all(_is_current(edit, index) for edit in self.edits)
            and self.snapshot.holds(index)
        )


def _is_current(edit: Edit, index: Index) -> bool:
    tracked = index.modules.get(edit.module)
    if tracked is None or tracked.source is not edit.old or edit.new is None:
        return False
    return read(edit.path) == edit.new.data


@dataclass(slots=True)
class Larder:
    """The newest sources and comparisons that were prepared, and the round, if it was."""

    edits: dict[str, Edit] = field(default_factory=dict)
    ready: Ready | None = None

    def source(self, module: str, path: str, data: bytes) -> Source:
        """The source of this text: the one that was prepared for the module, if it is of the same content."""
        known = self.edits.get(module)
        if known is not None and known.new is not None and known.new.path == path and known.new.data == data:
            return known.new
        return Source(path, data)

    def diff(self, module: str, old: Source, new: Source) -> Diff | None:
        """What was found when these two were compared."""
        known = self.edits.get(module)
        return known.diff if known is not None and known.old is old and known.new is new else None

    def keep(self, edits: Iterable[Edit], ready: Ready | None) -> None:
        """Put in what was prepared, in place of all that was there."""
        self.edits = {edit.module: edit for edit in edits}
        self.ready = ready

    def empty(self) -> None:
        """Keep nothing: the round is over."""
        self.edits, self.ready = {}, None
