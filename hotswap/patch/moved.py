"""A class whose definition went to another place, or got another name: the live class stays, with its instances."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Collection

from hotswap.journal import Journal
from hotswap.looking import is_a
from hotswap.patch import layout
from hotswap.patch.bases import set_bases
from hotswap.patch.instances import living
from hotswap.planning.editions import Editions
from hotswap.source import class_path

Pour = Callable[[type, type], type]


Made = tuple[list[type], list[object]]
"""The subclasses and the instances of a class."""


def made_with(fresh: type) -> Made:
    """What was made with a class until now."""
    return type.__subclasses__(fresh), [o for o in living(fresh) if type(o) is fresh]


def made_with_each(classes: Collection[type]) -> dict[int, Made]:
    """The same for many classes, by their ids: all objects are looked at once."""
    made: dict[int, Made] = {id(cls): (type.__subclasses__(cls), []) for cls in classes}
    for each in gc.get_referrers(*classes) if made else ():
        if id(type(each)) in made:
            made[id(type(each))][1].append(each)
    return made


def take_over(made: Made, live: type, fresh: type, journal: Journal) -> None:
    """Let what was made with the fresh class belong to the live one, which is all that it is."""
    for child in made[0]:
        set_bases(child, tuple(live if base is fresh else base for base in child.__bases__), journal)
    for instance in made[1]:
        if type(instance) is fresh:  # of a member of an enumeration the living one may stand there by now
            journal.call((_belong_to, instance, live), (_belong_to, instance, fresh))


def _belong_to(instance: object, cls: type) -> None:
    """Let an instance of a class that nobody needs belong to another one, or the other way round.

    CPython asks for bases in common as soon as one of these has a memory layout of its own, and the idle class has lost
    its bases: it gets them back for the moment.
    """
    assign = type.__setattr__ if is_a(instance, type) else object.__setattr__  # of a metaclass classes are instances
    try:
        assign(instance, "__class__", cls)
    except TypeError:
        before = type(instance)
        idle, used = (cls, before) if cls.__bases__[0].__name__ == "limbo" else (before, cls)
        bases = idle.__bases__
        layout.assign_bases(idle, used.__bases__)
        try:
            assign(instance, "__class__", cls)
        finally:
            layout.assign_bases(idle, bases)


def has_left(editions: Editions, cls: type) -> bool:
    """Whether the class stood in a source of the program, and does not any more."""
    tracked = editions.index.modules.get(cls.__module__)
    if tracked is None or class_path(tracked.source, cls.__qualname__) is None:
        return False
    new = editions.source(cls.__module__)
    return new is None or class_path(new, cls.__qualname__) is None


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
