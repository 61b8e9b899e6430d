"""Objects of libraries that work with functions of the program (an application, a router), and were made anew.

The name stands for the new one.  But who holds the one of before (a server that runs, an application with that router)
would go on with what was registered there: that cannot be told otherwise than by a restart.
"""

from __future__ import annotations

import functools
import gc
import operator
import sys
import types
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hotswap.errors import CannotSwap
from hotswap.index import Index
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_a, is_any
from hotswap.model import Name, Reason
from hotswap.patch import enums
from hotswap.patch.in_use import ENDS, is_in_use
from hotswap.patch.values import Values
from hotswap.planning.live_names import value_of
from hotswap.targets import ATOMS, LARGEST

Spot: TypeAlias = tuple[Any, ...]
"""A name, and maybe a key of the table that it stands for."""

CODE = "HS406"
MOST = 20_000
"""How many parts of an object are looked at for functions of the program."""


def left_in_use(values: Values, kept: Iterable[object], journal: Journal) -> Iterator[CannotSwap]:
    """Why names that statements of the round gave such an object may not stand for that: the one of before is in use.

    `kept` are the containers in which the round has kept objects.
    """
    index = values.editions.index
    spots = [spot for name in values.bound() for spot in _spots(name, values) if _is_made_anew(spot, values)]
    if spots:
        gc.collect()
        ours = {id(each) for each in kept} | journal.entries()
        for spot in spots:
            if is_in_use([_before(spot, values)], lambda holder: id(holder) in ours or journal.keeps(holder)):
                yield CannotSwap(_reason(spot[0], type(_before(spot, values)), index))


def members_in_use(members: list[Any], kept: Iterable[object], journal: Journal) -> Iterator[CannotSwap]:
    """Why members of enumerations may not be exchanged for others: something has them that did not run again."""
    if members:
        gc.collect()
        ours = {id(each) for each in (*kept, members)} | journal.entries()
        for at in range(len(members)):
            if is_in_use(members[at : at + 1], lambda holder: id(holder) in ours or journal.keeps(holder)):
                yield enums.cannot_be_exchanged(members[at])


def has_run(reasons: Iterable[Reason]) -> bool:
    """Whether a round asks for a restart for these reasons alone: all statements ran, so the sources are sound."""
    return {reason.code for reason in reasons} == {CODE}


def _spots(name: Name, values: Values) -> Iterator[Spot]:
    """Where such objects may stand: what the name stands for, and what is in that if it is a table.

    Not in lists: nothing tells there which is the new version of which.
    """
    yield (name,)
    old, new = values.original(name), value_of(name, values.editions.graph)
    if type(old) is dict and type(new) is dict and len(old) <= LARGEST:
        yield from ((name, key) for key in old if type(key) in ATOMS and key in new)


def _before(spot: Spot, values: Values) -> Any:
    name, *keys = spot
    return functools.reduce(operator.getitem, keys, values.original(name))


def _is_made_anew(spot: Spot, values: Values) -> bool:
    """Whether another object of the same class stands there by now, in which are other functions or new words."""
    name, *keys = spot
    old, new = _before(spot, values), functools.reduce(operator.getitem, keys, value_of(name, values.editions.graph))
    if old is new or old is MISSING or type(old) is not type(new) or not _is_of_library(type(old), values):
        return False
    before, after = (_Told.of(each, values.editions.index) for each in (old, new))
    has_functions = bool(before.functions or after.functions)
    return has_functions and (before.functions != after.functions or not after.words <= before.words)


def _is_of_library(cls: type, values: Values) -> bool:
    """Whether what makes it up comes from a package that was installed, not from Python itself."""
    ours = values.editions.index.modules
    homes = {str(type.__dict__["__module__"].__get__(each)) for each in type.__dict__["__mro__"].__get__(cls)}
    return any(home not in ours and home.partition(".")[0] not in sys.stdlib_module_names for home in homes)


@dataclass(frozen=True, slots=True)
class _Told:
    """Which functions and classes of the program, how often, and which words are in an object.

    It may get more words as it is used, and the same ones in more places.
    """

    functions: Counter[Name] = field(default_factory=Counter)
    words: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, thing: Any, index: Index) -> _Told:
        found, seen, level = cls(), {id(thing)}, [thing]
        while level and len(seen) < MOST:
            inside: list[Any] = []
            for part in [part for each in level for part in _parts(each) if part is not type(each)]:
                if type(part) is str:
                    found.words.add(part)
                elif is_a(part, type) and type.__getattribute__(part, "__module__") in index.modules:
                    found.functions[part.__module__, part.__qualname__] += 1
                elif id(part) not in seen and gc.is_tracked(part) and not is_any(part, *ENDS):
                    seen.add(id(part))
                    inside.append(part)
                    if is_a(part, types.FunctionType) and part.__module__ in index.modules:
                        found.functions[part.__module__, part.__qualname__] += 1
            level = inside
        return found


def _parts(thing: Any) -> list[Any]:
    if is_a(thing, types.FunctionType):
        return [*(thing.__closure__ or ()), *(thing.__defaults__ or ())]
    return gc.get_referents(thing)


def _reason(name: Name, cls: type, index: Index) -> Reason:
    return Reason(
        code=CODE,
        what=f"{'.'.join(name)} was made anew, and the {cls.__qualname__} that it was is in use",
        where=index.modules[name[0]].path,
        why="what holds it would go on with the functions that were registered there",
        remedy="restart",
    )
