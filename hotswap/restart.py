"""Replace this process by a new run of the same program: the same process id, terminal, arguments and environment.

The sole caller of `os.exec*`.  In order: preflight (what would lose the session refuses the restart, leaving it whole),
the main thread leaves what it is doing, work in progress ends, `on_dispose`, what is kept, the watcher, exit handlers,
buffers, what the process was given at its start, `os.execve`.  Every step has a deadline; one that misses it is
reported and passed over.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import NoReturn

from hotswap import handover, hooks, leaving, losses, startup, supervised, work
from hotswap.errors import RestartRefused
from hotswap.handover import Parcel
from hotswap.preflight import command, preflight
from hotswap.report import say

remember_start = startup.remember

Stage = tuple[str, Callable[[], object], float]
"""What it is called in reports, what to do, and for how many seconds at most."""


def restart(
    reason: str,
    *,
    before: Callable[[], object] = lambda: None,
    files: Iterable[str] = (),
    deadline: float = 5.0,
) -> NoReturn:
    """Replace the process.  `before` stops the watcher; `files` must compile (those of the round).

    Raises RestartRefused, with nothing done yet, when the successor could not start.
    """
    problems = tuple(preflight(files))
    if problems:
        raise RestartRefused(problems)
    say(f"restarting: {reason}" if reason else "restarting")
    hooks.secure()
    way_out = WayOut(exit_stages(before, deadline))
    if not leaving.can_leave():
        leaving.go_on_with(way_out.go)
    leaving.leave(way_out.go, deadline)


# ---- the way out


def exit_stages(before: Callable[[], object], deadline: float) -> list[Stage]:
    """What happens between the decision and the new process."""
    return [
        ("waiting for work in progress", lambda: _finish_work(deadline / 2), deadline),
        ("on_dispose", _dispose, deadline),
        ("keeping state", _hand_over, max(deadline, 60.0)),
        ("stopping the watcher", before, deadline),
        ("exit handlers", atexit._run_exitfuncs, deadline),
        ("writing out buffered output", flush_all, deadline),
    ]


def _finish_work(seconds: float) -> None:
    cut_off = work.drain(seconds)
    if cut_off:
        say(f"cut off after {seconds:g} s: {', '.join(cut_off)}")


def _dispose() -> None:
    for fault in hooks.dispose_all():
        say(f"on_dispose: {fault}")


_sealed: list[int] = []
"""The descriptors of what is handed over, once all of it is written."""


def _hand_over() -> None:
    reap()
    handover.notes["children"] = list(losses.children())
    parcel = Parcel(notes=handover.notes)
    hooks.pack(parcel)
    _sealed[:] = handover.seal(parcel)


def reap() -> None:
    """Let the children of the processes before this one go that have ended; nobody here knows of them."""
    left = []
    for pid in handover.notes.pop("children", ()):
        with suppress(ChildProcessError, AttributeError):
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                left.append(pid)
    handover.notes["children"] = left


reap()


class WayOut:
    """The stages between the decision and the new process; each has somebody who goes on without it when it hangs.

    Made while threads can be started: once the interpreter is shutting down there are no new ones.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._stages = stages
        self._guards = [_Guard(name, seconds) for name, _, seconds in stages]
        for place, guard in enumerate(self._guards):
            guard.watch(lambda rest=place + 1: self.go(rest))  # type: ignore[misc]

    def go(self, first: int = 0) -> NoReturn:
        """Do each stage on this thread, then replace the process."""
        for (name, act, _), guard in zip(self._stages[first:], self._guards[first:], strict=True):
            guard.armed.set()
            try:
                act()
            except BaseException as error:  # noqa: BLE001  code of the program's; it stops nothing
                say(f"{name}: {type(error).__name__}: {error}")
            if not guard.claim.acquire(blocking=False):
                threading.Event().wait()  # the guard replaces the process
            guard.done.set()
        try:
            replace()
        except OSError as error:
            where = error.filename or command()[0]
            say(f"{error.strerror}: {where}; exit handlers have run, so start the program again")
            os._exit(1)


class _Guard:
    """Waits for one stage to be done.  Whoever takes the claim, stage or guard, goes on; the other never does."""

    def __init__(self, name: str, seconds: float) -> None:
        self.name, self.seconds = name, seconds
        self.armed, self.done, self.claim = threading.Event(), threading.Event(), threading.Lock()

    def watch(self, go_on: Callable[[], NoReturn]) -> None:
        threading.Thread(target=self._wait, args=(go_on,), name="hotswap-guard", daemon=True).start()

    def _wait(self, go_on: Callable[[], NoReturn]) -> None:
        self.armed.wait()
        if not self.done.wait(self.seconds) and self.claim.acquire(blocking=False):
            say(f"{self.name} took longer than {self.seconds:g} s; going on without")
            go_on()


BUFFERED = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)


def flush_all() -> None:
    """Write out what is buffered: the standard streams, then every file that the program has open."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    files = [thing for thing in gc.get_objects() if issubclass(type(thing), BUFFERED)]
    for file in files:
        with suppress(Exception):  # a file may be closed, detached, or broken in a way of its own
            if file.writable():
                file.flush()


def replace() -> NoReturn:
    """Put back what the process was given at its start, and become its successor.  Raises OSError if that fails."""
    if supervised.is_child():
        startup.restore_terminals()
        supervised.succeed(_sealed)
    executable, arguments, _ = command()
    for problem in startup.restore(keep=_sealed):
        say(f"not put back: {problem}")
    for fd in _sealed:
        os.set_inheritable(fd, True)  # noqa: FBT003  the standard library's own signature
    inheritance = handover.mark(_sealed, to="exec") if _sealed else {}
    os.execve(executable, arguments, {**startup.remember().environment, **inheritance})


def become(arguments: Sequence[str]) -> NoReturn:
    """Run the interpreter with other arguments, in this process, before anything was begun in it."""
    words = [startup.remember().executable, *arguments]
    if os.name == "nt":  # there, `execve` starts another process, and the shell goes on beside it
        import subprocess

        raise SystemExit(subprocess.call(words))  # noqa: S603  this very interpreter
    os.execve(words[0], words, startup.remember().environment)
