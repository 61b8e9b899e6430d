"""What holds other objects and cannot be filled: tuples, those with names for parts too; and variables of closures."""

from __future__ import annotations

from typing import Any

from hotswap.journal import MISSING
from hotswap.looking import is_a, own_space


def cell_content(cell: Any) -> Any:
    """What is in a closure's cell, or MISSING."""
    try:
        return MISSING if cell is None else cell.cell_contents
    except ValueError:
        return MISSING


def tuple_of(kind: type, parts: tuple[Any, ...]) -> Any:
    """A tuple of the class with these parts, past its constructor; MISSING where only C code makes such."""
    if kind is tuple:
        return parts
    try:
        return tuple.__new__(kind, parts)
    except TypeError:  # the result of a system call, say
        return MISSING


def tuple_like(value: Any, parts: tuple[Any, ...]) -> Any:
    """The same as this one with other parts; MISSING if there can be no such."""
    made = tuple_of(type(value), parts)
    if made is not MISSING and is_a(made, tuple) and own_space(value):
        own_space(made).update(own_space(value))
    return made
