"""Which directories are watched, and whether the events vouch for what lies in them."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from hotswap.watching.events import Doubt, Native, Use
from hotswap.watching.places import ancestors

_ABSENT = (FileNotFoundError, NotADirectoryError)
_MOST_RACES = 50  # how often a directory may appear and vanish again while we look for it


class Coverage:
    """Watches the directories of places, or what is nearest to them, and remembers how well that went.

    `doubt(directory)` says why events from there cannot be relied upon; None when they can.  `demoted` are the roots
    where an event did not come in the past.
    """

    def __init__(
        self, native: Native, doubt: Callable[[str], Doubt | None], demoted: Mapping[str, Doubt] | None = None
    ) -> None:
        self._native = native
        self._doubt = doubt
        self._doubts: dict[str, Doubt | None] = {}  # content directory → why it must be scanned; None: events vouch
        self._links: dict[str, Doubt | None] = {}  # the same for directories that only hold links
        self._armed: set[str] = set()
        self._selves: set[str] = set()
        self._refused: set[str] = set()
        self.demoted: dict[str, Doubt] = dict(demoted or {})
        self.reasons: dict[Doubt, str] = {}
        """Every doubt that came up, and where it did first."""

    def cover(self, places: Sequence[str]) -> bool:
        """Watch what decides about these places; whether each change there will send an event."""
        *links, file = places
        doubts = [self._cover(os.path.dirname(link), Use.ENTRIES, self._links) for link in links]
        doubts.append(self._cover(os.path.dirname(file), Use.CONTENT, self._doubts))
        doubts.append(self._cover_other_names(file))
        return not any(doubts)

    def _cover(self, directory: str, use: Use, doubts: dict[str, Doubt | None]) -> Doubt | None:
        if directory not in doubts:
            doubts[directory] = self._noted(self._arm(directory, use), directory)
            self._arm_ancestors(directory)
        return doubts[directory]

    def _noted(self, doubt: Doubt | None, where: str) -> Doubt | None:
        if doubt is not None:
            self.reasons.setdefault(doubt, where)
        return doubt

    def _cover_other_names(self, file: str) -> Doubt | None:
        """A write through another hard link is an event of the file, not of this directory: watch the file too."""
        try:
            if os.lstat(file).st_nlink > 1:
                self._watch(file, Use.FILE)
        except (*_ABSENT, ValueError):  # a NUL in the name: no such file
            return None
        except OSError as error:
            return self._noted(doubt_from(error), file)
        return None

    def _arm(self, directory: str, use: Use) -> Doubt | None:
        try:
            self._arm_nearest(directory, use)
        except OSError as error:
            self._refused.add(directory)
            return doubt_from(error)
        return self._demotion(directory) or self._doubt(directory)

    def _demotion(self, directory: str) -> Doubt | None:
        return next((self.demoted[d] for d in (directory, *ancestors(directory)) if d in self.demoted), None)

    def _arm_nearest(self, directory: str, use: Use) -> None:
        """Watch the directory, or while it is missing the nearest one above, where the way to it would appear."""
        for _ in range(_MOST_RACES):
            try:
                return self._watch(directory, use)
            except _ABSENT:
                if self._await(directory):
                    return None
        raise OSError(f"{directory} keeps appearing and vanishing")

    def _await(self, missing: str) -> bool:
        """Watch for the directory to appear; False when it did so meanwhile."""
        for above in ancestors(missing):
            try:
                self._watch(above, Use.ENTRIES)
            except _ABSENT:
                missing = above
                continue
            return not os.path.isdir(missing)
        return False

    def _watch(self, path: str, use: Use) -> None:
        self._native.arm(path, use)
        self._armed.add(path)

    def _arm_ancestors(self, directory: str) -> None:
        for above in ancestors(directory):
            if above in self._selves:
                break
            self._selves.add(above)
            try:
                self._watch(above, Use.SELF)
            except OSError:
                continue  # it may not be read: its own renaming goes unseen until the next look at the files beneath

    def uncover(self, path: str) -> None:
        """The directory was removed, renamed or replaced: forget what was watched at it and beneath."""
        for doubts in (self._doubts, self._links):
            for directory in _beneath(path, doubts):
                del doubts[directory]
        self._refused.difference_update(_beneath(path, self._refused))
        for watched in _beneath(path, self._armed):
            self._native.disarm(watched)
            self._armed.discard(watched)
        self._selves.difference_update(_beneath(path, self._selves))

    def demote(self, root: str, doubt: Doubt) -> None:
        """Rely on events no longer for what lies at or beneath the root: one did not come."""
        self.demoted[root] = doubt
        self._noted(doubt, root)
        for directory in _beneath(root, self._doubts):
            self._doubts[directory] = doubt

    @property
    def is_refused(self) -> bool:
        """Whether the system would not watch something; it may do so another time."""
        return bool(self._refused)

    def root(self, directory: str) -> str:
        """The topmost directory with tracked files that the directory lies in."""
        return next((d for d in reversed([directory, *ancestors(directory)]) if d in self._doubts), directory)

    @property
    def directories(self) -> dict[str, Doubt | None]:
        """Each directory that holds tracked files → why it must be scanned; None: its events are relied upon."""
        return dict(self._doubts)


def doubt_from(error: OSError) -> Doubt:
    """What the system's refusal means for the user."""
    return Doubt(error.strerror or str(error), _remedy(error.errno or 0))


def _remedy(number: int) -> str:
    if number in _LIMITS:
        name, usual = _LIMITS[number]
        return f"raise the limit: sudo sysctl fs.inotify.{name}={max(usual, 2 * dict(limits()).get(name, 0))}"
    if number in (errno.EACCES, errno.EPERM):
        return "let this user read it"
    return "let the system open more files: sudo sysctl fs.file-max" if number == errno.ENFILE else ""


_LIMITS = {errno.ENOSPC: ("max_user_watches", 524288), errno.EMFILE: ("max_user_instances", 1024)}


def limits() -> tuple[tuple[str, int], ...]:
    """What this system allows one user, where it says so."""
    found = []
    for name in ("max_user_watches", "max_user_instances", "max_queued_events"):
        try:
            with open(f"/proc/sys/fs/inotify/{name}", encoding="ascii") as file:
                found.append((name, int(file.read())))
        except (OSError, ValueError):
            continue
    return tuple(found)


def _beneath(path: str, candidates: Iterable[str]) -> list[str]:
    prefix = os.path.join(path, "")
    return [c for c in candidates if c == path or c.startswith(prefix)]
