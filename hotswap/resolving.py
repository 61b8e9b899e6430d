"""What names and dotted names of the program stand for, read through `__dict__`s: nothing of the program runs."""

from __future__ import annotations

import sys
from types import FunctionType, MethodType, ModuleType
from typing import Any

from hotswap.facts import Facts
from hotswap.imports import resolve
from hotswap.index import Index, Tracked
from hotswap.looking import is_a, is_any, is_instance, look_up, own_space
from hotswap.model import Name
from hotswap.syntax import Chain


def resolve_value(namespace: dict[str, Any], chain: Chain) -> Any:
    """What a dotted name stands for, read through `__dict__`s only; None when that cannot be told."""
    value = namespace.get(chain[0])
    for attribute in chain[1:]:
        value = look_up(value, attribute) if value is not None else None
    return value


def owner_of(tracked: Tracked, qualname: str) -> type | None:
    """The class that a qualified name stands in."""
    owner = qualname.rpartition(".")[0]
    found = resolve_value(tracked.namespace, tuple(owner.split("."))) if owner else None
    return found if is_instance(found, type) else None


def home_of(function: FunctionType) -> str:
    """The module that defines the function: not the one that it only says it belongs to, for the looks of it.

    A wrapper that took over the names of what it wraps belongs where that does.
    """
    own, home, wrapped = (
        function.__code__.co_qualname,
        function.__globals__.get("__name__"),
        function.__dict__.get("__wrapped__"),
    )
    if own == function.__qualname__ or (home and wrapped is None and "<locals>" not in own):
        return str(home)
    return home_of(wrapped) if is_a(wrapped, FunctionType) and wrapped is not function else function.__module__


def resolves_to(module: Any, value: Any) -> bool:
    """Whether a definition stands at its own qualified name in a module."""
    return resolve_value(own_space(module), tuple(value.__qualname__.split("."))) is value


def is_alias(value: Any, name: str) -> bool:
    """Whether a definition stands under another name of its own, so that this name is only a second one."""
    if not is_any(value, FunctionType, type) or value.__qualname__ == name:
        return False
    if is_a(value, FunctionType) and value.__code__.co_qualname == name:
        return False  # it was renamed
    return resolves_to(sys.modules.get(value.__module__), value)


def definition_of(value: object, index: Index) -> Name | None:
    """The place that a class or function of the program gives as its own."""
    if is_a(value, FunctionType):
        return (home, value.__qualname__) if (home := home_of(value)) in index.modules else None
    if is_a(value, type) and value.__module__ in index.modules:
        return value.__module__, value.__qualname__
    return None


def holds_instance(value: Any, cls: Name, depth: int = 3) -> bool:
    """Whether a value is an instance of the class of that name, or a container that holds one; a class never is."""
    if is_a(value, MethodType):
        value = value.__self__
    if is_any(value, type, ModuleType, FunctionType):
        return False
    if any((k.__module__, k.__qualname__) == cls for k in type(value).__mro__):
        return True
    if not depth:
        return False
    if is_any(value, list, tuple, set, frozenset, dict) and len(value) < 10_000:
        parts = [*value, *value.values()] if is_a(value, dict) else list(value)
    else:
        parts = list(own_space(value).values())
    return any(holds_instance(part, cls, depth - 1) for part in parts)


def exports(module: ModuleType) -> list[str]:
    """The names that `from module import *` binds."""
    named = vars(module).get("__all__")
    return [str(n) for n in named] if named is not None else [n for n in vars(module) if not n.startswith("_")]


def module_at(name: str) -> ModuleType | None:
    """The loaded module of that name."""
    found = sys.modules.get(name)
    return found if is_instance(found, ModuleType) else None


def supplied_by_stars(tracked: Tracked, facts: Facts) -> set[str]:
    """What the star imports of a statement would bring now."""
    found: set[str] = set()
    for each in facts.imports:
        origin = sys.modules.get(resolve(tracked, "." * each.level + each.module)) if each.name == "*" else None
        if is_instance(origin, ModuleType):
            found.update(exports(origin))
    return found


def star_names(tracked: Tracked, facts: Facts) -> set[str]:
    """What the star imports of a statement have brought into the module."""
    found: set[str] = set()
    for each in facts.imports:
        origin = sys.modules.get(resolve(tracked, "." * each.level + each.module)) if each.name == "*" else None
        if is_instance(origin, ModuleType):
            space, theirs = tracked.namespace, vars(origin)
            found |= {n for n in exports(origin) if n in space and n in theirs and space[n] is theirs[n]}
    return found
