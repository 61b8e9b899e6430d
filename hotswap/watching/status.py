"""What `Watcher.status()` tells, for `hotswap doctor` and for tests."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hotswap.watching.coverage import limits
from hotswap.watching.events import Doubt
from hotswap.watching.folders import folder_of

if TYPE_CHECKING:
    from hotswap.watching.lookout import Lookout


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """One topmost directory with tracked files: how changes beneath it are noticed, and why not better."""

    path: str
    backend: str
    reason: str
    remedy: str
    directories: int
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchStatus:
    """How well the watching goes; `str()` is the report that `hotswap doctor` prints.

    `why_not` says why nothing is being watched, if that is so.  `last_events` are paths and how many seconds ago,
    newest first; `missed` counts changes of which no event told; `error` is the last thing that went wrong; `limits` is
    what the system allows one user; `to_do` is what would make it better.
    """

    running: bool
    why_not: str
    backend: str
    roots: tuple[Root, ...]
    files: int
    last_events: tuple[tuple[str, float], ...]
    missed: int
    error: str | None
    limits: tuple[tuple[str, int], ...]

    @property
    def to_do(self) -> tuple[str, ...]:
        """What the user can do about what does not go well; empty when all is well."""
        remedies = [f"{root.path}: {root.remedy}" for root in self.roots if root.remedy]
        return tuple([self.why_not] * bool(self.why_not) + remedies)

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def describe(lookout: Lookout, *, why_not: str, now: float) -> WatchStatus:
    """The state of a lookout as a value."""
    return WatchStatus(
        running=not why_not, why_not=why_not, backend=lookout.native.name, roots=_roots(lookout),
        files=sum(folder_of(file) is None for file in lookout.index.files),
        last_events=tuple((path, now - when) for path, when in reversed(lookout.events.items())), missed=lookout.missed,
        error=lookout.error, limits=limits(),
    )  # fmt: skip


def _roots(lookout: Lookout) -> tuple[Root, ...]:
    coverage = lookout.coverage
    if coverage is None:
        return ()
    doubts = coverage.directories
    places = [lookout.index.places(file)[-1] for file in lookout.index.files if folder_of(file) is None]
    files = Counter(map(os.path.dirname, places))
    inside: dict[str, list[str]] = {}
    for directory in doubts:
        inside.setdefault(coverage.root(directory), []).append(directory)
    return tuple(
        _root(root, lookout.native.name, [doubts[d] for d in held], sum(files[d] for d in held))
        for root, held in sorted(inside.items())
    )


def _root(path: str, native: str, doubts: Sequence[Doubt | None], files: int) -> Root:
    doubt = next(filter(None, doubts), None)
    why, remedy = doubt or ("", "")
    backend = native if doubt is None else "scan"
    return Root(path=path, backend=backend, reason=why, remedy=remedy, directories=len(doubts), files=files)


def _lines(status: WatchStatus) -> Iterator[str]:
    """The report, line by line; what has nothing to tell is left out."""
    yield line("watching", f"no: {status.why_not}" if status.why_not else f"yes, by {_BACKENDS[status.backend]}")
    directories = sum(root.directories for root in status.roots)
    yield line("files", f"{_count(status.files, 'file')} in {_count(directories, 'directory')}")
    for root in status.roots:
        how = f"{root.path}: {root.backend}, {_count(root.directories, 'directory')}, {_count(root.files, 'file')}"
        yield line("", f"{how}; {root.reason}" if root.reason else how)
    for number, (path, ago) in enumerate(status.last_events):
        yield line("" if number else "last events", f"{ago:.1f} s ago {path}")
    yield line("missed", f"{_count(status.missed, 'change')} without an event")
    if status.error:
        yield line("last error", status.error)
    if status.limits:
        yield line("limits", ", ".join(f"{name} {value}" for name, value in status.limits))
    for number, what in enumerate(status.to_do or ("nothing",)):
        yield line("" if number else "to do", what)


_BACKENDS = {
    "inotify": "inotify events",
    "watchdog": "events (watchdog)",
    "scan": "looking at the files again and again",
}


def line(title: str, text: str) -> str:
    """One line of a report."""
    return f"{title:13}{text}"


def _count(number: int, what: str) -> str:
    """As in "1 file", "2 directories"."""
    plural = what.removesuffix("y") + "ies" if what.endswith("y") else what + "s"
    return f"{number} {what if number == 1 else plural}"
