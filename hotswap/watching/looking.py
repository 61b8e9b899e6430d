"""Looking at files, again and again: where events cannot be relied upon, and to see whether they can."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from hotswap.watching.lookout import Lookout
from hotswap.watching.rhythm import Rhythm

_SCAN_EVERY = 1.0
# Shares of one core that looking around may cost: where events cannot be relied upon, and where they can.
_SCAN_SHARE, _RECONCILE_SHARE = 0.05, 0.001
_AT_ONCE = 128  # files looked at before another thread may have the lock


class Looking:
    """Looks at the files of a lookout when it is time to; holds the lock for a few files at a time."""

    def __init__(self, lookout: Lookout, lock: Callable[[], threading.RLock], *, reconcile: float) -> None:
        self._lookout = lookout
        self._lock = lock
        self._scanning = Rhythm(every=_SCAN_EVERY, share=_SCAN_SHARE)
        self._reconciling = Rhythm(every=reconcile, share=_RECONCILE_SHARE)

    def scan_every(self, poll: bool | float) -> None:  # noqa: FBT001  as the user gave it
        """Look at the files that no event vouches for in this rhythm; True: in the usual one."""
        self._scanning = Rhythm(every=_SCAN_EVERY if isinstance(poll, bool) else float(poll), share=_SCAN_SHARE)

    def times(self) -> list[float]:
        """When there is something to look at next.  Called with the lock held."""
        lookout = self._lookout
        times = [self._scanning.next] if lookout.unvouched else []
        if len(lookout.unvouched) < len(lookout.index):
            times.append(self._reconciling.next)
        return times

    def look_around(self) -> None:
        """Look at what it is time to look at."""
        if self._lookout.gap is not None:
            self._close_gap()
        elif time.monotonic() >= min(self._scanning.next, self._reconciling.next):
            with self._lock():
                doubtful = self._lookout.unvouched.copy()
                others = [file for file in self._lookout.index.files if file not in doubtful]
            self._in_turns(self._scanning, self._lookout.scan, list(doubtful))
            self._in_turns(self._reconciling, self._lookout.reconcile, others)

    def _close_gap(self) -> None:
        with self._lock():
            gap, everything = self._lookout.gap, list(self._lookout.index.files)
            self._reconciling.next = 0.0
        self._in_turns(self._reconciling, self._lookout.look, everything)
        with self._lock():
            if self._lookout.gap is gap:
                self._lookout.gap = None

    def _in_turns(self, rhythm: Rhythm, look: Callable[[Sequence[str], float], None], files: Sequence[str]) -> None:
        began = time.monotonic()
        if began < rhythm.next:
            return
        for start in range(0, len(files), _AT_ONCE):
            with self._lock():
                look(files[start : start + _AT_ONCE], time.monotonic())
        rhythm.done(began, time.monotonic())
