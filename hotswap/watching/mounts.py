"""Which file systems tell of every change, and which can be changed behind the kernel's back."""

from __future__ import annotations

import os
import re

from hotswap.watching.events import Doubt, Native

# Only this machine's kernel changes these, so it sees each write.  Everything else (nfs, cifs, 9p, fuse, virtiofs,
# vboxsf ...) may be written to by another machine, or by the host of a virtual one, without any event here.
_LOCAL = frozenset(
    "bcachefs btrfs erofs exfat ext2 ext3 ext4 f2fs iso9660 jfs msdos nilfs2 ntfs3 overlay ramfs reiserfs squashfs "
    "tmpfs ubifs udf vfat xfs zfs".split()
)

_PACE = "keep the sources on a local disk, or set the pace with poll=SECONDS"


class Mounts:
    """The mounted file systems, read once."""

    def __init__(self, table: str | None = None) -> None:
        self._kinds = dict(_entries(_read_table() if table is None else table))

    def point(self, directory: str) -> str:
        """Where the file system that the directory is on, or would be on, is mounted."""
        while directory not in self._kinds and directory != os.path.dirname(directory):
            directory = os.path.dirname(directory)
        return directory

    def kind(self, directory: str) -> str:
        """The type of that file system, or "unknown"."""
        return self._kinds.get(self.point(directory), "unknown")


class Trust:
    """Says why events cannot be relied upon: by what kind of file system it is, and by trying it once for each."""

    def __init__(self, native: Native, mounts: Mounts) -> None:
        self._native = native
        self._mounts = mounts
        self._proved: dict[str, bool] = {}

    def doubt(self, directory: str) -> Doubt | None:
        """Why a change in the directory might send no event; None when every change sends one."""
        if not self._native.prompt:
            return None  # every barrier looks at all files anyway, and looks tell when an event was missed
        kind = self._mounts.kind(directory)
        if kind not in _LOCAL:
            return Doubt(f"a file system of type {kind} can be changed without an event", _PACE)
        if self._proves(directory):
            return None
        return Doubt(f"a trial on {self._mounts.point(directory)} sent no event", _PACE)

    def _proves(self, directory: str) -> bool:
        point = self._mounts.point(directory)
        if point not in self._proved:
            try:
                self._proved[point] = self._native.proves(nearest(directory))
            except OSError:
                return False  # not allowed to look there, or no descriptor left: not a proof, and tried again
        return self._proved[point]


def nearest(directory: str) -> str:
    """The directory, or the nearest one above that exists."""
    while not os.path.isdir(directory) and directory != os.path.dirname(directory):
        directory = os.path.dirname(directory)
    return directory


def _read_table() -> str:
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""


def _entries(table: str) -> list[tuple[str, str]]:
    """(mount point, type) of each line; a later mount on the same point covers an earlier one."""
    fields = [line.split(" ") for line in table.splitlines()]
    return [(_unescape(line[4]), line[line.index("-") + 1]) for line in fields if "-" in line]


def _unescape(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)
