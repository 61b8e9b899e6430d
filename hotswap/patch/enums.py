"""Enumerations: surviving members stay the objects that they are, and take on what the fresh members have."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator
from enum import Enum, EnumMeta, Flag
from itertools import chain
from typing import Any

from hotswap.errors import CannotSwap
from hotswap.journal import Journal, object_setattr
from hotswap.looking import is_instance
from hotswap.patch.instances import holders, instance_dict
from hotswap.patch.layout import native_base, own_slots
from hotswap.patch.reasons import reason
from hotswap.patch.twins import Twins, replace_content

_TABLES = ("_member_map_", "_value2member_map_", "_hashable_values_", "_unhashable_values_map_")


def have_other_members(live: type, fresh: type) -> bool:
    """Whether a member comes, goes, or gets another value.  True for what is no enumeration."""
    if not is_instance(live, EnumMeta) or not is_instance(fresh, EnumMeta):
        return True
    before, now = _by_name(live), _by_name(fresh)
    return list(before) != list(now) or not all(_same_payload(before[name], now[name]) for name in now)


class Members:
    """The members of a fresh enumeration on their way into the live one."""

    def __init__(self, live: EnumMeta, fresh: EnumMeta, twins: Twins, journal: Journal) -> None:
        """Pairs the members by name.  Raises CannotSwap for a member in use that became the alias of another one."""
        self._journal = journal
        self._live, self._fresh, self._twins = live, fresh, twins
        self._map = live._member_map_
        self._old = _by_name(live)
        self._new = _by_name(fresh)
        self._check_aliases()
        pairs = {n: (self._old[n], member) for n, member in self._new.items() if n in self._old}
        self._pairs = [*(pair for pair in pairs.values() if _same_payload(*pair)), *self._renamed()]
        for old, new in self._pairs:
            twins.add(new, old)
        self._composites = self._surviving_composites()

    def _renamed(self) -> Iterator[tuple[Any, Any]]:
        """Members that are a number or text themselves, of which another name is told now: who holds one has that.

        A dictionary would not take the new one as a key where the old one stands, for they are equal.
        """
        gone = [member for name, member in self._old.items() if name not in self._fresh._member_map_]
        for name, new in self._new.items():
            if name not in self._old and native_base(type(new)) is not object:
                old = next((member for member in gone if _same_payload(member, new)), None)
                if old is not None:
                    gone.remove(old)
                    yield old, new

    def begin(self, journal: Journal) -> None:
        """Members that only the fresh class has change over to the live one; the others take on the fresh content."""
        kept = {id(new) for _, new in self._pairs}
        for member in _all(self._fresh):
            if id(member) not in kept:
                # Not undone: after a rollback the fresh class is garbage, and these members of it with it.
                journal.call((object_setattr, member, "__class__", self._live), (_leave,))
                self._twins.settle(instance_dict(member))
        for old, new in self._pairs:
            self._take_over(old, new, journal)

    def _take_over(self, old: Enum, new: Enum, journal: Journal) -> None:
        content = {n: self._twins.settle(v) for n, v in (instance_dict(new) or {}).items()}
        space = instance_dict(old)
        if space is not None:
            replace_content(space, content, journal)
        for cls in type(new).__mro__:
            for name in own_slots(cls) if cls is not type(new) else ():
                if hasattr(new, name):
                    journal.set_attribute(old, name, getattr(new, name))

    def finish(self, journal: Journal) -> None:
        """The tables.  `Color.__members__` is a view of a dictionary that others hold: it stays, with new content."""
        replace_content(self._map, dict(self._live._member_map_), journal)
        journal.set_attribute(self._live, "_member_map_", self._map)
        table = self._live.__dict__["_value2member_map_"]
        for value, member in self._composites:
            journal.set_item(vars(member), "_value_", value)
            journal.set_item(vars(member), "_inverted_", None)
            if not _has_name(table.get(value)):  # else that is the one from now on
                journal.set_item(table, value, member)

    def _check_aliases(self) -> None:
        """A member's hash is that of its name: when it becomes another member's alias, dictionaries would lose it."""
        for name in self._old:
            target = self._fresh._member_map_.get(name)
            if target is not None and target._name_ != name and self._held(self._old[name]):
                why = f"{name} became an alias of {target._name_}, and the member {name} is in use"
                raise CannotSwap(reason("HS208", self._fresh, "cannot keep a member", why))

    def _held(self, member: Enum) -> list[str]:
        """What kinds of objects outside of the class refer to a member, garbage aside."""
        if not self._holders(member):
            return []
        gc.collect()  # the class that a member was first made for, in an earlier round
        return self._holders(member)

    def _holders(self, member: Enum) -> list[str]:
        found = []  # in a loop: a comprehension would hold the member in a cell
        own = chain(map(self._live.__dict__.get, _TABLES), (self._old,), self._live.__dict__.values())
        for holder in holders(member, own):
            if not self._is_bookkeeping(holder, member):
                found.append(type(holder).__name__)  # noqa: PERF401  see above
        return found

    def _is_bookkeeping(self, holder: object, member: Enum) -> bool:
        """Whether what refers to a member belongs to its class: the namespace, another member, a pair of ours."""
        if is_instance(holder, Enum):
            return type(holder) is self._live
        if type(holder) is dict:
            ours = holder.get("_member_map_", self) is self._map or holder.get("__objclass__") is self._live
            return ours or self._journal.keeps(holder)
        return (
            is_instance(holder, tuple) and len(holder) == 2 and holder[0] is member and type(holder[1]) is self._fresh
        )

    def _surviving_composites(self) -> list[tuple[Any, Enum]]:
        """Combinations of flags that exist as objects, with the value that their flags have now."""
        if not issubclass(self._fresh, Flag):
            return []
        found = []
        named = {id(m) for m in self._live._member_map_.values()}
        for member in [m for m in self._live._value2member_map_.values() if id(m) not in named]:
            parts = [(n, m) for n, m in self._old.items() if m._value_ and m._value_ & member._value_ == m._value_]
            covered = sum({m._value_ for _, m in parts}) == member._value_ and all(n in self._new for n, _ in parts)
            value = sum({self._new[n]._value_ for n, _ in parts}) if covered else None
            if covered and (native_base(type(member)) is object or value == member._value_):
                found.append((value, member))
        return found


def members(cls: type) -> dict[str, Any]:
    """The members of a class by name, combinations of flags as well; none if it is no enumeration."""
    found = _all(cls) if is_instance(cls, EnumMeta) else []
    return {member._name_: member for member in found if member._name_ is not None}


def replaced(fresh: dict[str, Any], live: type) -> dict[int, tuple[object, object]]:
    """The members of a fresh enumeration for which those of the live one stand, by id, for who got hold of them."""
    stay = members(live)
    return {id(each): (each, stay[n]) for n, each in fresh.items() if n in stay and stay[n] is not each}


def exchanged(before: dict[str, Any], live: type) -> list[Any]:
    """The members of before for which others stand by now: what is an int or str itself cannot take on a value.

    And combinations of flags that have got a name: the member of that name is another object.
    """
    now = members(live)
    named = {member._value_: member for member in now.values() if is_instance(member, Flag) and _has_name(member)}
    return [
        each
        for name, each in before.items()
        if now.get(name, each) is not each or (not _has_name(each) and each._value_ in named)
    ]


def _has_name(member: Any) -> bool:
    """Whether a member was given a name, not only made by combining flags."""
    return member is not None and member._name_ in type(member)._member_map_


def cannot_be_exchanged(member: Any) -> CannotSwap:
    """What to say when somebody still holds one of those, or one of a class that was replaced, as the round ends."""
    native = native_base(type(member))
    what = "" if native is object else f", an immutable {native.__name__},"
    why = f"another object stands for {member._name_}{what} now, and objects or running functions hold it"
    return CannotSwap(reason("HS208", type(member), "cannot keep a member", why))


Lookups = list[tuple[Any, int]]
"""The names and values by which members are asked for, in order, each with the identity of the member."""


def lookups(cls: type) -> Lookups:
    """What an enumeration answers with; nothing if it is none."""
    if not is_instance(cls, EnumMeta):
        return []
    named = {id(member) for member in cls._member_map_.values()}
    asked = [*cls._member_map_.items(), *cls._value2member_map_.items()]
    return [(key, id(member)) for key, member in asked if id(member) in named]


def answers_otherwise(before: Lookups, cls: type, changed: Collection[str]) -> Iterator[str]:
    """The keys for which it answers with other members now, or with some that `changed`; "" for all that asks it."""
    now = lookups(cls)
    others = {id(cls._member_map_[name]) for name in changed} if is_instance(cls, EnumMeta) else set()
    found = [(repr(key), at) for key, at in before if type(key) in (str, int)]
    left = [(repr(key), at) for key, at in now if type(key) in (str, int)]
    keys = {key for key, at in {*found, *left} if at in others or ((key, at) in found) != ((key, at) in left)}
    pairs = zip(before, now, strict=False)
    if keys or len(before) != len(now) or not all(_alike(a[0], b[0]) and a[1] == b[1] for a, b in pairs):
        yield ""
    yield from keys


Payloads = dict[str, tuple[int, dict[str, Any]]]
"""By name, which object a member of an enumeration is, and what it holds.  Whoever held the member would be counted."""


def payloads(cls: type) -> Payloads:
    """What the members of a class hold, if it is an enumeration."""
    members = cls._member_map_ if is_instance(cls, EnumMeta) else {}
    content = {name: dict(instance_dict(member) or {}) for name, member in members.items()}
    for each in content.values():
        each.pop("_sort_order_", None)  # nobody asks for its place
    return {name: (id(members[name]), each) for name, each in content.items()}


def other_payloads(before: Payloads, cls: type) -> Iterator[str]:
    """The names of members that are still the same objects, but hold something else now."""
    for name, (member, content) in payloads(cls).items():
        old = before.get(name)
        if old is not None and old[0] == member:
            kept = old[1].keys() == content.keys() and all(_alike(old[1][k], v) for k, v in content.items())
            if not kept:
                yield name


def _alike(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and type(one) in _PLAIN and one == other)


_PLAIN = (int, str, float, bytes)


def _leave() -> None:
    """The undo of what need not be undone."""


def _by_name(cls: EnumMeta) -> dict[str, Any]:
    """The members of an enumeration, aliases aside."""
    return {n: m for n, m in cls._member_map_.items() if m._name_ == n}


def _all(cls: EnumMeta) -> list[Any]:
    """Members, and the combinations of flags that exist already."""
    return list({id(m): m for m in [*cls._member_map_.values(), *cls._value2member_map_.values()]}.values())


def _same_payload(old: Any, new: Any) -> bool:
    """Whether two members agree in what cannot be written: the number or text that they are."""
    native = native_base(type(new))
    if native is object:
        return True
    if native_base(type(old)) is not native:
        return False
    equal, text = getattr(native, "__eq__"), getattr(native, "__repr__")  # noqa: B009  unbound: what the mixin says
    return equal(old, new) is True and text(old) == text(new)
