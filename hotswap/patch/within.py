"""The containers within an object: in its attributes and slots, in what it wraps, in other containers."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

from hotswap.containers import size_of, values_of
from hotswap.looking import is_a, is_any, own_space

DEPTH = 5
MOST_ENTRIES = 10_000
MOST_OBJECTS = 50_000

Follows = Callable[[type], bool]
"""Whether to look into an instance of a class that stands within another object."""


def containers_within(values: Iterable[Any], follows: Follows, depth: int = DEPTH) -> list[Any]:
    """The lists, dicts and sets that can be reached from objects, these among them, each once.

    Instances and functions among the objects are looked into in any case, others if their class is to be followed.
    """
    found: dict[int, Any] = {}
    seen: dict[int, Any] = {}
    level = list(values)
    for remaining in range(depth, 0, -1):
        following: list[Any] = []
        while level:
            value = level.pop()
            if id(value) in seen or len(seen) > MOST_OBJECTS:
                continue
            seen[id(value)] = value  # kept, or another object might get its id
            if is_any(value, dict, list, set, deque):
                found[id(value)] = value
                following += _entries(value)
            elif is_a(value, tuple):
                level += value
            elif remaining == depth or not is_a(value, FunctionType):
                is_wrapped = list(_wrapped(value))
                level += is_wrapped
                if not is_wrapped and (remaining == depth or follows(type(value))):
                    following += _held_by(value)
        level = following
    return list(found.values())


def _entries(container: Any) -> Iterable[Any]:
    return values_of(container) if size_of(container) < MOST_ENTRIES else ()


def _wrapped(value: Any) -> Iterator[Any]:
    """What stands for an object that is as good as what it wraps: a weak dictionary, a partial, a bound method."""
    if is_any(value, WeakKeyDictionary, WeakValueDictionary, WeakSet):
        yield value.data  # the container inside; there is no public way to its content
    elif is_a(value, functools.partial):
        yield from (value.func, *value.args, *value.keywords.values())
    elif is_a(value, MethodType):
        yield from (value.__self__, value.__func__)


def _held_by(value: Any) -> Iterator[Any]:
    """What an instance has in its attributes, a function in the variables around it and in its default values."""
    if is_a(value, FunctionType):
        for cell in value.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # it is empty
                continue
        yield from (*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values(), *vars(value).values())
    elif not is_any(value, type, ModuleType):
        yield from list(own_space(value).values())
        yield from _slots_of(value)


def _slots_of(value: Any) -> Iterator[Any]:
    for cls in type.__dict__["__mro__"].__get__(type(value)):
        for each in type.__dict__["__dict__"].__get__(cls).values():
            if type(each) is MemberDescriptorType and each.__objclass__ is cls and cls.__module__ != "builtins":
                try:
                    yield each.__get__(value)
                except AttributeError:  # it is empty
                    continue
