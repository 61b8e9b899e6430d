"""Statements that ask what classes have, or what they derive from, and those that register them.  Pure."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from hotswap.facts import Facts
from hotswap.looking import in_classes, is_a, is_instance, own_space
from hotswap.model import Name
from hotswap.planning.edition import Edition
from hotswap.planning.live_names import value_of
from hotswap.resolving import definition_of, holds_instance, resolve_value
from hotswap.source import StatementPath

LISTING = frozenset(("dir", "vars", "getmembers", "getmembers_static"))
ASKING = LISTING | frozenset(("isinstance", "issubclass", "hasattr", "callable"))
"""Functions of which the result depends on what a class has or derives from."""


def registers(edition: Edition, path: StatementPath) -> Iterator[Name]:
    """The abstract classes with which the statement registers another one: `Shape.register(Circle)`."""
    for chain in edition.facts(path).calls:
        if chain[-1] == "register" and len(chain) > 1:
            home = definition_of(resolve_value(edition.tracked.namespace, chain[:-1]), edition.graph.index)
            if home is not None and is_instance(value_of(home, edition.graph), ABCMeta):
                yield home


def asks_about_classes(edition: Edition, path: StatementPath) -> bool:
    """Whether the statement looks at what classes have, or derive from, without naming it."""
    facts = edition.facts(path)
    if not facts.binds or facts.defines:
        return False
    if any(chain[-1] in ASKING for chain in facts.calls):
        return True
    return any(_lists_or_checks(edition, called) for called in edition.called(path))


def classes_met(value: Any) -> Iterator[type]:
    """The classes that a statement may ask about which reads a value: those in a module or container are among them."""
    parts: Iterable[Any] = (value,)
    if is_a(value, ModuleType):
        parts = list(own_space(value).values())
    elif type(value) in (list, tuple, set, frozenset, dict) and len(value) <= _MANY:
        parts = list(value.values()) if type(value) is dict else list(value)
    for part in parts:
        yield part if is_instance(part, type) else type(part)


_MANY = 1_000


def is_listed(cls: object) -> bool:
    """Whether a class can be gone through, so that a function which knows it may tell what it has: `len(Color)`."""
    return is_instance(cls, type) and in_classes(type.__dict__["__mro__"].__get__(type(cls)), "__iter__") is not None


def asks_class(edition: Edition, facts: Facts, cls: object, name: Name) -> bool:
    """Whether a statement calls a method of the class itself, or of its metaclass, and keeps what that answers.

    Not if it keeps an instance, for that is state.  `as_view` makes a view of what a class has.
    """
    space = edition.tracked.namespace
    makes_view = any(chain[-1] == "as_view" for chain in facts.calls)
    if not is_instance(cls, type) or not (makes_view or facts.binds - facts.defines):
        return False
    for chain in facts.calls:
        receiver = resolve_value(space, chain[:-1]) if len(chain) > 1 else None
        if is_instance(receiver, type) and cls in type.__dict__["__mro__"].__get__(receiver):
            member = in_classes(type.__dict__["__mro__"].__get__(receiver), chain[-1])
            if member is None or is_a(member, classmethod):
                return not any(holds_instance(space.get(bound), name) for bound in facts.binds)
    return False


def _lists_or_checks(edition: Edition, function: Name) -> bool:
    """Whether a function lists members, or asks for a protocol."""
    code, tracked = edition.code(function), edition.graph.index.modules.get(function[0])
    for chain in code.reads if code is not None and tracked is not None else ():
        assert tracked is not None
        value = resolve_value(tracked.namespace, chain)
        if chain[-1] in LISTING or (is_a(value, type) and own_space(value).get("_is_protocol")):
            return True
    return False
