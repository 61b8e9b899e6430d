"""The content of containers, read and written by the methods of their builtin types.

A subclass may have methods of its own, which must not run; and what is written past the type that keeps the content (an
`OrderedDict` is a dictionary with a list of its own) breaks the object.
"""

from __future__ import annotations

import operator
from array import array
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from itertools import starmap
from typing import Any
from weakref import ref

from hotswap.looking import is_a

Call = tuple[Any, ...]
"""A function and its arguments."""

VARIABLE = (OrderedDict, dict, list, set, deque, bytearray, array)
"""Those that can be written to, the more particular ones first."""
FIXED = (tuple, frozenset)


def at_once(calls: Iterable[Call]) -> None:
    """Carry out the calls in one stretch of C code.

    The interpreter looks for other threads between bytecodes only; `deque`, `starmap`, `operator.call` and the writers
    themselves are C, so no other thread sees the state between two of the calls.
    """
    deque(starmap(operator.call, calls), maxlen=0)


def kind_of(cls: type) -> Any:
    """The builtin type from which a class of containers derives, None for other classes."""
    if cls in _PLAIN:
        return cls
    return next((kind for kind in (*VARIABLE, *FIXED) if issubclass(cls, kind)), None)


_PLAIN = frozenset((dict, list, set, tuple))


def size_of(container: Any) -> int:
    """How many entries there are."""
    return int(kind_of(type(container)).__len__(container))


def items_of(mapping: Any) -> list[tuple[Any, Any]]:
    """The keys of a dictionary with their values."""
    return list(_mapping(mapping).items(mapping))


def keys_of(container: Any) -> list[Any]:
    """The keys of a dictionary, the entries of other containers."""
    kind = kind_of(type(container))
    return list(kind.keys(container) if issubclass(kind, dict) else kind.__iter__(container))


def values_of(container: Any) -> list[Any]:
    """The values of a dictionary, the entries of other containers."""
    kind = kind_of(type(container))
    return list(kind.values(container) if issubclass(kind, dict) else kind.__iter__(container))


def content_of(container: Any) -> Any:
    """The content as a plain dictionary, list or bytes."""
    kind = kind_of(type(container))
    if issubclass(kind, dict):  # of a subclass that has an `__iter__` of its own even `dict.copy` calls that
        return dict.copy(container) if type(container) is dict else dict(kind.items(container))
    if kind is bytearray:
        return bytes(bytearray.__getitem__(container, slice(None)))
    return array.tobytes(container) if kind is array else list(kind.__iter__(container))


def same_content(one: Any, other: Any) -> bool:
    """Whether two contents hold the same objects in the same order.  Values are not asked whether they are equal."""
    if type(one) is bytes:
        return bool(one == other)
    if len(one) != len(other) or not all(map(operator.is_, one, other)):
        return False
    return type(one) is not dict or all(map(operator.is_, one.values(), other.values()))


def put(mapping: Any, key: Any, value: Any) -> None:
    """Give a dictionary an entry."""
    _mapping(mapping).__setitem__(mapping, key, value)


def drop(mapping: Any, key: Any) -> None:
    """Take an entry out of a dictionary; nothing happens when there is none."""
    kind = _mapping(mapping)
    if dict.__contains__(mapping, key):
        kind.__delitem__(mapping, key)


def fill(container: Any, content: Any) -> None:
    """Let a container have this content and no other, in one go: no thread finds its globals gone."""
    kind = kind_of(type(container))
    if kind is OrderedDict:
        writes = [(kind.__setitem__, container, key, value) for key, value in content.items()]
        at_once([(kind.clear, container), *writes])
    elif kind is array:
        array.__setitem__(container, slice(None), array(array.typecode.__get__(container), content))
    elif kind is list or kind is bytearray:
        kind.__setitem__(container, slice(None), content)
    else:
        add: Callable[..., object] = deque.extend if kind is deque else kind.update
        at_once([(kind.clear, container), (add, container, content)])


def living(content: Any) -> Any:
    """A content without the references to what is gone, as a weak container has dropped them."""
    if type(content) is dict:
        return {key: value for key, value in content.items() if not _is_dead(key) and not _is_dead(value)}
    return [value for value in content if not _is_dead(value)] if type(content) is list else content


def _is_dead(value: Any) -> bool:
    return is_a(value, ref) and ref.__call__(value) is None


def _mapping(mapping: Any) -> Any:
    return OrderedDict if is_a(mapping, OrderedDict) else dict
