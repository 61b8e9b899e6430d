"""Loops that never stop: saved files go live between two turns, and a turn that raises does not end the program.

A turn that raises is shown; the loop waits in place, with all its state, and the next good save goes on.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from types import TracebackType
from typing import Any, Self, TypeAlias

import hotswap
from hotswap import crash, launch
from hotswap.errors import UsageError
from hotswap.handover import explain
from hotswap.leaving import safe_point
from hotswap.model import Outcome, Swapped, Unchanged
from hotswap.reloader import Reloader
from hotswap.report import say

OnError: TypeAlias = Callable[[str], object]
"""Takes the text of a traceback; returns something true when it has shown it, so that the terminal need not."""
Idle: TypeAlias = Callable[[], object]
"""Called again and again while the loop waits, to keep a window alive."""

IDLE_EVERY, LOOK_EVERY = 1 / 60, 0.2
"""Seconds between two calls of `idle`, and between two looks whether the process is to be replaced."""


@contextmanager
def session(*paths: str | os.PathLike[str], **options: Any) -> Iterator[Reloader]:
    """Within the block the program is kept in step with its sources, and each round is told on the standard error.

    Takes what `watch()` takes and yields the reloader.  Where one watches already (under `hotswap run`, say) that one
    is yielded, and goes on when the block ends.
    """
    before = hotswap._default
    if before is not None and before.watching and not paths and not options:
        yield before
        return
    is_first = before is None or not before.watching
    if is_first and "report" not in options and hotswap._home() is None:
        options["report"] = lambda outcome: say(str(outcome))
    reloader = hotswap.watch(*paths, **options)
    try:
        yield reloader
    finally:
        if is_first:
            reloader.stop()


class Frame(int):
    """The number of a turn of a loop, from 0; as a context manager it keeps what the turn raises from ending the loop.

    `seconds` have passed since the turn before began (waiting for a save left out), `outcome` is that of the round that
    went live before this turn, if one did.
    """

    seconds: float
    outcome: Outcome | None
    _guard: Guard

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: TracebackType | None) -> bool:
        return error is not None and self._guard.outlives(error, f"frame {int(self)}")


def loop(
    fps: float | None = 60, *, on_error: OnError | None = None, idle: Idle | None = None, budget: float | None = 0.0
) -> Iterator[Frame]:
    """Frames without end, so many a second (None: as fast as they come); saved files go live between two of them.

    Watches the program if nobody does yet.  What the body of the loop raises inside of `with frame:` is shown, and the
    loop waits in place until a save mends it; a frame that was missed is not made up for.

    Args:
        fps: frames in a second.
        on_error: called with the text of the traceback; when it returns something true it is not printed as well.
        idle: called about sixty times a second while the loop waits.
        budget: seconds that a frame waits for a round that is still being prepared; see `poll()`.

    Raises:
        UsageError: fps is not a number above 0.
    """
    pace = Pace(fps)
    return _frames(pace, on_error, idle, budget)


def _frames(pace: Pace, on_error: OnError | None, idle: Idle | None, budget: float | None) -> Iterator[Frame]:
    with session() as reloader:
        guard = Guard(reloader, on_error, idle)
        before = time.perf_counter()
        for number in count():
            frame = Frame(number)
            frame.outcome, frame._guard = reloader.poll(budget=budget), guard
            now = time.perf_counter()
            frame.seconds, before = now - before - guard.take_waited(), now
            yield frame
            pace.wait(reloader.rest)


def run_loop(
    function: Callable[[], object],
    fps: float | None = 60,
    *,
    on_error: OnError | None = None,
    idle: Idle | None = None,
    budget: float | None = 0.0,
) -> None:
    """Call the function once in each frame of a `loop()`, until it returns False.

    What it raises is shown, and the loop waits in place until a save mends it.  SystemExit and KeyboardInterrupt get
    through, and everything when nothing watches (HOTSWAP=0).
    """
    for frame in loop(fps, on_error=on_error, idle=idle, budget=budget):
        with frame:
            if function() is False:
                return


class Pace:
    """So many turns a second."""

    def __init__(self, fps: float | None) -> None:
        if fps is not None and not fps > 0:
            raise UsageError(f"fps={fps!r} is not a number of frames above 0, nor None for no limit")
        self._step = 0.0 if fps is None else 1 / fps
        self._due = time.perf_counter() + self._step

    def wait(self, sleep: Callable[[float], object]) -> None:
        """Sleep until the next turn is due; one that was missed is left out."""
        now = time.perf_counter()
        if self._due > now:
            sleep(self._due - now)
        else:
            self._due = now
        self._due += self._step


class Guard:
    """Shows what a turn raises, and waits for the save that mends it."""

    def __init__(self, reloader: Reloader, on_error: OnError | None = None, idle: Idle | None = None) -> None:
        self._reloader, self._on_error, self._idle = reloader, on_error, idle
        self._waited = 0.0

    def outlives(self, error: BaseException, what: str) -> bool:
        """Whether the program goes on: the error was shown, and a save may have mended it.

        False for what is meant to end a program, and where nothing watches; then nothing was done.
        """
        if not self._reloader.watching or not may_be_mended(error):
            return False
        began = time.perf_counter()
        show(error, self._on_error)
        say(f"{what} raised; the program waits here, with its state, for a save that mends it (Ctrl-C ends it)")
        wait_for_good_save(self._reloader, self._idle)
        self._waited += time.perf_counter() - began
        return True

    def take_waited(self) -> float:
        """The seconds that were spent waiting since the last call."""
        waited, self._waited = self._waited, 0.0
        return waited


def may_be_mended(error: BaseException) -> bool:
    """Whether an edit of the program may be the answer to what was raised."""
    debugger = sys.modules.get("bdb")
    has_quit = debugger is not None and isinstance(error, debugger.BdbQuit)
    return isinstance(error, Exception) and not has_quit and crash.may_wait(error)


def show(error: BaseException, on_error: OnError | None = None) -> None:
    """Show the traceback of the program's own frames: by the callback, else on the standard error."""
    launch.strip(error)
    text = "".join(traceback.format_exception(error))
    try:
        if on_error is not None and on_error(text):
            return
    except Exception as fault:  # noqa: BLE001  a callback of the program's; the error itself is shown below
        say(f"on_error: {explain(fault)}")
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()


def wait_for_good_save(reloader: Reloader, idle: Idle | None = None) -> None:
    """Return once a save went live, or changed nothing but files that the program reads itself.

    Rounds are applied here, on this thread.  A round that fails is told by the reloader's report, and waited on.
    """
    while reloader.watching:
        safe_point()
        idle = _idled(idle)
        if reloader.wait(LOOK_EVERY if idle is None else IDLE_EVERY):
            if isinstance(reloader.apply_settled(), Swapped | Unchanged):
                return


def _idled(idle: Idle | None) -> Idle | None:
    """Call it; returns what to call next time."""
    try:
        if idle is not None:
            idle()
    except Exception as error:  # noqa: BLE001  a callback of the program's, which must not end the waiting
        say(f"idle: {explain(error)}; it is not called any more")
        return None
    return idle
