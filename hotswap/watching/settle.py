"""When is a burst of saves over?  Pure: time is handed in, nothing waits."""

from __future__ import annotations

from hotswap.watching.echo import Echo
from hotswap.watching.events import What

# Shares of the quiet time.  One finished file alone needs only the gap within which a tool that saves several goes on
# to its next one; a file that is still open for writing gets longer, as slow writers pause in the middle.
_ALONE = 0.1
_WRITING = 20.0


class Settler:
    """Gathers hints until nothing more is to be expected.

    One file that was closed or renamed into place, and is whole, goes almost at once.  Anything else waits until
    `quiet` seconds passed without an event, or longer while a file is open for writing or `hold()` says so, but never
    longer than `max_hold` seconds from the first hint.
    """

    def __init__(self, *, quiet: float, max_hold: float) -> None:
        self._quiet = quiet
        self._alone = quiet * _ALONE
        self._max_hold = max_hold
        self._echo = Echo()
        self._pending: dict[str, What] = {}
        self._when: dict[str, float] = {}
        self.open: set[str] = set()
        """The files that somebody is writing and has not closed."""
        self.doubted: set[str] = set()
        """Those of which that is merely supposed."""
        self._judged = False
        self._first = self._last = self._held = 0.0
        self._released = float("-inf")
        self._before: frozenset[str] = frozenset()

    @property
    def pending(self) -> frozenset[str]:
        """The files that wait."""
        return frozenset(self._pending)

    def halves(self, since: float) -> frozenset[str]:
        """Those whose last event was not the end of a save, and came after `since`."""
        return frozenset(
            file
            for file, what in self._pending.items()
            if what in (What.WRITING, What.SEEN) and self._when[file] > since
        )

    def saw(self, file: str, what: What, now: float) -> None:
        """A file may have changed."""
        if not self._pending:
            self._first = now
        self._last = now
        if what is What.TOUCHED and file in self._pending:
            return
        if what is What.FINISHED:
            self._echo.finished(file, now)
        self._pending[file] = what
        self._when[file] = now
        (self.open.add if what is What.WRITING else self.open.discard)(file)
        self.doubted.discard(file)
        self._judged = False

    def unjudged(self) -> str | None:
        """The file that could go almost at once if it is whole, which nobody has looked at yet."""
        return None if self._judged or not self._is_alone() else next(iter(self._pending))

    def judge(self, file: str, *, whole: bool) -> None:
        """Somebody has looked: what is not whole yet is likely to be written again."""
        if self.unjudged() == file:
            self._judged = True
            if not whole:
                self._pending[file] = What.SEEN

    def doubt(self, file: str) -> None:
        """It is not whole, and nobody can say whether its writer is done: give it the time of an open file, once."""
        if file not in self.doubted:
            self.doubted.add(file)
            self._pending[file] = What.WRITING
            self.open.add(file)

    def hold(self, until: float) -> None:
        """Wait at least until then: somebody is in the middle of changing many files."""
        self._held = max(self._held, until)

    def due(self) -> float | None:
        """When the batch is complete as far as is known now; None when nothing waits."""
        if not self._pending:
            return None
        return min(max(self._last + self._patience(), self._held, self._echoed()), self._first + self._max_hold)

    def _patience(self) -> float:
        if self.open:
            return self._quiet * _WRITING
        return self._alone if self._is_alone() else self._quiet

    def _is_alone(self) -> bool:
        if len(self._pending) != 1 or What.FINISHED not in self._pending.values():
            return False
        # Another file so soon after a batch belongs to a burst that goes on; the same one again is a save of its own.
        return self._first - self._released > self._quiet or self._before == self._pending.keys()

    def _echoed(self) -> float:
        return self._echo.until(self._first) if self._is_alone() else 0.0

    def formatted(self, file: str) -> None:
        """The last save of the file had changed nothing but layout."""
        self._echo.formatted(file)

    def take(self, now: float) -> frozenset[str]:
        """Everything that waits, complete or not."""
        batch = frozenset(self._pending)
        self._pending.clear()
        self._when.clear()
        self.open.clear()
        self.doubted.clear()
        self._held = 0.0
        if batch:
            self._released, self._before = now, batch
            self._echo.released(batch, self._first)
        return batch

    def drop(self, file: str) -> None:
        """The file is no longer of interest."""
        self._pending.pop(file, None)
        self._when.pop(file, None)
        self.open.discard(file)
