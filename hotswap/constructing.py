"""Lets a class that lost its `__new__` be called as one that never had it.

CPython (3.11 to 3.13) goes on calling the slow way that looks `__new__` up, and then `object.__new__` refuses the
arguments that the class's `__init__` takes, as if the class overrode `__new__` itself.
"""

from __future__ import annotations

import ctypes
from functools import cache
from types import BuiltinFunctionType
from typing import Any

from hotswap.looking import family, in_classes, is_a

_WORD = ctypes.sizeof(ctypes.c_void_p)
_DICTOFFSET_AT, _NEW_AT = 36 * _WORD, 39 * _WORD  # tp_dictoffset, tp_new of a class


def settle_new(cls: type) -> None:
    """Let the class and its subclasses make instances as their bases do, unless a `__new__` in Python says how."""
    slow = _slow()
    for each in family(cls) if slow else ():  # bases first
        base = type.__dict__["__base__"].__get__(each)
        found = in_classes(type.__dict__["__mro__"].__get__(each), "__new__")
        if _new(each) != slow or type(found) is not BuiltinFunctionType or not is_a(found.__self__, type):
            continue
        native = base if _new(base) != slow else found.__self__
        ctypes.c_void_p.from_address(id(each) + _NEW_AT).value = _new(native)
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(each))


def _new(cls: type) -> int:
    return ctypes.c_void_p.from_address(id(cls) + _NEW_AT).value or 0


@cache
def _slow() -> int:
    """The address of what looks `__new__` up; 0 when the memory is not as expected, or nothing has to be put right."""

    class Plain:
        pass

    class Made:
        def __new__(cls) -> Any:
            return object.__new__(cls)

    offset = ctypes.c_ssize_t.from_address(id(Plain) + _DICTOFFSET_AT).value
    if offset != Plain.__dictoffset__ or _new(Plain) != _new(object) or _new(Made) in (0, _new(Plain)):
        return 0
    slow = _new(Made)
    del Made.__new__
    return slow if _new(Made) == slow else 0
