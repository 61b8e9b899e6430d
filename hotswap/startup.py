"""What the operating system handed to this process at its start, and how to hand the same to its successor.

`os.execve` keeps the process, so what the program did to it stays: the folder, the terminal's mode, blocked and ignored
signals, running timers, open descriptors.  `remember()` notes how all that was; `restore()` puts it back.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

try:
    import ctypes
    import resource
    import termios
except ImportError:  # Windows has neither terminals nor signals of this kind; a small build may lack ctypes
    POSIX = False
else:
    POSIX = True

TERMINALS = (0, 1, 2)
LFLAG = 3
"""Where the local modes (echo among them) stand in what `tcgetattr` returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Startup:
    """One process's start.  Nothing in here changes afterwards."""

    pid: int
    folder: str
    executable: str
    arguments: tuple[str, ...]
    environment: dict[str, str]
    umask: int | None
    terminals: dict[int, list[Any]]
    blocking: dict[int, bool]
    blocked_signals: frozenset[int]
    ignored_signals: frozenset[int]
    inherited: dict[int, tuple[int, int]]
    limits: dict[int, tuple[int, int]]


def switched_off() -> bool:
    """Whether the environment says HOTSWAP=0: the program runs as if hotswap were not there."""
    return os.environ.get("HOTSWAP", "").lower() in ("0", "off", "no", "false")


_remembered: Startup | None = None


def remember() -> Startup:
    """Note how the process started; the first call counts.  To be called before the program changes anything."""
    global _remembered  # noqa: PLW0603  the process has one start
    if _remembered is None:
        _remembered = _look()
    return _remembered


def start_again_with(arguments: Iterable[str]) -> None:
    """Have the successor be started with other arguments than this process."""
    global _remembered  # noqa: PLW0603  the process has one start
    start = remember()
    _remembered = replace(start, arguments=(*start.arguments[:1], *arguments))


def _look() -> Startup:
    return Startup(
        pid=os.getpid(),
        folder=_folder(),
        executable=sys.executable or "",
        arguments=tuple(sys.orig_argv),
        environment=dict(os.environ),
        umask=_umask(),
        terminals=_terminals(),
        blocking={fd: os.get_blocking(fd) for fd in TERMINALS if _exists(fd)} if POSIX else {},
        blocked_signals=frozenset(signal.pthread_sigmask(signal.SIG_BLOCK, ())) if POSIX else frozenset(),
        ignored_signals=_ignored(),
        inherited={fd: _identity(fd) for fd in descriptors() if os.get_inheritable(fd)},
        limits={kind: resource.getrlimit(kind) for kind in _limits()} if POSIX else {},
    )


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return ""


def _umask() -> int | None:
    """The mask for new files.  Read where that needs no write, as another thread may be creating a file."""
    with (
        suppress(OSError, StopIteration, ValueError),
        open("/proc/self/status", encoding="ascii", errors="replace") as lines,
    ):
        return int(next(line for line in lines if line.startswith("Umask:")).split()[1], 8)
    return None


def _limits() -> tuple[int, ...]:
    return (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE, resource.RLIMIT_STACK)


def _exists(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _identity(fd: int) -> tuple[int, int]:
    found = os.fstat(fd)
    return found.st_dev, found.st_ino


def descriptors() -> list[int]:
    """The open descriptors above the three standard ones; empty where the system does not list them."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            return sorted(fd for fd in map(int, os.listdir(folder)) if fd > max(TERMINALS) and _exists(fd))
    return []


def _terminals() -> dict[int, list[Any]]:
    found = {}
    for fd in TERMINALS if POSIX else ():
        with suppress(termios.error):
            found[fd] = termios.tcgetattr(fd)
    return found


def _ignored() -> frozenset[int]:
    # The interpreter itself ignores SIGPIPE and SIGXFSZ at its start, and its successor will again.
    return frozenset(number for number in signal.valid_signals() if signal.getsignal(number) is signal.SIG_IGN)


def restore(keep: Iterable[int] = ()) -> list[str]:
    """Put the process back to how it started, except for the descriptors in `keep`.  Returns what failed."""
    start = remember()
    steps: list[Callable[[], object]] = [
        restore_terminals,
        _stop_timers,
        lambda: _restore_signals(start),
        lambda: _restore_blocking(start),
        lambda: _close_on_exec(start, frozenset(keep)),
        lambda: os.umask(start.umask) if start.umask is not None else None,
        lambda: _restore_limits(start),
        lambda: os.chdir(start.folder) if start.folder else None,
    ]
    return [problem for step in steps if (problem := _attempt(step))]


def _attempt(step: Callable[[], object]) -> str:
    try:
        step()
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def restore_terminals() -> None:
    """Give the terminals the modes that they had: echo, whole lines, Ctrl-C."""
    _set_terminals(remember().terminals)


def _set_terminals(modes: dict[int, list[Any]]) -> None:
    if not POSIX:
        return
    # A process in the background is stopped by SIGTTOU when it sets a mode; blocked, the call goes through.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        for fd, mode in modes.items():
            with suppress(termios.error):
                if termios.tcgetattr(fd) != mode:
                    termios.tcsetattr(fd, termios.TCSANOW, mode)  # not TCSADRAIN: it hangs on a terminal held by Ctrl-S
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def terminals_as_at_start() -> Iterator[None]:
    """Within the block the terminals echo and take whole lines; then they are as the program had set them."""
    before = _terminals()
    restore_terminals()
    try:
        yield
    finally:
        _set_terminals(before)


def ensure_echo() -> None:
    """Switch echo on: a debugger that was killed at its prompt leaves it off, for the next programs too."""
    modes = {}
    for fd, mode in _terminals().items():
        if fd == 0 and not mode[LFLAG] & termios.ECHO:
            modes[fd] = [*mode[:LFLAG], mode[LFLAG] | termios.ECHO, *mode[LFLAG + 1 :]]
    _set_terminals(modes)


def _stop_timers() -> None:
    if POSIX:  # a timer outlives exec, and its signal would kill the successor
        for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
            signal.setitimer(timer, 0)
        # One that rang a moment ago may still be pending, and that too outlives exec.
        while hasattr(signal, "sigtimedwait") and signal.sigtimedwait(
            {signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF}, 0
        ):
            pass


def _restore_signals(start: Startup) -> None:
    """A mask and an ignored signal outlive exec: Ctrl-C would be dead in the successor."""
    if not POSIX:
        return
    for number in _ignored() - start.ignored_signals:
        # signal.signal() works on the main thread only, and this may be another one.
        ctypes.pythonapi.PyOS_setsig(ctypes.c_int(number), ctypes.c_void_p(0))
    signal.pthread_sigmask(signal.SIG_SETMASK, start.blocked_signals)


def _restore_blocking(start: Startup) -> None:
    for fd, blocking in start.blocking.items():
        with suppress(OSError):
            os.set_blocking(fd, blocking)


def _close_on_exec(start: Startup, keep: frozenset[int]) -> None:
    """Let go of what C code opened without close-on-exec (inotify, 128 a user), not of what our parent gave us."""
    for fd in descriptors():
        with suppress(OSError):
            if fd not in keep and start.inherited.get(fd) != _identity(fd):
                os.set_inheritable(fd, False)  # noqa: FBT003  the standard library's own signature


def _restore_limits(start: Startup) -> None:
    for kind, limits in start.limits.items():
        if resource.getrlimit(kind) != limits:
            resource.setrlimit(kind, limits)
