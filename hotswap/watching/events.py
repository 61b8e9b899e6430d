"""What the operating system tells of the disk, in the one form that the watcher reads."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple, Protocol, TypeAlias


class What(Enum):
    """How far along a save is, as far as one event can tell."""

    WRITING = "somebody is writing and has not closed the file"
    FINISHED = "closed after writing, or renamed into place"
    SEEN = "created, deleted or moved away: often one half of a save"
    TOUCHED = "its metadata changed; says nothing about a write that may be going on"
    LOST = "events were lost, nobody knows which"


class Event(NamedTuple):
    """One hint.  `tree`: the path is, or was, a directory, so whatever lies beneath it may differ as well."""

    path: str
    what: What
    tree: bool = False


class Doubt(NamedTuple):
    """Why events cannot be relied upon, and what can be done about it."""

    why: str
    remedy: str


class Use(Enum):
    """What a path is watched for; the less, the fewer events the other inhabitants of a directory cause."""

    CONTENT = "the files in it"
    ENTRIES = "names that come and go in it"
    FILE = "the content of this one file, which has other names elsewhere"
    SELF = "its own removal or renaming"


class Native(Protocol):
    """A queue of events that the operating system fills."""

    name: str
    prompt: bool
    """Whether `drain()` hands over everything that any process did before the call."""

    def arm(self, path: str, use: Use) -> None:
        """Watch a directory or a file, in addition to what it is watched for already.  Raises OSError."""

    def disarm(self, path: str) -> None:
        """Watch it no longer; its events that are still queued are dropped."""

    def drain(self) -> list[Event]:
        """Take what has happened, without waiting.  Raises OSError when the queue is broken."""

    def wait(self, timeout: float | None) -> None:
        """Return when there is something to drain, after `wake()`, or when the time is over."""

    def wake(self) -> None:
        """Let `wait()` return; from any thread."""

    def proves(self, directory: str) -> bool:
        """Whether a change in this directory demonstrably arrives in this queue."""

    def close(self) -> None:
        """Give everything back.  Idempotent; never called while another thread is in `wait()`."""

    def abandon(self) -> None:
        """Give back what a forked child inherited, so that its parent goes on undisturbed."""


OpenNative: TypeAlias = Callable[[], Native]
