"""Reading, parsing, comparing and planning a round before its moment, so that a frame waits for the commit alone.

It is done on the watcher's thread, in the pauses of a program that tells them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, contextmanager, suppress

from hotswap import files
from hotswap.rounds import Rounds

SLICE = 0.0005
"""Seconds for which the preparing thread may keep the interpreter from a frame that wants it (Python's own: 0.005)."""

PATIENCE = 0.02
"""Seconds to wait for the lock."""

NO_PAUSE = 0.1
"""Seconds after which a program counts as one that never pauses."""


@contextmanager
def in_slices() -> Iterator[None]:
    """Within the block other threads wait for the interpreter no longer than `SLICE`."""
    before = sys.getswitchinterval()
    if before <= SLICE:
        yield
        return
    sys.setswitchinterval(SLICE)
    ours = sys.getswitchinterval()
    try:
        yield
    finally:
        if sys.getswitchinterval() == ours:  # or the program has set its own meanwhile
            sys.setswitchinterval(before)


class Busy:
    """Whether a preparation is going on, and waiting for its end."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._over.set()

    @contextmanager
    def marked(self) -> Iterator[None]:
        """Within the block one is."""
        self._over.clear()
        try:
            yield
        finally:
            self._over.set()

    def wait(self, seconds: float) -> bool:
        """Whether none is, after so many seconds at most."""
        return self._over.wait(seconds) if seconds > 0 else self._over.is_set()


class Pauses:
    """When a program that has frames does nothing: two threads that share the interpreter keep each other waiting.

    Each time that a frame draws or prints it gives the interpreter away, and waits to be woken with it.  On a loaded
    machine that made frames of 30 to 60 ms out of those of 17.
    """

    def __init__(self) -> None:
        self.are_told = False
        """Whether the program says when it pauses."""
        self._now = threading.Event()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Within the block the program does nothing."""
        self._now.set()
        try:
            yield
        finally:
            self._now.clear()

    def wait(self) -> None:
        """Wait for a pause, but not for long: there may be none."""
        if self.are_told:
            self._now.wait(NO_PAUSE)


class Preparation:
    """Prepares the rounds of one reloader.

    `alone(patience)` holds its lock, or raises TimeoutError; `paths()` are the files of the next round.
    While a round goes on nothing is prepared: whoever waits for the lock there would keep the save from being told.
    """

    def __init__(
        self,
        rounds: Rounds,
        alone: Callable[[float], AbstractContextManager[None]],
        paths: Callable[[], AbstractSet[str]],
    ) -> None:
        self._rounds, self._alone, self._paths = rounds, alone, paths
        self.pauses = Pauses()
        self.busy = Busy()

    def run(self) -> None:
        """Do what can be done before the program comes by; a fault here is met again, and told, when it does."""
        with self.busy.marked(), suppress(Exception):
            for piece in (self._rounds.parse_ahead, self._rounds.plan_ahead, self._rounds.open_ahead):
                self.pauses.wait()
                self._do(piece)

    def _do(self, piece: Callable[[AbstractSet[str]], None]) -> None:
        with self._alone(PATIENCE), in_slices():
            paths = self._paths()
            with files.held({path: files.read(path) for path in paths}):
                piece(paths)

    def tidy(self) -> None:
        """Drop what the last round needed: freeing that takes a millisecond or two, which no frame has to wait for."""
        self.pauses.wait()
        with suppress(TimeoutError), self._alone(PATIENCE):
            self._rounds.tidy()
