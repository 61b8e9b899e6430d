"""A formatter that rewrites each file a moment after it was saved: learned from what happened.  Pure."""

from __future__ import annotations

# Longer than this nobody waits: the second save becomes a round of its own, which moves lines and nothing else.
_LONGEST = 0.25
_MARGIN = 1.5
_SHORTEST = 0.002  # a save of several steps ends with several events; they are no second save
_PATIENCE = 3  # single saves without an echo until it is forgotten


class Echo:
    """How long after a save its file is likely to be rewritten by a formatter.

    At first nobody knows of it, and a save and its formatting are two rounds.  Once the second one has turned out to
    be layout alone, later saves are given the time that it took.
    """

    def __init__(self) -> None:
        self._saves: list[tuple[str, float]] = []  # the last two: file and when it was finished
        self._gap = 0.0
        self._misses = 0

    def finished(self, file: str, now: float) -> None:
        """The file was closed or renamed into place."""
        if self._saves and self._saves[-1][0] == file and now - self._saves[-1][1] < _SHORTEST:
            self._saves[-1] = file, now
        else:
            self._saves = [*self._saves[-1:], (file, now)]

    def formatted(self, file: str) -> None:
        """What the last save of this file changed was layout alone."""
        if len(self._saves) == 2 and self._saves[0][0] == self._saves[1][0] == file:
            gap = self._saves[1][1] - self._saves[0][1]
            if gap <= _LONGEST:
                self._gap, self._misses = gap, 0

    def until(self, first: float) -> float:
        """Until when to wait for the echo of a save at `first`; 0 when none is to be expected or it has come."""
        if not self._gap or sum(when >= first for _, when in self._saves) > 1:
            return 0.0
        return first + self._gap * _MARGIN

    def released(self, batch: frozenset[str], first: float) -> None:
        """A batch is over, and the echo that was waited for has come, or not."""
        if not self._gap or len(batch) != 1:
            return
        came = sum(when >= first for _, when in self._saves) > 1
        self._misses = 0 if came else self._misses + 1
        if self._misses >= _PATIENCE:
            self._gap = 0.0
