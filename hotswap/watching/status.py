"""What `Watcher.status()` tells, for `hotswap doctor` and for tests."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hotswap.watching.events import Doubt

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
    """How well the watching goes.

    `last_event` is a path and how many seconds ago; `missed` counts changes of which no event told; `error` is the last
    thing that went wrong; `limits` is what the system allows one user.
    """

    running: bool
    backend: str
    roots: tuple[Root, ...]
    files: int
    last_event: tuple[str, float] | None
    missed: int
    error: str | None
    limits: tuple[tuple[str, int], ...]


def describe(lookout: Lookout, *, running: bool, now: float) -> WatchStatus:
    """The state of a lookout as a value."""
    last = lookout.last_event
    return WatchStatus(
        running=running, backend=lookout.native.name, roots=_roots(lookout), files=len(lookout.index),
        last_event=None if last is None else (last[0], now - last[1]), missed=lookout.missed, error=lookout.error,
        limits=_limits(),
    )  # fmt: skip


def _roots(lookout: Lookout) -> tuple[Root, ...]:
    coverage = lookout.coverage
    if coverage is None:
        return ()
    doubts = coverage.directories
    files = Counter(os.path.dirname(lookout.index.places(file)[-1]) for file in lookout.index.files)
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


def _limits() -> tuple[tuple[str, int], ...]:
    """What this system allows one user, where it says so."""
    found = []
    for name in ("max_user_watches", "max_user_instances", "max_queued_events"):
        try:
            with open(f"/proc/sys/fs/inotify/{name}", encoding="ascii") as file:
                found.append((name, int(file.read())))
        except (OSError, ValueError):
            continue
    return tuple(found)
