"""Every write to the live program, with its undo.

A `Journal` is the only way in which a round changes anything.  Each write registers its undo before it happens;
`rollback()` unwinds all of them in reverse.  In *staged* mode the writes are only collected: `commit()` then carries
them out in one stretch of C code, between whose parts no other thread can run.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from typing import Any

from hotswap.constructing import settle_new
from hotswap.containers import Call, at_once, content_of, fill
from hotswap.looking import is_instance

MISSING: Any = type("Missing", (), {"__repr__": lambda _: "MISSING", "__slots__": ()})()
"""Stands for "there was nothing"; never stored in a live object."""

type_setattr = type.__setattr__
type_delattr = type.__delattr__
object_setattr = object.__setattr__
object_delattr = object.__delattr__


class Journal:
    """An undo list: writes go through it, `rollback()` takes all of them back."""

    def __init__(self) -> None:
        self._undo: list[Call] = []
        self._staged: list[Call] | None = None
        self._deferred: dict[int, Call] = {}
        self.before_write: Callable[[], None] | None = None
        """A seam for tests that let the n-th write fail."""

    def __len__(self) -> int:
        return len(self._undo)

    def call(self, do: Call, undo: Call) -> None:
        """Carry out `do` (a function with its arguments) after noting `undo`, which must take it back exactly."""
        if self.before_write is not None:
            self.before_write()
        self._undo.append(undo)
        if self._staged is None:
            do[0](*do[1:])
        else:
            self._staged.append(do)

    def set_attribute(self, target: Any, name: str, value: Any) -> None:
        """Bind an attribute of an object or class, past any `__setattr__` of its own."""
        is_class = is_instance(target, type)
        write, drop = (type_setattr, _drop_from(name)) if is_class else (object_setattr, object_delattr)
        before = own_attribute(target, name)
        undo = (_forgiving, drop, target, name) if before is MISSING else (write, target, name, before)
        self.call((write, target, name, value), undo)

    def delete_attribute(self, target: Any, name: str) -> None:
        """Delete an attribute that the object or class holds itself; nothing happens when there is none."""
        before = own_attribute(target, name)
        if before is MISSING:
            return
        is_class = is_instance(target, type)
        write, drop = (type_setattr, _drop_from(name)) if is_class else (object_setattr, object_delattr)
        self.call((drop, target, name), (write, target, name, before))

    def set_item(self, mapping: MutableMapping[Any, Any], key: Any, value: Any) -> None:
        """Bind a key of a dictionary."""
        before = mapping.get(key, MISSING)
        undo = (mapping.pop, key, None) if before is MISSING else (operator.setitem, mapping, key, before)
        self.call((operator.setitem, mapping, key, value), undo)

    def delete_item(self, mapping: MutableMapping[Any, Any], key: Any) -> None:
        """Delete a key of a dictionary; nothing happens when there is none."""
        before = mapping.get(key, MISSING)
        if before is not MISSING:
            self.call((operator.delitem, mapping, key), (operator.setitem, mapping, key, before))

    def remember(self, container: Any) -> None:
        """Note the present content of a container, for writes that the program itself makes."""
        self._undo.append((fill, container, content_of(container)))

    def mentioned(self) -> Iterator[Any]:
        """All objects that the undo list holds: what is put back, and where."""
        return (part for undo in self._undo for part in undo[1:])

    def entries(self) -> set[int]:
        """The ids of what the undo list is made of: it refers to much that nobody else does any more."""
        return {id(self._undo), *map(id, self._undo)}

    def keeps(self, thing: object) -> bool:
        """Whether an object is kept for the rollback: a copy that `remember` made, say."""
        if any(undo[-1] is thing for undo in self._undo):  # what is put back stands last, its place before it
            return True
        # Of a difference both sides are kept.  Dictionaries and lists are no keys, so they stand there as copies only.
        return type(thing) in (dict, list) and any(len(undo) > 3 and undo[-2] is thing for undo in self._undo)

    def on_rollback(self, *undo: Any) -> None:
        """Note a call that belongs to a write made elsewhere (by an import, say)."""
        self._undo.append(undo)

    def defer(self, thing: object, call: Call) -> None:
        """Note what is to be seen to before the round ends: a function with its arguments."""
        self._deferred.setdefault(id(thing), call)

    def seen_to(self, thing: object) -> None:
        """What was deferred for the thing has been done in another way."""
        self._deferred.pop(id(thing), None)

    def settle(self) -> None:
        """See to what was deferred, the last of it first."""
        while self._deferred:
            function, *arguments = self._deferred.popitem()[1]
            function(*arguments)

    @contextmanager
    def staged(self) -> Iterator[None]:
        """Within the block writes are collected; at its end all happen at once, or none when the block raises."""
        if self._staged is not None:
            yield
            return
        self._staged = []
        mark = len(self._undo)
        try:
            yield
            writes, self._staged = self._staged, None
            at_once(writes)
        except BaseException:
            if self._staged is not None:  # nothing was written yet
                del self._undo[mark:]
                self._staged = None
            raise

    def rollback(self, to: int = 0) -> list[BaseException]:
        """Take back every write, newest first, until so many are left (`len()` of the journal at some time before).

        Returns what went wrong on the way; an undo that raises does not keep the others from happening.
        """
        faults: list[BaseException] = []
        while len(self._undo) > to:
            function, *arguments = self._undo.pop()
            try:
                function(*arguments)
            except BaseException as error:  # noqa: BLE001  the rest must be undone whatever happens
                faults.append(error)
        return faults

    def close(self) -> None:
        """Forget the undo list: the round is committed."""
        self._undo.clear()


def own_attribute(target: Any, name: str) -> Any:
    """What the object or class itself holds under the name (not what it inherits), or MISSING."""
    if is_instance(target, type):
        if name in _TYPE_SLOTS:
            return _TYPE_SLOTS[name].__get__(target)
        return target.__dict__.get(name, MISSING)
    return getattr(target, name, MISSING)


_TYPE_SLOTS = {name: type.__dict__[name] for name in ("__bases__", "__name__", "__qualname__")}


def _drop_from(name: str) -> Callable[..., None]:
    return type_delattr if name != "__new__" else _drop_new


def _drop_new(cls: type, name: str) -> None:
    type_delattr(cls, name)
    settle_new(cls)


def _forgiving(function: Callable[..., object], *arguments: Any) -> None:
    with suppress(AttributeError, KeyError):  # the write that this would undo did not happen
        function(*arguments)
