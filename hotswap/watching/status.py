"""What `Watcher.status()` tells, for `hotswap doctor` and for tests."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hotswap.watching.lookout import Lookout


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """One topmost directory with tracked files: how changes beneath it are noticed, and why not better."""

    path: str
    backend: str
    reason: str
    directories: int
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchStatus:
    """How well the watching goes.

    `last_event` is a path and how many seconds ago; `missed` counts changes of which no event told; `error` is the last
    thing that went wrong.
    """

    running: bool
    backend: str
    roots: tuple[Root, ...]
    files: int
    last_event: tuple[str, float] | None
    missed: int
    error: str | None


def describe(lookout: Lookout, *, running: bool, now: float) -> WatchStatus:
    """The state of a lookout as a value."""
    last = lookout.last_event
    return WatchStatus(
        running=running, backend=lookout.native.name, roots=_roots(lookout), files=len(lookout.index),
        last_event=None if last is None else (last[0], now - last[1]), missed=lookout.missed, error=lookout.error,
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
        Root(
            path=root,
            backend="scan" if any(doubts[d] for d in held) else lookout.native.name,
            reason=next((doubts[d] for d in held if doubts[d]), ""),
            directories=len(held),
            files=sum(files[d] for d in held),
        )
        for root, held in sorted(inside.items())
    )
