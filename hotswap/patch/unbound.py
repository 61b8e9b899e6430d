"""Names to which a statement might have given a value, and did not: they hold what an earlier statement gave them.

That statement ran before anybody could know, and made a function anew; now it becomes the one that the name has held.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType
from typing import Any

from hotswap.looking import is_a
from hotswap.model import Name
from hotswap.patch.functions import Merger
from hotswap.patch.values import Values
from hotswap.planning.groups import Group


def take_over(group: Group, values: Values, merger: Merger) -> None:
    """Let functions that names have held go on as those that they hold at the end; the names are settled already."""
    found = list(_left_to_others(group, values))
    merger.is_aside = False
    for name, live, fresh in found:
        if all(held is not live for _, held in merger.twins.values()):
            merger.module = name[0]
            values.replace(fresh, merger.define(name, live, fresh))
    if found:
        values.settle(group)


def _left_to_others(group: Group, values: Values) -> Iterator[tuple[Name, Any, Any]]:
    for name in sorted(group.new.names):
        final = group.new.final(name)
        if "." in name[1] or not final[1:] or not values.has_run(final[0]) or values.has_bound(final[0], name):
            continue
        live, fresh = values.original(name), values.value(group, name, final)
        is_new = live is not fresh and any(values.has_bound(place, name) for place in final[1:])
        if is_new and is_a(live, FunctionType) and is_a(fresh, FunctionType):
            if group.old.defines(name, group.old.final(name)[0]) and live.__module__ == name[0]:
                yield name, live, fresh
