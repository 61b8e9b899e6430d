"""Functions that stand in a table, a tuple or a `functools.partial`, when the statement that makes it runs again."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from hotswap.looking import is_a, is_any

DEPTH = 3


def keep_parts(old: Any, new: Any, may_stay: Callable[[Any, Any], bool], merge: Callable[[Any, Any], Any]) -> None:
    """Pour functions of the new object into those at the same place of the old one, for which that is asked.

    In tables and lists of the new object they then stand themselves.
    """
    for place, key, live, fresh in list(_pairs(old, new, DEPTH)):
        if live is not fresh and may_stay(live, fresh):
            kept = merge(live, fresh)
            if place is not None:
                place[key] = kept


def _pairs(old: Any, new: Any, depth: int) -> Iterator[tuple[Any, Any, Any, Any]]:
    """What stands at the same place: the place if it can be written to, and both objects."""
    if type(old) is not type(new) or not depth:
        return
    found: list[tuple[Any, Any, Any, Any]]
    if is_a(new, dict):
        found = [(new, key, old[key], value) for key, value in new.items() if key in old]
    elif is_a(new, list):
        found = [(new, n, one, other) for n, (one, other) in enumerate(zip(old, new, strict=False))]
    elif is_a(new, tuple):
        found = [(None, None, one, other) for one, other in zip(old, new, strict=False)]
    elif is_a(new, functools.partial):
        found = [(None, None, old.func, new.func), (None, None, old.args, new.args)]
        found.append((None, None, old.keywords, new.keywords))
    else:
        return
    for place, key, live, fresh in found:
        if is_a(live, FunctionType) and is_a(fresh, FunctionType):
            yield place, key, live, fresh
        elif is_any(live, dict, list, tuple, functools.partial):
            yield from _pairs(live, fresh, depth - 1)
