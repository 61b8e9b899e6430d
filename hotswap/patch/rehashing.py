"""Tables and sets of the running program whose keys have another hash now: they are put in their places again.

A dictionary keeps the hash that a key had when it came.  When `__hash__` is edited, or a frozen dataclass gets a field,
nobody would find the key any more.  A frozen set cannot be filled again: that is a reason for a restart.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from hotswap.containers import fill, items_of, keys_of
from hotswap.errors import CannotSwap
from hotswap.events import bare, behaviour
from hotswap.graph import Graph, reachable_functions
from hotswap.journal import Journal
from hotswap.looking import classes_in, family, in_classes, is_a, is_any, own_space
from hotswap.model import Name
from hotswap.patch.in_use import is_in_use
from hotswap.patch.reasons import reason
from hotswap.planning.live_names import value_of

_TELLING = frozenset(("__hash__", "__eq__", "__dataclass_fields__", "__attrs_attrs__"))


def hashed_otherwise(changed: AbstractSet[Name], graph: Graph) -> set[type]:
    """The classes of the program of whose instances the hash may be another one."""
    modules = graph.index.modules
    concerned = {name for module in {event[0] for event in changed} for name in (module, *graph.dependents(module))}
    homes = [modules[n].namespace for n in concerned & modules.keys() if "__hash__" in modules[n].source.function_names]
    told = {(module, name.rpartition(".")[0]) for module, name in map(bare, changed) if _leaf(name) in _TELLING}
    named = [value for value in (value_of(name, graph) for name in told) if is_a(value, type)]
    classes = [
        *(cls for home in homes for each in classes_in(home) for cls in family(each)),
        *(cls for each in named for cls in family(each)),
    ]
    return {cls for cls in classes if _is_other(cls, changed, graph)}


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]


def _is_other(cls: type, changed: AbstractSet[Name], graph: Graph) -> bool:
    own = in_classes(cls.__mro__, "__hash__")
    if not is_a(own, FunctionType):
        return False
    for each in cls.__mro__:
        names = {(each.__module__, f"{each.__qualname__}.{member}") for member in _TELLING}
        if not changed.isdisjoint(names | {behaviour(name) for name in names}):
            return True
    called = (in_classes(cls.__mro__, name) for name in own.__code__.co_names)
    functions = [own, *(each.fget if is_a(each, property) else each for each in called)]
    return any(
        not reachable_functions(each, graph).isdisjoint(changed) for each in functions if is_a(each, FunctionType)
    )


def lost_in_frozen_sets(classes: Iterable[type], kept: Iterable[object], journal: Journal) -> Iterator[CannotSwap]:
    """Why the hash of these may not be another one: a frozen set of the program would not find its members.

    `kept` are the containers in which the round has kept objects.
    """
    wanted = Wanted(classes)
    if not wanted.classes:
        return
    gc.collect()
    ours = {id(each) for each in kept} | journal.entries()
    lost = [each for each in gc.get_objects() if is_a(each, frozenset) and _has_lost(each, wanted)]
    while lost:
        found = [lost.pop()]
        cls = next(filter(None, map(wanted.concerned, keys_of(found[0]))))
        if is_in_use(found, lambda holder: holder is lost or id(holder) in ours or journal.keeps(holder)):
            why = "a frozen set in use keeps the hash that its members had, and would not find them"
            yield CannotSwap(reason("HS214", cls, "has another hash", why))
            return


def _has_lost(group: Any, wanted: Wanted) -> bool:
    with suppress(Exception):  # the program's own code
        return any(not frozenset.__contains__(group, key) for key in wanted.among(keys_of(group)))
    return False


class Wanted:
    """Classes whose instances may have another hash, for one look at all keys of the process."""

    def __init__(self, classes: Iterable[type]) -> None:
        self.classes = {id(cls): cls for cls in classes}
        self._idle: dict[int, type] = {}
        """Types whose instances neither are concerned nor have parts that could be: those of most keys."""

    def among(self, keys: list[Any]) -> Iterator[Any]:
        """The keys that are concerned."""
        kinds = {id(type(key)): type(key) for key in keys}
        new = {at: kind for at, kind in kinds.items() if at not in self._idle and at not in self.classes}
        self._idle |= {at: kind for at, kind in new.items() if not _has_parts(kind)}
        if not kinds.keys() <= self._idle.keys():
            yield from (key for key in keys if self.concerned(key) is not None)

    def concerned(self, key: object, depth: int = 3) -> type | None:
        """The class because of which the hash of a key may be another one: its own, or that of a part of it."""
        if id(type(key)) in self._idle:
            return None
        if id(type(key)) in self.classes:
            return type(key)
        parts = _parts(key) if depth else ()
        return next((cls for part in parts if (cls := self.concerned(part, depth - 1)) is not None), None)


def _has_parts(kind: type) -> bool:
    """Whether the hash of instances may be made of that of others."""
    return issubclass(kind, tuple | frozenset) or is_a(in_classes(kind.__mro__, "__hash__"), FunctionType)


def _parts(key: object) -> Iterable[object]:
    """What the hash of a key may be made of."""
    if is_any(key, tuple, frozenset):
        return keys_of(key)
    if not _has_parts(type(key)):
        return ()
    referred = (part for part in gc.get_referents(key) if not is_any(part, type, dict))
    return [*own_space(key).values(), *referred]


def rehash(classes: Iterable[type]) -> None:
    """Let dictionaries and sets have instances of these where their hash is now; nothing else happens to them.

    Where a key has no hash any more, the container stays as it is.
    """
    wanted = Wanted(classes)
    if not wanted.classes:
        return
    for holder in gc.get_objects():
        if is_any(holder, dict, set, WeakKeyDictionary, WeakSet):
            with suppress(Exception):  # the program's own code
                keys = _keys_of(holder)
                if any(True for _ in wanted.among(keys)):
                    _put_in_place(holder, keys)


def _put_in_place(holder: Any, keys: list[Any]) -> None:
    _ = set(keys)  # one that has no hash any more raises before anything is written
    if is_any(holder, dict, set):
        fill(holder, dict(items_of(holder)) if is_a(holder, dict) else set(keys))
        return
    entries = (
        list(WeakKeyDictionary.items(holder)) if is_a(holder, WeakKeyDictionary) else [(key, None) for key in keys]
    )
    own_space(holder)["data"].clear()  # a reference keeps the hash that it had
    for key, value in entries:
        if is_a(holder, WeakKeyDictionary):
            WeakKeyDictionary.__setitem__(holder, key, value)
        else:
            WeakSet.add(holder, key)


def _keys_of(holder: Any) -> list[Any]:
    if is_a(holder, WeakKeyDictionary):
        return list(WeakKeyDictionary.keys(holder))
    return list(WeakSet.__iter__(holder)) if is_a(holder, WeakSet) else keys_of(holder)
