"""Directories that are watched for files with certain names, those included that do not exist yet."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from hotswap.watching.globs import Glob

INSIDE = os.sep + "<names>"
"""Stands for the names in a directory, and is watched like a file; should there be one, it does no harm."""

# Signs, put there by those who make such directories, that everything in them was made or fetched by a tool.
_MADE_BY_A_TOOL = ("pyvenv.cfg", "CACHEDIR.TAG")


def folder_of(place: str) -> str | None:
    """The directory whose names the place stands for; None when it is a file."""
    return place.removesuffix(INSIDE) or os.sep if place.endswith(INSIDE) else None


class Folders:
    """The patterns, the directories they lead into, and the files that they found.

    `watch(place)` watches one more file, or the names in a directory; `knows(place)` is whether that is done already.
    """

    def __init__(self, *, watch: Callable[[str], object], knows: Callable[[str], bool]) -> None:
        self._watch = watch
        self._knows = knows
        self._globs: set[Glob] = set()
        self._open: dict[str, str] = {}  # directory → where it really is
        self.found: set[str] = set()
        """The files that are watched because a pattern means them, and for no other reason."""

    def __bool__(self) -> bool:
        return bool(self._globs)

    def add(self, glob: Glob) -> None:
        """Watch for the files of this pattern too; those that are there already are no news."""
        self._globs.add(glob)
        self.look_into(glob.directory)

    def remove(self, glob: Glob) -> list[str]:
        """Forget a pattern; returns the places that need not be watched any more."""
        self._globs.discard(glob)
        files = [file for file in self.found if not self.means(file)]
        folders = [folder for folder in self._open if not self._leads_into(folder)]
        self.found.difference_update(files)
        for folder in folders:
            del self._open[folder]
        return files + [folder + INSIDE for folder in folders]

    def means(self, file: str) -> bool:
        """Whether the file is one that a pattern means."""
        return any(glob.matches(file) for glob in self._globs)

    def look_into(self, folder: str) -> list[str]:
        """Watch the directory for names, and all below it that patterns lead into.  Returns the files that are new."""
        new: list[str] = []
        folders = [folder]
        while folders:
            folder = folders.pop()
            self._open[folder] = os.path.realpath(folder)
            self._watch(folder + INSIDE)  # before its names are read, or one that comes in between is missed
            for path in _names_in(folder):
                self._meet(path, new, folders)
        return new

    def meet(self, path: str) -> list[str]:
        """A name has come up in a watched directory.  Returns the files that are new."""
        new: list[str] = []
        folders: list[str] = []
        self._meet(path, new, folders)
        return [*new, *(file for folder in folders for file in self.look_into(folder))]

    def _meet(self, path: str, new: list[str], folders: list[str]) -> None:
        if os.path.isdir(path):
            if self._leads_into(path) and not _is_made_by_a_tool(path) and not self._is_open_elsewhere(path):
                folders.append(path)
        elif self.means(path) and not self._knows(path):
            self.found.add(path)
            self._watch(path)
            new.append(path)

    def _leads_into(self, folder: str) -> bool:
        return any(glob.leads_into(folder) for glob in self._globs)

    def _is_open_elsewhere(self, folder: str) -> bool:
        """Whether it was reached by a link, and is watched anyway: links that lead in circles would never end."""
        real = os.path.realpath(folder)
        return real != folder and any(other != folder and real == place for other, place in self._open.items())


def _names_in(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            yield from sorted(entry.path for entry in entries)
    except (OSError, ValueError):
        return


def _is_made_by_a_tool(folder: str) -> bool:
    return any(os.path.lexists(os.path.join(folder, sign)) for sign in _MADE_BY_A_TOOL)
