"""Reaching the main thread between two of its bytecodes."""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

PATIENCE = 0.25
"""Seconds to wait for the main thread before a round is applied elsewhere; a main thread that does not answer is inside
of a C call (sleep, input, a lock) and runs no bytecode that could be disturbed."""

NUDGE_AFTER, NUDGE_EVERY = 0.002, 0.05
"""Seconds until a main thread that sleeps or waits is woken to answer, and between two attempts."""

SIGNAL = getattr(signal, "SIGURG", None)

_Callback = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
_kept: dict[int, object] = {}  # callbacks that the interpreter has not called yet


def on_main_thread(function: Callable[[], None], *, patient: bool = False) -> None:
    """Call the function on the main thread, or here if that thread does not answer (unless `patient`).

    It is called exactly once.  Never calls it while the main thread is half way through an import.
    """
    if threading.current_thread() is threading.main_thread():
        function()
        return
    begun = threading.Lock()
    done = threading.Event()

    def once() -> None:
        if begun.acquire(blocking=False):
            try:
                function()
            except SystemExit:  # a restart was begun, which calls the main thread away by itself
                if threading.current_thread() is not threading.main_thread():
                    raise
            finally:
                done.set()

    def called(_: object) -> int:
        _kept.pop(id(callback), None)
        if importing():
            threading.Timer(0.02, post).start()
        else:
            try:
                once()
            except Exception as error:  # noqa: BLE001  some versions make a SystemError of what leaves a callback
                _report(error, function)
        return 0

    callback = _Callback(called)

    def post() -> None:
        _kept[id(callback)] = callback
        ctypes.pythonapi.Py_AddPendingCall(callback, None)

    post()
    if not _wait(done, None if patient else PATIENCE) and not importing():
        once()


def _report(error: Exception, function: object) -> None:
    told = SimpleNamespace(exc_type=type(error), exc_value=error, exc_traceback=error.__traceback__)
    told.err_msg, told.object = "Exception ignored on the main thread, in", function
    sys.unraisablehook(cast("sys.UnraisableHookArgs", told))


def _wait(done: threading.Event, patience: float | None) -> bool:
    """Wait for the main thread, and wake it from what it is waiting for."""
    end = time.monotonic() + (float("inf") if patience is None else patience)
    pause = NUDGE_AFTER
    while not done.wait(min(pause, max(0.0, end - time.monotonic()))):
        if time.monotonic() >= end:
            return False
        _nudge()
        pause = NUDGE_EVERY
    return True


def _nudge() -> None:
    """Interrupt a sleep or a wait, for a lock or for input: Python runs what was posted, and goes on with it."""
    if SIGNAL is None or not hasattr(signal, "pthread_kill"):
        return
    # Only with a handler of our own, which does nothing: never call one of the program's.
    if str(getattr(signal.getsignal(SIGNAL), "__module__", "")).startswith("hotswap."):
        signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)


def importing() -> bool:
    """Whether the main thread is inside of an import."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False
