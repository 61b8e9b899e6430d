"""A class whose definition went from one module to another: the live class stays, with its instances."""

from __future__ import annotations

import sys
from collections.abc import Callable

from hotswap.journal import Journal
from hotswap.patch import layout
from hotswap.patch.bases import set_bases
from hotswap.patch.instances import living

Pour = Callable[[type, type], type]


Made = tuple[list[type], list[object]]
"""The subclasses and the instances of a class."""


def made_with(fresh: type) -> Made:
    """What was made with a class until now."""
    return type.__subclasses__(fresh), [o for o in living(fresh) if type(o) is fresh]


def take_over(made: Made, live: type, fresh: type, journal: Journal) -> None:
    """Let what was made with the fresh class belong to the live one, which is all that it is."""
    for child in made[0]:
        set_bases(child, tuple(live if base is fresh else base for base in child.__bases__), journal)
    for instance in made[1]:
        journal.call((_belong_to, instance, live), (_belong_to, instance, fresh))


def _belong_to(instance: object, cls: type) -> None:
    """Let an instance of a class that nobody needs belong to another one, or the other way round.

    CPython asks for bases in common as soon as one of these has a memory layout of its own, and the idle class has lost
    its bases: it gets them back for the moment.
    """
    try:
        object.__setattr__(instance, "__class__", cls)
    except TypeError:
        before = type(instance)
        idle, used = (cls, before) if cls.__bases__[0].__name__ == "limbo" else (before, cls)
        bases = idle.__bases__
        layout.assign_bases(idle, used.__bases__)
        try:
            object.__setattr__(instance, "__class__", cls)
        finally:
            layout.assign_bases(idle, bases)


def adopt(live: type, fresh: type, pour: Pour, journal: Journal) -> type:
    """Make the live class what the fresh one is, at the place where that was made; returns the one that stays.

    What was made with the fresh class already, subclasses and instances, belongs to the live one afterwards.  `pour`
    does it, or returns the fresh class when the live one cannot take its form.  Raises CannotSwap.
    """
    made = made_with(fresh)
    kept = pour(live, fresh)
    if kept is not live:
        return kept
    take_over(made, live, fresh, journal)
    for module in (fresh.__module__, live.__module__):
        space = vars(sys.modules[module]) if module in sys.modules else {}
        for name in [n for n, value in space.items() if value is fresh]:
            journal.set_item(space, name, live)
    return live
