"""A live class made to behave as a freshly built one; it stays the class that instances, subclasses and others know.

The fresh class has been built by its whole machinery (metaclass, decorators, `__init_subclass__`), so what a fresh
process would have is read from it, never guessed.  `pour` moves that into the live class, member by member.
"""

from __future__ import annotations

import functools
import gc
import types
import typing
from abc import ABCMeta
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from hotswap.errors import CannotSwap
from hotswap.journal import MISSING, Journal
from hotswap.looking import family, in_classes, is_a, is_instance
from hotswap.model import Reason
from hotswap.patch import abstract, enums, layout, machinery, mapped
from hotswap.patch.bases import set_bases
from hotswap.patch.functions import Merge
from hotswap.patch.instances import alive, can_be_counted, forget_cached
from hotswap.patch.reasons import because, reason
from hotswap.patch.twins import Twins
from hotswap.resolving import is_alias

Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the members of a class that is made anew, by their names.

    The live values of those in `kept` stay, unless they are functions or made by the machinery of the class.  Functions
    in `taken` are somebody else's, and stay what they are.  To those in `made` the class body gives an object of their
    own.  Subclasses in `stated` are made anew when another class takes the place of this one.
    """

    kept: Names = frozenset()
    taken: Names = frozenset()
    made: Names = frozenset()
    stated: Collection[type] = ()


Define: TypeAlias = Callable[[str, object, object], object]


def pour(
    live: type,
    fresh: type,
    *,
    journal: Journal,
    merge: Merge,
    known: Known | None = None,
    define: Define | None = None,
) -> type:
    """Make `live` behave as `fresh`; returns the class that the name must be bound to: `live` nearly always.

    `merge(old, new)` gives the object to store for a member.  `define(name, old, new)` gives the object for what a
    `def` of the class body binds, and None for any other member.  Raises CannotSwap, before anything is written, for
    what cannot be true in this process.  Afterwards `fresh` is no subclass of a class of the program, and `live` is
    free of it.
    """
    if live is fresh:
        return live
    work = _Pouring(live, fresh, journal, merge, known or Known(), define or _undefined)
    obstacle = _obstacle(live, fresh)
    if obstacle is not None:
        _refuse_if_used(live, obstacle, known.stated if known is not None else ())
        return work.replace()
    work.pour()
    return live


def plain(cls: type) -> bool:
    """Whether members of the class may be written one by one: only `type` or ABCMeta had a part in building it."""
    if mapped.is_mapped(cls):
        return True  # what is mapped is refused when it comes to it
    if type(cls) not in (type, ABCMeta) or "__slots__" in cls.__dict__ or machinery.generated(cls):
        return False
    if any("__init_subclass__" in c.__dict__ for c in cls.__mro__[1:] if c not in (object, typing.Generic)):
        return False
    return not any(needs_whole_class(member) for member in list(cls.__dict__.values()))


def needs_whole_class(member: object) -> bool:
    """Whether a member was put into its class by `total_ordering`, or had a say about that in a `__set_name__`.

    Also a generic method: other members register with it, and who does so no more is not registered any more.
    """
    if is_a(member, functools.singledispatchmethod):
        return True
    if type(member) is types.FunctionType and member.__globals__ is vars(functools):
        return True
    is_known = type(member).__module__ in ("builtins", "functools")  # a property only notes how it is called
    return not is_known and in_classes(type(member).__mro__, "__set_name__") is not None


def store_member(cls: type, name: str, value: object, journal: Journal) -> None:
    """Give a class a member, also one that `setattr` takes for what `type` keeps of it: a property `__name__`."""
    if name in layout.OWN_OF_TYPE:
        layout.add_member(cls, name, value, journal)
    else:
        journal.set_attribute(cls, name, value)


def refresh(cls: type, journal: Journal, stated: Collection[str] = ()) -> None:
    """Compute again what depends on the members of a plain class, after some of them were written.

    What `isinstance` answered is not forgotten here: that depends on which members there are, not on what they do.
    `stated` are names that the class statement binds itself; a `__hash__` among them is left alone.
    """
    own = cls.__dict__
    if "__eq__" in own and "__hash__" not in own:
        journal.set_attribute(cls, "__hash__", None)
    elif "__eq__" not in own and own.get("__hash__", MISSING) is None and "__hash__" not in stated:
        journal.delete_attribute(cls, "__hash__")
    abstract.update_abstract(cls, journal)


def dismiss(fresh: type) -> None:
    """Take a class that nobody needs from its bases' lists of subclasses, without waiting for the collector."""
    if all(b is layout.native_base(b) for b in fresh.__bases__):
        return  # built-in classes list so much that nobody reads it
    try:
        layout.assign_bases(fresh, (_limbo(fresh),))
    except TypeError:
        gc.collect(1)  # it is young


@contextmanager
def hidden(leaving: Iterable[type]) -> Iterator[None]:
    """Within the block the bases of these do not list them as subclasses, where their layout allows that."""
    bases = {cls: cls.__bases__ for cls in leaving}
    for cls in bases:
        dismiss(cls)
    try:
        yield
    finally:
        for cls, before in bases.items():
            layout.assign_bases(cls, before)
        if bases:
            abstract.clear_answers()  # what abstract bases have said of them meanwhile is not true any more


# ---------------------------------------------------------------------- what cannot be


def _obstacle(live: type, fresh: type) -> Reason | None:
    """Why the live class cannot become the fresh one as it is, if so."""
    if mapped.is_mapped(live):
        raise mapped.refusal(live)
    if live in fresh.__mro__:
        why = "its bases contain the version of it from before the edit"
        raise CannotSwap(reason("HS209", live, "derives from a class of its own name", why))
    if not layout.same_metaclass_layout(type(live), type(fresh)) or machinery.kind(live) != machinery.kind(fresh):
        return reason("HS203", live, "is of another kind now", f"{_kind(live)} cannot become {_kind(fresh)}")
    if layout.layout(live) != layout.layout(fresh):
        return reason("HS201", live, "has other fields in memory now", "its slots or its base in C changed")
    return None


def _kind(cls: type) -> str:
    return f"a class made by {type(cls).__module__}.{type(cls).__qualname__}"


def _refuse_if_used(live: type, obstacle: Reason, stated: Collection[type]) -> None:
    """Raises CannotSwap when an instance, or a subclass that no statement makes, needs the class to stay as it is.

    Members of an enumeration do not: whoever holds one is asked for as the round ends.
    """
    if not can_be_counted(live):
        raise CannotSwap(because(obstacle, "objects are hidden by gc.freeze()"))
    members = {id(each) for each in enums.members(live).values()}
    instances = [each for each in alive(live) if id(each) not in members]
    if instances:
        raise CannotSwap(because(obstacle, f"{len(instances)} living instance(s) have the old ones"))
    subclasses = [child.__qualname__ for child in family(live) if child is not live and child not in stated]
    if subclasses:
        raise CannotSwap(because(obstacle, f"its subclasses {', '.join(subclasses)} build on the old ones"))


# ---------------------------------------------------------------------- pouring


class _Pouring:
    """One fresh class on its way into a live one."""

    def __init__(self, live: type, fresh: type, journal: Journal, merge: Merge, known: Known, define: Define) -> None:
        self.taken, self.made, self.define = known.taken, known.made, define
        self.live, self.fresh, self.journal, self.merge = live, fresh, journal, merge
        self.keep = frozenset(n for n in known.kept if _is_state(live, fresh, n))
        self.twins = Twins(journal)
        self.bases = live.__bases__

    def pour(self) -> None:
        """Everything, in the order in which it can still be refused."""
        self.twins.add(self.fresh, self.live)
        for name in self.keep & self.made & self.live.__dict__.keys():
            # What the making of the class noted about a member (`_fields`), it notes about the one that is kept.
            self.twins.add(self.fresh.__dict__[name], self.live.__dict__[name])
        works = machinery.prepare(self.live, self.fresh, self.twins, self.journal)
        stale = _stale_cached(self.live, self.fresh)
        before = set(self.live.__dict__)
        self._relate()
        for work in works:
            work.begin(self.journal)
        self._members(self.live)
        self._drop_members()
        for work in works:
            work.finish(self.journal)
        self._identity()
        forget_cached(self.live, stale, self.journal)
        self._forget(before)
        dismiss(self.fresh)

    def replace(self) -> type:
        """Nobody needs the live class: the fresh one takes its place, with the live functions and kept values."""
        self.twins.add(self.live, self.fresh)
        for name in self.keep & self.live.__dict__.keys():
            self.journal.set_attribute(self.fresh, name, self.live.__dict__[name])
        self._members(self.fresh)
        self.journal.call((dismiss, self.live), (layout.assign_bases, self.live, self.bases))
        return self.fresh

    def _relate(self) -> None:
        """Metaclass and bases, the first writes: Python itself may still refuse them."""
        bases = tuple(self.twins.of(b) for b in self.fresh.__bases__)
        try:
            layout.set_metaclass(self.live, type(self.fresh), self.journal)
            self.journal.seen_to(self.live)
            if bases != self.live.__bases__:
                set_bases(self.live, bases, self.journal)
            layout.set_pattern_flags(self.live, self.fresh, self.journal)
        except TypeError as error:
            why = f"Python refuses them: {error}"
            raise CannotSwap(reason("HS204", self.live, "has other bases now", why)) from error

    def _members(self, target: type) -> None:
        """Store every member of the fresh class, in its order."""
        later = machinery.made_later(self.fresh) if target is self.live else ()
        for name, value in list(self.fresh.__dict__.items()):
            if name in later or (name in self.keep and name in self.live.__dict__):
                continue
            if layout.is_layout_member(self.fresh, name):
                self._layout_member(target, name, value)
                continue
            self._store(target, name, self._merged(name, value))

    def _store(self, target: type, name: str, value: object) -> None:
        before = target.__dict__.get(name, MISSING)
        if before is value:
            return
        if layout.is_guarded(target, name) and (before is MISSING or name not in layout.GUARDED):
            layout.add_member(target, name, value, self.journal)
        else:
            self.journal.set_attribute(target, name, value)

    def _merged(self, name: str, fresh: Any) -> Any:
        """The object to store for a member, free of references to fresh classes."""
        if name == "_abc_impl":
            return self.live.__dict__.get(name, fresh)  # who registered stays registered
        old = self.live.__dict__.get(name, MISSING)
        if is_instance(fresh, type):
            return self._nested(old, fresh)
        settled = self.twins.settle(fresh)
        if layout.is_layout_member(self.live, name):
            old = MISSING
        if old is settled:
            return settled
        if name in self.taken and is_instance(settled, types.FunctionType):
            return settled
        defined = self.define(name, old, settled)
        if defined is not None:
            return self.twins.settle(defined)
        members = (old, self.live), (settled, self.fresh)
        if old is MISSING or any(is_alias(member, f"{owner.__qualname__}.{name}") for member, owner in members):
            return settled
        return self.twins.settle(self.merge(old, settled))

    def _nested(self, old: Any, fresh: type) -> Any:
        """A class that the body defines is merged with its live version; any other class is just a value."""
        known = self.twins.of(fresh)
        if known is not fresh:
            return known
        if not _within(fresh, self.fresh):  # it may be one that stood here, and was given another place
            return self.merge(old, fresh) if is_instance(old, type) and _within(old, self.live) else fresh
        self._settle_bases(fresh)
        stored = self.merge(old, fresh) if is_instance(old, type) and _within(old, self.live) else fresh
        self.twins.add(fresh, stored)
        for value in list(fresh.__dict__.values()):
            self.twins.settle(value)
        return stored

    def _settle_bases(self, nested: type) -> None:
        """A nested class may derive from one that was poured just before."""
        bases = tuple(self.twins.of(b) for b in nested.__bases__)
        if bases != nested.__bases__:
            layout.assign_bases(nested, bases)

    def _layout_member(self, target: type, name: str, fresh: Any) -> None:
        """Slots, `__dict__` and `__weakref__` belong to one class; only a class that lost a base lacks its own."""
        if name not in target.__dict__ and is_instance(fresh, types.GetSetDescriptorType):
            layout.add_member(target, name, layout.own_getset(target, fresh), self.journal)

    def _drop_members(self) -> None:
        for name in [n for n in self.live.__dict__ if n not in self.fresh.__dict__ and n not in self.keep]:
            if layout.is_guarded(self.live, name):
                layout.drop_member(self.live, name, self.journal)
            else:
                self.journal.delete_attribute(self.live, name)

    def _identity(self) -> None:
        for name in ("__name__", "__qualname__"):
            if getattr(self.live, name) != getattr(self.fresh, name):
                self.journal.set_attribute(self.live, name, getattr(self.fresh, name))

    def _forget(self, before: set[str]) -> None:
        abstract.update_abstract(self.live, self.journal)
        if "__parameters__" in before | self.live.__dict__.keys():
            abstract.forget_aliases(self.journal)
        if self.live.__bases__ != self.bases:
            abstract.forget_bases(self.journal)
        elif before != set(self.live.__dict__) or self.live.__dict__.get("_is_protocol"):
            abstract.forget_answers(self.journal)


def _undefined(*_: object) -> None:
    """Nothing is known of what the class body defines."""


def _within(cls: type, owner: type) -> bool:
    """Whether the class was defined in the body of the other one."""
    return cls.__module__ == owner.__module__ and cls.__qualname__ == f"{owner.__qualname__}.{cls.__name__}"


def _is_state(live: type, fresh: type, name: str) -> bool:
    """Whether a member is a value of the program's, not a definition and not made by machinery."""
    value = live.__dict__.get(name)
    if name.startswith("__") and name.endswith("__"):
        return False
    if is_instance(value, _DEFINITIONS) or is_instance(fresh.__dict__.get(name), _DEFINITIONS):
        return False
    return name not in machinery.generated(live) | machinery.generated(fresh)


_DEFINITIONS = (
    types.FunctionType, staticmethod, classmethod, property, functools.cached_property, functools.partialmethod,
    functools.singledispatchmethod, types.MemberDescriptorType, types.GetSetDescriptorType,
)  # fmt: skip


def _stale_cached(live: type, fresh: type) -> list[str]:
    """The cached properties whose function is another one now; what they computed is stored in instances."""
    cached = {n for c in live.__mro__ for n, v in c.__dict__.items() if is_instance(v, functools.cached_property)}
    found = []
    for name in cached:
        old, new = in_classes(live.__mro__, name), in_classes(fresh.__mro__, name)
        if is_instance(old, functools.cached_property) and old is not new and not machinery.same_function(old, new):
            found.append(name)
    return found


def _limbo(cls: type) -> type:
    """A private base with the memory layout of the class's own best base, for a class that nobody needs."""
    base = cls.__base__
    assert base is not None
    native = layout.native_base(base)
    # Exceptions have members in C that look like slots: `BaseException.__suppress_context__`.
    slots = [n for c in reversed(base.__mro__) if c not in native.__mro__ for n in layout.own_slots(c)]
    if base.__dictoffset__:
        slots.append("__dict__")
    if base.__weakrefoffset__:
        slots.append("__weakref__")
    inherited = [n for n in ("__dict__", "__weakref__") if n in native.__dict__ or _inherits(native, n)]
    body: dict[str, Any] = {"__slots__": tuple(n for n in slots if n not in inherited)}
    return type.__new__(type, "limbo", (native,), body)


def _inherits(native: type, name: str) -> bool:
    return bool(native.__dictoffset__ if name == "__dict__" else native.__weakrefoffset__)
