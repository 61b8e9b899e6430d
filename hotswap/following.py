"""Has the files watched that the program asked for: those of assets, and those that functions are told of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from hotswap import assets
from hotswap.marks import mark_of
from hotswap.watch import Glob


class Watching(Protocol):
    """What is needed of the watcher."""

    def track(self, files: Iterable[str]) -> None:
        """Watch these files."""

    def watch_directory(self, directory: str, pattern: str) -> None:
        """Watch the files that match."""

    def matching(self, directory: str, pattern: str) -> frozenset[str]:
        """The watched files that match."""


class Following:
    """Tells one watcher, from `begin` to `end`."""

    def __init__(self, watcher: Watching) -> None:
        self._watcher = watcher
        self._globs: set[Glob] = set()

    def begin(self) -> None:
        """Watch what there is, and what will be asked for."""
        if self._follow not in assets.followers:
            assets.followers.append(self._follow)
        self._follow()

    def end(self) -> None:
        """Take in nothing new."""
        if self._follow in assets.followers:
            assets.followers.remove(self._follow)

    def _follow(self) -> None:
        self._watcher.track(list(assets.assets))
        for glob in {entry.thing.glob for entry in assets.file_hooks} - self._globs:
            self._globs.add(glob)
            self._watcher.watch_directory(*glob)
            for file in self._watcher.matching(*glob):  # only now: what changes later is hinted
                if file not in assets.marks:
                    assets.marks.note(file, mark_of(file))
