"""`run_with_reloader(main)`: run a program's main function with hotswap watching; restart what cannot be swapped.

A drop-in for the function of that name in `django.utils.autoreload`, for any program: same call, same behaviour, but an
edit is swapped into the running process where it can be.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, ParamSpec, TypeVar

import hotswap
from hotswap import crash, django_files, launch, saved_files, startup, supervised
from hotswap.errors import UsageError
from hotswap.leaving import Restart, leave_thread, unwinding
from hotswap.reloader import Reloader
from hotswap.report import say

P = ParamSpec("P")
R = TypeVar("R")

LAST_WORDS = 1.0
"""Seconds that main has after Ctrl-C to leave its `finally` blocks; a second Ctrl-C ends the wait."""

PATIENCE = 2.5
"""Seconds that main has before a restart."""

INTERRUPTED = 130

_held: BaseException | None = None


def run_with_reloader(main: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call `main(*args, **kwargs)` in a thread of its own and keep it in step with its sources.

    Saved files go live in the process; what cannot is answered by a restart.  If main raises, the error is shown and
    the next save of a file that matters (or Enter) starts the program again; so does a save after main has returned.
    SIGTERM exits with status 0, Ctrl-C with 130, `sys.exit()` in main with its own.

    Runs main right here under HOTSWAP=0, and in child processes that call this as their own work; does nothing in a
    child that only imports the program again.  Raises UsageError when not called on the main thread.
    """
    if _is_being_imported_by_a_child():
        return
    if startup.switched_off() or _is_child():
        main(*args, **kwargs)
        return
    if threading.current_thread() is not threading.main_thread():
        raise UsageError(
            "run_with_reloader() has to be called on the main thread, which takes signals and the keyboard"
        )
    startup.ensure_echo()
    startup.remember()
    if supervised.wanted(supervised.asked()):
        from hotswap.supervisor import supervise, this_program  # needed by few

        supervise(this_program())
    try:
        _run(functools.partial(main, *args, **kwargs))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _is_being_imported_by_a_child() -> bool:
    """Whether multiprocessing's spawn method is importing the program's script, to find what the parent had there."""
    process = sys.modules.get("multiprocessing.process")
    return process is not None and getattr(process.current_process(), "_inheriting", False)


def _is_child() -> bool:
    process = sys.modules.get("multiprocessing.process")
    return startup.remember().pid != os.getpid() or (process is not None and process.parent_process() is not None)


def _run(main: Callable[[], object]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    session = _session()
    django_files.connect(session)
    thread = _Main(main)
    with unwinding():
        try:
            thread.start()
            thread.ended.wait()
        except KeyboardInterrupt:
            _interrupt(thread)
        except Restart:
            thread.leave(PATIENCE, over=Restart)
            raise
    _after(thread, session)


def _session() -> Reloader:
    """The reloader that `hotswap run` or the program has made already, or one of our own."""
    if hotswap._default is not None and hotswap._default.watching:
        return hotswap._default
    # On the watcher's thread, as the main one only waits, and is no nearer to the program than any other.
    return hotswap.watch(apply="thread", on_restart="exec", report=lambda outcome: say(str(outcome)))


class _Main:
    """The program's main function in its thread, and how it ended."""

    def __init__(self, main: Callable[[], object]) -> None:
        self.ended = threading.Event()
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(main,), name="hotswap-main", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def leave(self, seconds: float, over: type[BaseException]) -> None:
        """Have it unwind over an exception of this kind, for so long at most."""
        leave_thread(self._thread, seconds, over)

    def _run(self, main: Callable[[], object]) -> None:
        try:
            main()
        except BaseException as error:  # noqa: BLE001  the program may raise anything; the main thread looks at it
            self.error = error
        self.ended.set()


def _interrupt(thread: _Main) -> NoReturn:
    """Ctrl-C: main may clean up for a moment."""
    startup.restore_terminals()
    with suppress(KeyboardInterrupt):
        thread.leave(LAST_WORDS, over=KeyboardInterrupt)
    sys.exit(thread.error.code if isinstance(thread.error, SystemExit) else INTERRUPTED)


def _after(thread: _Main, session: Reloader) -> None:
    """Main has ended by itself."""
    error = thread.error
    if isinstance(error, SystemExit):
        sys.exit(error.code)
    if isinstance(error, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    behind = session.behind()
    session.stop()
    if error is not None:
        launch.strip(error)
        crash.report(error)
    crash.wait_and_restart(error, behind=behind)


# ---- errors in code that runs before main


def check_errors(function: Callable[P, R]) -> Callable[P, R]:
    """Hold what the function raises, too, for `raise_last_exception()`, which main calls to show it in its own time."""

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        global _held  # noqa: PLW0603  the last one is of the process
        try:
            return function(*args, **kwargs)
        except Exception as error:
            _held = error
            raise

    return checked


def raise_last_exception() -> None:
    """Raise what `check_errors()` is holding, if anything; the same object, with its cause and its attributes."""
    if _held is not None:
        raise _held


Handler = TypeVar("Handler", bound=Callable[[Path], object])


def file_changed(handler: Handler) -> Handler:
    """Have the function called with the path of each file of the program that was saved, before anything is done.

    A decorator.  If a handler returns something true, it has dealt with the file: it is neither swapped nor a reason to
    restart, until its next save.  One that raises is reported and counts as false.
    """
    if handler not in saved_files.handlers:
        saved_files.handlers.append(handler)
    return handler
