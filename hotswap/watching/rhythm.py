"""How often to look around without spending more than a share of one core on it."""

from __future__ import annotations


class Rhythm:
    """Due every so many seconds, or as much less often as one turn takes longer.  Pure: time is handed in."""

    def __init__(self, *, every: float, share: float) -> None:
        self._every = every
        self._share = share
        self.next = float("-inf")

    def done(self, began: float, ended: float) -> None:
        """A turn was made; say when the next one is."""
        self.next = ended + max(self._every, (ended - began) / self._share)
