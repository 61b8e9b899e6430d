"""What a look at a file's metadata can tell, and what it cannot."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from hotswap.watching.folders import folder_of

# Two writes within one tick of the file system's clock leave the same stamp; 2 s is the coarsest tick in use (FAT).
RACY_NS = 2_000_000_000


class Stamp(NamedTuple):
    """The metadata by which two looks are compared; of a missing or unreadable file only the error number."""

    modified: int
    changed: int
    size: int
    inode: int
    device: int
    links: int
    error: int = 0


class Look(Enum):
    """What a look at a file says about its content."""

    SAME = "as at the last look"
    RACY = "the stamp is equal, but was so young at the last look that a later write could hide behind it"
    UNKNOWN = "there was no last look, or an event came since"
    METADATA = "only metadata differs, as when another name is given to the file"
    CHANGED = "the stamp differs"


def stamp_of(file: str) -> Stamp:
    """The stamp of a file, or of a directory whose names are meant; never raises for a path that cannot be read."""
    try:
        found = os.stat(folder_of(file) or file)
    except OSError as error:
        return Stamp(0, 0, 0, 0, 0, 0, error.errno or -1)
    except ValueError:  # a NUL in the path
        return Stamp(0, 0, 0, 0, 0, 0, -1)
    return Stamp(found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev, found.st_nlink)


def touched_at(stamp: Stamp) -> int:
    """When the content was written last, at the latest, by the file system's own clock."""
    if sys.platform == "win32":  # there st_ctime is the time of creation
        return stamp.modified
    return stamp.changed


class Stamps:
    """The stamp of each file at the last look, and whether it was too young to be relied upon."""

    def __init__(self, *, wall: Callable[[], int], stamp: Callable[[str], Stamp] = stamp_of) -> None:
        self._wall = wall
        self._stamp = stamp
        self._known: dict[str, Stamp] = {}
        self._racy: set[str] = set()

    def look(self, file: str) -> Look:
        """Compare the file with the last look, which this one replaces."""
        before, was_racy = self._known.get(file), file in self._racy
        now = self.record(file)
        if before is None:
            return Look.UNKNOWN
        if now != before:
            same = now._replace(changed=before.changed, links=before.links) == before
            return Look.METADATA if same else Look.CHANGED
        return Look.RACY if was_racy else Look.SAME

    def record(self, file: str) -> Stamp:
        """Remember how the file is now."""
        self._racy.discard(file)
        stamp = self._known[file] = self._stamp(file)
        # An age below zero (a server whose clock is ahead, a date in the future) is young as well.
        if not stamp.error and self._wall() - touched_at(stamp) < RACY_NS:
            self._racy.add(file)
        return stamp

    def knows(self, file: str) -> bool:
        """Whether there was a look at the file, and no event since."""
        return file in self._known

    def is_racy(self, file: str) -> bool:
        """Whether a write since the last look might have left the stamp equal."""
        return file in self._racy

    def forget(self, file: str) -> None:
        """An event came: the last look says nothing any more."""
        self._known.pop(file, None)
        self._racy.discard(file)


def process_start(wall: Callable[[], int]) -> int:
    """When this process began, in nanoseconds of the wall clock, a little early; 0 where that is not known.

    What was written before cannot have changed after the process read it.
    """
    try:
        with open("/proc/self/stat", "rb") as file:
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):  # not Linux
        return 0
    return wall() - int(age * 1e9) - RACY_NS
