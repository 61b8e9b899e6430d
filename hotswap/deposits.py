"""What a statement put into containers and objects of the program as it ran, so that just that can be taken back.

A *deposit* is the difference that one statement made to one target: a dictionary, list or set, or the attributes of an
object.  It keeps nothing alive: targets are told by their identity, entries by weak references where there are such.
"""

from __future__ import annotations

import functools
import operator
import sys
from collections import Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import islice
from types import CellType, FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any, Literal, TypeAlias
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary, ref

from hotswap.holders import cell_content, tuple_of
from hotswap.journal import MISSING
from hotswap.looking import is_a, is_any, own_space

DEEPEST = 4
"""How many objects within objects are followed."""
LARGEST = 2_000
"""Containers with more entries are data: what statements put into them is not kept apart."""
MOST = 500
"""How many targets are looked at for one statement."""

Kind: TypeAlias = Literal["keys", "items", "members", "attributes"]
IsOurs: TypeAlias = Callable[[object], bool]
"""Whether the module of that name belongs to the program."""

ATOMS = frozenset((int, float, complex, str, bytes, bool, type(None), type(Ellipsis)))
NUMBERS = frozenset((int, float, complex))
GROWING = frozenset((tuple, list, frozenset))
"""Collections to which something is added by giving a name another one: `cls.all = (*cls.all, item)`."""
KEYED = frozenset((dict, OrderedDict, defaultdict, Counter))
ITEMS = frozenset((list, deque))
CONTAINERS = KEYED | ITEMS | {set}
WRAPPERS = (UserDict, UserList, WeakSet, WeakKeyDictionary, WeakValueDictionary)
"""Containers of the standard library that are written in Python: what is in them is in their `data`."""


# ---------------------------------------------------------------------- objects, without keeping them


class Weak:
    """Stands for the type of objects that are referred to weakly."""


class WeakTo:
    """Stands for the type of weak references."""


@dataclass(frozen=True, slots=True)
class Token:
    """Tells one object from others.  Plain values are kept; of what cannot be referred to weakly only the identity."""

    kind: type
    value: Any

    @classmethod
    def of(cls, value: Any) -> Token:
        """What the object will be known by."""
        kind = type(value)
        if value is MISSING:
            return NOTHING
        if kind in ATOMS:
            return cls(kind, value)
        if is_a(value, tuple):  # those with names, too
            return cls(kind, tuple(map(cls.of, tuple.__iter__(value))))
        if is_a(value, ref) and (held := ref.__call__(value)) is not None:
            return cls(WeakTo, ref(held))
        try:
            return cls(Weak, ref(value))
        except TypeError:
            return cls(kind, id(value))

    def stands_for(self, value: Any) -> bool:
        """Whether it is the token of this very object, or of an equal plain value."""
        if self.kind is Weak:
            return self.value() is value
        if self.kind is WeakTo:
            return is_a(value, ref) and self.value() is ref.__call__(value)
        if issubclass(self.kind, tuple):
            parts: tuple[Token, ...] = self.value
            is_alike = type(value) is self.kind and len(parts) == tuple.__len__(value)
            return is_alike and all(map(Token.stands_for, parts, tuple.__iter__(value)))
        if type(value) is not self.kind:
            return False
        return bool(self.value == value) if self.kind in ATOMS else value is MISSING or id(value) == self.value

    def thing(self) -> Any:
        """The object itself; MISSING when it is gone, or cannot be told."""
        if self.kind is Weak:
            found = self.value()
            return MISSING if found is None else found
        if issubclass(self.kind, tuple):
            parts = tuple(token.thing() for token in self.value)
            return MISSING if any(part is MISSING for part in parts) else tuple_of(self.kind, parts)
        return self.value if self.kind in ATOMS else MISSING

    @property
    def is_found_again(self) -> bool:
        """Whether the object itself can be told from it while it lives: not of a list, which has no weak references."""
        if self.kind is tuple:
            return all(token.is_found_again for token in self.value)
        return self.kind in ATOMS or self.kind is Weak or self is NOTHING

    def translated(self, twin: Callable[[Any], Any], ids: Mapping[int, int] | None = None) -> Token:
        """The token of what an object has become; `ids` stand beside references to it."""
        ids = self._ids(twin) if ids is None else ids
        if issubclass(self.kind, tuple):
            return Token(self.kind, tuple(token.translated(twin, ids) for token in self.value))
        if self.kind is int:
            return Token(int, ids.get(self.value, self.value))
        found = self.value() if self.kind in (Weak, WeakTo) else None
        return self if found is None or twin(found) is found else Token(self.kind, ref(twin(found)))

    def _ids(self, twin: Callable[[Any], Any]) -> dict[int, int]:
        """The ids of objects to which a tuple refers weakly, with those of what they have become."""
        found: dict[int, int] = {}
        for token in self.value if issubclass(self.kind, tuple) else ():
            held = token.value() if token.kind is WeakTo else None
            found |= token._ids(twin) | ({id(held): id(twin(held))} if held is not None else {})
        return found


NOTHING = Token(type(MISSING), MISSING)
"""Nothing is there."""
GROWN = Token(type(GROWING), GROWING)
"""A collection is there to which something was added."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One difference: what is there now (NOTHING: it was taken out), and what was there before.

    `key` is a token, the name of an attribute, or a position for what was taken out of a list.  `within` is what came
    with a container that nobody else holds.
    """

    key: Any
    after: Token
    before: Token = NOTHING
    within: Deposit | None = None


@dataclass(frozen=True, slots=True)
class Deposit:
    """What a statement did to one target; `target` is its identity."""

    target: int
    kind: Kind
    entries: tuple[Entry, ...]
    ahead: bool = False
    """Whether what it put into a list came before all that had been there."""

    def translated(self, twin: Callable[[Any], Any]) -> Deposit:
        """The same for objects of which some have become others."""
        return replace(self, entries=tuple(map(functools.partial(_translated, twin), self.entries)))


def _translated(twin: Callable[[Any], Any], entry: Entry) -> Entry:
    key = entry.key.translated(twin) if is_a(entry.key, Token) else entry.key
    within = entry.within.translated(twin) if entry.within is not None else None
    return Entry(key, entry.after.translated(twin), entry.before.translated(twin), within)


# ---------------------------------------------------------------------- targets


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """Something that a statement may write to."""

    value: Any
    kind: Kind

    @property
    def key(self) -> tuple[int, Kind]:
        """What deposits know it by."""
        return id(self.value), self.kind

    def content(self) -> Any:
        """A copy of what is in it, as a dictionary or a list.  No code of its class runs."""
        if self.kind == "attributes":
            space = attributes_of(self.value)
            return {name: value for name, value in space.items() if not is_special(name)}
        if self.kind == "keys":
            return dict(OrderedDict.items(self.value) if is_a(self.value, OrderedDict) else dict.items(self.value))
        base: Any = next(base for base in (list, deque, set) if is_a(self.value, base))
        return list(base.__iter__(self.value))


def within(roots: Iterable[Any], is_ours: IsOurs, seen: dict[int, Any]) -> Iterator[Target]:
    """The targets that can be reached from objects, the nearest first; of modules only those that are given.

    `seen` are objects that have been looked at; they are held there, so that their identity stays theirs.
    """
    level = list(roots)
    for depth in range(DEEPEST):
        inside: list[Any] = []
        for value in level:
            if type(value) in ATOMS or id(value) in seen or (depth and is_a(value, ModuleType)):
                continue
            seen[id(value)] = value
            yield from _targets(value, is_ours, inside)
        level = inside


def _targets(value: Any, is_ours: IsOurs, inside: list[Any]) -> Iterator[Target]:
    """The object as a target, if it is one; what is in it is added to `inside`."""
    if is_a(value, type):
        space = own_space(value)
        if is_ours(space.get("__module__")):
            inside += [part for name, part in space.items() if name != "__dict__" and _may_hold(part)]
            inside += [*type.__dict__["__mro__"].__get__(value)[1:-1], type(value)]
            yield Target(value, "attributes")
    elif is_a(value, ModuleType):
        if is_ours(own_space(value).get("__name__")):
            yield Target(value, "attributes")
    elif is_a(value, FunctionType):
        if is_ours(value.__module__):
            cells = _cells(value)
            inside += [*(value.__defaults__ or ()), *own_space(value).values(), *(held for _, held in cells)]
            yield Target(value, "attributes")
            yield from (Target(cell, "attributes") for cell, held in cells if type(held) in GROWING)
    elif is_a(value, MethodType):
        inside += [value.__self__, value.__func__]
    elif is_a(value, functools.partial):
        inside += [value.func, *value.args, *value.keywords.values()]
    else:
        kind = kind_of(value)
        if kind is not None and _size(value) <= LARGEST:
            yield Target(value, kind)
            if not CONTAINERS.isdisjoint(map(type, _parts(value, kind))):
                inside += [part for part in _parts(value, kind) if type(part) in CONTAINERS]
        if type(value) not in CONTAINERS and is_ours(type.__getattribute__(type(value), "__module__")):
            yield Target(value, "attributes")
            inside += [type(value), *(part for part in attributes_of(value).values() if _may_hold(part))]
        elif is_any(value, *WRAPPERS):
            inside += [own_space(value).get("data")]


def attributes_of(value: Any) -> dict[str, Any]:
    """What an object or class holds itself, slots too; a copy where there are any."""
    if is_a(value, type):
        return own_space(value)
    if is_a(value, CellType):
        content = cell_content(value)
        return {} if content is MISSING else {"cell_contents": content}
    space, classes = own_space(value), type.__dict__["__mro__"].__get__(type(value))
    for name, member in [pair for cls in classes for pair in _slots_of(cls).items()]:
        try:
            space = {**space, name: member.__get__(value)}
        except AttributeError:  # it is empty
            continue
    return space


def _slots_of(cls: type) -> dict[str, Any]:
    space = type.__dict__["__dict__"].__get__(cls)
    return {n: m for n, m in space.items() if type(m) is MemberDescriptorType} if "__slots__" in space else {}


def kind_of(value: Any) -> Kind | None:
    """What sort of container an object is, if it is one."""
    kinds: dict[type, Kind] = {dict: "keys", list: "items", deque: "items", set: "members"}
    return next((kinds[base] for base in kinds if issubclass(type(value), base)), None)


def _parts(container: Any, kind: Kind) -> Iterable[Any]:
    """What may be containers in a container."""
    if kind == "keys":
        return dict.values(container)
    base: Any = list if is_a(container, list) else deque
    return base.__iter__(container) if kind == "items" else ()


def _size(container: Any) -> int:
    base: Any = next(base for base in (dict, list, deque, set) if issubclass(type(container), base))
    return int(base.__len__(container))


def _may_hold(value: Any) -> bool:
    return type(value) not in ATOMS and not is_a(value, type) and not is_a(value, FunctionType)


def _cells(function: FunctionType) -> list[tuple[CellType, Any]]:
    """The variables of a closure that hold something, each with that."""
    found = [(cell, cell_content(cell)) for cell in function.__closure__ or ()]
    return [(cell, content) for cell, content in found if content is not MISSING]


# ---------------------------------------------------------------------- the difference


@dataclass(slots=True)
class Look:
    """The targets that one statement may write to, as they were before it did."""

    is_ours: IsOurs
    before: dict[tuple[int, Kind], tuple[Target, Any]] = field(default_factory=dict)
    seen: dict[int, Any] = field(default_factory=dict)
    written: dict[int, Any] = field(default_factory=dict)
    """Objects of which any attribute may be set: of others only numbers of instances count, and collections that grow,
    as the rest may be what methods keep."""
    set_on: dict[int, set[str]] = field(default_factory=dict)
    """By the identity of objects the attributes that functions set which are no methods of theirs."""
    bound: dict[int, set[str]] = field(default_factory=dict)
    """By the identity of namespaces the globals that statements bind themselves."""
    is_unclear: bool = False
    """Whether there was too much to look at."""

    def at(self, roots: Iterable[Any], *, sets: bool = False) -> None:
        """Take in what can be reached from these objects, as far as it is not known yet; `sets`: see `written`."""
        for target in within(roots, self.is_ours, self.written if sets else self.seen):
            if target.key not in self.before:
                if len(self.before) >= MOST:
                    self.is_unclear = True
                    return
                self.before[target.key] = target, target.content()

    def leave_out(self, value: Any) -> None:
        """An object that the statement itself makes."""
        self.seen.setdefault(id(value), value)
        self.written.setdefault(id(value), value)

    def leave_out_names(self, namespace: dict[str, Any], names: Iterable[str]) -> None:
        """Globals that statements bind themselves."""
        self.bound.setdefault(id(namespace), set()).update(names)

    def deposits(self) -> list[Deposit]:
        """What has changed."""
        known = {id(target.value) for target, _ in self.before.values()}
        found = []
        for target, before in self.before.values():
            now = target.content()
            if not _same(before, now):
                entries = _keyed(before, now, known) if isinstance(now, dict) else _listed(before, now, known)
                if target.kind == "attributes" and id(target.value) not in self.written:
                    entries = [each for entry in entries for each in self._counted(entry, before, now, target.value)]
                if is_a(target.value, ModuleType):
                    names = self.bound.get(id(own_space(target.value)), frozenset[str]())
                    entries = [entry for entry in entries if _is_made_up(entry.key, names, now)]
                self.is_unclear = self.is_unclear or len(entries) > LARGEST
                if entries and len(entries) <= LARGEST:
                    is_ahead = target.kind == "items" and _is_ahead(before, now)
                    found.append(Deposit(id(target.value), target.kind, tuple(entries), is_ahead))
        return found

    def _counted(self, entry: Entry, before: Mapping[str, Any], now: Mapping[str, Any], owner: Any) -> Iterator[Entry]:
        """Of an attribute that a function has set: a number as it is, of a collection what was added."""
        value, was = now.get(entry.key, MISSING), before.get(entry.key, MISSING)
        if type(value) in GROWING:
            yield from _grown(entry.key, was, value, owner)
        elif entry.key in self.set_on.get(id(owner), ()) or (
            type(was if value is MISSING else value) in NUMBERS and not is_any(owner, type, FunctionType, CellType)
        ):
            yield entry


def _is_made_up(name: str, bound: AbstractSet[str], now: Mapping[str, Any]) -> bool:
    """Whether a function may have given a module a name, rather than a statement or an import."""
    return name not in bound and not is_a(now.get(name), ModuleType)


def _grown(name: str, was: Any, value: Any, owner: Any) -> Iterator[Entry]:
    if was is MISSING and is_any(owner, type, FunctionType):
        was = ()
    if type(was) in (type(value), tuple) and not Counter(map(id, was)) - Counter(map(id, value)):
        added = tuple(each for each in _listed(list(was), list(value), set()) if each.after is not NOTHING)
        yield Entry(name, GROWN, NOTHING, Deposit(id(owner), "items", added))


def _is_ahead(before: list[Any], now: list[Any]) -> bool:
    """Whether all that came into a list stands before what had been there."""
    came = len(now) - len(before)
    return bool(before) and came > 0 and all(map(operator.is_, before, islice(now, came, None)))


def is_special(name: object) -> bool:
    """Whether Python itself gives objects an attribute of this name."""
    return is_a(name, str) and name.startswith(("__", "_abc_"))


def _same(before: Any, now: Any) -> bool:
    if len(before) != len(now) or not all(map(operator.is_, before, now)):
        return False
    return not isinstance(now, dict) or all(map(operator.is_, before.values(), now.values()))


def _keyed(before: Mapping[Any, Any], now: dict[Any, Any], known: set[int]) -> list[Entry]:
    if all(map(operator.is_, before, now)) and all(map(operator.is_, before.values(), now.values())):
        made = list(islice(now, len(before), None))  # as a rule
    else:
        made = [key for key, value in now.items() if before.get(key, MISSING) is not value]
    found = [
        Entry(_key(key), Token.of(now[key]), Token.of(before.get(key, MISSING)), _inside(now, key, known))
        for key in made
    ]
    return found + [Entry(_key(key), NOTHING, Token.of(was)) for key, was in before.items() if key not in now]


def _key(key: Any) -> Any:
    return key if type(key) is str else Token.of(key)


def _listed(before: list[Any], now: list[Any], known: set[int]) -> list[Entry]:
    """What came into a list, in order, and what went."""
    first = len(before)
    if len(now) < first or not all(map(operator.is_, before, now)):
        return _mingled(before, now, known)
    return [Entry(None, Token.of(now[n]), NOTHING, _inside(now, n, known)) for n in range(first, len(now))]


def _mingled(before: list[Any], now: list[Any], known: set[int]) -> list[Entry]:
    was, left = Counter(map(id, before)), Counter(map(id, now))
    came, went = left - was, was - left
    found = []
    for number in reversed(range(len(now))):
        if came[id(now[number])] > 0:
            came[id(now[number])] -= 1
            found.append(Entry(None, Token.of(now[number]), NOTHING, _inside(now, number, known)))
    found.reverse()
    for position, value in enumerate(before):
        if went[id(value)] > 0:
            went[id(value)] -= 1
            found.append(Entry(position, NOTHING, Token.of(value)))
    return found


def _inside(holder: Any, key: Any, known: set[int]) -> Deposit | None:
    """What is in a container that a statement put somewhere, and that nobody else has: others may fill it on."""
    if type(holder[key]) not in CONTAINERS or id(holder[key]) in known or _references(holder, key) > _ALONE:
        return None
    target = Target(holder[key], kind_of(holder[key]) or "items")
    now = target.content()
    if not 0 < len(now) <= LARGEST:
        return None
    entries = _keyed({}, now, known) if isinstance(now, dict) else _listed([], now, known)
    return Deposit(id(holder[key]), target.kind, tuple(entries))


def _references(holder: Any, key: Any) -> int:
    return sys.getrefcount(holder[key])


_SAMPLE: list[list[int]] = [[]]
_COPY = list(_SAMPLE)
_ALONE = _references(_COPY, 0)
"""How many references are seen of what only its container holds, and a copy of that."""
