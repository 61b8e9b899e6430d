"""Tells the program of a round that has ended: `on_swap`, `accept`, `on_file`.

What they raise is told, and breaks nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hotswap import hooks
from hotswap.assets import hooks_for
from hotswap.listeners import PHASES, Phase, boundaries, listeners
from hotswap.model import Outcome, Reason, RestartRequired, RolledBack, Swapped, Unchanged
from hotswap.report import say


def tell(outcome: Outcome) -> Outcome:
    """Call all who are to hear of a round; returns its outcome, with what went wrong among the warnings.

    Nobody hears of a round in which nothing changed.
    """
    if isinstance(outcome, Unchanged):
        return outcome
    faults = tuple(_tell(outcome))
    if not faults:
        return outcome
    if isinstance(outcome, RestartRequired):
        for fault in faults:
            say(str(fault))
        return outcome
    return replace(outcome, warnings=(*outcome.warnings, *faults))


def _tell(outcome: Swapped | RolledBack | RestartRequired) -> Iterator[Reason]:
    caches, update = PHASES
    yield from _tell_phase(caches, outcome)
    if isinstance(outcome, Swapped):
        yield from _tell_of_files(outcome)
        yield from _tell_boundaries(changed_modules(outcome))
    yield from _tell_phase(update, outcome)


def _tell_phase(phase: Phase, outcome: Outcome) -> Iterator[Reason]:
    for told in [entry.thing for entry in listeners]:
        if told.phase == phase:
            yield from _call("HS505", "on_swap", told.call, outcome, "the round has ended all the same")


def _tell_of_files(outcome: Swapped) -> Iterator[Reason]:
    for change in outcome.changes:
        for hook in list(hooks_for(change.path)):
            why = f"what it made of {change.path} before may still be in use"
            yield from _call("HS503", "on_file", hook.call, Path(change.path), why)


def _tell_boundaries(changed: frozenset[str]) -> Iterator[Reason]:
    for boundary in [entry.thing for entry in boundaries]:
        module = sys.modules.get(boundary.accepted)
        if boundary.accepted in changed and module is not None:
            why = f"what {boundary.importer} derived from {boundary.accepted} may be what it was before"
            yield from _call("HS506", "accept", boundary.call, module, why)


def _call(code: str, kind: str, function: object, argument: object, why: str) -> Iterator[Reason]:
    fault = hooks.call(function, full_name(function), argument)  # type: ignore[arg-type]  # asked when it was registered
    if fault is not None:
        yield Reason(code=code, what=f"{kind}: {fault}", where=place_of(function), why=why, remedy="mend it and save")


def changed_modules(outcome: Swapped) -> frozenset[str]:
    """The modules in which something else than positions changed."""
    names = (*outcome.patched, *outcome.ran, *outcome.removed, *outcome.reloaded)
    homes = {module for name in names if (module := _home(name, outcome.modules)) is not None}
    return frozenset(homes.union(outcome.imported))


def _home(name: str, modules: tuple[str, ...]) -> str | None:
    """The module of a full name; of a package and a module in it, which both may begin it, the longer one."""
    return max((m for m in modules if f"{name}.".startswith(f"{m}.")), key=len, default=None)


def full_name(function: object) -> str:
    """What a function is called in reports."""
    return f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', repr(function))}"


def place_of(function: object) -> str:
    """The file and line of a function, or what it is."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else repr(function)
