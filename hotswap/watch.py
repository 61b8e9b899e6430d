"""Says which paths to look at: events of the operating system → settled sets of files that may have changed.

Events are hints and the disk is the truth: the reloader reads the files and compares.  So a false hint costs one look,
and a missed one is the only error; wherever the events cannot vouch for a file, it is looked at as well.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from hotswap.watching import forks
from hotswap.watching.backends import Silent, open_native, told_to_scan
from hotswap.watching.events import Doubt, Native, OpenNative
from hotswap.watching.folders import folder_of
from hotswap.watching.globs import NEVER, Glob
from hotswap.watching.looking import Looking
from hotswap.watching.lookout import Lookout
from hotswap.watching.mounts import Mounts, Trust
from hotswap.watching.rhythm import Rhythm
from hotswap.watching.status import WatchStatus, describe, line
from hotswap.watching.whole import is_whole

__all__ = ["NEVER", "Glob", "Mounts", "WatchStatus", "Watcher", "forks", "line"]

_log = logging.getLogger("hotswap.watch")

_RECONCILE_EVERY, _RETRY_EVERY, _FAULT_EVERY = 2.0, 60.0, 1.0
_MUCH_NOISE, _BREATH = 10, 0.005
_JOIN_TIMEOUT = 2.0
# How often a barrier asks whether a save that it found in the middle has ended.
_GLANCE = 0.001
# How long at most a barrier follows somebody who never stops to write.
_STEADY = 1.0

Text = TypeVar("Text")


class Watcher:
    """Hints which tracked files may have changed.  All methods may be called from any thread.

    `notify()` is called on the watcher's own thread whenever a settled batch is ready; what it raises is noted in
    `status()` and otherwise ignored.
    """

    def __init__(
        self, *, notify: Callable[[], None], poll: bool | float = False, quiet: float = 0.05, max_hold: float = 10.0,
        reconcile: float = _RECONCILE_EVERY, native: OpenNative | None = None,
    ) -> None:  # fmt: skip
        self.ready = False
        self.why_not = "it was not started"
        """Why nothing is being watched; empty while it is."""
        self._notify = notify
        self._open, self._asked_to_scan = native or open_native, False
        self._retrying = Rhythm(every=_RETRY_EVERY, share=1.0)
        self._noise = 0
        self._announced: set[Doubt] = set()
        self._lookout = Lookout(quiet=quiet, max_hold=max_hold, wall=time.time_ns)
        self._looking = Looking(self._lookout, lambda: self._lock, reconcile=reconcile)
        if poll:
            self._ask_to_scan(poll)
        self._batch: set[str] = set()
        self._errands: deque[Callable[[], None]] = deque()
        self._is_returned = False
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        forks.follow(self)

    # ------------------------------------------------------------------ starting and stopping

    def start(self) -> None:
        """Begin to watch.  Idempotent; also for a watcher that was stopped, or came into a child by a fork."""
        with self._lock:
            if self._thread is None:
                self.why_not = ""
                self._retrying.done(now := time.monotonic(), now)
                native = self._listen()
                self._thread = threading.Thread(target=self._run, args=(native,), name="hotswap-watch", daemon=True)
                self._thread.start()

    def _listen(self) -> Native:
        try:
            native = self._open()
        except OSError as error:
            native = Silent(error.strerror or str(error), error.errno or 0)
        self._lookout.listen(native, Trust(native, Mounts()).doubt)
        return native

    def scan(self, poll: bool | float) -> None:  # noqa: FBT001  the argument that it was given at first
        """Look at the files from now on instead of asking for events."""
        with self._lock:
            self._ask_to_scan(poll)
            if self._thread is not None:
                before = self._lookout.native
                self._listen()
                before.wake()  # who waits there finds its successor

    def _ask_to_scan(self, poll: bool | float) -> None:  # noqa: FBT001  as above
        self._open, self._asked_to_scan = told_to_scan, True
        self._looking.scan_every(poll)
        self._retrying = Rhythm(every=float("inf"), share=1.0)

    def stop(self) -> None:
        """Watch no longer; the thread ends and its descriptors are closed.  Idempotent."""
        with self._lock:
            thread, self._thread = self._thread, None
            self.why_not = self.why_not or "it was stopped"
            self._lookout.native.wake()
        # Bounded, for notify() may be waiting for a lock that the caller of stop() holds.
        if thread is not None and thread is not threading.current_thread():
            thread.join(_JOIN_TIMEOUT)

    # ------------------------------------------------------------------ what to watch

    def track(self, files: Iterable[str]) -> None:
        """Watch these source files too (absolute paths); one that does not exist is hinted when it appears."""
        with self._lock, self._woken_by_news():
            now = time.monotonic()
            for file in files:
                self._lookout.track(file, now)

    @contextmanager
    def _woken_by_news(self) -> Iterator[None]:
        """Wake the thread if it has something to wait for, behind the block, that it had not before."""
        before = self._reasons_to_wake()
        yield
        if self._reasons_to_wake() != before:
            self._lookout.native.wake()

    def _reasons_to_wake(self) -> tuple[bool, ...]:
        lookout = self._lookout
        vouched = len(lookout.index) - len(lookout.unvouched)
        return lookout.settler.due() is not None, bool(lookout.unvouched), bool(vouched), lookout.gap is not None

    def untrack(self, files: Iterable[str]) -> None:
        """Watch these no longer, and hint them no longer."""
        with self._lock:
            for file in files:
                self._lookout.untrack(file)
                self._batch.discard(file)

    def watch_directory(self, directory: str, pattern: str) -> None:
        """Watch the files beneath the directory that match the pattern (`*.json`, `levels/**/*.png`).

        Those that come into being later are hinted as well, and those that are there already when they change, each
        once in a batch, however many patterns mean it.  The directory itself need not exist yet.
        """
        with self._lock, self._woken_by_news():
            self._lookout.watch_directory(Glob(os.path.abspath(directory), pattern))

    def unwatch_directory(self, directory: str, pattern: str) -> None:
        """Do so no longer; files that are tracked, or that another pattern means, are watched on."""
        with self._lock:
            for place in self._lookout.unwatch_directory(Glob(os.path.abspath(directory), pattern)):
                self._batch.discard(place)

    def matching(self, directory: str, pattern: str) -> frozenset[str]:
        """The watched files that a pattern means."""
        glob = Glob(os.path.abspath(directory), pattern)
        with self._lock:
            files = (file for file in self._lookout.index.files if folder_of(file) is None)
            return frozenset(file for file in files if glob.matches(file))

    # ------------------------------------------------------------------ what may have changed

    def take(self) -> frozenset[str]:
        """The settled files that may have changed since the last call."""
        with self._lock:
            batch, self._batch = frozenset(self._batch), set()
            self.ready = False
            return batch

    def settled(self) -> frozenset[str]:
        """What `take()` would return; it is hinted all the same."""
        with self._lock:
            return frozenset(self._batch)

    def flush(self) -> frozenset[str]:
        """A barrier: whatever any process saved, created, deleted or renamed before this call is in the result.

        A save that is in the middle just now (the file is open, emptied, or away for a moment) is given a little time
        to end; nothing else is waited for.
        """
        with self._lock:
            half = self._lookout.gather(time.monotonic())
        while half:
            time.sleep(_GLANCE)
            with self._lock:
                self._lookout.drain(time.monotonic())
                half = self._lookout.is_half(time.monotonic())
        with self._lock:
            return self._lookout.take(time.monotonic()) | self.take()

    def steady(self, files: Iterable[str], read: Callable[[str], Text]) -> dict[str, Text]:
        """What `read` returns for each of the files; one that is saved meanwhile is read again, behind its save.

        Files that turn out to have been saved meanwhile are read as well.  A file that is written without an end is
        returned as it is after a second.
        """
        texts: dict[str, Text] = {}
        again, end = set(files), time.monotonic() + _STEADY
        while again:
            texts |= {file: read(file) for file in again}
            if any(text == b"" for text in texts.values()):
                time.sleep(_GLANCE)  # a file is emptied first, and its event is queued then
            with self._lock:
                stirred = self._lookout.stirred(again, time.monotonic())
            again = set(self.flush()) if stirred and time.monotonic() < end else set()
        return texts

    def peek(self) -> frozenset[str]:
        """What `flush()` would return; it is hinted all the same."""
        found = self.flush()
        self.give_back(found)
        return found

    def give_back(self, files: Iterable[str]) -> None:
        """These were taken and nothing was done about them: hint them once more."""
        with self._lock:
            self._batch.update(file for file in files if file in self._lookout.index)
            self._is_returned = bool(self._batch)
            self._lookout.native.wake()

    def later(self, errand: Callable[[], None]) -> None:
        """Have it called on the watcher's own thread when that has something to do next (a look at the files, mostly).

        It is not woken for it: whoever wakes a thread of Python's waits for it.
        """
        self._errands.append(errand)

    def formatted(self, file: str) -> None:
        """What was saved last in this file was layout alone: right after another save that is a formatter's work."""
        with self._lock:
            self._lookout.settler.formatted(file)

    def status(self) -> WatchStatus:
        """How well the watching goes, and where it does not."""
        with self._lock:
            return describe(self._lookout, why_not=self.why_not, now=time.monotonic())

    # ------------------------------------------------------------------ the thread

    def _run(self, native: Native) -> None:
        try:
            while self._thread is threading.current_thread():
                try:
                    native.wait(self._pause())
                    self._turn()
                    native = self._successor(native)
                except Exception as error:  # noqa: BLE001  a thread that ends here would leave edits unseen, silently
                    self._recover(error)
        finally:
            with self._lock:
                if self._lookout.native is native:
                    self._lookout.deafen()
                native.close()

    def _recover(self, error: Exception) -> None:
        """A fault of ours: say so, and go on by looking at everything."""
        with self._lock:
            is_new, self._lookout.error = repr(error) != self._lookout.error, repr(error)
            self._lookout.gap = object()
        if is_new:
            _log.exception("watching failed and goes on; please report this")
        time.sleep(_FAULT_EVERY)

    def _pause(self) -> float | None:
        """How long there is nothing to do unless something happens."""
        with self._lock:
            lookout = self._lookout
            if lookout.gap is not None:
                return 0.0
            due = lookout.settler.due()
            times = [*lookout.overdue.values()] if due is None else [due, *lookout.overdue.values()]
            times += self._looking.times()
        return min(times) - time.monotonic() if times else None

    def _turn(self) -> None:
        while self._errands:
            self._errands.popleft()()
        with self._lock:
            relevant = self._lookout.drain(time.monotonic())
        self._judge()
        self._noise = 0 if relevant else self._noise + 1
        if self._noise > _MUCH_NOISE:
            time.sleep(_BREATH)  # somebody writes a log beside the sources: read its events by the dozen
        self._looking.look_around()
        with self._lock:
            self._lookout.count_missed(time.monotonic())
            batch = self._lookout.settled(time.monotonic())
            self._batch |= batch
            self.ready = bool(self._batch)
            is_news, self._is_returned = bool(batch) or self._is_returned, False
        if is_news:
            self._tell()
        self._announce()
        self._try_again()

    def _judge(self) -> None:
        """Look whether a single save is whole, while its companions have the time to come."""
        with self._lock:
            file = self._lookout.settler.unjudged()
        if file is not None:
            whole = is_whole(file)
            with self._lock:
                self._lookout.settler.judge(file, whole=whole)

    def _announce(self) -> None:
        """Say once why events are not relied upon."""
        with self._lock:
            coverage = self._lookout.coverage
            news = (
                {}
                if coverage is None or self._asked_to_scan
                else {d: at for d, at in coverage.reasons.items() if d not in self._announced}
            )
            self._announced.update(news)
        for doubt, where in news.items():
            _log.warning("hotswap scans %s instead of watching it: %s", where, "; ".join(filter(None, doubt)))

    def _tell(self) -> None:
        try:
            self._notify()
        except Exception as error:  # noqa: BLE001  whatever it is, the next batch must be told of
            self._lookout.error = f"notify() raised {error!r}"
            _log.exception("the receiver of settled files raised")

    def _try_again(self) -> None:
        """What was refused gets another chance now and then: a limit may have been raised."""
        now = time.monotonic()
        with self._lock:
            coverage = self._lookout.coverage
            if coverage is not None and coverage.is_refused and now >= self._retrying.next:
                self._retrying.done(now, now)
                self._listen()

    def _successor(self, native: Native) -> Native:
        """The queue to wait for from now on; one that was given up is closed."""
        with self._lock:
            current = self._lookout.native
            if current is not native and self._thread is threading.current_thread():
                native.close()
                return current
        return native

    # ------------------------------------------------------------------ forks

    def become_child(self) -> None:
        """After a fork: here only looks tell, until the child calls `start()` itself."""
        if self._thread is not None:
            self.why_not = "this is a forked child, and it is its parent that watches; call hotswap.watch() here too"
        self._thread = None
        self._lookout.native.abandon()
        self._lookout.deafen()
