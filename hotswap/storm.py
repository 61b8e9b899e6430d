"""Restarts that follow one another without anybody's doing: a program that writes its own sources as it starts.

It would otherwise restart itself for ever, 17 times a second.  Saves of a person, however quick, are never held back;
neither is a restart that the program asks for.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from hotswap import handover
from hotswap.report import say

MANY, WITHIN = 3, 10.0
"""After so many restarts in so many seconds, one over a file that the process itself wrote is held back."""

TOO_MANY = 50
"""So many of them are no work of hands, whoever writes the files."""

SPAWNS = frozenset(("subprocess.Popen", "os.system", "os.posix_spawn", "os.fork", "os.exec", "os.spawn"))


class _Writes:
    """The files that this process writes, told by the interpreter's audit events; a child may write any."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.has_children = False

    def note(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take in an event, as `sys.addaudithook` hands it over."""
        if event == "open" and _is_writing(*arguments[1:3]):
            self._add(arguments[0])
        elif event == "os.rename":
            self._add(arguments[1])
        elif event in SPAWNS:
            self.has_children = True

    def _add(self, path: object) -> None:
        if isinstance(path, str | bytes | os.PathLike):
            self.paths.add(os.path.abspath(os.fsdecode(path)))

    def include(self, paths: Iterable[str]) -> bool:
        """Whether the process, or a child, has or may have written one of the files."""
        real = {os.path.realpath(path) for path in self.paths}
        return self.has_children or not real.isdisjoint(map(os.path.realpath, paths))


def _is_writing(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return not set("wax+").isdisjoint(mode)
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def _recent() -> list[float]:
    now = time.time()
    with suppress(TypeError):
        return [at for at in handover.notes.get("restarts", ()) if now - WITHIN < at <= now]
    return []


# Only a process that is one of many looks at what it writes, as that costs a call for each of its audit events.
_writes = _Writes() if len(_recent()) >= MANY else None
if _writes is not None:
    sys.addaudithook(_writes.note)
_is_holding = False


def held_back(paths: Iterable[str]) -> bool:
    """Whether a restart over these files has to wait for the next save; that is said.

    Notes the time of one that has not, for the processes to come.
    """
    global _is_holding  # noqa: PLW0603  it is about the process
    recent = _recent()
    is_storm = _writes is not None and (len(recent) >= TOO_MANY or _writes.include(paths))
    if is_storm and not _is_holding:
        _is_holding = True
        say(
            f"restarted {len(recent)} times within {WITHIN:g} s over what the program itself writes; waiting for a save"
        )
        return True
    handover.notes["restarts"] = [time.time()] if _is_holding else [*recent, time.time()]
    return False
