"""Whether a value that was made anew is the same for everybody as the one of before.  Runs no code of the program."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

from hotswap.looking import is_instance

ATOMS = (int, float, complex, str, bytes, bool, type(None), type(Ellipsis))


def is_plain(value: Any) -> bool:
    """Whether nobody can tell equal ones apart, or change them."""
    return is_instance(value, ATOMS)


def alike(old: Any, new: Any) -> bool:
    """Whether it is the same object, or an equal one of those that nobody can tell apart."""
    return old is new or (is_plain(new) and same_value(old, new))


@dataclass(slots=True)
class Parts:
    """The lists, dictionaries and sets in two values, by their identities: which of one stands for which of the other.

    Values in which they do not stand for each other one by one are different, however equal: what changes in one place
    of `[row, row]` changes in both.
    """

    new_of: dict[int, int] = field(default_factory=dict)
    old_of: dict[int, int] = field(default_factory=dict)

    def match(self, old: Any, new: Any) -> bool:
        """Note that one stands for the other; returns whether that agrees with what is known."""
        known = self.new_of.setdefault(id(old), id(new)), self.old_of.setdefault(id(new), id(old))
        return known == (id(new), id(old))


def same_value(old: Any, new: Any, parts: Parts | None = None) -> bool:
    """Whether two values are the same for everybody: plain data of equal types and structure, compared deeply.

    Into `parts` goes what can be changed in them.
    """
    return old is new or _is_same(old, new, parts if parts is not None else Parts())


def _is_same(old: Any, new: Any, parts: Parts) -> bool:
    if type(old) is not type(new):
        return False
    if type(old) in (list, dict, set):
        if id(old) in parts.new_of or id(new) in parts.old_of:
            return parts.match(old, new)
        parts.match(old, new)
    if old is new:
        return True
    if is_instance(old, ATOMS):
        return bool(old == new) and repr(old) == repr(new)
    if type(old) in (list, tuple):
        return len(old) == len(new) and all(_is_same_part(a, b, parts) for a, b in zip(old, new, strict=True))
    if type(old) in (set, frozenset):
        plain = all(is_instance(v, ATOMS) for v in old) and all(is_instance(v, ATOMS) for v in new)
        return plain and {(type(v), v) for v in old} == {(type(v), v) for v in new}
    if type(old) is dict:
        pairs = zip(old.values(), new.values(), strict=False)
        same_keys = list(map(type, old)) == list(map(type, new)) and list(old) == list(new)
        return same_keys and all(_is_same_part(a, b, parts) for a, b in pairs)
    return False


def _is_same_part(old: Any, new: Any, parts: Parts) -> bool:
    """The same for what is in a container: what somebody else holds too is that very object, however equal."""
    if type(new) in (list, dict, set) and new is not old and _references(old, new) > _ALONE:
        return False
    return _is_same(old, new, parts)


def _references(_: Any, new: Any) -> int:
    return sys.getrefcount(new)


def _count_alone(old: Any, new: Any, _: Any) -> int:
    return _references(old, new)


_NESTED: tuple[list[Any], list[Any]] = [[]], [[]]
_ALONE = max(_count_alone(a, b, None) for a, b in zip(*_NESTED, strict=True))
"""How many references are seen of what only its container holds."""
