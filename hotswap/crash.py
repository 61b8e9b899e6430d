"""After a crash: report it as `python` does, watch the files that matter, start again on the next good save."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import NoReturn

from hotswap import startup
from hotswap.errors import RestartRefused
from hotswap.preflight import compile_problem
from hotswap.restart import restart, say
from hotswap.scope import Scope, source_path

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


def wait_and_restart(error: BaseException, *, pause: Callable[[float], object] = time.sleep) -> NoReturn:
    """Wait for a save after which the program compiles, and restart.  Ctrl-C exits with status 130."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the program's handlers have nobody left to speak to
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    try:
        seen = read(sorted(files_that_matter(error)))
        say("the program crashed; save a file to start it again, Ctrl-C to leave")
        _watch(seen, pause, at_once=_already_corrected(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _watch(seen: Snapshot, pause: Callable[[float], object], *, at_once: bool) -> NoReturn:
    while True:
        saved = ["what it crashed on"] if at_once else []
        while not saved:
            pause(PAUSE)
            now = read(seen)
            saved = [path for path in now if now[path] != seen[path]]
            seen = now
        at_once = False
        try:
            restart(f"{_shortened(saved)} was saved", files=[path for path in saved if os.path.isfile(path)])
        except RestartRefused as refusal:
            say(f"still waiting, {refusal}")


def _shortened(paths: list[str]) -> str:
    return os.path.basename(paths[0]) + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")


def read(paths: Iterable[str]) -> Snapshot:
    """The content of each file; None for those that are not there."""
    return {path: _content(path) for path in paths}


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def files_that_matter(error: BaseException) -> set[str]:
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


def _chain(error: BaseException) -> list[BaseException]:
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


def _already_corrected(error: BaseException) -> bool:
    """Whether the file of a syntax error compiles by now: it was saved between the crash and our first look."""
    if not isinstance(error, SyntaxError) or not error.filename or not os.path.isfile(error.filename):
        return False
    return not any(compile_problem(error.filename))
