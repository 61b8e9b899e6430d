"""Tracebacks of rounds that failed: they show the program's lines, and keep nothing alive that a round has made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType

HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def without_engine(error: BaseException) -> None:
    """Take our frames out of the tracebacks of an error and of those that led to it.  Frames of the program stay."""
    for each in causes(error):
        ours = [entry for entry in entries(each) if entry.tb_frame.f_code.co_filename.startswith(HERE)]
        each.__traceback__ = without(each, ours)
        for entry in ours:
            clear(entry)


def forget_locals(error: BaseException) -> None:
    """Let go of what the functions on the way held; their lines can still be shown."""
    for each in causes(error):
        for entry in entries(each):
            clear(entry)


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and all that led to it or are grouped in it."""
    todo: list[BaseException | None] = [error]
    seen: set[int] = set()
    while todo:
        each = todo.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            todo += [each.__cause__, each.__context__, *(getattr(each, "exceptions", None) or ())]


def entries(error: BaseException) -> list[TracebackType]:
    """The parts of a traceback, outermost first."""
    found = []
    entry = error.__traceback__
    while entry is not None:
        found.append(entry)
        entry = entry.tb_next
    return found


def without(error: BaseException, left_out: list[TracebackType]) -> TracebackType | None:
    """The traceback without some of its parts."""
    chain: TracebackType | None = None
    for entry in reversed(entries(error)):
        if not any(entry is each for each in left_out):
            chain = TracebackType(chain, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return chain


def clear(entry: TracebackType) -> None:
    """Drop what a frame holds, unless it still runs."""
    with suppress(RuntimeError):
        entry.tb_frame.clear()
