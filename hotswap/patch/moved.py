"""A class whose definition went from one module to another: the live class stays, with its instances."""

from __future__ import annotations

import sys
from collections.abc import Callable

from hotswap.journal import Journal
from hotswap.patch import layout
from hotswap.patch.instances import living

Pour = Callable[[type, type], type]


def adopt(live: type, fresh: type, pour: Pour, journal: Journal) -> type:
    """Make the live class what the fresh one is, at the place where that was made; returns the one that stays.

    What was made with the fresh class already, subclasses and instances, belongs to the live one afterwards.  `pour`
    does it, or returns the fresh class when the live one cannot take its form.  Raises CannotSwap.
    """
    instances = [o for o in living(fresh) if type(o) is fresh]
    children: list[type] = type.__subclasses__(fresh)
    kept = pour(live, fresh)
    if kept is not live:
        return kept
    for child in children:
        layout.set_bases(child, tuple(live if base is fresh else base for base in child.__bases__), journal)
    for instance in instances:
        journal.set_attribute(instance, "__class__", live)
    for module in (fresh.__module__, live.__module__):
        space = vars(sys.modules[module]) if module in sys.modules else {}
        for name in [n for n, value in space.items() if value is fresh]:
            journal.set_item(space, name, live)
    return live
