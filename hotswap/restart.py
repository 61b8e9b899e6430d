"""Replace this process by a new run of the same program: the same process id, terminal, arguments and environment.

The sole caller of `os.exec*`.  In order: preflight (what would lose the session refuses the restart, leaving it whole),
the main thread leaves what it is doing, `before`, exit handlers, buffers, what the process was given at its start,
`os.execve`.  Every step has a deadline; one that misses it is reported and passed over.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from hotswap import startup
from hotswap.errors import RestartRefused
from hotswap.preflight import command, preflight

SIGNAL = getattr(signal, "SIGURG", None)
"""Wakes the main thread.  Ignored by default, so that a late one can never kill a process."""

remember_start = startup.remember

Stage = tuple[str, Callable[[], object], float]
"""What it is called in reports, what to do, and for how many seconds at most."""


class Restart(SystemExit):
    """Unwinds the program so that its `with` and `finally` blocks run before the process is replaced.  Let it pass.

    A SystemExit, because frameworks know that those must get through: an asyncio task keeps any other BaseException to
    itself and the loop goes on.
    """


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
    stages = exit_stages(before, deadline)
    if can_unwind():
        _leave(stages, deadline)
        # A thread ends without a word over a plain SystemExit only.
        raise Restart if threading.current_thread() is threading.main_thread() else SystemExit
    carry_out(stages)


def say(text: str) -> None:
    """One line to the standard error; a closed one is no reason to fail."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"hotswap: {text}\n")
        sys.stderr.flush()


# ---- the main thread leaves what it is doing


@dataclass(slots=True)
class _Departure:
    """The program is being called away.  `loop` was asked already; `patience` is how long it may take to answer."""

    stages: Sequence[Stage]
    patience: float
    loop: Any = None


_catchers = 0
_leaving: _Departure | None = None
_left = threading.Lock()  # taken by whoever goes on: the main thread when it is unwound, or the one that lost patience


@contextmanager
def unwinding() -> Iterator[None]:
    """At the bottom of the main thread's stack: within the block a restart unwinds the program and goes on here."""
    global _catchers  # noqa: PLW0603  the process has one main thread
    install_waker()
    process = os.getpid()
    _catchers += 1
    try:
        yield
    except BaseException as error:
        if _leaving is None or os.getpid() != process:
            raise
        if not isinstance(error, SystemExit):
            say(f"while the program was stopped: {type(error).__name__}: {error}")
    finally:
        _catchers -= 1
    if _leaving is not None and os.getpid() == process:
        _go_on(_leaving.stages)


def can_unwind() -> bool:
    """Whether somebody waits at the bottom of the main thread's stack, and that thread can be woken."""
    return bool(_catchers) and SIGNAL is not None and signal.getsignal(SIGNAL) is _wake


def install_waker() -> None:
    """Prepare for the main thread to be woken; nothing on another thread, or over a handler of the program's."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and SIGNAL is not None and signal.getsignal(SIGNAL) is signal.SIG_DFL:
        signal.signal(SIGNAL, _wake)


def _wake(_number: int, _frame: object) -> None:
    """Runs on the main thread, between two of its instructions, once the signal has ended what it was waiting for."""
    if _leaving is None or not _catchers or _is_unwinding(sys.exception()):
        return
    loop = _running_loop()
    if loop is None or time.monotonic() > _leaving.patience:
        raise Restart
    # Raised in the midst of the loop's own code, it made the loop forget a callback in 5 of 80 trials, and then the
    # cleanup waited for a task that nobody was going to wake.
    if loop is not _leaving.loop:
        _leaving.loop = loop
        loop.call_soon_threadsafe(_raise)


def _raise() -> NoReturn:
    raise Restart


def _running_loop() -> Any:
    asyncio = sys.modules.get("asyncio")
    return asyncio._get_running_loop() if asyncio is not None else None


def _is_unwinding(error: BaseException | None) -> bool:
    """Whether the program is in its `finally` blocks already; to raise again there would cut them short."""
    while error is not None and not isinstance(error, Restart):
        error = error.__context__
    return error is not None


def _leave(stages: Sequence[Stage], deadline: float) -> None:
    """Begin to call the main thread away, until it is at the bottom of its stack or the time is over."""
    global _leaving  # noqa: PLW0603  the process has one main thread
    if _leaving is None:
        _leaving = _Departure(stages, time.monotonic() + deadline / 2)
        _silence_lost_ones()
        threading.Thread(target=_call_away, args=(stages, deadline), name="hotswap-restart", daemon=True).start()


def _silence_lost_ones() -> None:
    """A Restart raised in a destructor or a callback of C code gets lost; the next one will not, so not a word."""
    hook = sys.unraisablehook
    sys.unraisablehook = lambda lost: None if isinstance(lost.exc_value, Restart) else hook(lost)


def _call_away(stages: Sequence[Stage], deadline: float) -> None:
    until = time.monotonic() + deadline
    while time.monotonic() < until:
        time.sleep(0.05)  # also lets the thread that asked get out of the reloader
        if _left.locked():
            return
        signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL or 0)
    if _left.acquire(blocking=False):
        say(f"the main thread did not stop within {deadline:g} s; restarting over it")
        carry_out(stages)


def _go_on(stages: Sequence[Stage]) -> NoReturn:
    if not _left.acquire(blocking=False):
        threading.Event().wait()  # another thread replaces the process
    carry_out(stages)


# ---- the way out


def exit_stages(before: Callable[[], object], deadline: float) -> list[Stage]:
    """What happens between the decision and the new process."""
    return [
        ("stopping the watcher", before, deadline),
        ("exit handlers", atexit._run_exitfuncs, deadline),
        ("writing out buffered output", flush_all, deadline),
    ]


def carry_out(stages: Sequence[Stage]) -> NoReturn:
    """Do each stage on this thread, then replace the process.  A stage that hangs is left behind by another thread."""
    for number, (name, act, seconds) in enumerate(stages):
        with _guarded(name, seconds, stages[number + 1 :]):
            act()
    replace()


@contextmanager
def _guarded(name: str, seconds: float, rest: Sequence[Stage]) -> Iterator[None]:
    claim = threading.Lock()  # whoever takes it, this thread or the timer, goes on; the other one never does

    def overtake() -> None:
        if claim.acquire(blocking=False):
            say(f"{name} took longer than {seconds:g} s; going on without")
            carry_out(rest)

    timer = threading.Timer(seconds, overtake)
    timer.daemon = True
    timer.start()
    try:
        yield
    except BaseException as error:  # noqa: BLE001  code of the program's; the process is replaced whatever it does
        say(f"{name}: {type(error).__name__}: {error}")
    if not claim.acquire(blocking=False):
        threading.Event().wait()  # the other thread replaces the process
    timer.cancel()


BUFFERED = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)


def flush_all() -> None:
    """Write out what is buffered: the standard streams, then every file that the program has open."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    files = [
        thing
        for thing in gc.get_objects()
        if issubclass(type(thing), (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom))
    ]
    for file in files:
        with suppress(Exception):  # a file may be closed, detached, or broken in a way of its own
            if file.writable():
                file.flush()


def replace() -> NoReturn:
    """Put back what the process was given at its start, and become its successor."""
    executable, arguments, _ = command()
    for problem in startup.restore():
        say(f"not put back: {problem}")
    try:
        os.execve(executable, arguments, startup.remember().environment)
    except OSError as error:
        raise RestartRefused(
            (f"{executable}: {error.strerror}; exit handlers have run, so start the program again",)
        ) from error
