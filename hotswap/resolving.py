"""What names and dotted names of the program stand for, read through `__dict__`s: nothing of the program runs."""

from __future__ import annotations

import gc
import sys
from contextvars import ContextVar
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any

from hotswap.facts import Facts
from hotswap.holders import cell_content
from hotswap.imports import resolve
from hotswap.index import Index, Tracked
from hotswap.looking import in_classes, is_a, is_any, is_instance, look_up, own_space
from hotswap.model import Name
from hotswap.source import Source, StatementPath, prefix_of
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
    """Whether a value is an instance of the class of that name, or holds one: a container, a function by a default.

    A class never does.
    """
    if is_a(value, MethodType):
        value = value.__self__
    if is_any(value, type, ModuleType):
        return False
    if is_a(value, FunctionType):
        cells = map(cell_content, value.__closure__ or ())
        held = [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values(), *cells]
        return bool(depth) and any(holds_instance(each, cls, depth - 1) for each in held)
    if any((k.__module__, k.__qualname__) == cls for k in type(value).__mro__):
        return True
    if not depth:
        return False
    if is_any(value, ContextVar, partial):
        parts = gc.get_referents(value)  # the default of such a variable is told by nothing else
    elif is_any(value, list, tuple, set, frozenset, dict) and len(value) < 10_000:
        parts = [*value, *value.values()] if is_a(value, dict) else list(value)
    else:
        parts = list(own_space(value).values())
    return any(holds_instance(part, cls, depth - 1) for part in parts)


def bound_by(source: Source, path: StatementPath, namespace: dict[str, Any]) -> list[Any]:
    """What the names hold that a statement binds, also in the body of a class: of that what may be state.

    What a class has made of the function that it decorates is a definition, and no object with a life of its own.
    Neither is a descriptor, which is a part of its class.
    """
    owner, facts = tuple(prefix_of(source, path).split(".")[:-1]), source.facts(path)
    values = [resolve_value(namespace, (*owner, name)) for name in facts.binds]
    return [v for v in values if is_a(v, FunctionType) or not (facts.defines or (owner and _is_descriptor(v)))]


def _is_descriptor(value: object) -> bool:
    return any(in_classes(type(value).__mro__, name) is not None for name in ("__get__", "__set__", "__set_name__"))


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


def brings_others(tracked: Tracked, facts: Facts) -> bool:
    """Whether imports of a statement would give names of the module another object than they have."""
    space = tracked.namespace
    for each in facts.imports:
        origin = sys.modules.get(resolve(tracked, "." * each.level + each.module)) if each.name else None
        if is_instance(origin, ModuleType):
            theirs = own_space(origin)
            names = [(name, name) for name in exports(origin)] if each.name == "*" else [(each.name, each.bound)]
            if any(n in theirs and space.get(bound, theirs[n]) is not theirs[n] for n, bound in names):
                return True
    return False


def star_names(tracked: Tracked, facts: Facts) -> set[str]:
    """What the star imports of a statement have brought into the module."""
    found: set[str] = set()
    for each in facts.imports:
        origin = sys.modules.get(resolve(tracked, "." * each.level + each.module)) if each.name == "*" else None
        if is_instance(origin, ModuleType):
            space, theirs = tracked.namespace, vars(origin)
            found |= {n for n in exports(origin) if n in space and n in theirs and space[n] is theirs[n]}
    return found
