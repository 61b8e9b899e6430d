"""Where events fail, looking takes over; whoever fails, the watcher lives on."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotswap.watch import Watcher
from hotswap.watching.events import Event, Native, Use
from hotswap.watching.inotify import Inotify
from tests.process.watching import BACKENDS, PATIENCE, Folder, in_place


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Any]:
    made: list[Folder] = []

    def make(**options: Any) -> Folder:
        made.append(Folder(tmp_path, **options))
        made[-1].write("app/mod.py")
        return made[-1]

    yield make
    for folder in made:
        folder.watcher.stop()


class Deaf(Inotify):
    """A queue whose events are lost, as on a network mount."""

    def drain(self) -> list[Event]:
        super().drain()
        return []


class Full(Inotify):
    """A system that is out of watches, but for those of the root's ancestors."""

    def arm(self, path: str, use: Use) -> None:
        if use is Use.CONTENT:
            raise OSError(errno.ENOSPC, "no inotify watch is left", path)
        super().arm(path, use)


class Broken(Inotify):
    """A queue that cannot be read."""

    def drain(self) -> list[Event]:
        raise OSError(errno.EIO, "broken")


class Stumbling(Inotify):
    """A queue with a bug: the first event cannot be read."""

    stumbled = False

    def drain(self) -> list[Event]:
        events = super().drain()
        if events and not self.stumbled and threading.current_thread() is not threading.main_thread():
            self.stumbled = True
            raise KeyError("bug")
        return events


def no_instance_left() -> Native:
    raise OSError(errno.EMFILE, "no inotify instance is left")


def test_a_missed_change_is_found_and_ends_the_reliance(folders: Any) -> None:
    """A change that sent no event is hinted by the next look, and from then on its root is scanned."""
    folder = folders(native=Deaf, reconcile=0.05)
    (path,) = folder.watch("app/mod.py")
    in_place(path, "x = 2\n")
    folder.wait_for({path})
    folder.wait_until(lambda: folder.watcher.status().missed)
    status = folder.watcher.status()
    assert (status.missed, [root.backend for root in status.roots]) == (1, ["scan"])


@pytest.mark.parametrize("moment", ["at once", "when it is certain"])
def test_a_demoted_root_has_a_true_barrier(folders: Any, moment: str) -> None:
    """Once an event has failed to come, flush() looks at the files beneath that root."""
    folder = folders(native=Deaf, reconcile=0.05)
    (path,) = folder.watch("app/mod.py")
    in_place(path, "x = 2\n")
    folder.wait_for({path})
    if moment == "when it is certain":
        folder.wait_until(lambda: folder.watcher.status().missed)
    folder.forget()
    in_place(path, "x = 33\n")
    assert path in folder.watcher.flush().union(*folder.batches)


@pytest.mark.parametrize("native", [Full, no_instance_left, Broken])
def test_exhausted_limits_fall_back_to_looking(folders: Any, native: Any) -> None:
    """Without events nothing is missed: neither by a barrier nor by the thread."""
    folder = folders(native=native)
    (path,) = folder.watch("app/mod.py")
    in_place(path, "x = 2\n")
    assert path in folder.watcher.flush().union(*folder.batches)
    folder.forget()
    in_place(path, "x = 33\n")
    folder.wait_for({path})


@pytest.mark.parametrize("native", [Full, no_instance_left])
def test_the_fallback_is_said_once_with_its_remedy(folders: Any, native: Any, caplog: pytest.LogCaptureFixture) -> None:
    """One warning tells where, why and what to do; status() tells it for each root."""
    caplog.set_level(logging.WARNING, "hotswap.watch")
    folder = folders(native=native)
    folder.watch("app/mod.py")
    folder.wait_until(lambda: caplog.records)
    (root,) = folder.watcher.status().roots
    said = caplog.records[0].getMessage()
    assert root.backend == "scan" and root.reason in said and "sudo sysctl fs.inotify.max_user_" in root.remedy


def test_refused_watches_are_tried_again(folders: Any) -> None:
    """When a limit is raised, events are used from the next attempt on."""
    attempts: list[Native] = []

    def scarce() -> Native:
        if not attempts:
            attempts.append(None)  # type: ignore[arg-type]
            return no_instance_left()
        return Inotify()

    folder = folders(native=scarce)
    folder.watcher._retrying._every = 0.05
    folder.watch("app/mod.py")
    folder.wait_until(lambda: folder.watcher.status().backend == "inotify")
    folder.wait_until(lambda: folder.watcher._lookout.gap is None)
    assert [root.backend for root in folder.watcher.status().roots] == ["inotify"]


def test_an_overflow_loses_nothing(folders: Any) -> None:
    """When the kernel's queue overflows, everything is looked at."""
    folder = folders()
    (path,) = folder.watch("app/mod.py")
    limit = dict(folder.watcher.status().limits)["max_queued_events"]
    with folder.watcher._lock:  # nobody reads the queue
        for number in range(limit // 2 + 1):
            name = folder.path(f"app/noise{number % 2}")
            Path(name).touch()
            os.unlink(name)
        in_place(path, "x = 2\n")
        lost = folder.watcher.flush()
    assert (lost, folder.watcher.status().last_events) == ({path}, ())


def test_a_raising_receiver_leaves_the_watcher_alive(tmp_path: Path) -> None:
    """What notify() raises is noted; the next batch is told of all the same."""
    told = threading.Semaphore(0)

    def notify() -> None:
        told.release()
        raise ValueError("boom")

    path = Folder(tmp_path).write("app/mod.py")
    watcher = Watcher(notify=notify)
    watcher.track([path])
    watcher.start()
    assert told.acquire(timeout=PATIENCE)
    watcher.take()
    in_place(path, "x = 2\n")
    assert told.acquire(timeout=PATIENCE)
    assert (watcher.take(), watcher.status().error) == ({path}, "notify() raised ValueError('boom')")
    watcher.stop()


@pytest.mark.parametrize("backend", BACKENDS)
def test_stopping_gives_everything_back(folders: Any, backend: str) -> None:
    """start() and stop() leave neither thread nor descriptor, however often."""
    folder = folders(**BACKENDS[backend])
    folder.watch("app/mod.py")
    folder.watcher.stop()
    before = (_descriptors(), set(threading.enumerate()))
    for _ in range(5):
        folder.watcher.start()
        folder.watcher.start()
        folder.watcher.stop()
        folder.watcher.stop()
    assert (_descriptors(), set(threading.enumerate())) == before


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_few_threads_and_watches_for_many_directories(folders: Any) -> None:
    """One thread, and no watch on a directory that holds no tracked file."""
    folder = folders()
    names = [f"app/p{i}/mod.py" for i in range(61)]
    for name in (*names, "node_modules/a/b.js", ".venv/lib/c.py", "app/__pycache__/d.pyc"):
        folder.write(name)
    before = threading.active_count()
    folder.watch(*names)
    watched = {p for p in folder.watcher._lookout.native._watch_of if p.startswith(str(folder.root))}
    expected = {str(folder.root), folder.path("app"), *(folder.path(f"app/p{i}") for i in range(61))}
    assert (threading.active_count() - before, watched) == (1, expected)


def test_no_descriptor_reaches_a_child(folders: Any) -> None:
    """What is started with all descriptors open inherits none of the watcher's."""
    folder = folders()
    folder.watch("app/mod.py")
    code = "import os; print([os.readlink(e) for e in os.scandir('/proc/self/fd') if os.path.exists(e)])"
    shown = subprocess.run(
        [sys.executable, "-c", code], close_fds=False, capture_output=True, text=True, check=True
    ).stdout
    assert "inotify" not in shown


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_has_no_watcher_but_may_start_one(folders: Any) -> None:
    """In the child nothing runs and nothing is taken from the parent; a barrier still works, and so does start()."""
    folder = folders()
    (path,) = folder.watch("app/mod.py")
    child = os.fork()
    if child == 0:
        os._exit(_as_child(folder, path))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    in_place(path, "x = 444\n")
    assert (status, path in folder.watcher.flush().union(*folder.batches)) == (0, True)


def _as_child(folder: Folder, path: str) -> int:
    try:
        running = folder.watcher.status().running
        in_place(path, "x = 22\n")
        seen = path in folder.watcher.flush()
        folder.watcher.start()
        folder.forget()
        in_place(path, "x = 333\n")
        folder.wait_for({path})
        folder.watcher.stop()
    except BaseException:  # noqa: BLE001  the child must not return into pytest
        return 2
    return 0 if seen and not running else 1


def test_a_fault_of_our_own_loses_nothing(folders: Any, caplog: pytest.LogCaptureFixture) -> None:
    """An exception on the watcher's thread is said, and what it lost is found by looking."""
    folder = folders(native=Stumbling)
    (path,) = folder.watch("app/mod.py")
    in_place(path, "x = 2\n")
    folder.wait_for({path})
    assert (folder.watcher.status().error, len(caplog.records)) == ("KeyError('bug')", 1)


def test_stop_from_within_notify(tmp_path: Path) -> None:
    """The receiver itself may end the watching."""
    done = threading.Event()

    def notify() -> None:
        watcher.stop()
        done.set()

    path = Folder(tmp_path).write("app/mod.py")
    watcher = Watcher(notify=notify)
    watcher.track([path])
    watcher.start()
    in_place(path, "x = 2\n")
    assert done.wait(PATIENCE)
    assert not watcher.status().running


def test_the_status_tells_what_is_watched(folders: Any) -> None:
    """Backend, roots, files, last event: what `hotswap doctor` shows."""
    folder = folders()
    folder.write("app/sub/other.py")
    path, _ = folder.watch("app/mod.py", "app/sub/other.py")
    in_place(path, "x = 2\n")
    folder.wait_for({path})
    status = folder.watcher.status()
    (root,) = status.roots
    shown = (status.backend, status.files, root.path, root.directories, root.files, root.reason)
    assert shown == ("inotify", 2, folder.path("app"), 2, 2, "")
    assert status.last_events[0][0] == path
