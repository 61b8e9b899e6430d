"""Fresh objects that stand for live ones, and the live ones put in their place."""

from __future__ import annotations

import functools
import operator
import types
import weakref
from collections.abc import Iterable
from typing import Any

from hotswap.containers import content_of, fill, items_of, keys_of
from hotswap.holders import cell_content
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_instance
from hotswap.patch.instances import instance_dict
from hotswap.patch.layout import own_slots

_DEEP = 6  # how far into the members of a class is looked; what lies deeper is found by the transaction's heap pass
_LARGE = 10_000
_MANY = 50_000


class Twins:
    """Pairs of a fresh object and the live one that it stands for."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._pairs: dict[int, tuple[object, Any]] = {}
        self._seen: set[int] = set()

    def add(self, fresh: object, live: object) -> None:
        """From now on `live` is put wherever `fresh` is found."""
        if fresh is not live:
            self._pairs[id(fresh)] = fresh, live
            self._seen.clear()

    def of(self, value: Any) -> Any:
        """The live twin of a value, or the value itself."""
        return self._pairs[id(value)][1] if id(value) in self._pairs else value

    def settle(self, value: Any, depth: int = _DEEP) -> Any:
        """The value with every fresh object in it replaced; only what cannot be changed in place is made anew."""
        live = self.of(value)
        if live is not value or depth == 0 or is_instance(value, (type, types.ModuleType, *_ATOMS)):
            return live
        if is_instance(value, _IMMUTABLE):
            return self._rebuilt(value, depth - 1)
        if id(value) not in self._seen and len(self._seen) < _MANY:
            self._seen.add(id(value))
            self._settle_inside(value, depth - 1)
        return value

    def _settle_inside(self, value: Any, depth: int) -> None:
        if is_instance(value, types.FunctionType):
            self._settle_function(value, depth)
        elif type(value) is dict and len(value) < _LARGE:
            self._settle_dict(value, depth)
        elif type(value) is list and len(value) < _LARGE:
            self._settle_list(value, depth)
        elif type(value) is set and len(value) < _LARGE:
            self._settle_set(value)
        else:
            self._settle_object(value, depth)

    def _settle_function(self, function: types.FunctionType, depth: int) -> None:
        for cell in function.__closure__ or ():
            before = cell_content(cell)
            after = self.settle(before, depth) if before is not MISSING else before
            if after is not before:
                self._journal.call((setattr, cell, "cell_contents", after), (setattr, cell, "cell_contents", before))
        self._settle_attributes(function, ("__defaults__", "__kwdefaults__"), depth)
        self._settle_dict(function.__annotations__, depth)
        self._settle_dict(function.__dict__, depth)

    def _settle_attributes(self, value: object, names: Iterable[str], depth: int) -> None:
        for name in names:
            before = getattr(value, name, MISSING)
            after = self.settle(before, depth)
            if after is not before:
                self._journal.set_attribute(value, name, after)

    def _settle_dict(self, space: dict[Any, Any], depth: int) -> None:
        if any(self.of(key) is not key for key in keys_of(space)):
            content = {self.of(k): self.settle(v, depth) for k, v in items_of(space)}
            replace_content(space, content, self._journal)
            return
        for key, before in items_of(space):
            after = self.settle(before, depth)
            if after is not before:
                self._journal.set_item(space, key, after)

    def _settle_list(self, items: list[Any], depth: int) -> None:
        after = [self.settle(v, depth) for v in items]
        if any(a is not b for a, b in zip(after, items, strict=True)):
            self._journal.remember(items)
            items[:] = after

    def _settle_set(self, items: set[Any]) -> None:
        for before in [v for v in items if self.of(v) is not v]:
            self._journal.call((items.discard, before), (items.add, before))
            self._journal.call((items.add, self.of(before)), (items.discard, self.of(before)))

    def _settle_object(self, value: Any, depth: int) -> None:
        """A descriptor, wrapper or instance: its attributes and slots."""
        for name in ("__func__", "__wrapped__", "fget", "fset", "fdel", "func", "dispatcher"):
            self.settle(_plainly(value, name), depth)
        space = instance_dict(value)
        if space is not None:
            self._settle_dict(space, depth)
        for cls in type(value).__mro__:
            if cls.__flags__ & 1 << 9:  # made by a class statement
                self._settle_attributes(value, own_slots(cls), depth)

    def _rebuilt(self, value: Any, depth: int) -> Any:
        if is_instance(value, types.MethodType):
            owner, function = self.settle(value.__self__, depth), self.settle(value.__func__, depth)
            return value if owner is value.__self__ else types.MethodType(function, owner)
        if is_instance(value, weakref.ref):
            target = value()
            return value if target is None or self.of(target) is target else weakref.ref(self.of(target))
        if is_instance(value, functools.partial):
            return self._rebuilt_partial(value, depth)
        if is_instance(value, types.UnionType | types.GenericAlias):
            return self._rebuilt_hint(value, depth)
        if type(value) not in (tuple, frozenset):
            return value
        parts = [self.settle(v, depth) for v in value]
        if all(a is b for a, b in zip(parts, value, strict=True)):
            return value
        return frozenset(parts) if is_instance(value, frozenset) else tuple(parts)

    def _rebuilt_hint(self, value: Any, depth: int) -> Any:
        """`A | None` and `list[A]`, as pydantic keeps them for its fields."""
        arguments = self.settle(value.__args__, depth)
        if is_instance(value, types.UnionType):
            return value if arguments is value.__args__ else functools.reduce(operator.or_, arguments)
        origin = self.of(value.__origin__)
        unchanged = arguments is value.__args__ and origin is value.__origin__
        return value if unchanged else types.GenericAlias(origin, arguments)

    def _rebuilt_partial(self, value: functools.partial[Any], depth: int) -> Any:
        function, arguments = self.settle(value.func, depth), self.settle(value.args, depth)
        self._settle_dict(value.keywords, depth)
        if function is value.func and arguments is value.args:
            return value
        return functools.partial(function, *arguments, **value.keywords)


_ATOMS = (int, float, complex, str, bytes, bytearray, type(None), types.CodeType)
_IMMUTABLE = (
    tuple, frozenset, types.MethodType, weakref.ref, functools.partial, types.UnionType, types.GenericAlias,
)  # fmt: skip


def _plainly(value: object, name: str) -> Any:
    """An attribute of a wrapper written in C or by functools; nothing of the program's runs."""
    if type(value).__module__ not in ("builtins", "functools", "enum"):
        return None
    return getattr(value, name, None)


def replace_content(space: dict[Any, Any], content: dict[Any, Any], journal: Journal) -> None:
    """Give a dictionary that others may hold another content and order, in one go."""
    journal.call((fill, space, content), (fill, space, content_of(space)))
