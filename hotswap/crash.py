"""After a crash: report it as `python` does, watch the files that matter, start again on the next good save."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import NoReturn

from hotswap import startup
from hotswap.errors import RestartRefused
from hotswap.preflight import compile_problem
from hotswap.report import say
from hotswap.restart import restart
from hotswap.scope import Scope, source_path
from hotswap.storm import held_back

with suppress(ImportError):  # Windows: a save starts the program again, Enter does not
    import termios

PAUSE = 0.2
"""Seconds between two looks at the files.  There are few of them and nothing else runs."""

Snapshot = dict[str, bytes | None]


def may_wait(error: BaseException) -> bool:
    """Whether a new start after an edit is what the user wants; otherwise the process ends as `python` would end it."""
    if isinstance(error, KeyboardInterrupt | GeneratorExit):
        return False
    if sys.flags.inspect or os.environ.get("PYTHONINSPECT"):
        return False  # the interpreter is to show a prompt now
    return not (isinstance(error, BrokenPipeError) and _nobody_reads(1))


def _nobody_reads(fd: int) -> bool:
    with suppress(OSError, AttributeError):
        poll = select.poll()
        poll.register(fd, 0)
        return any(event & select.POLLERR for _, event in poll.poll(0))
    return False


def report(error: BaseException) -> None:
    """Show the error through `sys.excepthook`, with the same bookkeeping as the interpreter's."""
    startup.restore_terminals()
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    show(error)


def show(error: BaseException) -> None:
    """Hand the error to `sys.excepthook`; a hook that fails is reported in the interpreter's words."""
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except Exception as fault:  # noqa: BLE001  the hook is the program's
        sys.stderr.write("Error in sys.excepthook:\n")
        own = fault.__traceback__
        traceback.print_exception(fault.with_traceback(own.tb_next if own else None))
        sys.stderr.write("\nOriginal exception was:\n")
        traceback.print_exception(error)


def wait_and_restart(error: BaseException | None, *, behind: Iterable[str] = ()) -> NoReturn:
    """Wait for a save after which the program compiles, or for Enter, and restart.  Ctrl-C exits with status 130.

    Without an error the program has simply finished.  `behind` are files that were saved since the process read them:
    those are not waited for.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # the program's handlers have nobody left to speak to
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    try:
        first = in_order(error)
        files = [*first, *sorted(files_that_matter(error) - set(first))]
        seen = read(files)
        saved = [*behind, *_already_corrected(error)]
        if saved and not held_back(saved):
            restart_or_say(f"{shortened(saved)} was saved", saved)
        ended = "has finished" if error is None else "crashed"
        _watch(seen, f"the program {ended}; save {shortened(files) if first else 'a file'}")
    except KeyboardInterrupt:
        sys.exit(130)


def _watch(seen: Snapshot, invitation: str) -> NoReturn:
    keyboard = Keyboard()
    say(f"{invitation}{' or press Enter' if keyboard.is_there else ''} to start it again, Ctrl-C to leave")
    while True:
        if keyboard.pressed_enter(PAUSE):
            restart_or_say("Enter was pressed")
        now = read(seen)
        saved = [path for path in now if now[path] != seen[path]]
        seen = now
        if saved:
            restart_or_say(f"{shortened(saved)} was saved", saved)


def restart_or_say(reason: str, files: Iterable[str] = ()) -> None:
    """Restart; returns when it was refused, which is said."""
    try:
        restart(reason, files=[path for path in files if os.path.isfile(path)])
    except RestartRefused as refusal:
        say(f"still waiting, {refusal}")


class Keyboard:
    """The terminal that the program was started from, if it is ours to read."""

    def __init__(self) -> None:
        self.is_there = _is_foreground()
        if self.is_there:  # what was typed for the program that crashed is no answer to us
            termios.tcflush(0, termios.TCIFLUSH)

    def pressed_enter(self, seconds: float) -> bool:
        """Wait so long at most; whether a line was entered."""
        if not self.is_there or not _is_foreground():
            time.sleep(seconds)
            return False
        ready, _, _ = select.select([0], [], [], seconds)
        if not ready:
            return False
        self.is_there = bool(os.read(0, 4096))  # nothing: Ctrl-D
        return self.is_there


def _is_foreground() -> bool:
    """Whether reading standard input would wait for a line; a job in the background would be stopped by it."""
    try:
        return os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
    except (OSError, AttributeError):
        return False


def shortened(paths: Sequence[str]) -> str:
    """The first file as one would type it, and how many more there are."""
    if not paths:
        return ""
    short = os.path.relpath(paths[0], startup.remember().folder or os.sep)
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return (paths[0] if short.startswith("..") else short) + more


def read(paths: Iterable[str]) -> Snapshot:
    """The content of each file; None for those that are not there."""
    return {path: _content(path) for path in paths}


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def in_order(error: BaseException | None) -> list[str]:
    """The files of the program that the error speaks of, the likeliest first."""
    scope, found = Scope(), list[str]()
    for fault in _chain(error):
        found += [*_named_by(fault), *reversed(list(_in_traceback(fault.__traceback__)))]
    return [path for path in dict.fromkeys(found) if os.path.isfile(path) and scope.contains(path)]


def files_that_matter(error: BaseException | None) -> set[str]:
    """The files whose edit may cure the error: those in its tracebacks and messages, and those of the whole program."""
    scope = Scope()
    modules = (source_path(module) for module in list(sys.modules.values()))
    paths = {path for path in modules if path and scope.contains(path)}
    for fault in _chain(error):
        paths.update(
            path for path in _in_traceback(fault.__traceback__) if os.path.isfile(path) and scope.contains(path)
        )
        paths.update(_named_by(fault))
    return paths


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        fault = todo.pop()
        if fault is None or fault in found:
            continue
        found.append(fault)
        todo += [fault.__cause__, fault.__context__]
        if isinstance(fault, BaseExceptionGroup):
            todo += fault.exceptions
    return found


def _in_traceback(entry: TracebackType | None) -> Iterator[str]:
    while entry is not None:
        yield os.path.abspath(entry.tb_frame.f_code.co_filename)
        entry = entry.tb_next


def _named_by(fault: BaseException) -> Iterator[str]:
    if isinstance(fault, SyntaxError | OSError) and isinstance(fault.filename, str):
        yield os.path.abspath(fault.filename)
    if isinstance(fault, ImportError) and fault.name:
        yield from _would_be(fault.name)


def _would_be(module: str) -> Iterator[str]:
    """Where the missing module would be looked for."""
    parent, _, name = module.rpartition(".")
    folders = list(getattr(sys.modules.get(parent), "__path__", ())) if parent else sys.path
    for folder in folders:
        yield os.path.abspath(os.path.join(folder, name + ".py"))
        yield os.path.abspath(os.path.join(folder, name, "__init__.py"))


def _already_corrected(error: BaseException | None) -> list[str]:
    """The file of a syntax error if it compiles by now: it was saved between the crash and our first look."""
    if not isinstance(error, SyntaxError) or not error.filename or not os.path.isfile(error.filename):
        return []
    return [] if any(compile_problem(error.filename)) else [error.filename]
