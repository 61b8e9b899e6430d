"""Outcome → one line for people."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress

from hotswap.model import Outcome, RestartRequired, RolledBack, Swapped, Unchanged

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
        return f"kept the old code because {where(outcome)}: {error_text(outcome.error)}; save again to retry"
    if isinstance(outcome, RestartRequired):
        return "needs a restart because " + "; ".join(map(str, outcome.reasons))
    assert isinstance(outcome, Unchanged)
    return "nothing changed"


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
    if not parts:
        parts.append("only positions moved")
    count = len(outcome.modules)
    head = f"swapped {count} of {outcome.tracked} modules in {outcome.duration * 1000:.1f} ms: "
    notes = "".join(f"; note: {warning}" for warning in outcome.warnings)
    return head + ", ".join(parts) + notes


def few(names: tuple[str, ...]) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES} more"


def where(outcome: RolledBack) -> str:
    """File and line of the failure, as short as they can be found."""
    path = os.path.relpath(outcome.path) if outcome.path else "a file"
    if path.startswith(".." + os.sep):
        path = outcome.path
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
