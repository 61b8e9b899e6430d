"""What a restart would do, and what it would lose, told beforehand.  Looks, and pickles; changes nothing."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from hotswap import hooks, supervised, work
from hotswap.preflight import command, preflight

MOMENT = 0.3
"""Seconds that something has to go on to be named: long enough to tell a connection that is idle."""

OWN = "hotswap-"
"""How the names of hotswap's own threads begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPlan:
    """What a restart would run, whether it would be refused, what is handed over and what is lost."""

    command: tuple[str, ...]
    folder: str
    strategy: Literal["exec", "supervise"]
    refusals: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    unpicklable: tuple[tuple[str, str], ...] = ()
    threads: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    work: tuple[str, ...] = ()

    @property
    def losses(self) -> tuple[str, ...]:
        """One sentence for each kind of thing that would not come through."""
        kinds = (
            ("made anew, as it does not pickle", tuple(f"{key} ({why})" for key, why in self.unpicklable)),
            ("threads that end", self.threads),
            ("child processes that go on without their parent's knowledge", self.children),
            ("work in progress", self.work),
        )
        return tuple(f"{what}: {', '.join(names)}" for what, names in kinds if names)

    def __str__(self) -> str:
        lines = [f"a restart runs {' '.join(self.command)} in {self.folder}"]
        lines += [f"it would be refused: {problem}" for problem in self.refusals]
        lines += [f"handed over: {', '.join(self.kept)}"] if self.kept else []
        return "\n".join([*lines, *self.losses])


def restart_plan(files: Iterable[str] = ()) -> RestartPlan:
    """What a restart would do now, and what would be lost.  `files` would have to compile."""
    _, arguments, folder = command()
    lost = hooks.unpicklable()
    return RestartPlan(
        command=tuple(arguments),
        folder=folder,
        strategy="supervise" if supervised.is_child() else "exec",
        refusals=tuple(preflight(files)),
        kept=tuple(key for key in hooks.kept() if key not in lost),
        unpicklable=tuple(lost.items()),
        threads=threads(),
        children=tuple(f"{pid} {name}".rstrip() for pid, name in children().items()),
        work=work.drain(MOMENT),
    )


def threads() -> tuple[str, ...]:
    """The names of the program's threads but for the main one."""
    others = (t.name for t in threading.enumerate() if t is not threading.main_thread())
    return tuple(name for name in others if not name.startswith(OWN))


def children() -> dict[int, str]:
    """The child processes, by id, and what they run where that can be told."""
    found = {}
    for pid in _child_ids():
        found[pid] = ""
        with suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as words:
            found[pid] = words.read().replace(b"\0", b" ").decode(errors="replace").strip()[:80]
    return found


def _child_ids() -> list[int]:
    # Not /proc/self/task/*/children, which leaves out some while others end.
    with suppress(OSError):
        return [int(pid) for pid in os.listdir("/proc") if pid.isdecimal() and _parent_of(pid) == os.getpid()]
    known = sys.modules.get("multiprocessing")  # elsewhere only those that the library keeps a list of
    return [] if known is None else [p.pid for p in known.active_children() if p.pid]


def _parent_of(pid: str) -> int:
    with suppress(OSError), open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[1])
    return 0
