"""Work that a restart should not cut in two: what the program names with `busy()`, and requests of `socketserver`."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TypeAlias

PAUSE = 0.01
"""Seconds between two looks at what is still going on."""

STILL = 0.2
"""Seconds after which a server's thread that waits for the first line of a request counts as idle.

Browsers open connections that they may never use, and keep those that they have used.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A `busy()` block that a thread is in."""

    what: str
    thread: int


_jobs: set[Job] = set()


@contextmanager
def busy(what: str = "work") -> Iterator[None]:
    """Within the block a restart waits, for some seconds at most; then it says what it cuts off.

    Also in coroutines (`with`, not `async with`), and as a decorator of functions (not of coroutines).
    """
    job = Job(what, threading.get_ident())
    _jobs.add(job)
    try:
        yield
    finally:
        _jobs.discard(job)


def is_busy(thread: int, frame: FrameType | None) -> bool:
    """Whether the thread, which is in this frame, is in the middle of something."""
    return any(job.thread == thread for job in list(_jobs)) or _handles_request(frame)


def drain(seconds: float) -> tuple[str, ...]:
    """Wait until the other threads have finished what they are about; returns what they have not."""
    until = time.monotonic() + seconds
    reading: _Reading = {}
    while (rest := _in_flight(reading)) and time.monotonic() < until:
        time.sleep(PAUSE)
    return rest


_Reading: TypeAlias = dict[int, tuple[FrameType, float]]
"""By thread: the frame in which it waits for a request, and since when we have seen it there."""


def _in_flight(reading: _Reading) -> tuple[str, ...]:
    own, frames = threading.get_ident(), sys._current_frames()
    named = [job.what for job in list(_jobs) if job.thread != own]
    requests = [
        f"a request on {thread.name}"
        for thread in threading.enumerate()
        if thread.ident not in (None, own) and _serves(thread, frames.get(thread.ident or 0), reading)
    ]
    return (*named, *requests)


def _serves(thread: threading.Thread, frame: FrameType | None, reading: _Reading) -> bool:
    # Told by its name too: it was started with a connection and may not have come as far as the function.
    if "(process_request_thread)" not in thread.name and not _handles_request(frame):
        return False
    return frame is None or not _is_idle(thread.ident or 0, frame, reading)


def _handles_request(frame: FrameType | None) -> bool:
    while frame is not None:
        code = frame.f_code
        if code.co_name in ("process_request_thread", "_handle_request_noblock") and (
            code.co_filename.endswith("socketserver.py")
        ):
            return True
        frame = frame.f_back
    return False


def _is_idle(thread: int, frame: FrameType, reading: _Reading) -> bool:
    """Whether it has been waiting for the first line of a request for a while."""
    caller = frame.f_back
    if frame.f_code.co_name != "readinto" or caller is None or not caller.f_code.co_name.startswith("handle"):
        reading.pop(thread, None)
        return False
    known, since = reading.get(thread, (None, 0.0))
    if known is not frame:
        reading[thread] = frame, time.monotonic()
        return False
    return time.monotonic() - since > STILL
