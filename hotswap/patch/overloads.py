"""What `typing.overload` has registered, which it does by module, name and first line of each overload."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any, TypeAlias

from hotswap.codefacts import all_codes
from hotswap.events import behaviour, described
from hotswap.journal import Journal
from hotswap.looking import is_a
from hotswap.model import Edit, Name

Overloads: TypeAlias = Mapping[str, tuple[Any, ...]]
"""By qualified name, the overloads of a function, in order."""

_REGISTRY: dict[str, dict[str, dict[int, Any]]] = getattr(typing, "_overload_registry", {})


def overloads_of(module: str) -> Overloads:
    """What is registered for a module now."""
    return {name: tuple(found.values()) for name, found in list(_REGISTRY.get(module, {}).items())}


def withdraw_removed(edit: Edit, journal: Journal) -> None:
    """Let the registry hold the overloads that the new source has, under their lines of today, and no others.

    Their functions must have their new code already.  What is registered later in the round goes on rollback, too.
    """
    if not any(source is not None and b"overload" in source.data for source in (edit.old, edit.new)):
        return
    known = _REGISTRY.get(edit.module, {})
    journal.on_rollback(_restore, edit.module, {name: dict(found) for name, found in known.items()})
    codes = list(all_codes(edit.new.code)) if edit.new is not None and not edit.whole else []
    exact, lines = {id(code) for code in codes}, {code.co_firstlineno: code for code in codes}
    for found in list(known.values()):
        functions = [f for f in found.values() if is_a(f, FunctionType)]
        kept = {f.__code__.co_firstlineno: f for f in functions if id(f.__code__) in exact}
        for f in functions:  # one that nobody had to patch
            if lines.get(f.__code__.co_firstlineno) == f.__code__:
                kept.setdefault(f.__code__.co_firstlineno, f)
        found.clear()
        found.update(sorted(kept.items()))


def other_overloads(before: Overloads, module: str) -> Iterator[Name]:
    """The events for functions that have other overloads than before; these are put in the order of the source."""
    for found in list(_REGISTRY.get(module, {}).values()):
        if list(found) != sorted(found):
            in_order = sorted(found.items())
            found.clear()
            found.update(in_order)
    now = overloads_of(module)
    for name in before.keys() | now.keys():
        if [*map(id, before.get(name, ()))] != [*map(id, now.get(name, ()))]:
            yield described((module, name))
            yield behaviour((module, name))


def _restore(module: str, before: dict[str, dict[int, Any]]) -> None:
    known = _REGISTRY[module]
    known.clear()
    known.update(before)
