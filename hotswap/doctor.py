"""`hotswap doctor`: how saves would be noticed in a project, what is in the way, and what to do about it.

It watches the project's Python files for a moment, exactly as a program under hotswap does, and tells how that went.
Nothing in the project is touched.
"""

from __future__ import annotations

import logging
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version

from hotswap.files import read
from hotswap.watch import NEVER, Mounts, Watcher, WatchStatus, line

Say = Callable[[str], object]

_PYTHON_FILES = "**/*.py"
_SCARCE = 0.1  # of what the system allows, is still free
_STALE_LOCK = 10.0  # seconds; what a checkout may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What all processes of this user have of the things that the system counts."""

    watches: int
    instances: int


def examine(paths: Sequence[str], *, say: Say, poll: bool | float = False, seconds: float = 0.0) -> int:
    """Report on each of the folders; with `seconds`, on what is saved in them meanwhile.  Returns the exit status.

    That is 1 when there is something to do, else 0.
    """
    folders = [os.path.abspath(path) for path in paths]
    logging.getLogger("hotswap.watch").setLevel(logging.ERROR)  # what it would warn of is in the report
    watcher = Watcher(notify=lambda: None, poll=poll)
    watcher.start()
    try:
        for folder in folders:
            watcher.watch_directory(folder, _PYTHON_FILES)
        if seconds:
            _listen(watcher, folders, seconds, say)
        status = watcher.status()
    finally:
        watcher.stop()
    for text in _report(folders, status):
        say(text)
    advice = [*status.to_do, *_scarcity(status, in_use()), *_git_locks(folders)]
    for number, text in enumerate(advice or ["nothing"]):
        say(line("" if number else "to do", text))
    return 1 if advice else 0


def _report(folders: Iterable[str], status: WatchStatus) -> Iterator[str]:
    used = in_use()
    yield line("hotswap", f"{version('hotswap')}, watchdog {version('watchdog')}")
    yield line("python", f"{platform.python_version()} ({sys.executable}) on {platform.platform()}")
    mounts = Mounts()
    for folder in folders:
        yield line("folder", f"{folder}, on {mounts.kind(os.path.realpath(folder))}")
        left_out = sorted(_left_out(folder))
        if left_out:
            yield line("", f"not looked into: {', '.join(left_out)}")
    yield from (text for text in str(status).splitlines() if not text.startswith(("to do", "limits")))
    for name, value in status.limits:
        count = {"max_user_watches": used.watches, "max_user_instances": used.instances}.get(name)
        yield line("limit", f"{name} {value}" + ("" if count is None else f", {count} in use by this user"))


def _left_out(folder: str) -> Iterator[str]:
    """The folders directly in this one that no wildcard leads into."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir() and (entry.name in NEVER or entry.name.startswith(".")):
                yield entry.name


def in_use() -> Usage:
    """How many watches and instances this user's processes have, this one included; zeros where that is not told."""
    watches = instances = 0
    for process in _processes():
        with suppress(OSError):
            for fd in os.listdir(f"/proc/{process}/fd"):
                with suppress(OSError):
                    if os.readlink(f"/proc/{process}/fd/{fd}") == "anon_inode:inotify":
                        instances += 1
                        watches += _watches_of(process, fd)
    return Usage(watches=watches, instances=instances)


def _processes() -> Iterator[str]:
    with suppress(OSError):
        for name in os.listdir("/proc"):
            with suppress(OSError):
                if name.isdecimal() and os.stat(f"/proc/{name}").st_uid == os.getuid():
                    yield name


def _watches_of(process: str, fd: str) -> int:
    with open(f"/proc/{process}/fdinfo/{fd}", encoding="ascii") as file:
        return sum(text.startswith("inotify wd:") for text in file)


def _scarcity(status: WatchStatus, used: Usage) -> Iterator[str]:
    """What will run out soon."""
    counts = {"max_user_watches": used.watches, "max_user_instances": used.instances}
    for name, most in status.limits:
        if name in counts and most - counts[name] < most * _SCARCE:
            more = f"sudo sysctl fs.inotify.{name}={most * 4}"
            yield f"{counts[name]} of {most} ({name}) are in use; raise the limit: {more}"


def _git_locks(folders: Iterable[str]) -> Iterator[str]:
    """Locks that a git left behind when it died: they would delay each round."""
    for lock in {os.path.join(folder, ".git", "index.lock") for folder in folders}:
        with suppress(OSError):
            age = time.time() - os.stat(lock).st_mtime
            if age > _STALE_LOCK:
                yield f"{lock} is {age:.0f} s old: if no git is running, remove it"


# ---------------------------------------------------------------------- what is saved meanwhile


def _listen(watcher: Watcher, folders: Sequence[str], seconds: float, say: Say) -> None:
    """Tell of each save, and in the end of those that no event told of."""

    def files() -> set[str]:
        return {file for folder in folders for file in watcher.matching(folder, _PYTHON_FILES)}

    before = {file: read(file) for file in files()}
    told: set[str] = set()
    say(f"save a file: listening for {seconds:g} s")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.02)
        for file in sorted(watcher.take()):
            told.add(file)
            say(line("", f"{_kind(before.get(file), read(file))} {file}"))
    for file in sorted(before.keys() | files()):
        if file not in told and read(file) != before.get(file):
            say(line("missed", f"{file}: it changed, and nothing told of it"))


def _kind(before: bytes | None, now: bytes | None) -> str:
    if before == now:
        return "touched"
    return "added" if before is None else "deleted" if now is None else "edited"
