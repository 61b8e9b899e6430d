"""Where classes stand: under names, in containers, as attributes of instances and classes."""

from __future__ import annotations

import functools
import gc
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType
from typing import Any, TypeAlias

from hotswap.containers import items_of, keys_of, size_of
from hotswap.holders import cell_content
from hotswap.journal import MISSING
from hotswap.looking import is_a, is_any, own_space
from hotswap.targets import ATOMS, LARGEST, IsOurs, attributes_of

Spot: TypeAlias = tuple[Any, ...]
"""Where a class stands: a name, or a container to which statements add, and the way from there."""

DEEPEST = 5
MOST = 2_000
"""How many objects are looked at for one name."""

MODULE, QUALNAME, FLAGS = (type.__dict__[name].__get__ for name in ("__module__", "__qualname__", "__flags__"))
"""These of a class, past its metaclass: one of these may run code of the program, or raise."""
BY_STATEMENT = 1 << 9


@dataclass(frozen=True, slots=True)
class Found:
    """A class, the spot where it stands, and the container in which it does, if it does in one."""

    spot: Spot
    cls: type
    holder: Any = None

    @property
    def has_order_only(self) -> bool:
        """Whether only its position tells it from others."""
        return any(type(step) is Position for step in self.spot)

    @property
    def series(self) -> Spot:
        """The spot without positions, and how the class is called: what the classes of one list have in common."""
        without = tuple(Position if type(step) is Position else step for step in self.spot)
        return *without, MODULE(self.cls), QUALNAME(self.cls)


class Position(int):
    """A step into a container that only has an order, or not even that."""


def all_classes() -> Iterator[type]:
    """All classes of the process, those of one base in the order in which they were made."""
    seen: set[int] = {id(object)}
    todo: list[type] = [object]
    for cls in todo:  # grows on the way
        children: list[type] = type.__subclasses__(cls)
        for child in children:
            if id(child) not in seen:
                seen.add(id(child))
                todo.append(child)
                yield child


def cached(classes: Collection[type]) -> set[int]:
    """The ids of those of the classes with which a cache of `functools` answers."""
    holders: list[Any] = gc.get_referrers(*classes)
    tables = [each for each in holders if type(each) is dict]  # a cache without a limit keeps its answers in one
    caches = [each for each in (*holders, *gc.get_referrers(*tables)) if is_a(each, functools._lru_cache_wrapper)]
    answers = {id(part) for cache in caches for part in gc.get_referents(cache)}
    answers |= {id(part) for table in tables if id(table) in answers for part in table.values()}
    return answers & set(map(id, classes))


def classes_in(value: Any, spot: Spot, is_ours: IsOurs) -> Iterator[Found]:
    """The classes that an object holds, or is, or is an instance of.  Runs no code of the program.

    `is_ours`: whether a module belongs to the program; into other modules' instances and classes nobody looks.
    """
    seen: set[int] = set()
    level: list[tuple[Any, Spot, Any]] = [(value, spot, None)]
    for _ in range(DEEPEST):
        inside: list[tuple[Any, Spot, Any]] = []
        for each, at, holder in level:
            if each is MISSING or type(each) in ATOMS or type(each) is ModuleType or id(each) in seen:
                continue
            seen.add(id(each))
            if is_a(each, type):
                yield Found(at, each, holder)
            elif FLAGS(type(each)) & BY_STATEMENT:
                yield Found((*at, "its class"), type(each))
            if len(seen) < MOST:
                inside += _parts(each, at, is_ours)
        level = inside


def _parts(value: Any, at: Spot, is_ours: IsOurs) -> Iterator[tuple[Any, Spot, Any]]:
    """What is directly in an object: with its spot, and the container if it can be written to."""
    if is_a(value, type):
        if is_ours(MODULE(value)):
            members = {n: part for n, part in own_space(value).items() if not n.startswith("__")}
            yield from ((part, (*at, name), None) for name, part in members.items())
    elif is_any(value, dict, list, tuple, set, frozenset):
        yield from _entries(value, at) if size_of(value) <= LARGEST else ()
    elif is_a(value, FunctionType):
        cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
        yield from ((cell_content(cell), (*at, name), None) for name, cell in cells)
    elif is_a(value, MethodType):
        yield value.__self__, (*at, "its object"), None
    elif is_a(value, functools.partial):
        yield from ((value.func, (*at, "its function"), None), (value.args, (*at, "its arguments"), None))
        yield value.keywords, (*at, "its keywords"), None
    elif is_ours(MODULE(type(value))):
        space = own_space(value)
        yield from ((part, (*at, name), None) for name, part in attributes_of(value).items() if part is not space)


def _entries(value: Any, at: Spot) -> Iterator[tuple[Any, Spot, Any]]:
    holder = value if is_any(value, dict, list, set) else None
    if is_a(value, dict):
        for number, (key, part) in enumerate(items_of(value)):
            if is_a(key, type):
                yield key, (*at, Position(number)), holder
            yield part, (*at, _step(key, number)), holder
    else:
        yield from ((part, (*at, Position(number)), holder) for number, part in enumerate(keys_of(value)))


def _step(key: Any, number: int) -> Any:
    """What stands for the key of a dictionary in a spot."""
    if type(key) in ATOMS or (type(key) is tuple and all(type(part) in ATOMS for part in key)):
        return type(key), key
    return Position(number) if is_a(key, type) else ("the object", id(key))
