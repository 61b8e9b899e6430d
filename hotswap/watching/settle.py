"""When is a burst of saves over?  Pure: time is handed in, nothing waits."""

from __future__ import annotations

from hotswap.watching.events import What

# Shares of the quiet time.  One finished file alone needs only the gap within which a tool that saves several goes on
# to its next one; a file that is still open for writing gets longer, as slow writers pause in the middle.
_ALONE = 0.1
_WRITING = 20.0


class Settler:
    """Gathers hints until nothing more is to be expected.

    One file that was closed or renamed into place goes almost at once.  Anything else waits until `quiet` seconds
    passed without an event, or longer while a file is open for writing or `hold()` says so, but never longer than
    `max_hold` seconds from the first hint.
    """

    def __init__(self, *, quiet: float, max_hold: float) -> None:
        self._quiet = quiet
        self._max_hold = max_hold
        self._pending: dict[str, What] = {}
        self._writing: set[str] = set()
        self._first = self._last = self._held = 0.0
        self._released = float("-inf")

    @property
    def pending(self) -> frozenset[str]:
        """The files that wait."""
        return frozenset(self._pending)

    def saw(self, file: str, what: What, now: float) -> None:
        """A file may have changed."""
        if not self._pending:
            self._first = now
        self._last = now
        if what is What.TOUCHED and file in self._pending:
            return
        self._pending[file] = what
        if what is What.WRITING:
            self._writing.add(file)
        else:
            self._writing.discard(file)

    def hold(self, until: float) -> None:
        """Wait at least until then: somebody is in the middle of changing many files."""
        self._held = max(self._held, until)

    def due(self) -> float | None:
        """When the batch is complete as far as is known now; None when nothing waits."""
        if not self._pending:
            return None
        return min(max(self._last + self._patience(), self._held), self._first + self._max_hold)

    def _patience(self) -> float:
        if self._writing:
            return self._quiet * _WRITING
        return self._quiet * _ALONE if self._is_alone() else self._quiet

    def _is_alone(self) -> bool:
        finished = len(self._pending) == 1 and What.FINISHED in self._pending.values()
        return finished and self._first - self._released > self._quiet  # else it belongs to a burst that goes on

    def take(self, now: float) -> frozenset[str]:
        """Everything that waits, complete or not."""
        batch = frozenset(self._pending)
        self._pending.clear()
        self._writing.clear()
        self._held = 0.0
        if batch:
            self._released = now
        return batch

    def drop(self, file: str) -> None:
        """The file is no longer of interest."""
        self._pending.pop(file, None)
        self._writing.discard(file)
