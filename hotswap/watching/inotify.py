"""Linux: the kernel's own queue, read directly.

watchdog's bindings are used, not its observers: those pass each event through three threads, hold an unpaired rename
back for half a second, watch whole trees (`node_modules` as well) and only log an overflow.  Read directly, one
descriptor and no thread serve any number of directories, and reading the queue empty is a proof that nothing is
outstanding: the kernel queues an event before the system call that caused it returns.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import select
import struct
import termios
from collections.abc import Iterator
from contextlib import suppress

from watchdog.observers.inotify_c import InotifyConstants as In
from watchdog.observers.inotify_c import WatchDescriptor, inotify_add_watch, inotify_init, inotify_rm_watch

from hotswap.watching.events import Event, Use, What

_ENTRIES = In.IN_CREATE | In.IN_DELETE | In.IN_MOVED_FROM | In.IN_MOVED_TO
_SELF = In.IN_DELETE_SELF | In.IN_MOVE_SELF
_CONTENT = In.IN_MODIFY | In.IN_CLOSE_WRITE | In.IN_ATTRIB
_MASKS = {
    Use.CONTENT: _ENTRIES | _SELF | _CONTENT | In.IN_ONLYDIR,
    Use.ENTRIES: _ENTRIES | _SELF | In.IN_ONLYDIR,
    Use.FILE: _CONTENT | _SELF,
    Use.SELF: _SELF | In.IN_ONLYDIR,
}
_WRITTEN = In.IN_MODIFY | In.IN_CLOSE_WRITE
_GONE = _SELF | In.IN_IGNORED | In.IN_UNMOUNT
_HEADER = struct.Struct("iIII")
_LEAST_READ = 4096  # the kernel refuses a buffer that does not hold the next event whole
# watchdog binds the older call alone, which cannot set the flags of the descriptor together with opening it.
_init1 = getattr(ctypes.CDLL(None, use_errno=True), "inotify_init1", None)


class Inotify:
    """One inotify descriptor and the directories that it watches."""

    name = "inotify"
    prompt = True

    def __init__(self) -> None:
        self._fd = _open()
        self._wake_r, self._wake_w = os.pipe()
        for fd in (self._wake_r, self._wake_w):
            os.set_blocking(fd, False)
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        self._poll.register(self._wake_r, select.POLLIN)
        self._watch_of: dict[str, int] = {}
        self._paths: dict[int, set[str]] = {}

    def arm(self, path: str, use: Use) -> None:
        """Watch a directory or a file, in addition to what it is watched for already."""
        mask = _MASKS[use] | In.IN_MASK_ADD
        watch = _checked(inotify_add_watch(self._fd, os.fsencode(path), mask), path)
        if self._watch_of.get(path, watch) != watch:  # something else has taken its place
            self.disarm(path)
        self._watch_of[path] = watch
        # Two paths of one object (a bind mount, a name in another case, a hard link) share one watch.
        self._paths.setdefault(watch, set()).add(path)

    def disarm(self, path: str) -> None:
        """Watch it no longer."""
        watch = self._watch_of.pop(path, None)
        if watch is None:
            return
        self._paths[watch].discard(path)
        if not self._paths[watch]:
            del self._paths[watch]
            inotify_rm_watch(self._fd, WatchDescriptor(watch))  # fails when the directory is gone

    def drain(self) -> list[Event]:
        """Take what has happened, without waiting.

        Reads what was queued when it began and no more, so that a busy writer cannot keep it here.
        """
        events: list[Event] = []
        left = _queued(self._fd)
        while left > 0:
            try:
                data = os.read(self._fd, max(left, _LEAST_READ))
            except BlockingIOError:
                break
            left -= len(data)
            for watch, mask, name in _parse(data):
                events.extend(self._translate(watch, mask, name))
        return events

    def _translate(self, watch: int, mask: int, name: str) -> Iterator[Event]:
        if mask & In.IN_Q_OVERFLOW:
            yield Event("", What.LOST)
            return
        for path in tuple(self._paths.get(watch, ())):
            if name:
                yield from _entry_event(os.path.join(path, name), mask)
            elif mask & _GONE:
                yield Event(path, What.SEEN, tree=True)
            elif mask & _WRITTEN:  # a file that is watched for itself
                yield from _entry_event(path, mask)

    def wait(self, timeout: float | None) -> None:
        """Sleep until there is something to drain, or something to do."""
        ready = self._poll.poll(None if timeout is None else max(0.0, timeout) * 1000)
        if any(fd == self._wake_r for fd, _ in ready):
            os.read(self._wake_r, _LEAST_READ)

    def wake(self) -> None:
        """Let `wait()` return."""
        with suppress(BlockingIOError):  # so many wakes are unread that another one adds nothing
            os.write(self._wake_w, b"!")

    def proves(self, directory: str) -> bool:
        """Open the directory and see whether a watch of its own notices: no file is touched for it."""
        fd = _open()
        try:
            inotify_add_watch(fd, os.fsencode(directory), In.IN_OPEN | In.IN_ONLYDIR)
            os.close(os.open(directory, os.O_RDONLY | os.O_DIRECTORY))
            return _queued(fd) > 0
        finally:
            os.close(fd)

    def close(self) -> None:
        """Give the descriptors back; the kernel drops all watches with them."""
        if self._fd >= 0:
            for fd in (self._fd, self._wake_r, self._wake_w):
                os.close(fd)
            self._fd = -1

    def abandon(self) -> None:
        """Close the copies of a forked child: the queue behind them belongs to the parent, and stays as it is."""
        self.close()


def _open() -> int:
    if _init1 is not None:  # close-on-exec from the first moment, or an exec in between leaks one of the user's 128
        return _checked(_init1(os.O_CLOEXEC | os.O_NONBLOCK), "inotify_init1")
    fd = _checked(inotify_init(), "inotify_init")
    os.set_inheritable(fd, False)  # noqa: FBT003  the standard library's own signature
    os.set_blocking(fd, False)
    return fd


def _checked(result: int, about: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, _MEANINGS.get(number) or os.strerror(number), about)
    return result


_MEANINGS = {
    errno.ENOSPC: "no inotify watch is left",
    errno.EMFILE: "no inotify instance is left",
}


def _queued(fd: int) -> int:
    """How many bytes of events wait in the kernel."""
    return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4), "little")


def _parse(data: bytes) -> Iterator[tuple[int, int, str]]:
    position = 0
    while position < len(data):
        watch, mask, _cookie, length = _HEADER.unpack_from(data, position)
        position += _HEADER.size
        yield watch, mask, os.fsdecode(data[position : position + length].rstrip(b"\0"))
        position += length


def _entry_event(path: str, mask: int) -> Iterator[Event]:
    if mask & In.IN_ISDIR:
        if mask & _ENTRIES:
            yield Event(path, What.SEEN, tree=True)
    elif mask & (In.IN_CLOSE_WRITE | In.IN_MOVED_TO):
        yield Event(path, What.FINISHED)
    elif mask & In.IN_ATTRIB:
        yield Event(path, What.TOUCHED)
    elif mask & In.IN_MODIFY:
        yield Event(path, What.WRITING)
    else:
        yield Event(path, What.SEEN)
