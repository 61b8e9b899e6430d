"""Says which paths to look at: events of the operating system → settled sets of files that may have changed.

Events are hints and the disk is the truth: the reloader reads the files and compares.  So a false hint costs one look,
and a missed one is the only error; wherever the events cannot vouch for a file, it is looked at as well.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Sequence

from hotswap.watching.backends import Silent, open_native, told_to_scan
from hotswap.watching.events import Doubt, Native, OpenNative
from hotswap.watching.lookout import Lookout
from hotswap.watching.mounts import Mounts, Trust
from hotswap.watching.rhythm import Rhythm
from hotswap.watching.status import WatchStatus, describe

__all__ = ["WatchStatus", "Watcher"]

_log = logging.getLogger("hotswap.watch")

_SCAN_EVERY, _RECONCILE_EVERY, _RETRY_EVERY = 1.0, 2.0, 60.0
# Shares of one core that looking around may cost: where events cannot be relied upon, and where they can.
_SCAN_SHARE, _RECONCILE_SHARE = 0.05, 0.001
_AT_ONCE = 128  # files looked at before another thread may have the lock
_MUCH_NOISE, _BREATH = 10, 0.005
_JOIN_TIMEOUT = 2.0


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
        self._notify = notify
        self._open = native or (told_to_scan if poll else open_native)
        self._scanning = Rhythm(every=_SCAN_EVERY if isinstance(poll, bool) else float(poll), share=_SCAN_SHARE)
        self._reconciling = Rhythm(every=reconcile, share=_RECONCILE_SHARE)
        self._retrying = Rhythm(every=float("inf") if poll else _RETRY_EVERY, share=1.0)
        self._noise = 0
        self._announced: set[Doubt] = set()
        self._asked_to_scan = bool(poll)
        self._lookout = Lookout(quiet=quiet, max_hold=max_hold, wall=time.time_ns)
        self._batch: set[str] = set()
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        _watchers.add(self)

    # ------------------------------------------------------------------ starting and stopping

    def start(self) -> None:
        """Begin to watch.  Idempotent; also for a watcher that was stopped, or came into a child by a fork."""
        with self._lock:
            if self._thread is None:
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

    def stop(self) -> None:
        """Watch no longer; the thread ends and its descriptors are closed.  Idempotent."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._lookout.native.wake()
        # Bounded, for notify() may be waiting for a lock that the caller of stop() holds.
        if thread is not None and thread is not threading.current_thread():
            thread.join(_JOIN_TIMEOUT)

    # ------------------------------------------------------------------ what to watch

    def track(self, files: Iterable[str]) -> None:
        """Watch these source files too (absolute paths); one that does not exist is hinted when it appears."""
        with self._lock:
            now, idle = time.monotonic(), self._lookout.settler.due() is None
            for file in files:
                self._lookout.track(file, now)
            if idle and self._lookout.settler.due() is not None:
                self._lookout.native.wake()

    def untrack(self, files: Iterable[str]) -> None:
        """Watch these no longer, and hint them no longer."""
        with self._lock:
            for file in files:
                self._lookout.untrack(file)
                self._batch.discard(file)

    # ------------------------------------------------------------------ what may have changed

    def take(self) -> frozenset[str]:
        """The settled files that may have changed since the last call."""
        with self._lock:
            batch, self._batch = frozenset(self._batch), set()
            self.ready = False
            return batch

    def flush(self) -> frozenset[str]:
        """A barrier: whatever any process saved, created, deleted or renamed before this call is in the result."""
        with self._lock:
            return self._lookout.flush(time.monotonic()) | self.take()

    def status(self) -> WatchStatus:
        """How well the watching goes, and where it does not."""
        with self._lock:
            return describe(self._lookout, running=self._thread is not None, now=time.monotonic())

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
        time.sleep(_SCAN_EVERY)

    def _pause(self) -> float | None:
        """How long there is nothing to do unless something happens."""
        with self._lock:
            lookout = self._lookout
            if lookout.gap is not None:
                return 0.0
            due = lookout.settler.due()
            times = [] if due is None else [due]
            if lookout.unvouched:
                times.append(self._scanning.next)
            if len(lookout.unvouched) < len(lookout.index):
                times.append(self._reconciling.next)
        return min(times) - time.monotonic() if times else None

    def _turn(self) -> None:
        with self._lock:
            relevant = self._lookout.drain(time.monotonic())
        self._noise = 0 if relevant else self._noise + 1
        if self._noise > _MUCH_NOISE:
            time.sleep(_BREATH)  # somebody writes a log beside the sources: read its events by the dozen
        self._look_around()
        with self._lock:
            batch = self._lookout.settled(time.monotonic())
            self._batch |= batch
            self.ready = bool(self._batch)
        if batch:
            self._tell()
        self._announce()
        self._try_again()

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
            _log.warning("%s is scanned, not watched: %s; %s", where, doubt.why, doubt.remedy)

    def _tell(self) -> None:
        try:
            self._notify()
        except Exception as error:  # noqa: BLE001  whatever it is, the next batch must be told of
            self._lookout.error = f"notify() raised {error!r}"
            _log.exception("the receiver of settled files raised")

    def _look_around(self) -> None:
        now = time.monotonic()
        if self._lookout.gap is not None:
            self._close_gap()
        elif now >= min(self._scanning.next, self._reconciling.next):
            with self._lock:
                doubtful = self._lookout.unvouched.copy()
                others = [file for file in self._lookout.index.files if file not in doubtful]
            self._in_turns(self._scanning, self._lookout.scan, list(doubtful))
            self._in_turns(self._reconciling, self._lookout.reconcile, others)

    def _close_gap(self) -> None:
        with self._lock:
            gap, everything = self._lookout.gap, list(self._lookout.index.files)
            self._reconciling.next = 0.0
        self._in_turns(self._reconciling, self._lookout.look, everything)
        with self._lock:
            if self._lookout.gap is gap:
                self._lookout.gap = None

    def _in_turns(self, rhythm: Rhythm, look: Callable[[Sequence[str], float], None], files: Sequence[str]) -> None:
        """Look at all the files if it is time to, and let other threads have the lock now and then."""
        began = time.monotonic()
        if began < rhythm.next:
            return
        for start in range(0, len(files), _AT_ONCE):
            with self._lock:
                look(files[start : start + _AT_ONCE], time.monotonic())
        rhythm.done(began, time.monotonic())

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

    def _become_child(self) -> None:
        """The thread stayed behind with the parent: here only looks tell, until the child calls `start()` itself."""
        self._thread = None
        self._lookout.native.abandon()
        self._lookout.deafen()


_watchers: weakref.WeakSet[Watcher] = weakref.WeakSet()
_forking: list[Watcher] = []
_fork_guard = threading.RLock()  # one fork at a time, or they would release each other's locks


def _before_fork() -> None:
    _fork_guard.acquire()
    for watcher in list(_watchers):
        watcher._lock.acquire()  # else the child could inherit a half-written state, and a lock that nobody releases
        _forking.append(watcher)


def _after_fork_in_parent() -> None:
    while _forking:
        _forking.pop()._lock.release()
    _fork_guard.release()


def _after_fork_in_child() -> None:
    while _forking:
        watcher = _forking.pop()
        watcher._become_child()
        watcher._lock.release()
    _fork_guard.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
