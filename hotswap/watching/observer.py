"""macOS, Windows and BSD: watchdog's observers, with their faults covered.

Its thread calls a handler that can only enqueue (one that raised would end it); a directory that was deleted is
scheduled anew (its emitter is dead); a recursive watch is used only where it is one object of the system.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Iterator

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import ObservedWatch

from hotswap.watching.events import Event, Use, What
from hotswap.watching.places import ancestors

# FSEvents and ReadDirectoryChangesW watch a tree as cheaply as one directory; inotify and kqueue do not.
_WHOLE_TREES = sys.platform in ("darwin", "win32")

_MEANING = {
    "created": What.SEEN,
    "modified": What.SEEN,  # only inotify says later that the file was closed
    "deleted": What.SEEN,
    "moved": What.SEEN,
    "closed": What.FINISHED,
}


class _Enqueue(FileSystemEventHandler):
    def __init__(self, put: deque[FileSystemEvent], woken: threading.Event) -> None:
        self._put = put
        self._woken = woken

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._put.append(event)
        self._woken.set()


class Observed:
    """One watchdog observer and the directories that it watches."""

    name = "watchdog"
    prompt = False

    def __init__(self, *, whole_trees: bool = _WHOLE_TREES) -> None:
        self._whole_trees = whole_trees
        self._came: deque[FileSystemEvent] = deque()
        self._woken = threading.Event()
        self._handler = _Enqueue(self._came, self._woken)
        self._watches: dict[str, ObservedWatch] = {}
        self._observer = Observer()
        self._observer.start()

    def arm(self, path: str, use: Use) -> None:
        """Watch a directory, in addition to what it is watched for already."""
        if use in (Use.FILE, Use.SELF):
            return  # such changes are found by looking: a watch on each would cost a thread each
        if not os.path.isdir(path):
            raise FileNotFoundError(path)
        if not self._is_watched(path):
            recursive = self._whole_trees and use is Use.CONTENT
            self._watches[path] = self._observer.schedule(self._handler, path, recursive=recursive)

    def _is_watched(self, directory: str) -> bool:
        if directory in self._watches:
            return True
        return any(d in self._watches and self._watches[d].is_recursive for d in ancestors(directory))

    def disarm(self, path: str) -> None:
        """Watch it no longer."""
        watch = self._watches.pop(path, None)
        if watch is not None:
            self._observer.unschedule(watch)

    def drain(self) -> list[Event]:
        """Take what has arrived; more may be on its way."""
        events: list[Event] = []
        while self._came:
            events.extend(_translate(self._came.popleft()))
        return events

    def wait(self, timeout: float | None) -> None:
        """Sleep until there is something to drain, or something to do."""
        self._woken.wait(timeout)
        self._woken.clear()

    def wake(self) -> None:
        """Let `wait()` return."""
        self._woken.set()

    def proves(self, directory: str) -> bool:
        """It cannot be tried without writing; looks will tell."""
        return os.path.isdir(directory)

    def close(self) -> None:
        """End the observer's threads."""
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()

    def abandon(self) -> None:
        """In a forked child there are no threads to end."""
        self._woken = threading.Event()


def _translate(event: FileSystemEvent) -> Iterator[Event]:
    what = _MEANING.get(event.event_type)
    if what is None or (event.is_directory and event.event_type == "modified"):
        return
    yield Event(os.fsdecode(event.src_path), what, tree=event.is_directory)
    if event.dest_path:
        yield Event(os.fsdecode(event.dest_path), What.FINISHED, tree=event.is_directory)
