"""Whether the program has an object: what refers to it is followed, until a name or a running function is met."""

from __future__ import annotations

import gc
import sys
import types
from collections import Counter
from collections.abc import Callable
from itertools import chain
from typing import Any, TypeAlias

from hotswap.looking import is_a, is_any

IsOurs: TypeAlias = Callable[[object], bool]

FARTHEST = 12
MOST_HOLDERS = 10_000

ENDS = (types.ModuleType, types.FrameType, types.CodeType, type)
"""What does not belong to whatever refers to it."""


def is_in_use(level: list[Any], is_ours: IsOurs) -> bool:
    """Whether the only object in the list can be reached from anything but what belongs to it, and what is ours."""
    spaces = {id(vars(m)) for m in list(sys.modules.values()) if is_a(m, types.ModuleType) and not _is_hotswaps(m)}
    seen: dict[int, Any] = {}
    for _ in range(FARTHEST):
        holders = _holders(level)
        if _unseen(level, holders) > _OWN:  # variables of running functions, which the collector does not know
            return True
        seen |= {id(each): each for each in (level, *level)}
        onward: list[Any] = []
        while holders:
            each = holders.pop()
            if each is seen or each is onward or id(each) in seen or is_ours(each) or _is_hotswaps(each):
                continue
            if id(each) in spaces or is_any(each, *ENDS):
                return True
            onward.append(each)
        each = None  # or it would seem to be held by a call
        if not onward or len(seen) > MOST_HOLDERS:
            return bool(onward)
        level = onward
    return True


def _holders(things: list[Any]) -> list[Any]:
    """What refers to these, but for the tuple in which they are handed over here: newer Pythons show it."""
    mark: list[Any] = []
    found = gc.get_referrers(*things, mark)
    for at, each in enumerate(found):  # a comprehension would hold the mark in a cell
        if type(each) is tuple and each and each[-1] is mark:
            del found[at]
            break
    return found


def _unseen(things: list[Any], holders: list[Any]) -> int:
    """How many references there are, at most, to one of the objects that none of the holders has."""
    seen = Counter(id(part) for each in chain(holders, [holders]) for part in gc.get_referents(each))
    return max(sys.getrefcount(each) - seen[id(each)] for each in things)


def _measure() -> int:
    """As many are there of an object that nothing but a list holds."""
    things: list[Any] = [type("probe", (), {})()]
    return _unseen(things, _holders(things))


_OWN = _measure()


def _is_hotswaps(thing: object) -> bool:
    """Whether it is an object, module or frame of hotswap itself."""
    if is_a(thing, types.FrameType):
        home = thing.f_globals.get("__name__")
    else:
        home = thing.__name__ if is_a(thing, types.ModuleType) else type.__getattribute__(type(thing), "__module__")
    return str(home).partition(".")[0] == __name__.partition(".")[0]
