"""The main thread leaves what it is doing, so that its `with` and `finally` blocks run before the process is replaced.

It is asked at a safe point first, then woken by a signal where it is not in the middle of something, then wherever it
is.  Who catches it is `unwinding()` at the bottom of its stack or, in a plain script, the end of the interpreter.
"""

from __future__ import annotations

import builtins
import gc
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

from hotswap import work
from hotswap.report import say

SIGNAL = getattr(signal, "SIGURG", None)
"""Wakes the main thread.  Ignored by default, so that a late one can never kill a process."""

BEAT, QUICK_BEAT = 0.05, 0.01
"""Seconds between two attempts; quick ones while we look for a moment between two requests of a busy server."""


class Restart(SystemExit):
    """Unwinds the program so that its `with` and `finally` blocks run before the process is replaced.  Let it pass.

    A SystemExit, because frameworks know that those must get through: an asyncio task keeps any other BaseException to
    itself and the loop goes on.
    """


@dataclass(slots=True)
class _Departure:
    """The program is being called away.

    `patience` is when it is no longer asked politely; `loop` the event loop that was asked already.
    """

    go_on: Callable[[], NoReturn]
    patience: float
    loop: Any = None


_catchers = 0
_leaving: _Departure | None = None
_left = threading.Lock()  # taken by whoever goes on: the main thread when it is unwound, or the one that lost patience
_came_by = False  # a safe point, since we last looked; a flag, as a counter would make an int for each frame of a game


@contextmanager
def unwinding() -> Iterator[None]:
    """At the bottom of the main thread's stack: within the block a restart unwinds the program and goes on here."""
    global _catchers  # noqa: PLW0603  the process has one main thread
    install()
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
        go_on_with(_leaving.go_on)


def install() -> None:
    """Prepare for the main thread to be woken; does nothing on another thread, or over a handler of the program's."""
    if threading.current_thread() is threading.main_thread() and SIGNAL is not None:
        if signal.getsignal(SIGNAL) is signal.SIG_DFL:
            signal.signal(SIGNAL, _wake)


def can_leave() -> bool:
    """Whether somebody waits at the bottom of the main thread's stack, and that thread can be reached."""
    is_here = threading.current_thread() is threading.main_thread()
    return is_caught() and (is_here or (SIGNAL is not None and signal.getsignal(SIGNAL) is _wake))


def is_caught() -> bool:
    """Whether a Restart that the main thread raises ends in the process being replaced."""
    return bool(_catchers) or _is_script()


def _is_script() -> bool:
    """Whether the main thread runs a program that ends, and then the interpreter: no prompt that would go on."""
    if hasattr(sys, "ps1") or hasattr(builtins, "get_ipython"):
        return False
    if sys.flags.interactive or sys.flags.inspect or os.environ.get("PYTHONINSPECT"):
        return False
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
    return frame is not None and frame.f_code.co_name in ("<module>", "_run_module_as_main")


def safe_point() -> None:
    """The program says that nothing is half done here.  Leaves with it, if it is being called away."""
    global _came_by  # noqa: PLW0603  the process has one main thread
    _came_by = True
    if _leaving is not None and threading.current_thread() is threading.main_thread() and is_caught():
        raise Restart


def leave(go_on: Callable[[], NoReturn], deadline: float) -> NoReturn:
    """Call the main thread away; `go_on` is called at the bottom of its stack, or elsewhere when the time is over.

    Returns by raising: on the main thread what unwinds it, on another one what ends that.
    """
    global _leaving, _came_by  # noqa: PLW0603  the process has one main thread
    if _leaving is None:
        _came_by = False
        _leaving = _Departure(go_on, time.monotonic() + deadline / 2)
        _silence_lost_ones()
        if not _catchers:
            _catch_at_the_end(go_on)
        threading.Thread(target=_call_away, args=(go_on, deadline), name="hotswap-restart", daemon=True).start()
    # A thread ends without a word over a plain SystemExit only.
    raise Restart if threading.current_thread() is threading.main_thread() else SystemExit


def _catch_at_the_end(go_on: Callable[[], NoReturn]) -> None:
    process = os.getpid()

    def at_the_end() -> None:
        if os.getpid() == process:
            go_on_with(go_on)

    # The first thing that the interpreter does when the main thread is done, before it waits for the other threads.
    try:
        threading._register_atexit(at_the_end)  # type: ignore[attr-defined]
    except RuntimeError:  # it is there already
        go_on_with(go_on)


def _wake(_number: int, frame: FrameType | None) -> None:
    """Runs on the main thread, between two of its instructions, once the signal has ended what it was waiting for."""
    global _came_by
    while _errands:
        _errands.popleft()()
    if _leaving is None or not is_caught() or _is_unwinding(sys.exception()):
        return
    is_patient = time.monotonic() < _leaving.patience
    came_by, _came_by = _came_by, False
    if is_patient and came_by:
        return  # it will come by a safe point again
    loop = _running_loop()
    if loop is None or not is_patient:
        if is_patient and work.is_busy(threading.get_ident(), frame):
            return
        raise Restart
    # Raised in the midst of the loop's own code, it made the loop forget a callback in 5 of 80 trials, and then the
    # cleanup waited for a task that nobody was going to wake.
    if loop is not _leaving.loop:
        _leaving.loop = loop
        loop.call_soon_threadsafe(_raise_when_idle, loop, False)  # noqa: FBT003  a callback's argument


_errands: deque[Callable[[], object]] = deque()


def on_main_thread(act: Callable[[], object], seconds: float) -> bool:
    """Have the main thread do it, in the midst of what it waits for; then that goes on.

    Returns when it is done; or false, with nothing done, when that thread does not come in so many seconds.
    """
    if threading.current_thread() is threading.main_thread():
        act()
        return True
    if SIGNAL is None or signal.getsignal(SIGNAL) is not _wake:
        return False
    claim, done = threading.Lock(), threading.Event()

    def errand() -> None:
        if claim.acquire(blocking=False):
            try:
                act()
            finally:
                done.set()

    _errands.append(errand)
    signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)
    if not done.wait(seconds) and claim.acquire(blocking=False):
        return False
    done.wait()
    return True


def _raise_when_idle(loop: Any, accepts_no_more: bool) -> None:  # noqa: FBT001  a callback's argument
    """Between two callbacks of the loop."""
    assert _leaving is not None
    if time.monotonic() < _leaving.patience:
        if not accepts_no_more:
            _stop_accepting(loop)  # a connection that was accepted just now has no task yet that could say busy()
        if not accepts_no_more or work.is_busy(threading.get_ident(), None):
            loop.call_later(0.01, _raise_when_idle, loop, True)  # noqa: FBT003  a callback's argument
            return
    raise Restart


def _stop_accepting(loop: Any) -> None:
    """Have the servers of the loop leave new connections to wait, for the successor if their socket is kept."""
    asyncio = sys.modules["asyncio"]
    for thing in gc.get_objects():
        if issubclass(type(thing), asyncio.Server) and thing.get_loop() is loop:
            for sock in thing.sockets:
                with suppress(Exception):  # loops of other makes do not work with readers
                    loop.remove_reader(sock.fileno())


def _running_loop() -> Any:
    asyncio = sys.modules.get("asyncio")
    return asyncio._get_running_loop() if asyncio is not None else None


def _is_unwinding(error: BaseException | None, over: type[BaseException] = Restart) -> bool:
    """Whether the program is in its `finally` blocks already; to raise again there would cut them short."""
    while error is not None and not isinstance(error, over):
        error = error.__context__
    return error is not None


def _silence_lost_ones() -> None:
    """A Restart raised in a destructor or a callback of C code gets lost; the next one will not, so not a word."""
    hook = sys.unraisablehook
    sys.unraisablehook = lambda lost: None if isinstance(lost.exc_value, Restart) else hook(lost)


def _call_away(go_on: Callable[[], NoReturn], deadline: float) -> None:
    began = time.monotonic()
    while (passed := time.monotonic() - began) < deadline:
        # This also lets the thread that asked get out of the reloader.
        time.sleep(QUICK_BEAT if BEAT < passed < deadline / 2 else BEAT)
        if _left.locked():
            return
        if SIGNAL is not None and signal.getsignal(SIGNAL) is _wake:
            signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)
    if _left.acquire(blocking=False):
        say(f"the main thread did not stop within {deadline:g} s; restarting over it")
        go_on()


def go_on_with(go_on: Callable[[], NoReturn]) -> NoReturn:
    """Nothing is left to unwind: go on, unless another thread does."""
    if not _left.acquire(blocking=False):
        threading.Event().wait()  # another thread replaces the process
    go_on()


# ---- other threads


def leave_thread(thread: threading.Thread, seconds: float, over: type[BaseException]) -> None:
    """Have a thread of the program raise this kind, preferably where it is not in the middle of something.

    Returns when it has ended, or the time is over: it is not woken from calls of C code.
    """
    import ctypes

    until = time.monotonic() + seconds
    ident = thread.ident or 0
    while thread.is_alive() and time.monotonic() < until:
        is_patient = time.monotonic() < until - seconds / 2
        is_busy = is_patient and work.is_busy(ident, sys._current_frames().get(ident))
        if not is_busy and not _is_unwinding(_exception_of(ident), over):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(over))
        thread.join(BEAT)


def _exception_of(ident: int) -> BaseException | None:
    with suppress(Exception):
        found = sys._current_exceptions().get(ident)
        return found[1] if isinstance(found, tuple) else found
    return None
