"""The living instances of a class.

Finding them takes one pass over all objects that the garbage collector knows (about 7 ms for 500,000), so nothing in
here is called for edits of plain methods: only when fields, slots or cached values of instances have to change.
"""

from __future__ import annotations

import gc
import sys
import types
from collections.abc import Iterable
from typing import Any

from hotswap.journal import Journal
from hotswap.looking import family, is_instance
from hotswap.patch.layout import is_tracked, own_slots


def living(cls: type) -> list[Any]:
    """The instances of the class and its subclasses, garbage that waits for collection included.

    Every instance refers to its class, and the collector tells who refers to a set of objects in one pass of C code.
    Instances that the collector does not track (of an `int` with empty `__slots__`, say) are looked for among the
    contents of everything that it does track, which takes about ten times as long.
    """
    classes = family(cls)
    kinds = set(classes)
    found = [o for o in gc.get_referrers(*classes) if type(o) in kinds]
    untracked = {c for c in classes if not is_tracked(c)}
    return found + _contents(untracked) if untracked else found


def _contents(kinds: set[type]) -> list[Any]:
    found: dict[int, Any] = {}
    todo = gc.get_objects()
    seen: set[int] = set()
    while todo:
        for part in gc.get_referents(todo.pop()):
            if type(part) in kinds:
                found[id(part)] = part
            elif is_instance(part, tuple | dict) and not gc.is_tracked(part) and id(part) not in seen:
                seen.add(id(part))
                todo.append(part)
    return list(found.values())


def alive(cls: type) -> list[Any]:
    """The instances that are still in use: as `living`, after garbage has been collected if there seem to be any."""
    if not living(cls):
        return []
    gc.collect()
    return living(cls)


def can_be_counted(cls: type) -> bool:
    """Whether `living` sees every instance: not when `gc.freeze()` hid the class, and its instances with it."""
    return any(o is cls for o in gc.get_referrers(cls.__mro__))


def holders(target: object, ignore: Iterable[object] = ()) -> list[Any]:
    """What refers to an object, running frames and the containers given aside."""
    skip = {id(o) for o in ignore}
    skip.add(id(sys._getframe()))
    return [o for o in gc.get_referrers(target) if id(o) not in skip and not is_instance(o, types.FrameType)]


def has_value(instance: object, name: str) -> bool:
    """Whether the instance itself holds a value under the name, in its `__dict__` or in a slot."""
    space = instance_dict(instance)
    if space is not None and name in space:
        return True
    owner = next((c for c in type(instance).__mro__ if name in own_slots(c)), None)
    return owner is not None and hasattr(instance, name)


def instance_dict(instance: object) -> dict[str, Any] | None:
    """The attributes that an instance holds itself, past any `__getattribute__` of its own."""
    try:
        found = object.__getattribute__(instance, "__dict__")
    except AttributeError:
        return None
    return found if is_instance(found, dict) else None


def forget_cached(cls: type, names: Iterable[str], journal: Journal) -> None:
    """Drop the values that `functools.cached_property` members of these names left in living instances."""
    wanted = tuple(names)
    if not wanted:
        return
    for instance in living(cls):
        space = instance_dict(instance) or {}
        for name in wanted:
            if name in space:
                journal.delete_item(space, name)
