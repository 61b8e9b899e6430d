"""Which names of a session hold something made from modules that cannot be brought up to date."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import FunctionType, MethodType, ModuleType
from typing import Any

from hotswap.looking import is_instance

MOST_NAMES, MOST_PARTS = 12, 200


def stale_names(namespace: Mapping[str, Any], modules: Iterable[str], hidden: Iterable[str] = ()) -> list[str]:
    """A line for each name (the first dozen) whose object is of those modules: what it is, and of which.

    Nothing of the objects is called: a look at their types, and into plain containers.
    """
    wanted, hidden = frozenset(modules), frozenset(hidden)
    found = [
        f"{name}: {what}"
        for name, value in list(namespace.items())
        if not name.startswith("_") and name not in hidden and (what := kind_of(value, wanted))
    ]
    return found if len(found) <= MOST_NAMES else [*found[:MOST_NAMES], f"and {len(found) - MOST_NAMES} more"]


def kind_of(value: object, modules: frozenset[str], *, deep: bool = True) -> str:
    """What an object has to do with the modules; empty when nothing."""
    if is_instance(value, ModuleType):
        return "the module" if value.__name__ in modules else ""
    if is_instance(value, MethodType):
        inner = kind_of(value.__func__, modules, deep=False)
        return f"a bound method, {value.__func__.__qualname__}" if inner else ""
    if is_instance(value, FunctionType | type):
        kind = "the class" if is_instance(value, type) else "the function"
        return f"{kind} {value.__module__}.{value.__qualname__}" if value.__module__ in modules else ""
    for cls in type(value).__mro__:
        if cls.__module__ in modules:
            return f"an instance of {cls.__module__}.{cls.__qualname__}"
    if deep and type(value) in (list, tuple, set, frozenset, dict):
        return _contained(value, modules)
    return ""


def _contained(container: Any, modules: frozenset[str]) -> str:
    parts: Iterator[object] = iter(container.values() if type(container) is dict else container)
    for part in islice(parts, MOST_PARTS):
        if inner := kind_of(part, modules, deep=False):
            return f"a {type(container).__name__} that holds {inner}"
    return ""


def modules_of(paths: Iterable[str]) -> set[str]:
    """The names of the loaded modules that were made from these files."""
    wanted = {os.path.realpath(path) for path in paths}
    found = set()
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if is_instance(path, str) and os.path.realpath(path) in wanted:
            found.add(name)
    return found
