"""What objects of libraries keep of a definition that functions of the program told them of.

A base class whose `__init_subclass__` adds a command to a parser: how the parser takes note of it is its own affair, so
nothing of that is taken out.  But that it still holds the definition can be seen.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from types import FunctionType, MethodType
from typing import Any
from weakref import ref

from hotswap.containers import FIXED, VARIABLE
from hotswap.index import Index
from hotswap.looking import is_a, is_any
from hotswap.patch.foreign import NOTHING, Shapes

DEEPEST = 8
MOST = 10_000
"""How many objects are looked at."""


def is_kept(definitions: Iterable[Any], values: Iterable[Any], index: Index) -> bool:
    """Whether an object of a library among the values, or in it, holds a definition, an instance or a method of it."""
    wanted = {id(each) for each in definitions if is_any(each, type, FunctionType)}
    shapes = Shapes()
    level = [value for value in values if _is_of_library(value, shapes, index)] if wanted else []
    seen: dict[int, Any] = {}  # an id is that of one object only as long as the object is there
    for _ in range(DEEPEST):
        inside: list[Any] = []
        for value in level:
            if id(value) in seen or len(seen) > MOST:
                continue
            seen[id(value)] = value
            for part in _parts(value, shapes):
                if any(id(each) in wanted or id(type(each)) in wanted for each in _stands_for(part)):
                    return True
                if is_any(part, *VARIABLE, *FIXED) or _is_of_library(part, shapes, index):
                    inside.append(part)
        level = inside
    return False


def _is_of_library(value: Any, shapes: Shapes, index: Index) -> bool:
    cls = type(value)
    if cls.__module__ == "builtins" or cls.__module__ in index.modules or issubclass(cls, type):
        return False
    return not is_any(value, *VARIABLE, *FIXED, FunctionType, MethodType, ref) and shapes[cls] is not NOTHING


def _parts(value: Any, shapes: Shapes) -> Iterator[Any]:
    for _, content in shapes[type(value)].parts(value):
        if type(content) is not bytes:
            yield from content
            yield from content.values() if type(content) is dict else ()


def _stands_for(part: Any) -> Iterator[Any]:
    """A part, and what a method or a partial is of.  A weak reference goes by itself with what it is of."""
    yield part
    if is_a(part, MethodType):
        yield from (part.__self__, part.__func__)
    elif is_a(part, functools.partial):
        yield part.func
