"""Entries that hold a definition by a weak reference: `self.receivers.append((id(f), weakref.ref(f)))`.

A definition that runs again is made anew and poured into the one that is there.  Who refers to the new one weakly would
refer to nothing when that is gone, and is not found among those who hold it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from weakref import KeyedRef, ref

from hotswap.containers import content_of, fill, same_content, size_of
from hotswap.journal import Journal
from hotswap.looking import is_any

MOST = 10_000

Twins = Mapping[int, tuple[object, object]]
"""By its id an object that was made anew, and the one that it stands for."""


def refer_to_living(places: Iterable[Any], twins: Twins, journal: Journal) -> None:
    """In these containers, let weak references to twins, and their ids beside them, be about the living objects."""
    for place in places if twins else ():
        if not is_any(place, dict, list, set) or size_of(place) > MOST:
            continue
        content = content_of(place)
        after: Any
        if type(content) is dict:
            after = {_living(key, twins): _living(value, twins) for key, value in content.items()}
        else:
            after = [_living(value, twins) for value in content]
        if not same_content(content, after):
            journal.remember(place)
            fill(place, after)


def _living(entry: Any, twins: Twins) -> Any:
    if type(entry) is tuple:
        ids = _ids_within(entry, twins)
        return _about(entry, twins, ids) if ids else entry
    return _about(entry, twins, {})


def _ids_within(entry: tuple[Any, ...], twins: Twins) -> dict[int, int]:
    """The ids of the twins that a tuple refers to, with those of the living objects."""
    found: dict[int, int] = {}
    for part in entry:
        if type(part) is tuple:
            found |= _ids_within(part, twins)
        elif (live := _target(part, twins)) is not None:
            found[id(ref.__call__(part))] = id(live)
    return found


def _about(entry: Any, twins: Twins, ids: dict[int, int]) -> Any:
    if type(entry) is tuple:
        return tuple(_about(part, twins, ids) for part in entry)
    if type(entry) is int:
        return ids.get(entry, entry)
    live = _target(entry, twins)
    if live is None:
        return entry
    return KeyedRef(live, entry.__callback__, entry.key) if type(entry) is KeyedRef else ref(live, entry.__callback__)


def _target(entry: Any, twins: Twins) -> Any:
    """The living object for a weak reference to a twin; None for all else."""
    pair = twins.get(id(ref.__call__(entry))) if type(entry) in (ref, KeyedRef) else None
    return pair[1] if pair is not None else None
