"""Outcome → one line for people."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress

from hotswap.model import Action, Outcome, Reason, RestartRequired, RolledBack, Swapped, Unchanged

MOST_NAMES = 4


def say(text: str) -> None:
    """One line to the standard error; a closed one is no reason to fail."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"hotswap: {text}\n")
        sys.stderr.flush()


def one_line(outcome: Outcome) -> str:
    """What a round did, in one line."""
    if isinstance(outcome, Swapped):
        return _swapped(outcome)
    if isinstance(outcome, RolledBack):
        return _rolled_back(outcome)
    if isinstance(outcome, RestartRequired):
        return "needs a restart because " + "; ".join(map(str, outcome.reasons))
    assert isinstance(outcome, Unchanged)
    return "nothing changed"


def _rolled_back(outcome: RolledBack) -> str:
    text = f"kept the old code because {where(outcome)}: {error_text(outcome.error)}; save again to retry"
    if outcome.disposed:
        text += f"; put away on the way, and made again: {few(outcome.disposed)}"
    return text + notes(outcome.warnings)


def notes(warnings: tuple[Reason, ...]) -> str:
    """The reservations, behind all else."""
    return "".join(f"; note: {warning}" for warning in warnings)


def shown_path(path: str) -> str:
    """A file, as short as it can be told."""
    short = os.path.relpath(path)
    return path if short.startswith(".." + os.sep) else short


def _swapped(outcome: Swapped) -> str:
    parts = []
    for verb, names in (
        ("patched", outcome.patched),
        ("reloaded", outcome.reloaded),
        ("imported", outcome.imported),
        ("removed", outcome.removed),
    ):
        if names:
            parts.append(f"{verb} {few(names)}")
    if outcome.ran:
        plural = "s" if len(outcome.ran) > 1 else ""
        parts.append(f"ran {len(outcome.ran)} statement{plural} ({few(outcome.ran)})")
    taken = [link.name for link in outcome.links if link.action is Action.REMOVE and link.name not in outcome.removed]
    if taken:
        parts.append(f"took back what {len(taken)} removed statement{'s' if len(taken) > 1 else ''} had done")
    if outcome.disposed:
        parts.append(f"disposed with {few(outcome.disposed)}")
    if outcome.loaded:
        parts.append(f"loaded {few(tuple(map(shown_path, outcome.loaded)))}")
    if not parts:
        parts.append("only positions moved" if outcome.modules else "kept what was loaded before")
    count = len(outcome.modules)
    what = f" {count} of {outcome.tracked} modules" if count else ""
    head = f"swapped{what} in {outcome.duration * 1000:.1f} ms: "
    return head + ", ".join(parts) + notes(outcome.warnings)


def few(names: tuple[str, ...]) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES} more"


def where(outcome: RolledBack) -> str:
    """File and line of the failure, as short as they can be found."""
    path = shown_path(outcome.path) if outcome.path else "a file"
    return f"{path}:{outcome.line}" if outcome.line else path


def error_text(error: BaseException) -> str:
    """The last line of a traceback."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    return traceback.format_exception_only(error)[-1].strip()


def place_of(error: BaseException, files: set[str]) -> tuple[str, int]:
    """The innermost line of the program's own files where the error arose."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno or 0
    found = ("", 0)
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename in files:
            found = frame.f_code.co_filename, line
    return found
