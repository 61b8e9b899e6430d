"""What a statement put into containers and objects of the program as it ran, so that just that can be taken back.

A *deposit* is the difference that one statement made to one target: a dictionary, list or set, or the attributes of an
object.  It keeps nothing alive: targets are told by their identity and a mark, entries by weak references where there
are such.
"""

from __future__ import annotations

import functools
import operator
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import islice, repeat
from types import CellType, FunctionType, ModuleType
from typing import Any
from weakref import ref

from hotswap.holders import tuple_of
from hotswap.journal import MISSING
from hotswap.looking import is_a, is_any, own_space
from hotswap.targets import (
    ATOMS,
    CONTAINERS,
    GROWING,
    LARGEST,
    UNMARKED,
    IsOurs,
    Kind,
    Mark,
    Seen,
    Target,
    kind_of,
    within,
)

MOST = 500
"""How many targets are looked at for one statement."""

NUMBERS = frozenset((int, float, complex))


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
        """Whether the object can be told from it while it lives; not a list, to which there are no weak references."""
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
    nth: int = 0
    """Of what came into a list: how often the same object stood before it."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """What a statement did to one target; `target` is its identity."""

    target: int
    kind: Kind
    entries: tuple[Entry, ...]
    mark: Mark = UNMARKED
    """Tells it from others that may get its identity."""
    ahead: bool = False
    """Whether what it put into a list came before all that had been there."""

    def moved(self, counterparts: Mapping[int, Any], contents: Mapping[int, Any]) -> Deposit:
        """The same in what stands for the target.

        `counterparts` are by the identity of what they stand for, `contents` what had been in them, by their own.
        """
        if self.target not in counterparts:
            return self
        target = id(counterparts[self.target])
        known = contents[target] if self.kind == "keys" else {}
        entries = (_found_by(entry, known) if known else entry for entry in self.entries)
        return replace(self, target=target, entries=tuple(entries))

    def translated(self, twin: Callable[[Any], Any]) -> Deposit:
        """The same for objects of which some have become others."""
        entries = tuple(map(functools.partial(_translated, twin), self.entries))
        return replace(self, entries=entries, mark=self.mark.translated(twin))


def _found_by(entry: Entry, content: Mapping[Any, Any]) -> Entry:
    """The same in a dictionary in which something else had been."""
    key = entry.key.thing() if is_a(entry.key, Token) else entry.key
    return replace(entry, before=Token.of(content.get(key, MISSING))) if key is not MISSING else entry


def _translated(twin: Callable[[Any], Any], entry: Entry) -> Entry:
    key = entry.key.translated(twin) if is_a(entry.key, Token) else entry.key
    within = entry.within.translated(twin) if entry.within is not None else None
    return Entry(key, entry.after.translated(twin), entry.before.translated(twin), within, entry.nth)


# ---------------------------------------------------------------------- the difference


@dataclass(slots=True)
class Look:
    """The targets that one statement may write to, as they were before it did."""

    is_ours: IsOurs
    before: dict[tuple[int, Kind], tuple[Target, Any]] = field(default_factory=dict)
    seen: Seen = field(default_factory=dict)
    written: Seen = field(default_factory=dict)
    """Objects of which any attribute may be set: of others only numbers of instances count, and collections that grow,
    as the rest may be what methods keep."""
    set_on: dict[int, set[str]] = field(default_factory=dict)
    """By the identity of objects the attributes that functions set which are no methods of theirs."""
    bound: dict[int, set[str]] = field(default_factory=dict)
    """By the identity of namespaces the globals that statements bind themselves."""
    modules: dict[str, ModuleType] = field(default_factory=dict)
    """Those that may have names for what is looked at."""
    calls: int = 0
    """How many functions have begun meanwhile that may change something."""
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
        self.seen[id(value)] = self.written[id(value)] = value, 0

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
                    mark = Mark.of(target, self.modules.values())
                    found.append(Deposit(id(target.value), target.kind, tuple(entries), mark, is_ahead))
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
    return [_came(now, n, known) for n in range(first, len(now))]


def _came(now: list[Any], position: int, known: set[int]) -> Entry:
    before = sum(map(operator.is_, islice(now, position), repeat(now[position])))
    return Entry(None, Token.of(now[position]), NOTHING, _inside(now, position, known), before)


def _mingled(before: list[Any], now: list[Any], known: set[int]) -> list[Entry]:
    was, left = Counter(map(id, before)), Counter(map(id, now))
    came, went = left - was, was - left
    found = []
    for number in reversed(range(len(now))):
        if came[id(now[number])] > 0:
            came[id(now[number])] -= 1
            found.append(_came(now, number, known))
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
