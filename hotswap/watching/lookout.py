"""What is known of the tracked files: events and looks go in, settled batches come out.

Not safe for threads and never waiting: the `Watcher` holds the lock and the clock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from hotswap.watching.backends import Silent
from hotswap.watching.coverage import Coverage
from hotswap.watching.events import Doubt, Event, Native, What
from hotswap.watching.git import PAUSE, GitLocks
from hotswap.watching.places import Index
from hotswap.watching.settle import Settler
from hotswap.watching.stamps import Look, Stamps, process_start, touched_at


class Lookout:
    """The tracked files, which of them may have changed, and for which of them the events vouch."""

    def __init__(self, *, quiet: float, max_hold: float, wall: Callable[[], int]) -> None:
        self.settler = Settler(quiet=quiet, max_hold=max_hold)
        self.index = Index()
        self.unvouched: set[str] = set()
        """The files that may change without an event."""
        self.gap: object | None = object()
        """Set while events may have been lost since the last look at all files; a new loss is a new object."""
        self.missed = 0
        self.last_event: tuple[str, float] | None = None
        self.error: str | None = None
        self._stamps = Stamps(wall=wall)
        self._locks = GitLocks(stale_after=max_hold, wall=lambda: wall() / 1e9)
        self._since = process_start(wall)
        self.native: Native = Silent("not started")
        self.coverage: Coverage | None = None

    # ------------------------------------------------------------------ what to watch

    def listen(self, native: Native, doubt: Callable[[str], Doubt | None]) -> None:
        """From now on this queue tells what happens; what happened before it began has to be looked for."""
        self.native = native
        self.coverage = Coverage(native, doubt, None if self.coverage is None else self.coverage.demoted)
        self.gap = object()
        self.unvouched = set()  # a new one: iterating over a set that was emptied costs as much as when it was full
        for file in self.index.files:
            self._vouch(file, self.index.places(file))

    def deafen(self) -> None:
        """There is no queue any more: only looks can tell."""
        self.native, self.coverage, self.gap = Silent("stopped"), None, object()

    def track(self, file: str, now: float) -> None:
        """Watch one more file; it is hinted at once if it may have been written since the process read it."""
        if file in self.index:
            return
        self._vouch(file, self.index.put(file))
        stamp = self._stamps.record(file)
        if not stamp.error and touched_at(stamp) >= self._since:
            self.settler.saw(file, What.SEEN, now)

    def untrack(self, file: str) -> None:
        """Watch it no longer, and hint it no longer."""
        self.index.drop(file)
        self._stamps.forget(file)
        self.settler.drop(file)
        self.unvouched.discard(file)

    def _vouch(self, file: str, places: tuple[str, ...]) -> None:
        if self.coverage is not None and self.coverage.cover(places):
            self.unvouched.discard(file)
        else:
            self.unvouched.add(file)

    # ------------------------------------------------------------------ events

    def drain(self, now: float) -> bool:
        """Take in what the queue tells; False when all of it was about files of no interest."""
        trees: set[str] = set()
        before = self.last_event
        events = self._events()
        for event in events:
            if event.what is What.LOST:
                self.gap = object()
            if event.tree:
                self._locks.forget()  # a repository may have come or gone
            if self.index.is_way(event.path) or (event.tree and self.index.at(event.path)):
                trees.add(event.path)
            self._apply(event, now)
        for path in trees:
            self._renew_tree(path, now)
        return not events or self.last_event is not before

    def _events(self) -> list[Event]:
        try:
            return self.native.drain()
        except OSError as error:
            self.error = f"reading events failed: {error}"
            broken = self.native
            self.listen(Silent(self.error, error.errno or 0), lambda _: None)
            broken.wake()  # whoever waits there finds its successor
            return []

    def _apply(self, event: Event, now: float) -> None:
        files = self.index.at(event.path)
        if not files:
            return
        self.last_event = (event.path, now)
        what = event.what
        if what is What.FINISHED and not _has_content(event.path):
            what = What.SEEN  # emptied by somebody who is likely to write it next
        if what not in (What.WRITING, What.TOUCHED):
            self._renew(files)  # a file and a link may have taken each other's place
        self._hint(files, what, now)

    def _renew_tree(self, path: str, now: float) -> None:
        """A directory appeared, vanished or was replaced: find the ways through it anew, and watch those."""
        self.index.look_anew()
        if self.coverage is not None:
            self.coverage.uncover(path)
        files = self.index.beneath(path)
        if files:
            self.last_event = (path, now)
        self._renew(files)
        self._hint(files, What.SEEN, now)

    def _renew(self, files: Iterable[str]) -> None:
        for file in files:
            self._vouch(file, self.index.put(file))

    def _hint(self, files: Iterable[str], what: What, now: float) -> None:
        for file in files:
            self._stamps.forget(file)
            self.settler.saw(file, what, now)

    # ------------------------------------------------------------------ looks

    def look(self, files: Iterable[str], now: float) -> None:
        """Hint what differs from the last look, or might."""
        for file in files:
            if self._stamps.look(file) is not Look.SAME:
                self.settler.saw(file, What.SEEN, now)

    def scan(self, files: Iterable[str], now: float) -> None:
        """The same for looks that are repeated: one too young to tell is hinted once, when it is so no more."""
        for file in files:
            found = self._stamps.look(file)
            if found is not Look.SAME and not (found is Look.RACY and self._stamps.is_racy(file)):
                self.settler.saw(file, What.SEEN, now)

    def reconcile(self, files: Iterable[str], now: float) -> None:
        """Look at files whose events are relied upon; a change without an event ends that reliance."""
        surprising = {f: found for f in files if (found := self._stamps.look(f)) in (Look.CHANGED, Look.METADATA)}
        if surprising:
            self.drain(now)  # its event may have been on its way
        for file, found in surprising.items():
            if self._stamps.knows(file):
                self.settler.saw(file, What.SEEN, now)
                # Metadata alone changes without an event when a link to the file is made.
                if found is Look.CHANGED and (self.native.prompt or not self._stamps.is_racy(file)):
                    self._miss(file)

    def _miss(self, file: str) -> None:
        self.missed += 1
        if self.coverage is None:
            return
        root = self.coverage.root(os.path.dirname(self.index.places(file)[-1]))
        self.coverage.demote(root, Doubt(f"a change of {file} sent no event", "nothing needs to be done"))
        self._renew(self.index.beneath(root))

    # ------------------------------------------------------------------ what comes out

    def flush(self, now: float) -> frozenset[str]:
        """Everything that may have changed before this call."""
        self.drain(now)
        everything = self.gap is not None or not self.native.prompt
        self.look(self.index.files if everything else self.unvouched, now)
        self.gap = None
        return self.settler.take(now)

    def settled(self, now: float) -> frozenset[str]:
        """The batch that waits, if it is complete."""
        if not self._is_due(now):
            return frozenset()
        pending = self.settler.pending
        if self._locks.held(pending):
            self.settler.hold(now + PAUSE)
        for file in pending & self.unvouched:
            if self._stamps.look(file) is Look.CHANGED:  # still being written, and no event says so
                self.settler.saw(file, What.SEEN, now)
        return self.settler.take(now) if self._is_due(now) else frozenset()

    def _is_due(self, now: float) -> bool:
        due = self.settler.due()
        return due is not None and due <= now


def _has_content(path: str) -> bool:
    try:
        return os.stat(path).st_size > 0
    except OSError:
        return False
