"""What is known of the tracked files: events and looks go in, settled batches come out.

Not safe for threads and never waiting: the `Watcher` holds the lock and the clock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from hotswap.watching.backends import Silent
from hotswap.watching.coverage import Coverage
from hotswap.watching.events import Doubt, Event, Native, What
from hotswap.watching.folders import INSIDE, Folders, folder_of
from hotswap.watching.git import GitLocks
from hotswap.watching.globs import Glob
from hotswap.watching.places import Index
from hotswap.watching.settle import Settler
from hotswap.watching.stamps import Look, Stamps, process_start, touched_at
from hotswap.watching.whole import has_content, is_whole

_KEPT_EVENTS = 10
# How long a barrier waits for the end of a save that it meets in the middle: of a file that is missing or empty (an
# editor that moves the old text away puts the new one in its place within 1 ms), and of one that is being written.
_AWAY, _WRITTEN = 0.02, 0.2
# The kernel changes a file's time first and queues the event then; a writer may be put to sleep in between.
_GRACE = 0.25


class Lookout:
    """The tracked files, which of them may have changed, and for which of them the events vouch."""

    def __init__(self, *, quiet: float, max_hold: float, wall: Callable[[], int]) -> None:
        self.settler = Settler(quiet=quiet, max_hold=max_hold)
        self.index = Index()
        self.folders = Folders(watch=self._watch, knows=self.index.__contains__)
        self.unvouched: set[str] = set()
        """The files that may change without an event."""
        self.gap: object | None = object()
        """Set while events may have been lost since the last look at all files; a new loss is a new object."""
        self.missed = 0
        self.overdue: dict[str, float] = {}
        """Files that were found to have changed, and until when their event may still come."""
        self.events: dict[str, float] = {}
        """Where something happened last that concerns a tracked file, and when that was read; newest last."""
        self._heard = 0
        self.error: str | None = None
        self._wall = wall
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
        self.gap = object() if len(self.index) else None
        self.unvouched = set()  # a new one: iterating over a set that was emptied costs as much as when it was full
        for file in self.index.files:
            self._vouch(file, self.index.places(file))

    def deafen(self) -> None:
        """There is no queue any more: only looks can tell."""
        self.native, self.coverage, self.gap = Silent("stopped"), None, object()

    def track(self, file: str, now: float) -> None:
        """Watch one more file; it is hinted at once if it may have been written since the process read it."""
        self.folders.found.discard(file)
        if file not in self.index and self._watch(file) >= self._since:
            self.settler.saw(file, What.SEEN, now)

    def untrack(self, file: str) -> None:
        """Watch it no longer, and hint it no longer; unless a pattern means it."""
        if self.folders.means(file):
            self.folders.found.add(file)
        else:
            self._drop(file)

    def watch_directory(self, glob: Glob) -> None:
        """Watch the files that a pattern means, now and later."""
        self.folders.add(glob)

    def unwatch_directory(self, glob: Glob) -> list[str]:
        """Do so no longer; returns what is watched no more."""
        dropped = self.folders.remove(glob)
        for place in dropped:
            self._drop(place)
        return dropped

    def _watch(self, file: str) -> int:
        """Watch a place; returns when it was last written, 0 if there is none."""
        if file in self.index:
            return 0
        self._vouch(file, self.index.put(file))
        stamp = self._stamps.record(file)
        return 0 if stamp.error else touched_at(stamp)

    def _drop(self, file: str) -> None:
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
        heard = self._heard
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
        return not events or self._heard != heard

    def _note(self, path: str, now: float) -> None:
        self._heard += 1
        self.events.pop(path, None)
        self.events[path] = now
        if len(self.events) > _KEPT_EVENTS:
            del self.events[next(iter(self.events))]

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
        if self.folders:
            self._meet(event, now)
        files = self.index.at(event.path)
        if not files:
            return
        self._note(event.path, now)
        what = event.what
        if what is What.FINISHED and not has_content(event.path):
            what = What.SEEN  # emptied by somebody who is likely to write it next
        if what not in (What.WRITING, What.TOUCHED):
            self._renew(files)  # a file and a link may have taken each other's place
        self._hint(files, what, now)

    def _meet(self, event: Event, now: float) -> None:
        """A name in a directory that patterns lead into: a file that is meant is tracked from now on."""
        directory, name = os.path.split(event.path)
        for place in self.index.at(directory + INSIDE):
            path = os.path.join(folder_of(place) or os.sep, name)
            if path not in self.index:
                for new in self.folders.meet(path):
                    self._note(new, now)
                    self.settler.saw(new, event.what, now)

    def _renew_tree(self, path: str, now: float) -> None:
        """A directory appeared, vanished or was replaced: find the ways through it anew, and watch those."""
        self.index.look_anew()
        if self.coverage is not None:
            self.coverage.uncover(path)
        files = self.index.beneath(path)
        if files:
            self._note(path, now)
        self._renew(files)
        writing = files & self.settler.open  # which the directory's change does not end
        self._hint(writing, What.WRITING, now)
        self._hint(files - writing, What.SEEN, now)

    def _renew(self, files: Iterable[str]) -> None:
        for file in files:
            self._vouch(file, self.index.put(file))

    def _hint(self, files: Iterable[str], what: What, now: float) -> None:
        for file in files:
            self._stamps.forget(file)
            self.overdue.pop(file, None)
            self._suspect(file, what, now)

    def _suspect(self, file: str, what: What, now: float) -> None:
        """The file may have changed; or names in a directory have, and there are files to be found."""
        folder = folder_of(file)
        if folder is None:
            self.settler.saw(file, what, now)
            return
        self._stamps.record(file)
        for new in self.folders.look_into(folder):
            self.settler.saw(new, What.SEEN, now)

    # ------------------------------------------------------------------ looks

    def look(self, files: Iterable[str], now: float) -> None:
        """Hint what differs from the last look, or might."""
        for file in tuple(files):
            if self._stamps.look(file) is not Look.SAME:
                self._suspect(file, What.SEEN, now)

    def scan(self, files: Iterable[str], now: float) -> None:
        """The same for looks that are repeated: one too young to tell is hinted once, when it is so no more."""
        for file in files:
            found = self._stamps.look(file)
            if found is not Look.SAME and not (found is Look.RACY and self._stamps.is_racy(file)):
                self._suspect(file, What.SEEN, now)

    def reconcile(self, files: Iterable[str], now: float) -> None:
        """Look at files whose events are relied upon; a change without an event ends that reliance."""
        surprising = {f: found for f in files if (found := self._stamps.look(f)) in (Look.CHANGED, Look.METADATA)}
        if surprising:
            self.drain(now)  # its event may have been on its way
        for file, found in surprising.items():
            if folder_of(file) is not None:
                self._reconcile_folder(file, now)
            elif self._stamps.knows(file):
                self.settler.saw(file, What.SEEN, now)
                # Metadata alone changes without an event when a link to the file is made.
                if found is Look.CHANGED and (self.native.prompt or not self._stamps.is_racy(file)):
                    self.overdue.setdefault(file, now + _GRACE)

    def _reconcile_folder(self, place: str, now: float) -> None:
        """Names have come or gone; most of them are of no interest, and those that are have had their events."""
        for new in self.folders.look_into(folder_of(place) or os.sep):
            self.settler.saw(new, What.SEEN, now)
            self.overdue.setdefault(new, now + _GRACE)

    def count_missed(self, now: float) -> None:
        """Of the changes that were found by looking, those whose event has not come by now had none."""
        for file in [file for file, due in self.overdue.items() if due <= now]:
            del self.overdue[file]
            if file in self.index:
                self._miss(file)

    def _miss(self, file: str) -> None:
        self.missed += 1
        if self.coverage is None:
            return
        root = self.coverage.root(os.path.dirname(self.index.places(file)[-1]))
        self.coverage.demote(root, Doubt(f"a change of {file} sent no event", ""))
        self._renew(self.index.beneath(root))

    # ------------------------------------------------------------------ what comes out

    def gather(self, now: float) -> bool:
        """Take in everything that may have changed before this call; whether some of it is in the middle of a save."""
        self.drain(now)
        everything = self.gap is not None or not self.native.prompt or bool(self.overdue)
        self.look(self.index.files if everything else self.unvouched, now)
        self.gap = None
        return self.is_half(now)

    def is_half(self, now: float) -> bool:
        """Whether a file that waits is seen to be in the middle of a save that is likely to end in a moment."""
        if any(not has_content(file) for file in self.settler.halves(now - _AWAY)):
            return True
        recent = self.settler.halves(now - _WRITTEN)
        # The events of a write may have come before its directory was watched, or there are none: its time tells.
        return any(os.path.lexists(file) if file in self.settler.open else self._is_fresh(file) for file in recent)

    def _is_fresh(self, file: str) -> bool:
        stamp = self._stamps.record(file)
        return not stamp.error and 0 <= self._wall() - stamp.modified < _AWAY * 1e9

    def stirred(self, files: Iterable[str], now: float) -> bool:
        """Whether something happened to one of these files since it was taken."""
        self.drain(now)
        for file in self.unvouched.intersection(files) if self.native.prompt else files:
            if self._stamps.look(file) is Look.CHANGED:
                self._suspect(file, What.SEEN, now)
        return not self.settler.pending.isdisjoint(files)

    def take(self, now: float) -> frozenset[str]:
        """Everything that waits, complete or not."""
        batch = self.settler.take(now)
        for file in batch & self.folders.found:
            if not os.path.lexists(file):  # should it come back, its directory tells
                self.folders.found.discard(file)
                self._drop(file)
        return batch

    def settled(self, now: float) -> frozenset[str]:
        """The batch that waits, if it is complete."""
        if not self._is_due(now):
            return frozenset()
        pending = self.settler.pending
        if pause := self._locks.pause(pending):
            self.settler.hold(now + pause)
        for file in self.settler.open - self.settler.doubted:
            if not is_whole(file):  # the writer pauses, and is not done
                self.settler.saw(file, What.WRITING, now)
        for file in pending if not self.native.prompt else pending & self.unvouched:
            self._look_again(file, now)
        return self.take(now) if self._is_due(now) else frozenset()

    def _look_again(self, file: str, now: float) -> None:
        """No event says whether a file is still being written: its status and its content have to."""
        if self._stamps.look(file) is Look.CHANGED:
            self.settler.saw(file, What.SEEN, now)
        elif os.path.lexists(file) and not is_whole(file):
            self.settler.doubt(file)

    def _is_due(self, now: float) -> bool:
        due = self.settler.due()
        return due is not None and due <= now
