"""Outcomes → what a person at a prompt or in a notebook is told, and when.

A failure is told once, whole; from then on one short line stands at each prompt until the files are live.
"""

from __future__ import annotations

import linecache
import os
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from hotswap.model import Outcome, Pending, Reason, RestartRequired, RolledBack, Swapped
from hotswap.report import error_text, where

Level: TypeAlias = Literal["silent", "quiet", "normal", "verbose"]
"""How much is told: nothing, failures only, one line a round, that and the reason for each name."""

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
IMPORTERS = ("<frozen importlib", os.path.dirname(os.path.abspath(os.__file__)) + os.sep + "importlib" + os.sep)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell.

    `line` is all that has to be known; `body` is a block of text below it; `details` are names with their reasons, for
    those who ask; `later` is said at each prompt from then on, for as long as something is pending.
    """

    kind: Literal["swapped", "rolled_back", "restart_required", "pending", "note", "printed"]
    line: str
    body: str = ""
    details: tuple[tuple[str, str], ...] = ()
    later: str = ""

    def __str__(self) -> str:
        if self.kind == "printed":  # by the program, not by us
            return self.line
        return f"hotswap: {self.line}" + (f"\n{self.body}" if self.body else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """How the commands are called where the person is (`%hotswap restart`), and what a restart means there."""

    restart: str
    force: str
    restart_means: str


class Notices:
    """What is still to be told.  Outcomes come from any thread; `due()` is asked where something can be shown."""

    def __init__(self, pending: Callable[[], tuple[Pending, ...]], tell: Callable[[Outcome], Notice]) -> None:
        self._pending, self._tell = pending, tell
        self._queue: list[Notice] = []
        self._later = ""
        self._reminded = False
        self._lock = threading.Lock()
        self.level: Level = "normal"

    def add(self, outcome: Outcome) -> None:
        """Note how a round ended.  Its words are found now: by the time they are shown the file may be another one."""
        self.put(self._tell(outcome))

    def put(self, notice: Notice) -> None:
        """Note something to tell."""
        with self._lock:
            self._queue.append(notice)
            self._later = notice.later or self._later

    def due(self, *, remind: bool) -> list[Notice]:
        """All that is to be shown here and now, each once.

        With `remind`, that is at the start of a cell or line, also that something is pending, unless it was told of
        since the one before.
        """
        with self._lock:
            told, self._queue = self._queue, []
        self._reminded |= any(n.kind in ("rolled_back", "restart_required") for n in told)
        pending = self._pending() if remind and not self._reminded else ()
        if pending:
            told.append(Notice(kind="pending", line=self._later or not_live(pending)))
        self._reminded &= not remind
        return [shown for notice in told if (shown := self._at_level(notice))]

    def _at_level(self, notice: Notice) -> Notice | None:
        if self.level == "silent" or (self.level == "quiet" and notice.kind == "swapped"):
            return None
        if self.level == "verbose" and notice.details:
            body = "\n".join(f"    {name}: {why}" for name, why in notice.details)
            return replace(notice, body="\n".join(filter(None, (notice.body, body))), details=())
        return notice


def not_live(pending: Iterable[Pending], why: str = "") -> str:
    """One line for as long as files are saved and not live."""
    pending = tuple(pending)
    files = ", ".join(short(p.path) for p in pending)
    return f"not live yet: {files} ({clipped(why or pending[0].why.splitlines()[0])})"


def notice_of(outcome: Outcome, advice: Advice, stale: Iterable[str] = (), followed: str = "") -> Notice:
    """What to tell of a round.

    `stale` are lines about what would stay on the old code; `followed` tells of names at the prompt.
    """
    if isinstance(outcome, Swapped):
        line = str(outcome) + (f"; {followed}" if followed else "")
        return Notice(kind=outcome.kind, line=line, details=outcome.why)
    if isinstance(outcome, RolledBack):
        later = _later(outcome, f"{where(outcome)}: {error_text(outcome.error)}")
        return Notice(kind=outcome.kind, line=str(outcome), body=error_block(outcome).rstrip("\n"), later=later)
    if isinstance(outcome, RestartRequired):
        files = ", ".join(short(change.path) for change in outcome.changes)
        line = f"{files} needs a restart to go live; the old code goes on, whole"
        later = _later(outcome, "; ".join(r.what for r in outcome.reasons)) + f"; {advice.restart}"
        body = "\n".join(restart_block(outcome, advice, stale))
        return Notice(kind=outcome.kind, line=line, body=body, later=later)
    return Notice(kind="note", line=str(outcome))


def _later(outcome: RolledBack | RestartRequired, why: str) -> str:
    return not_live([Pending(path=change.path, why="") for change in outcome.changes], why)


def restart_block(outcome: RestartRequired, advice: Advice, stale: Iterable[str]) -> Iterator[str]:
    """Why, what would stay old if it were forced, and what to do."""
    for reason in outcome.reasons:
        yield from reason_lines(reason)
    stale = list(stale)
    if stale:
        yield "  made from the old code, here:"
        yield from (f"    {line}" for line in stale)
    width = max(len(advice.restart), len(advice.force))
    yield f"  {advice.restart:{width}}  {advice.restart_means}"
    yield f"  {advice.force:{width}}  apply what can be true and keep the session; what stays old is named"


def reason_lines(reason: Reason) -> Iterator[str]:
    """One reason, in two lines."""
    yield f"  [{reason.code}] {reason.what} ({short_place(reason.where)})"
    yield f"      {reason.why}"


def error_block(outcome: RolledBack) -> str:
    """The error as Python shows it, at the program's own lines: without the frames of importers, and ours."""
    changed = [change.path for change in outcome.changes]
    with text_on_disk(changed):
        told = traceback.TracebackException.from_exception(outcome.error)
        for each in chain(told):
            each.stack[:] = _own_frames(each, {outcome.path, *changed})
        return "".join(told.format())


def _own_frames(told: traceback.TracebackException, files: set[str]) -> list[traceback.FrameSummary]:
    """From the first of the program's frames on; a file that cannot be compiled has none."""
    frames = [frame for frame in told.stack if not frame.filename.startswith((HERE, *IMPORTERS))]
    begin = next((n for n, frame in enumerate(frames) if frame.filename in files), None)
    if begin is None:
        return [] if getattr(told, "filename", None) in files else frames
    return frames[begin:]


def chain(told: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    """The error, its causes, and the members of groups."""
    todo: list[traceback.TracebackException | None] = [told]
    while todo:
        each = todo.pop()
        if each is not None:
            yield each
            todo += [each.__cause__, each.__context__, *(each.exceptions or ())]


@contextmanager
def text_on_disk(paths: Iterable[str]) -> Iterator[None]:
    """Within the block tracebacks quote these files as they are on disk: rolled back, they show what runs instead."""
    before = {path: linecache.cache.get(path) for path in paths}
    try:
        for path in before:
            linecache.cache.pop(path, None)
            linecache.updatecache(path)
        yield
    finally:
        for path, entry in before.items():
            if entry is None:
                linecache.cache.pop(path, None)
            else:
                linecache.cache[path] = entry


def short(path: str) -> str:
    """The path as people here would write it."""
    try:
        relative = os.path.relpath(path)
    except (OSError, ValueError):  # the current folder is gone; another drive
        return path
    return path if relative.startswith(os.pardir) else relative


def short_place(where: str) -> str:
    """A reason's place: `/a/b/game.py:12`, or a name, which stays as it is."""
    path, colon, line = where.rpartition(":")
    if colon and line.isdigit():
        return f"{short(path)}:{line}" if os.path.isabs(path) else where
    return short(where) if os.path.isabs(where) else where


def clipped(text: str, width: int = 160) -> str:
    """At most so many characters."""
    return text if len(text) <= width else text[: width - 1] + "…"
