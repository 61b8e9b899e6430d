"""Who in the live process holds an old code object, or an object that has been replaced."""

from __future__ import annotations

import functools
import gc
import operator
import sys
import types
from collections import Counter, deque
from collections.abc import Container, Iterable, Iterator, Mapping
from enum import EnumMeta
from types import CodeType, FunctionType
from typing import Any, TypeAlias
from weakref import KeyedRef, ref

from hotswap.codefacts import all_codes, nested
from hotswap.codes import CodePair, behaviour
from hotswap.containers import fill, items_of, keys_of
from hotswap.holders import cell_content, tuple_like
from hotswap.journal import MISSING, Journal
from hotswap.looking import in_classes, is_a, is_any, is_instance, own_space
from hotswap.patch.bases import set_bases
from hotswap.reach import wrapped_by


class Heap:
    """All functions alive of some modules, found in one pass over the heap when the first is asked for.

    It holds them, so it must be let go of before anybody asks who else does.
    """

    def __init__(self, namespaces: Iterable[dict[str, Any]]) -> None:
        self._namespaces = list(namespaces)
        self._functions: dict[int, list[FunctionType]] | None = None

    def functions_of(self, namespace: dict[str, Any]) -> list[FunctionType]:
        """Those whose globals are the namespace, which is one of those that were named."""
        if self._functions is None:
            self._functions = {}
            for referrer in gc.get_referrers(*self._namespaces):
                if is_instance(referrer, FunctionType):
                    self._functions.setdefault(id(referrer.__globals__), []).append(referrer)
        return self._functions.get(id(namespace), [])


class OldCode:
    """The functions of one module that run code which a newer version replaces."""

    def __init__(
        self, module: str, namespace: dict[str, Any], pairs: Iterable[CodePair], old: CodeType, heap: Heap | None = None
    ) -> None:
        """`old` is the code of the whole module, of which the pairs are the parts that change."""
        self.module, self.namespace, self.heap = module, namespace, heap or Heap([namespace])
        self._alike = Counter((code.co_qualname, code.co_firstlineno) for code in all_codes(old))
        self.pairs = list(pairs)
        self._by_place: dict[tuple[str, int], list[CodePair]] = {}
        for pair in self.pairs:
            self._by_place.setdefault((pair.old.co_qualname, pair.old.co_firstlineno), []).append(pair)
        self.functions: dict[int, tuple[FunctionType, CodePair]] = {}
        self._holders: Counter[int] = Counter()
        self._own = {id(p.old) for p in self.pairs}
        self.held_elsewhere: list[FunctionType] = []
        """Functions whose old code something else holds too: a registry of codes, a running frame."""

    def find(self, *, everywhere: bool = False) -> list[tuple[FunctionType, CodePair]]:
        """Every function alive that runs old code.

        First where definitions stand: the module, its classes, and what wraps their members.  All of the heap is
        searched only when something else holds an old code object, which its reference count tells, or when there
        may be others of the same text (`everywhere`).
        """
        for function in self._standing():
            self._take(function)
        if not self._accounted_for() or everywhere:
            self.search_heap()
            found = [f for f, _ in self.functions.values()]
            self.held_elsewhere = [f for f in found if not self._only_holder(f.__code__)]
        return list(self.functions.values())

    def search_heap(self) -> None:
        """Look at every function whose globals are the module's, in one pass over the heap."""
        for function in self.heap.functions_of(self.namespace):
            self._take(function)

    def pair_of(self, code: CodeType) -> CodePair | None:
        """What a code object becomes."""
        place = code.co_qualname, code.co_firstlineno
        candidates = self._by_place.get(place, ())
        if candidates and self._alike[place] == 1:
            return candidates[0]
        alike = (p for p in candidates if behaviour(p.old) == behaviour(code))
        # A statement that ran alone may have been compiled otherwise: calls in imported modules are, since Python 3.12.
        there = (p for p in candidates if _words(p.old) == _words(code))
        return next(alike, None) or next(there, None)

    def _take(self, function: FunctionType) -> None:
        if function.__globals__ is self.namespace and id(function) not in self.functions:
            pair = self.pair_of(function.__code__)
            if pair is not None:
                self.functions[id(function)] = function, pair

    def _standing(self) -> Iterator[FunctionType]:
        seen: set[int] = set()
        for value in list(self.namespace.values()):
            yield from functions_within(value, self.module, seen)

    def _accounted_for(self) -> bool:
        """Whether no function can be elsewhere.

        Each old code that could have been made into one was found, and nothing but what was found refers to it.
        """
        found = {id(pair) for _, pair in self.functions.values()}
        reachable = {id(p) for _, pair in self.functions.values() for p in self._inner_pairs(pair)}
        for pair in self.pairs:
            if id(pair) not in found and id(pair) not in reachable and not is_class_body(pair.old):
                return False
        self._holders = Counter(id(function.__code__) for function, _ in self.functions.values())
        if any(sys.getrefcount(pair.old) > _IN_SOURCE + self._holders[id(pair.old)] for pair in self.pairs):
            return False  # one that was patched before, and that its name does not stand for any more
        return all(self._only_holder(function.__code__) for function, _ in self.functions.values())

    def _inner_pairs(self, pair: CodePair) -> Iterator[CodePair]:
        for code in all_codes(pair.old):
            inner = self.pair_of(code)
            if inner is not None:
                yield inner

    def _only_holder(self, code: CodeType) -> bool:
        # When the function was patched before, its code is the very object in the compiled source, and in the pair.
        holders = self._holders.get(id(code), 1) + (2 if id(code) in self._own else 0)
        return sys.getrefcount(code) <= _HELD_ONCE + holders - 1 and self._nested_only_there(code)

    def _nested_only_there(self, code: CodeType) -> bool:
        for inner in nested(code):
            allowed = _NESTED + (1 if id(inner) in self._own else 0)
            if sys.getrefcount(inner) > allowed or not self._nested_only_there(inner):
                return False
        return True


def is_class_body(code: CodeType) -> bool:
    """Whether the code is that of a class statement (it is thrown away when the statement has run)."""
    return "__qualname__" in code.co_names and "__module__" in code.co_names and not code.co_flags & 0x2


def functions_within(value: Any, module: str, seen: set[int], depth: int = 5) -> Iterator[FunctionType]:
    """The functions in an object that stands in a module: itself, its members, what its wrappers wrap."""
    if depth == 0 or id(value) in seen:
        return
    seen.add(id(value))
    if is_a(value, FunctionType):
        yield value
    for part in parts_of(value, module):
        yield from functions_within(part, module, seen, depth - 1 if not is_a(value, type) else depth)


MOST_PARTS = 1000


def parts_of(value: Any, module: str) -> list[Any]:
    """What a definition or wrapper directly contains."""
    if is_a(value, FunctionType):
        cells = [cell_content(c) for c in value.__closure__ or ()]
        return [c for c in cells if c is not MISSING] + list(value.__dict__.values())
    if is_a(value, type):
        return list(value.__dict__.values()) if value.__module__ == module else []
    if is_any(value, staticmethod, classmethod, types.MethodType):
        return [value.__func__]
    if is_a(value, functools.partial):
        return [value.func, *value.args, *value.keywords.values()]
    if is_any(value, dict, list, tuple):
        parts = dict.values(value) if is_a(value, dict) else value
        return list(parts) if len(parts) < MOST_PARTS else []
    if value is None or is_a(value, types.ModuleType):
        return []
    inner = own_space(value)
    return [*wrapped_by(value), *(inner.values() if len(inner) < MOST_PARTS else ())]


def running(codes: Iterable[CodeType]) -> set[str]:
    """Qualified names of the given codes that a thread is executing at this moment."""
    wanted = {(c.co_filename, c.co_qualname, c.co_firstlineno) for c in codes}
    found = set()
    frames = list(sys._current_frames().values())
    while frames:  # nothing of them is kept: a frame that refers to itself would hold code objects until the next gc
        at: types.FrameType | None = frames.pop()
        while at is not None:
            code = at.f_code
            if (code.co_filename, code.co_qualname, code.co_firstlineno) in wanted:
                found.add(code.co_qualname)
            at = at.f_back
    return found


# ---------------------------------------------------------------------- replacing objects that others hold


Twins: TypeAlias = dict[int, tuple[object, object]]
"""By the id of an object that is replaced: the object, and what stands for it."""


def substitute(twins: Twins, journal: Journal, ignore: Iterable[object] = (), new: Container[int] = ()) -> None:
    """Let every container that got hold of a replaced object hold its twin instead (one heap pass for all).

    A list that then has it twice loses the later entry, unless it is itself `new` (ids).  Tuples and unions of types
    are made anew, and replaced in their holders in turn.
    """
    skip = {id(twins), *(id(o) for o in ignore), *(id(pair) for pair in twins.values())}
    for _ in range(5):
        targets: list[object] = [pair[0] for pair in twins.values()]
        tuples: Twins = {}
        undo = journal.entries()  # what is replaced is what a rollback puts back
        holders = [
            holder
            for holder in gc.get_referrers(*targets)
            if not (id(holder) in skip or id(holder) in undo or holder is targets or journal.keeps(holder))
        ]
        owners = classes_of_namespaces([holder for holder in holders if is_instance(holder, dict)])
        for holder in holders:
            made = _made_anew(holder, twins)
            if made is not MISSING:
                tuples[id(holder)] = holder, made
            elif not is_instance(holder, types.FrameType):
                _substitute_in(holder, twins, journal, is_new=id(holder) in new, owner=owners.get(id(holder)))
        if not tuples:
            return
        twins, skip = tuples, skip | {id(tuples), *(id(pair) for pair in tuples.values())}


def substitute_in(place: Any, twins: Twins, journal: Journal, *, is_new: bool) -> None:
    """The same in one container: in itself, in tuples that it holds, and for instances among these."""
    parts = [*dict.keys(place), *dict.values(place)] if is_a(place, dict) else list(place)
    tuples = [part for part in parts if is_a(part, tuple) and any(id(e) in twins for e in tuple.__iter__(part))]
    for part in [*parts, *(inner for each in parts if is_a(each, tuple) for inner in tuple.__iter__(each))]:
        if id(type(part)) in twins:
            _change_class(part, twins, journal)
    weak = [part for part in parts if is_a(part, ref) and id(ref.__call__(part)) in twins]
    if tuples or weak or any(id(part) in twins for part in parts):
        anew = ((each, _made_anew(each, twins)) for each in tuples)
        made: Twins = {id(each): (each, other) for each, other in anew if other is not MISSING}
        made |= {id(each): (each, _referring(each, twins)) for each in weak}
        _substitute_in(place, {**twins, **made}, journal, is_new=is_new)


def _referring(reference: Any, twins: Twins) -> Any:
    """A weak reference to the twin, that does the same when that is gone."""
    live = _twin(ref.__call__(reference), twins)
    if is_a(reference, KeyedRef):
        return KeyedRef(live, reference.__callback__, reference.key)
    return ref(live, reference.__callback__)


def _made_anew(holder: Any, twins: Twins) -> Any:
    """A copy of an immutable holder with the twins in it; MISSING for all that can be written to."""
    if is_a(holder, tuple):
        return tuple_like(holder, tuple(_twin(v, twins) for v in tuple.__iter__(holder)))
    if is_instance(holder, types.UnionType):
        return functools.reduce(operator.or_, _twin(holder.__args__, twins))
    if is_instance(holder, types.GenericAlias):
        return types.GenericAlias(_twin(holder.__origin__, twins), _twin(holder.__args__, twins))
    return MISSING


def _twin(value: Any, twins: Twins) -> Any:
    return twins[id(value)][1] if id(value) in twins else value


def _substitute_in(
    holder: Any, twins: Twins, journal: Journal, *, is_new: bool = False, owner: type | None = None
) -> None:
    """`owner` is the class of which the holder is the namespace, if so."""
    _change_class(holder, twins, journal)
    if is_instance(holder, dict):
        if owner is not None:  # past the type's own attribute cache nothing may be written
            for name, value in [(n, v) for n, v in items_of(holder) if id(v) in twins]:
                journal.set_attribute(owner, name, _twin(value, twins))
            return
        _refill(holder, {_twin(k, twins): _twin(v, twins) for k, v in items_of(holder)}, journal)
    elif is_instance(holder, list | deque):
        held = keys_of(holder)
        content = [_twin(v, twins) for v in held] if is_new else _as_often_as_anew(held, twins)
        _refill(holder, content, journal)
    elif is_instance(holder, set):
        _refill(holder, {_twin(v, twins) for v in keys_of(holder)}, journal)
    elif is_instance(holder, types.CellType):
        before = holder.cell_contents
        after = _twin(before, twins)
        journal.call((setattr, holder, "cell_contents", after), (setattr, holder, "cell_contents", before))
    elif is_a(holder, FunctionType):
        if id(holder.__defaults__) in twins:
            journal.set_attribute(holder, "__defaults__", _twin(holder.__defaults__, twins))
    elif not is_any(holder, types.MethodType, type):
        # Python keeps attributes in the instance itself until somebody asks for its dictionary.
        for name, value in [(n, v) for n, v in own_space(holder).items() if id(v) in twins]:
            journal.set_item(own_space(holder), name, _twin(value, twins))
        for name in _slots(type(holder)):
            value = _in_slot(holder, name)
            if id(value) in twins:
                journal.set_attribute(holder, name, _twin(value, twins))


def _change_class(holder: Any, twins: Twins, journal: Journal) -> None:
    """Instances and subclasses that were made of a replaced class belong to its twin."""
    if is_a(holder, type):
        bases: tuple[type, ...] = type.__dict__["__bases__"].__get__(holder)
        if id(holder) not in twins and any(id(base) in twins for base in bases):
            set_bases(holder, _twin_classes(bases, twins), journal)
    elif id(type(holder)) in twins and not is_a(type(holder), EnumMeta):
        journal.set_attribute(holder, "__class__", _twin(type(holder), twins))


def _twin_classes(bases: tuple[type, ...], twins: Twins) -> tuple[type, ...]:
    return tuple(_twin(base, twins) for base in bases)


def _refill(holder: Any, content: Any, journal: Journal) -> None:
    journal.remember(holder)
    fill(holder, content)


def _same_items(one: Mapping[str, Any], other: dict[Any, Any]) -> bool:
    """Equal by identity: values of the program are never asked whether they are equal."""
    return len(one) == len(other) and all(one.get(key, MISSING) is value for key, value in other.items())


def classes_of_namespaces(spaces: Iterable[dict[Any, Any]]) -> dict[int, type]:
    """By the ids of those of the dictionaries that are namespaces of classes, these classes (one heap pass for all)."""
    likely = [s for s in spaces if "__module__" in s and "__doc__" in s and "__name__" not in s]
    found: dict[int, type] = {}
    for holder in gc.get_referrers(*likely) if likely else ():
        if is_instance(holder, type):
            own = vars(holder)
            found |= {id(space): holder for space in likely if _same_items(own, space)}
    return found


def _in_slot(holder: object, name: str) -> Any:
    member = in_classes(type(holder).__mro__, name)
    try:
        return member.__get__(holder) if type(member) is types.MemberDescriptorType else MISSING
    except AttributeError:
        return MISSING


def _slots(cls: type) -> Iterator[str]:
    for base in cls.__mro__:
        slots = base.__dict__.get("__slots__", ())
        yield from (slots,) if is_instance(slots, str) else slots


def _as_often_as_anew(values: Iterable[Any], twins: Twins) -> list[Any]:
    """The values with their live twins, those as often as they were put there anew: that replaces what was there."""
    left = Counter(id(twins[id(value)][1]) for value in values if id(value) in twins)
    anew = frozenset(left)
    kept = []
    for value in (_twin(v, twins) for v in values):
        if id(value) in anew:
            if not left[id(value)]:
                continue
            left[id(value)] -= 1
        kept.append(value)
    return kept


def _measure() -> tuple[int, int]:
    """How many references `_only_holder` and `_nested_only_there` see for a code object that nobody else holds."""
    space: dict[str, Any] = {}
    exec("def outer():\n def inner(): return outer\n return inner", space)
    probe = OldCode.__new__(OldCode)
    probe.functions = {}
    held = _refcount_seen(space["outer"])
    inner = next(sys.getrefcount(c) for c in nested(space["outer"].__code__))
    return held, inner


def _refcount_seen(function: FunctionType) -> int:
    def look(code: CodeType) -> int:
        return sys.getrefcount(code)

    return next(look(f.__code__) for f in [function])


_HELD_ONCE, _NESTED = _measure()
_IN_SOURCE = 3
"""As many are seen of the code in a compiled source: the code around it, the pair, the question itself."""


def replace_held_codes(old: list[tuple[CodeType, FunctionType]], journal: Journal) -> None:
    """Let containers that hold the old code of a function (a decorator may have put it there) hold its new one."""
    twins: Twins = {id(c): (c, f.__code__) for c, f in old if c is not f.__code__}
    if twins:
        for holder in gc.get_referrers(*(code for code, _ in old)):
            if is_instance(holder, set | dict | list) and holder is not twins:
                _substitute_in(holder, twins, journal)


def is_held(function: FunctionType, ignore: list[Any]) -> bool:
    """Whether anything but the given list still refers to the function."""
    skip = {id(ignore), *(id(entry) for entry in ignore)}
    return any(id(r) not in skip and not is_instance(r, types.FrameType) for r in gc.get_referrers(function))


def _words(code: CodeType) -> tuple[object, ...]:
    """What a code object names and holds, and where it stands: the same however its calls were compiled."""
    held = [(type(each), each) for each in code.co_consts if not is_instance(each, CodeType)]
    return code.co_names, code.co_varnames, code.co_freevars, held, set(code.co_positions())
