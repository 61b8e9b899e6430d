"""New code into live functions, and fresh functions poured into live ones; identity stays."""

from __future__ import annotations

import ctypes
import functools
import operator
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import starmap
from types import CodeType, FunctionType
from typing import Any, TypeAlias

from hotswap.codes import docstring
from hotswap.errors import CannotSwap
from hotswap.holders import cell_content
from hotswap.imprint import is_blank
from hotswap.journal import MISSING, Journal
from hotswap.looking import in_classes, is_a, is_any, is_instance, own_space
from hotswap.model import Name, Reason
from hotswap.patch.dispatch import refill, registry_of
from hotswap.patch.formers import Formers, forget_results, functions_of
from hotswap.patch.moved import adopt
from hotswap.patch.parts import keep_parts
from hotswap.reach import wrapped_by
from hotswap.resolving import home_of

Merge: TypeAlias = Callable[[object, object], object]

# Public C API: it lets a live function take on free variables that its first definition did not have, so that even the
# code of a held method that newly uses `super()` can be replaced without replacing the function.
_set_closure: Any = ctypes.pythonapi.PyFunction_SetClosure
_set_closure.argtypes = [ctypes.py_object, ctypes.py_object]
_set_closure.restype = ctypes.c_int


def retarget(function: FunctionType, code: CodeType, closure: tuple[Any, ...] | None, journal: Journal) -> None:
    """Give the function another code and closure, both at once."""
    old_code, old_closure = function.__code__, function.__closure__
    if closure == old_closure or (not closure and not old_closure):
        if code is not old_code:
            journal.set_attribute(function, "__code__", code)
        return
    journal.call(_both(function, code, closure), _both(function, old_code, old_closure))


def _both(function: FunctionType, code: CodeType, closure: tuple[Any, ...] | None) -> tuple[Any, ...]:
    calls = [(_set_closure, function, closure or None), (setattr, function, "__code__", code)]
    return deque, starmap(operator.call, calls), 0


def patch_code(function: FunctionType, new: CodeType, owner: type | None, journal: Journal) -> None:
    """Let the function run new code; its closure keeps the variables that it has.

    Raises CannotSwap when the new code needs a variable of an enclosing call that was made before the variable existed.
    """
    old = function.__code__
    cells = dict(zip(old.co_freevars, function.__closure__ or (), strict=True))
    for name in new.co_freevars:
        if name not in cells:
            if name != "__class__" or owner is None:
                raise CannotSwap(_gained_variable(function, name, new))
            cells[name] = types.CellType(owner)
    retarget(function, new, tuple(cells[n] for n in new.co_freevars), journal)
    if function.__doc__ == docstring(old) != docstring(new):
        journal.set_attribute(function, "__doc__", docstring(new))


def _gained_variable(function: FunctionType, name: str, new: CodeType) -> Reason:
    return Reason(
        code="HS110",
        what=f"{function.__module__}.{function.__qualname__} is alive as a closure",
        where=f"{new.co_filename}:{new.co_firstlineno}",
        why=f"its new code uses the variable {name!r} of an enclosing call that ended without it",
        remedy="restart, or make the closure again",
    )


def pour(
    live: FunctionType, fresh: FunctionType, journal: Journal, merge: Merge, state: frozenset[str] = frozenset()
) -> None:
    """Make a live function all that the fresh one is; variables and attributes in `state` keep what they hold."""
    is_own = not is_forwarder(live)  # else its names are those of what it hands on to
    is_renamed = is_own and live.__module__ != home_of(live)
    has_other_name = is_own and is_called_otherwise(live, fresh)
    closure = _merge_cells(live, fresh, journal, merge, state)
    retarget(live, fresh.__code__, closure, journal)
    for name in ("__defaults__", "__kwdefaults__", "__annotations__", "__doc__"):  # values are never compared
        if getattr(live, name) is not getattr(fresh, name):
            journal.set_attribute(live, name, getattr(fresh, name))
    names = ("__name__", "__qualname__", "__module__")
    for name in () if has_other_name else names[:2] if is_renamed else names:  # nobody would rename it again
        if getattr(live, name) != getattr(fresh, name):
            journal.set_attribute(live, name, getattr(fresh, name))
    if getattr(fresh, "__type_params__", ()) or getattr(live, "__type_params__", ()):
        journal.set_attribute(live, "__type_params__", fresh.__type_params__)  # type: ignore[attr-defined]  # 3.12
    pour_dict(live.__dict__, fresh.__dict__, journal, merge, state)


def is_called_otherwise(live: FunctionType, fresh: FunctionType) -> bool:
    """Whether somebody has given a function that is no closure another name than its definition does."""
    said, own = ((f.__globals__.get("__name__"), f.__code__.co_qualname) for f in (fresh, live))
    if "<locals>" in own[1] or said != (fresh.__module__, fresh.__qualname__):
        return False
    return own != (live.__module__, live.__qualname__)


def _merge_cells(
    live: FunctionType, fresh: FunctionType, journal: Journal, merge: Merge, state: frozenset[str]
) -> tuple[Any, ...]:
    """The closure of the fresh function, in the cells that the live one shares with others of its making."""
    old = dict(zip(live.__code__.co_freevars, live.__closure__ or (), strict=True))
    cells = []
    for name, cell in zip(fresh.__code__.co_freevars, fresh.__closure__ or (), strict=True):
        kept = old.get(name, cell)
        before, after = cell_content(kept), cell_content(cell)
        is_state = name in state and is_blank(after) and type(before) is type(after)
        if kept is not cell and after is not MISSING and before is not after and not is_state:
            merged = after if before is MISSING else merge(before, after)
            undo = (_empty, kept) if before is MISSING else (setattr, kept, "cell_contents", before)
            journal.call((setattr, kept, "cell_contents", merged), undo)
        cells.append(kept)
    return tuple(cells)


def _empty(cell: Any) -> None:
    with suppress(ValueError):
        del cell.cell_contents


def pour_dict(
    live: dict[str, Any],
    fresh: Mapping[str, Any],
    journal: Journal,
    merge: Merge,
    state: frozenset[str] = frozenset(),
) -> None:
    """Make an attribute dictionary equal to the fresh one, definitions in it merged, what is in `state` left alone."""
    for name in [n for n in live if n not in fresh]:
        journal.delete_item(live, name)
    for name, value in list(fresh.items()):
        before = live.get(name, MISSING)
        if name in state and is_blank(value) and type(before) is type(value):
            continue
        merged = value if before is MISSING or before is value else merge(before, value)
        if before is not merged:
            journal.set_item(live, name, merged)


class Merger:
    """Decides what a rebound name is to hold: the live definition made new, or the fresh object.

    `twins` collects which fresh objects were poured into which live ones, for those who got hold of the fresh ones
    (registries); `pour_class` is given by the caller, because classes have a machinery of their own.
    """

    def __init__(self, journal: Journal, pour_class: Callable[[type, type, Merge], type], formers: Formers) -> None:
        self.journal = journal
        self.pour_class = pour_class
        self.formers = formers
        self.module: str | None = None
        """The module whose statement is running."""
        self.is_new: Callable[[Any], bool] = lambda _: False
        """Whether a class was made in this round."""
        self.was_there: Callable[[Any], bool] = lambda _: False
        """Whether an object stood in the program before the round: it is no new version of another one."""
        self.lasting: set[int] = set()
        """The ids of classes that something goes on to answer with, whatever a name stands for now."""
        self.in_between: dict[int, object] = {}
        """By id what definitions have made that their names do not hold at the end: no versions of what these hold."""
        self.twins: dict[int, tuple[object, object]] = {}
        self.blanks: frozenset[tuple[str, str]] = frozenset()
        """Variables and attributes of the module's functions that were empty when they were made."""
        self.is_aside = False
        """The statement runs for the sake of a value at its place: what the name holds at the end stays as it is."""
        self.stale: list[FunctionType] = []
        """Functions that run old code, because the new one needs what only those have that are made now."""
        self._busy: set[tuple[int, int]] = set()
        self.has_left: Callable[[type], bool] = lambda _: False
        """Whether no source defines a class any more."""
        self._moving: tuple[str, str] | None = None
        """How the class that goes to another place was called there, and how it is now."""

    def __call__(self, live: Any, fresh: Any) -> Any:
        """The object to store: `live` with all that `fresh` is when both are definitions of one kind, else `fresh`."""
        if live is fresh:
            return live
        if id(fresh) in self.twins:
            return self.twins[id(fresh)][1]
        if self.was_there(fresh) or self.are_apart(live, fresh) or id(fresh) in self.in_between:
            return fresh
        key = id(live), id(fresh)
        if key in self._busy:
            return live
        self._busy.add(key)
        try:
            merged = self._merge(live, fresh)
        finally:
            self._busy.discard(key)
        if merged is not fresh:
            self.twins[id(fresh)] = fresh, merged
        return merged

    def define(self, name: Name, live: Any, fresh: Any, *, is_last: bool = True) -> Any:
        """What a definition is to bind: the live object (or an earlier one of the name) with all that `fresh` is.

        `live` is MISSING when the name held nothing that was its own.  Earlier ones follow only what the name stands
        for at the end (`is_last`).  All that the name stood for behaves as `fresh` afterwards: what cannot become the
        fresh object (another kind, another module's globals) forwards its calls.
        """
        kept = self._define(name, live, fresh, is_last=is_last)
        if kept is fresh and not is_last:
            self.in_between[id(fresh)] = fresh
        return kept

    def _define(self, name: Name, live: Any, fresh: Any, *, is_last: bool) -> Any:
        if self.is_aside:
            one, other = (next(functions_of(each), None) for each in (live, fresh))
            is_own = type(live) is type(fresh) and one is not None and other is not None and same_definition(one, other)
            return self(live, fresh) if is_own or is_a(fresh, type) else fresh
        formers = self.formers.of(name) if is_last else []
        inner = _inside(live) if type(live) is not type(fresh) else ()
        candidates = [each for each in (live, *formers, *inner) if each is not MISSING and each is not fresh]
        kept = fresh
        for each in candidates:
            kept = self._become(each, fresh, frozenset(blank for target, blank in self.blanks if target == name[1]))
            if kept is each:
                break
        self.succeed(name, candidates, kept)
        return kept

    def are_apart(self, live: Any, fresh: Any) -> bool:
        """Whether two classes are not versions of one: each of them was there before, or the live one goes on."""
        return is_a(live, type) and is_a(fresh, type) and (self.was_there(fresh) or id(live) in self.lasting)

    def twin(self, value: Any) -> Any:
        """The live object that a fresh one was poured into; any other object itself."""
        return self.twins[id(value)][1] if id(value) in self.twins else value

    def keep_parts(self, old: Any, new: Any) -> None:
        """What is stale in a table becomes what stands there now: others may hold it."""
        stale = {id(function) for function in self.stale}
        if stale and old is not MISSING:
            keep_parts(old, new, lambda live, fresh: id(live) in stale and same_definition(live, fresh), self)

    def has_moved(self, live: object, value: object) -> bool:
        """Whether what the name holds now is the class that it held, defined anew in another module."""
        if not is_instance(live, type) or not is_instance(value, type) or live.__module__ != self.module:
            return False
        return live.__module__ != value.__module__ and live.__qualname__ == value.__qualname__ and self.is_new(value)

    def is_renamed(self, live: object, value: object) -> bool:
        """Whether a name that held a class holds one that is new, while nothing defines the first one any more."""
        if not is_a(live, type) or not is_a(value, type) or live is value or id(value) in self.twins:
            return False
        return live.__qualname__ != value.__qualname__ and self.is_new(value) and self.has_left(live)

    def move(self, live: type, fresh: type) -> type:
        """The live class goes to the place of the fresh one, which it becomes.  Raises CannotSwap."""
        before, self._moving = self._moving, (live.__qualname__, fresh.__qualname__)
        try:
            kept = adopt(live, fresh, lambda one, other: self.pour_class(one, other, self), self.journal)
        finally:
            self._moving = before
        if kept is live:
            self.twins[id(fresh)] = fresh, live
        return kept

    def succeed(self, name: Name, candidates: Iterable[Any], kept: Any) -> None:
        """Let everything that the name stood for behave as what it stands for now."""
        if self.is_aside:
            return
        parts = {id(f) for f in functions_within(kept)}
        for each in candidates:
            if each is kept:
                continue
            self.formers.add(name, each, self.journal)
            forget_results(each)
            for function in functions_of(each) if callable(kept) else ():
                if id(function) not in parts:  # else it is what the new object itself calls
                    forward(function, kept, self.journal)

    def _become(self, live: Any, fresh: Any, state: frozenset[str]) -> Any:
        can_be = is_a(live, FunctionType) and is_a(fresh, FunctionType) and live.__globals__ is fresh.__globals__
        if can_be and not self.was_there(fresh):
            self.twins[id(fresh)] = fresh, live  # before, for a wrapper may hold itself
            # What one that forwards shows is not its own: it must not become a part of what it stood aside for.
            pour(live, fresh, self.journal, _newest if is_forwarder(live) else self, state)
            return live
        return self(live, fresh)

    def _merge(self, live: Any, fresh: Any) -> Any:
        if is_instance(live, FunctionType) and is_instance(fresh, FunctionType):
            if same_definition(live, fresh) or (self._is_moving(live, fresh) and live.__globals__ is fresh.__globals__):
                pour(live, fresh, self.journal, self)
                return live
            if self._is_moving(live, fresh):
                forward(live, fresh, self.journal)  # its globals are those of the module that it left
            return fresh
        if is_instance(live, type) and is_instance(fresh, type):
            if live.__module__ == fresh.__module__ and live.__qualname__ == fresh.__qualname__:
                return self.pour_class(live, fresh, self)
            return self.move(live, fresh) if self.is_renamed(live, fresh) else fresh
        if is_instance(live, property) and is_instance(fresh, property):
            return self._merge_property(live, fresh)
        if type(live) is not type(fresh):
            return fresh
        return self._merge_wrapper(live, fresh)

    def _is_moving(self, live: FunctionType, fresh: FunctionType) -> bool:
        """Whether both are the same member of the class that goes to another place."""
        old, new = self._moving or ("", "")
        if not old:
            return False
        before, now = live.__code__.co_qualname, fresh.__code__.co_qualname
        return before == now or before.removeprefix(old) == now.removeprefix(new)

    def _merge_property(self, live: property, fresh: property) -> property:
        get, put, drop = (self._accessor(live, fresh, name) for name in ("fget", "fset", "fdel"))
        if type(fresh) is not property:
            return fresh  # who holds one of the accessors has the new code
        return property(get, put, drop, fresh.__doc__)

    def _merge_wrapper(self, live: Any, fresh: Any) -> Any:
        """Descriptors and decorator objects: the functions inside are merged."""
        for name in _INNER.get(type(live), ()):
            before, after = getattr(live, name), getattr(fresh, name)
            if before is not None and after is not None:
                self._replace_inner(fresh, name, self(before, after))
        if is_instance(live, functools._lru_cache_wrapper):
            return self._merge_cached(live, fresh)
        if type(live) in (staticmethod, classmethod):
            return self._rewrap(live, fresh)
        if is_instance(live, functools.singledispatchmethod):
            return self._merge_generic(live, fresh)
        if is_decorator_object(live):
            pour_dict(own_space(live), own_space(fresh), self.journal, self)
            return live
        return fresh

    def _replace_inner(self, fresh: Any, name: str, merged: Any) -> None:
        if getattr(fresh, name) is not merged and type(fresh) is functools.cached_property:
            setattr(fresh, name, merged)

    def _accessor(self, live: property, fresh: property, name: str) -> Any:
        before, after = getattr(live, name), getattr(fresh, name)
        return after if before is None or after is None else self(before, after)

    def _rewrap(self, live: Any, fresh: Any) -> Any:
        merged = self(live.__func__, fresh.__func__)
        return live if merged is live.__func__ else type(fresh)(merged)

    def _merge_generic(self, live: Any, fresh: Any) -> Any:
        """The live generic method, which held ones ask, has the implementations of the fresh one."""
        before, now = registry_of(live.dispatcher), dict(registry_of(fresh.dispatcher))
        merged = {cls: self(before[cls], each) if cls in before else each for cls, each in now.items()}
        refill(live.dispatcher, merged, self.journal)
        for owner, name in ((live, "func"), (live.dispatcher, "__wrapped__")):
            if getattr(owner, name) is not merged[object]:
                self.journal.set_attribute(owner, name, merged[object])
        return live

    def _merge_cached(self, live: Any, fresh: Any) -> Any:
        live.cache_clear()  # those who hold the old cache get the new function's results at least
        if live.cache_parameters() != fresh.cache_parameters():
            return fresh  # which calls its own inner function, so that the live one must not become that
        merged = self(live.__wrapped__, fresh.__wrapped__)
        if merged is not live.__wrapped__:
            return fresh
        pour_dict(vars(live), {**vars(fresh), "__wrapped__": merged}, self.journal, self)
        return live


def _inside(descriptor: Any) -> list[FunctionType]:
    """The functions that a method of another kind, or a property, has called until now; somebody may hold them."""
    called: list[Any] = [getattr(descriptor, name) for kind, name in _CALLED.items() if is_instance(descriptor, kind)]
    return [inner for inner in called if is_a(inner, FunctionType)]


_CALLED: dict[type[Any], str] = {
    staticmethod: "__func__", classmethod: "__func__", property: "fget", functools.cached_property: "func",
}  # fmt: skip
_INNER: dict[type, tuple[str, ...]] = {functools.cached_property: ("func",)}


def same_definition(live: FunctionType, fresh: FunctionType) -> bool:
    """Whether both come from the same place in the program: one may be poured into the other."""
    return live.__globals__ is fresh.__globals__ and live.__code__.co_qualname == fresh.__code__.co_qualname


def forward(live: FunctionType, target: Any, journal: Journal) -> None:
    """Let a live function hand every call on to another object."""
    code = _forwarder.__code__
    constants = tuple(target if c == _PLACEHOLDER else c for c in code.co_consts)
    code = code.replace(co_consts=constants, co_name=live.__name__, co_qualname=live.__qualname__)
    retarget(live, code, None, journal)
    for name in ("__defaults__", "__kwdefaults__"):
        journal.set_attribute(live, name, None)
    pour_dict(live.__dict__, {**_shown_by(target), "__wrapped__": target}, journal, _newest)


def is_forwarder(function: FunctionType) -> bool:
    """Whether a function hands every call on."""
    return function.__code__.co_code == _forwarder.__code__.co_code and not function.__closure__


def _newest(_: object, new: object) -> object:
    return new


_PLACEHOLDER = "<the object that calls are forwarded to>"


def _forwarder(*arguments: Any, **keywords: Any) -> Any:
    target: Any = "<the object that calls are forwarded to>"
    return target(*arguments, **keywords)


def _shown_by(target: object) -> dict[str, Any]:
    return {} if is_a(target, type) else own_space(target)


def functions_within(value: Any, depth: int = 4) -> Iterator[FunctionType]:
    """The functions that a callable may call: itself, what it wraps, what is in its cells."""
    if not depth:
        return
    if is_a(value, FunctionType):
        yield value
        for cell in value.__closure__ or ():
            yield from functions_within(cell_content(cell), depth - 1)
    for inner in wrapped_by(value):
        yield from functions_within(inner, depth - 1)
    if not is_any(value, type, FunctionType, types.ModuleType):
        for part in list(own_space(value).values()):
            if is_any(part, FunctionType, types.MethodType):
                yield from functions_within(part, depth - 1)


def is_decorator_object(value: object) -> bool:
    """Whether it is an instance of a Python class that carries a function (a decorator written as a class)."""
    if is_a(value, type) or in_classes(type(value).__mro__, "__call__") is None:
        return False
    return any(is_any(v, FunctionType, types.MethodType) for v in own_space(value).values())
