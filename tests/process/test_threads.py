"""What runs on which thread, as docs/explanation/threads.md says."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.process.living import living_in
from tests.process.running import save, started
from tests.process.watching import PATIENCE
from tests.unit.program import program_in

WHERE = "import threading\nX = {}\nWHERE = threading.current_thread().name, X\n"


@pytest.fixture
def program(tmp_path):
    with program_in(tmp_path) as program:
        yield program


def on_thread(name, function):
    """What the function returns on a thread of that name."""
    found = []
    thread = threading.Thread(target=lambda: found.append(function()), name=name)
    thread.start()
    thread.join(PATIENCE)
    return found[0]


@pytest.mark.parametrize("call", ["sync", "poll"])
def test_statements_run_on_the_thread_that_calls(program, call):
    """Whichever that is: sync() and poll() apply the round themselves."""
    program.watch()
    module = program.load("a.py", WHERE.format(1))
    program.write("a.py", WHERE.format(2))
    assert program.reloader.wait(PATIENCE)
    on_thread("caller", getattr(program.reloader, call))
    assert module.WHERE == ("caller", 2)


def test_by_themselves_statements_run_on_the_main_thread(tmp_path: Path):
    """Also while another thread is busy, and the report is called there."""
    (tmp_path / "a.py").write_text(WHERE.format(1))
    (tmp_path / "main.py").write_text(
        "import threading, time\nimport hotswap, a\n\n\ndef busy():\n    while True:\n        sum(range(100))\n\n\n"
        "threading.Thread(target=busy, daemon=True).start()\n"
        "hotswap.watch(report=lambda outcome: print(a.WHERE, threading.current_thread().name, flush=True))\n"
        "print('ready', flush=True)\nthreading.Event().wait()\n"
    )
    with started("main.py", cwd=tmp_path) as run:
        run.expect("ready")
        save(tmp_path / "a.py", WHERE.format(2))
        run.expect(r"\('MainThread', 2\) MainThread\n")


def test_with_apply_thread_they_run_on_the_watchers(tmp_path: Path):
    """And nothing has to be called for it."""
    with living_in(tmp_path) as program:
        (module,) = program.load(a=WHERE.format(1))
        program.write("a.py", WHERE.format(2))
        program.rounds()
        assert module.WHERE == ("hotswap-watch", 2)


def test_what_is_prepared_elsewhere_runs_nothing_there(program):
    """The watcher's thread reads and plans only; the statement runs in poll()."""
    program.watch()
    module = program.load("a.py", WHERE.format(1))
    program.reloader.poll()
    program.write("a.py", WHERE.format(2))
    assert program.reloader.wait(PATIENCE)
    assert program.reloader._preparing.busy.wait(PATIENCE)
    before = module.WHERE
    program.reloader.poll()
    assert (before, module.WHERE) == (("MainThread", 1), ("MainThread", 2))


def test_many_threads_may_ask_at_once(program):
    """Each round is applied once, whoever comes first; nobody sees an error, and all are through."""
    program.watch()
    program.load("a.py", "X = 0\n")
    kinds: list[str] = []
    values: list[int] = []
    program.reloader.report = lambda outcome: kinds.append(outcome.kind)
    with ThreadPoolExecutor(8) as pool:
        for number in range(1, 11):
            program.write("a.py", f"X = {number}\n")
            for future in [pool.submit(program.reloader.sync) for _ in range(8)]:
                future.result(PATIENCE)
            values.append(program.import_("a").X)
    assert (values, kinds) == (list(range(1, 11)), ["swapped"] * 10)


def test_other_threads_never_see_half_of_a_patch(program):
    """Two functions that are edited together are both old or both new to a thread that calls them all the time.

    Rounds may pass between two calls; but once one of them is new, no older answer comes from either.
    """
    pair = "def one():\n    return {0}\n\n\ndef two():\n    return {0}\n"
    program.watch()
    module = program.load("a.py", pair.format(0))
    seen, over, begun = set(), threading.Event(), threading.Event()

    def look():
        while not over.is_set():
            answers = [module.one(), module.two(), module.one(), module.two()]
            seen.add(answers == sorted(answers))
            begun.set()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    thread = threading.Thread(target=look)
    thread.start()
    try:
        assert begun.wait(PATIENCE)
        for number in range(1, 30):
            assert program.sync("a.py", pair.format(number)).kind == "swapped"
    finally:
        sys.setswitchinterval(interval)
        over.set()
        thread.join(PATIENCE)
    assert seen == {True}
