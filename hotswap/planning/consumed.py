"""Iterators that statements take something out of: to take it once more, one has to begin anew.  Pure."""

from __future__ import annotations

from collections.abc import Iterator

from hotswap.model import Name, Place
from hotswap.planning.editions import Editions
from hotswap.planning.live_names import value_of

ENDLESS = frozenset(("count", "cycle", "repeat"))
"""Those of `itertools` from which programs take numbers that have to go on: which nobody else has."""

FOREIGN = frozenset((("_csv", "reader"), ("_io", "TextIOWrapper"), ("_io", "BufferedReader")))


def consumed(editions: Editions, place: Place) -> Iterator[tuple[Name, Place]]:
    """The iterators that a statement looks into, or a function that it calls, and what makes them: `next(ROWS)`."""
    group = editions.group(place[0])
    for name, is_used in editions.new(place[0]).reads(place[1]).items():
        if is_used and "." not in name[1] and is_one_shot(value_of(name, editions.graph)):
            home = editions.group(name[0])
            if home is None or group is None or name not in home.new:
                continue
            is_inside = home is group and place in group.new.order
            for maker in group.new.before(name, place) if is_inside else home.new.final(name):
                yield name, maker


def is_one_shot(value: object) -> bool:
    """Whether what is taken out of it is gone: a generator, a `map`."""
    kind = type(value)
    module = type.__getattribute__(kind, "__module__")
    if module == "itertools":
        return kind.__name__ not in ENDLESS
    return (module == "builtins" and hasattr(kind, "__next__")) or (module, kind.__name__) in FOREIGN
