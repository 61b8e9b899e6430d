"""Which directories are watched, and whether the events vouch for what lies in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

from hotswap.watching.events import Native, Use
from hotswap.watching.places import ancestors

_ABSENT = (FileNotFoundError, NotADirectoryError)
_MOST_RACES = 50  # how often a directory may appear and vanish again while we look for it


class Coverage:
    """Watches the directories of places, or what is nearest to them, and remembers how well that went.

    `doubt(directory)` says why events from there cannot be relied upon; empty when they can.
    """

    def __init__(self, native: Native, doubt: Callable[[str], str]) -> None:
        self._native = native
        self._doubt = doubt
        self._doubts: dict[str, str] = {}  # content directory → why it must be scanned, empty: events vouch for it
        self._links: dict[str, str] = {}  # the same for directories that only hold links
        self._selves: set[str] = set()
        self._armed: set[str] = set()
        self._demoted: dict[str, str] = {}
        self.refused: dict[str, OSError] = {}

    def cover(self, places: Sequence[str]) -> bool:
        """Watch what decides about these places; whether each change there will send an event."""
        *links, file = places
        vouched = [self._cover(os.path.dirname(link), Use.ENTRIES, self._links) for link in links]
        vouched.append(self._cover(os.path.dirname(file), Use.CONTENT, self._doubts))
        return not any(vouched)

    def _cover(self, directory: str, use: Use, doubts: dict[str, str]) -> str:
        known = doubts.get(directory)
        if known is None:
            known = doubts[directory] = self._arm(directory, use)
            self._arm_ancestors(directory)
        return known

    def _arm(self, directory: str, use: Use) -> str:
        try:
            self._arm_nearest(directory, use)
        except OSError as error:
            self.refused[directory] = error
            return error.strerror or str(error)
        return self._demotion(directory) or self._doubt(directory)

    def _demotion(self, directory: str) -> str:
        return next((self._demoted[d] for d in (directory, *ancestors(directory)) if d in self._demoted), "")

    def _arm_nearest(self, directory: str, use: Use) -> None:
        """Watch the directory, or while it is missing the nearest one above, where the way to it would appear."""
        for _ in range(_MOST_RACES):
            try:
                return self._watch(directory, use)
            except _ABSENT:
                if self._await(directory):
                    return None
        raise OSError(f"{directory} keeps appearing and vanishing")

    def _watch(self, directory: str, use: Use) -> None:
        self._native.arm(directory, use)
        self._armed.add(directory)

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
        for known in (self._doubts, self._links, self.refused):
            for directory in _beneath(path, known):
                del known[directory]
        for directory in _beneath(path, self._armed):
            self._native.disarm(directory)
            self._armed.discard(directory)
            self._selves.discard(directory)

    def demote(self, root: str, why: str) -> None:
        """Rely on events no longer for what lies at or beneath the root: one did not come."""
        self._demoted[root] = why
        for directory in _beneath(root, self._doubts):
            self._doubts[directory] = why

    def pardon(self) -> None:
        """Give demoted and refused directories another chance; whatever they hold must be covered again."""
        for directory in (*self._demoted, *self.refused):
            self.uncover(directory)
        self._demoted.clear()

    def root(self, directory: str) -> str:
        """The topmost directory with tracked files that the directory lies in."""
        return next((d for d in reversed([directory, *ancestors(directory)]) if d in self._doubts), directory)

    @property
    def directories(self) -> dict[str, str]:
        """Each directory that holds tracked files → why it must be scanned; empty: its events are relied upon."""
        return dict(self._doubts)

    @property
    def needs_retry(self) -> bool:
        """Whether something is scanned that may one day be watched."""
        return bool(self.refused or self._demoted)


def _beneath(path: str, directories: Iterable[str]) -> list[str]:
    prefix = os.path.join(path, "")
    return [d for d in directories if d == path or d.startswith(prefix)]
