"""Functions of the program that are told when files change, of whatever kind, found by patterns.

They take part in rounds: they are called when the files have settled, once for each round, before modules are looked
at, on the thread that applies the round.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from hotswap.marks import Marks, mark_of
from hotswap.model import ChangeSet
from hotswap.watch import Glob

Handler: TypeAlias = Callable[[ChangeSet], object]
"""Takes the files that changed; returns something true when it has dealt with them, so that nobody else needs to."""

_log = logging.getLogger("hotswap.watch")


class Watching(Protocol):
    """What is needed of the watcher."""

    def watch_directory(self, directory: str, pattern: str) -> None:
        """Watch the files that match."""

    def unwatch_directory(self, directory: str, pattern: str) -> None:
        """Watch them no longer."""

    def matching(self, directory: str, pattern: str) -> frozenset[str]:
        """The watched files that match."""


@dataclass(frozen=True, eq=False)
class _Registered:
    glob: Glob
    handler: Handler


class Handlers:
    """Who is told of which files, and what is known of the content of each."""

    def __init__(self, watcher: Watching) -> None:
        self._watcher = watcher
        self._registered: list[_Registered] = []
        self._marks = Marks()

    def add(self, directory: str | os.PathLike[str], pattern: str, handler: Handler) -> Callable[[], None]:
        """Call the handler when files beneath the directory change whose names match; returns what ends that."""
        glob = Glob(os.path.abspath(directory), pattern)
        registered = _Registered(glob, handler)
        if not self._is_known(glob):
            self._watcher.watch_directory(*glob)
        self._registered.append(registered)
        for file in self._watcher.matching(*glob):  # only now: what changes later is hinted
            if file not in self._marks:
                self._marks.note(file, mark_of(file))
        return lambda: self._remove(registered)

    def _remove(self, registered: _Registered) -> None:
        if registered in self._registered:
            self._registered.remove(registered)
            if not self._is_known(registered.glob):
                self._watcher.unwatch_directory(*registered.glob)

    def _is_known(self, glob: Glob) -> bool:
        return any(registered.glob == glob for registered in self._registered)

    def run(self, paths: Iterable[str]) -> frozenset[str]:
        """Tell the handlers which of these files have changed.  Returns those that were dealt with.

        Each handler is called once at most.  What it raises is logged, and its files count as not dealt with.
        """
        changes = self._changes(paths) if self._registered else ()
        handled: set[str] = set()
        for registered in list(self._registered):
            concerned = tuple(change for change in changes if registered.glob.matches(change.path))
            if concerned and self._is_handled(registered, concerned):
                handled.update(change.path for change in concerned)
        return frozenset(handled)

    def _changes(self, paths: Iterable[str]) -> ChangeSet:
        found = []
        for path in sorted(paths):
            if any(registered.glob.matches(path) for registered in self._registered):
                change = self._marks.change(path)
                if change is not None:
                    self._marks.accept(path)
                    found.append(change)
        return tuple(found)

    def _is_handled(self, registered: _Registered, changes: ChangeSet) -> bool:
        try:
            return bool(registered.handler(changes))
        except Exception:  # noqa: BLE001  the program's function may raise anything
            _log.exception("the handler of %s in %s raised", registered.glob.pattern, registered.glob.directory)
            return False
