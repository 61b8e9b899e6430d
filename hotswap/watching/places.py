"""Which places on the disk decide what is read under a path, and which files a place decides about.

A tracked file is found through its directory, through every symbolic link on the way, and in the end at its real path.
A change at any of these places may change what the file says.
"""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator

# As the kernel counts: more links than this on one way are a loop.
_MOST_LINKS = 40


def key(path: str) -> str:
    """One key for all spellings that a file system might take for the same name.

    Where names differ by case alone this says too much, never too little, and a false hint costs one look.
    """
    return path.lower() if path.isascii() else unicodedata.normalize("NFC", path).casefold()


def ancestors(directory: str) -> Iterator[str]:
    """The directories above, nearest first, up to the root."""
    above = os.path.dirname(directory)
    while above != directory:
        yield above
        directory, above = above, os.path.dirname(above)


class Resolver:
    """Follows symbolic links, and remembers the way for each directory until told to `forget()`."""

    def __init__(self) -> None:
        self._directories: dict[str, tuple[str, tuple[str, ...]]] = {}

    def forget(self) -> None:
        """Something about directories has changed: look anew."""
        self._directories.clear()

    def places(self, file: str) -> tuple[str, ...]:
        """The links on the way to the file, each at its real place, and last the real file, there or not."""
        real, links = self._follow(os.path.normpath(file), _MOST_LINKS)
        return (*links, real)

    def _follow(self, path: str, links_left: int) -> tuple[str, tuple[str, ...]]:
        parent, name = os.path.split(path)
        if not name:
            return path, ()
        directory, links = self._directory(parent, links_left)
        place = os.path.join(directory, name)
        target = _link_target(place)
        if target is None or not links_left:
            return place, links
        real, more = self._follow(os.path.normpath(os.path.join(directory, target)), links_left - 1)
        return real, (*links, place, *more)

    def _directory(self, path: str, links_left: int) -> tuple[str, tuple[str, ...]]:
        known = self._directories.get(path)
        if known is None:
            known = self._directories[path] = self._follow(path, links_left)
        return known


def _link_target(path: str) -> str | None:
    try:
        return os.readlink(path)
    except (OSError, ValueError):  # not a link, not there, or no name at all (a NUL in it)
        return None


class Index:
    """Tracked files ⇄ the places that decide about them."""

    def __init__(self) -> None:
        self._resolver = Resolver()
        self._places: dict[str, tuple[str, ...]] = {}
        self._files_at: defaultdict[str, set[str]] = defaultdict(set)
        self._within: defaultdict[str, set[str]] = defaultdict(set)  # directory → places directly in it
        self._ways: set[str] = set()  # every directory and link on the way to a file

    @property
    def files(self) -> Iterable[str]:
        """Every tracked file, as it was spelled when tracked."""
        return self._places.keys()

    def __contains__(self, file: object) -> bool:
        return file in self._places

    def __len__(self) -> int:
        return len(self._places)

    def places(self, file: str) -> tuple[str, ...]:
        """The places of a tracked file; the last one is the file itself, the others are links on the way."""
        return self._places[file]

    def put(self, file: str) -> tuple[str, ...]:
        """Track the file, or look anew where it is found; returns its places."""
        self.drop(file)
        places = self._places[file] = self._resolver.places(file)
        for place in places:
            at = key(place)
            within = os.path.dirname(at)
            self._files_at[at].add(file)
            self._within[within].add(at)
            if within not in self._ways:
                self._ways.update((within, *ancestors(within)))
        self._ways.update(map(key, places[:-1]))
        return places

    def drop(self, file: str) -> None:
        """Track the file no longer."""
        for place in self._places.pop(file, ()):
            at = key(place)
            self._files_at[at].discard(file)
            if not self._files_at[at]:
                del self._files_at[at]
                self._within[key(os.path.dirname(place))].discard(at)

    def at(self, place: str) -> frozenset[str]:
        """The files that this very place decides about."""
        return frozenset(self._files_at.get(key(place), ()))

    def is_way(self, path: str) -> bool:
        """Whether the path is a directory or link on the way to a tracked file."""
        return key(path) in self._ways

    def beneath(self, path: str) -> frozenset[str]:
        """The files that have a place at or beneath the path."""
        top = key(path)
        prefix = os.path.join(top, "")
        places = {top} if top in self._files_at else set()
        for directory, held in self._within.items():
            if directory == top or directory.startswith(prefix):
                places |= held
        return frozenset(file for place in places for file in self._files_at[place])

    def look_anew(self) -> None:
        """Directories or links have changed: what was remembered about the ways is void."""
        self._resolver.forget()
