"""The attributes that functions set when statements call them: counters, singletons, what hooks note.  Pure."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

from hotswap.codefacts import CodeFacts
from hotswap.facts import Facts
from hotswap.index import Index, Tracked
from hotswap.looking import in_classes, is_a, own_space
from hotswap.model import Name
from hotswap.resolving import definition_of, resolve_value

CONSTRUCTORS = ("__new__", "__init__", "__post_init__")


def constructors(caller: Tracked, facts: Facts, index: Index) -> Iterator[Name]:
    """The functions of the program that make the instances which a statement asks classes for by name."""
    for chain in facts.calls:
        cls = resolve_value(caller.namespace, chain)
        for leaf in CONSTRUCTORS if is_a(cls, type) and cls.__module__ in index.modules else ():
            function = in_classes(type.__dict__["__mro__"].__get__(cls), leaf)
            function = function.__func__ if is_a(function, staticmethod) else function
            home = definition_of(function, index)
            if home is not None:
                yield home


def attributes_set_by(function: Name, code: CodeFacts, caller: Tracked, facts: Facts, index: Index) -> Iterator[Name]:
    """The attributes of classes, functions and modules that a function sets when it is called by a statement."""
    tracked = index.modules.get(function[0])
    for chain in code.sets if tracked is not None else ():
        assert tracked is not None
        if chain[0] == "__class__":
            owners = [resolve_value(tracked.namespace, tuple(function[1].split(".")[:-1]))]
        elif chain[0]:
            owners = [resolve_value(tracked.namespace, chain[:-1])]
        elif len(chain) == 2:
            owners = _classes_given_to(function, tracked, caller, facts)
        else:
            continue
        for owner in owners:
            if is_a(owner, ModuleType) and owner.__name__ in index.modules:
                yield owner.__name__, chain[-1]
            elif (home := definition_of(owner, index)) is not None:
                yield home[0], f"{home[1]}.{chain[-1]}"


def _classes_given_to(function: Name, home: Tracked, caller: Tracked, facts: Facts) -> list[Any]:
    """The classes for which a class method, or `__new__`, is called: its own, or what the statement names."""
    owner, _, leaf = function[1].rpartition(".")
    cls: Any = resolve_value(home.namespace, tuple(owner.split("."))) if owner else None
    if not is_a(cls, type) or (leaf != "__new__" and not is_a(own_space(cls).get(leaf), classmethod)):
        return []
    chains = [c if leaf == "__new__" else c[:-1] for c in facts.calls if leaf in ("__new__", c[-1])]
    named = [resolve_value(caller.namespace, chain) for chain in chains if chain]
    return [n for n in named if is_a(n, type) and cls in type.__dict__["__mro__"].__get__(n)] or [cls]
