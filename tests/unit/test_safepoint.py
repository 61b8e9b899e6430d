"""Reaching the main thread between two of its bytecodes."""

from __future__ import annotations

import sys
import threading
import time
import types

from hotswap import safepoint
from hotswap.safepoint import importing, on_main_thread

WAIT = 20


def busy_until(event):
    """Let the main thread run bytecodes until something happened (bounded)."""
    deadline = time.monotonic() + WAIT
    while not event.is_set() and time.monotonic() < deadline:
        sum(range(100))


def from_thread(function, **options):
    """Ask for the main thread from another one; returns who ran it, when it has."""
    ran: list = []
    done = threading.Event()

    def call():
        ran.append(threading.current_thread())
        function()

    def ask():
        try:
            on_main_thread(call, **options)
        finally:
            done.set()

    thread = threading.Thread(target=ask)
    thread.start()
    return ran, done, thread


def test_on_the_main_thread_it_is_a_call():
    """Nothing is posted when one is there already."""
    ran: list = []
    on_main_thread(lambda: ran.append(threading.current_thread()))
    assert ran == [threading.main_thread()]


def test_a_busy_main_thread_is_reached():
    """Between two bytecodes of a loop that never calls anything of hotswap's."""
    ran, done, thread = from_thread(lambda: None, patient=True)
    busy_until(done)
    thread.join(WAIT)
    assert ran == [threading.main_thread()]


def test_a_main_thread_that_does_not_answer_is_not_waited_for(monkeypatch):
    """Inside of a C call it runs no bytecode that could be disturbed: the round is applied where it was asked for."""
    posted: list = []
    silent = types.SimpleNamespace(Py_AddPendingCall=lambda callback, _: posted.append(callback))
    monkeypatch.setattr(safepoint, "ctypes", types.SimpleNamespace(pythonapi=silent))
    ran, done, thread = from_thread(lambda: None)
    busy_until(done)
    thread.join(WAIT)
    assert ran == [thread]
    posted[0](None)  # the interpreter comes to it after all
    assert (ran, safepoint._kept) == ([thread], {})


def test_it_is_called_exactly_once():
    """However often both threads could run it."""
    calls: list = []
    for _ in range(20):
        ran, done, thread = from_thread(lambda: calls.append(1), patient=True)
        busy_until(done)
        thread.join(WAIT)
        assert len(ran) == 1
    assert len(calls) == 20


def test_an_error_does_not_leave_the_other_thread_waiting(monkeypatch):
    """What the function raises is no reason to hang: the thread that asked goes on."""
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)

    def fail():
        raise KeyError

    ran, done, thread = from_thread(fail, patient=True)
    busy_until(done)
    thread.join(WAIT)
    assert (thread.is_alive(), len(ran)) == (False, 1)


def test_imports_are_known(program):
    """While the main thread is inside of an import it is not at a safe point."""
    a = program.load("a.py", "from hotswap.safepoint import importing\nX = importing()\n")
    assert (a.X, importing()) == (True, False)


def test_nothing_runs_half_way_through_an_import(program):
    """A round that is asked for during an import comes after it."""
    order: list = []
    started, done = threading.Event(), threading.Event()

    def ask():
        started.wait(WAIT)
        on_main_thread(lambda: order.append("round"), patient=True)
        done.set()

    def long_import():
        started.set()
        for _ in range(200_000):
            sum(range(3))
        order.append("imported")

    thread = threading.Thread(target=ask)
    thread.start()
    sys.modules["doing"] = types.SimpleNamespace(work=long_import)  # type: ignore[assignment]
    try:
        program.load("a.py", "import doing\ndoing.work()\n")
    finally:
        del sys.modules["doing"]
    busy_until(done)
    thread.join(WAIT)
    assert order == ["imported", "round"]


def test_no_callback_is_kept_for_ever():
    """What was posted is let go once the interpreter has called it."""
    _, done, thread = from_thread(lambda: None, patient=True)
    busy_until(done)
    thread.join(WAIT)
    assert safepoint._kept == {}
