"""asyncio, uvloop and trio: rounds between two callbacks, and outcomes for `async for`."""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from pathlib import Path

import pytest

import hotswap
from hotswap.errors import UsageError
from hotswap.eventloops import Between
from tests.process.running import save, started
from tests.process.watching import PATIENCE
from tests.unit.program import program_in

RUN = ("-m", "hotswap", "run")


def needs(module: str):
    return pytest.mark.skipif(importlib.util.find_spec(module) is None, reason=f"{module} is not installed")


STATE = "V = 0\n\n\ndef step():\n    return V\n"

# Three tasks read a value twice in each step, and note when they are within one.  Rounds say where they were applied.
WORKERS = """
import threading

import state

inside = 0
torn = []


def step():
    global inside
    inside += 1
    before = state.V
    for _ in range(3000):
        pass
    if (state.step(), state.V) != (before, before):
        torn.append(before)
    inside -= 1


def report(outcome):
    print(outcome.kind, threading.current_thread().name, "inside" if inside else "between", flush=True)
"""

ASYNCIO = """
import asyncio, sys
import hotswap, state, workers


async def work():
    while True:
        workers.step()
        await asyncio.sleep(0)


async def main():
    # {watch} says when: within the loop, or before it, as `hotswap run` does.
    reloader = hotswap.watch(report=workers.report) if "within" in sys.argv else hotswap.default()
    tasks = [asyncio.create_task(work()) for _ in range(3 if "busy" in sys.argv else 0)]
    print("ready", flush=True)
    seen = []
    async for outcome in reloader.rounds():
        seen.append((outcome.kind, state.V))
        print("seen", state.V, flush=True)
        if state.V == 3:
            break
    for task in tasks:
        task.cancel()
    print(seen, "torn", workers.torn, flush=True)


if "uvloop" in sys.argv:
    import uvloop as runner
else:
    import asyncio as runner
if "within" not in sys.argv:
    hotswap.watch(report=workers.report)
runner.run(main())
"""

TRIO = """
import sys
import trio
import hotswap, state, workers


async def work():
    while True:
        workers.step()
        await trio.sleep(0)


async def main():
    reloader = hotswap.watch(report=workers.report) if "within" in sys.argv else hotswap.default()
    async with trio.open_nursery() as nursery:
        for _ in range(3 if "busy" in sys.argv else 0):
            nursery.start_soon(work)
        print("ready", flush=True)
        seen = []
        async for outcome in reloader.rounds():
            seen.append((outcome.kind, state.V))
            print("seen", state.V, flush=True)
            if state.V == 3:
                break
        nursery.cancel_scope.cancel()
    print(seen, "torn", workers.torn, flush=True)


if "within" not in sys.argv:
    hotswap.watch(report=workers.report)
trio.run(main)
"""

LOOPS = [
    pytest.param("asyncio", ASYNCIO, id="asyncio"),
    pytest.param("uvloop", ASYNCIO, marks=needs("uvloop"), id="uvloop"),
    pytest.param("trio", TRIO, marks=needs("trio"), id="trio"),
]


@pytest.mark.parametrize("load", ["busy", "idle"])
@pytest.mark.parametrize("when", ["within", "before"])
@pytest.mark.parametrize(("loop", "program"), LOOPS)
def test_rounds_are_applied_between_callbacks(tmp_path: Path, loop, program, when, load):
    """On the loop's thread, never within a step of a task, also while nothing is ready; each is seen by `async for`."""
    for name, text in {"state.py": STATE, "workers.py": WORKERS, "main.py": program}.items():
        (tmp_path / name).write_text(text)
    with started("main.py", loop, when, load, cwd=tmp_path) as run:
        run.expect("ready")
        for number in (1, 2, 3):
            save(tmp_path / "state.py", STATE.replace("V = 0", f"V = {number}"))
            run.expect(f"seen {number}")
        assert run.wait() == 0
    lines = [line for line in run.text.splitlines() if not line.startswith(("ready", "seen"))]
    assert lines == ["swapped MainThread between"] * 3 + ["[('swapped', 1), ('swapped', 2), ('swapped', 3)] torn []"]


# ---------------------------------------------------------------------- in this process


async def next_of(stream):
    return await asyncio.wait_for(anext(stream), PATIENCE)


@pytest.fixture
def app(tmp_path, monkeypatch):
    """A program that is not watched yet, and no reloader that would be the default one."""
    monkeypatch.setattr(hotswap, "_default", None)
    with program_in(tmp_path) as program:
        yield program


def test_a_running_step_finishes_on_old_code_and_the_next_call_is_new(app):
    """A coroutine that is under way keeps its body; what it calls then, and its next run, are new."""
    old = "async def visit(gate):\n    await gate.wait()\n    return 'old', word()\n\n\ndef word():\n    return 1\n"
    new = old.replace("'old'", "'new'").replace("return 1", "return 2")

    async def main():
        with hotswap.watch(app.folder) as reloader:
            module, gate, stream = app.load("guests.py", old), asyncio.Event(), reloader.rounds()
            task = asyncio.create_task(module.visit(gate))
            await asyncio.sleep(0)
            app.write("guests.py", new)
            await next_of(stream)
            gate.set()
            return await task, await module.visit(gate)

    assert asyncio.run(main()) == (("old", 2), ("new", 2))


@pytest.mark.xfail(
    strict=True, reason="a coroutine that waits has no frame on any stack; see docs/explanation/limits.md"
)
def test_a_waiting_coroutine_of_an_edited_function_is_named(app):
    """The report says that it goes on with its old code, as it does of a frame that runs."""
    text = "async def visit(gate):\n    await gate.wait()\n    return 1\n"

    async def main():
        with hotswap.watch(app.folder) as reloader:
            module, gate = app.load("guests.py", text), asyncio.Event()
            task = asyncio.create_task(module.visit(gate))
            await asyncio.sleep(0)
            app.write("guests.py", text.replace("return 1", "return 2"))
            outcome = reloader.sync()
            gate.set()
            await task
            return [reason.code for reason in outcome.warnings]

    assert asyncio.run(main()) == ["HS301"]


def test_a_round_that_fails_is_one_of_the_rounds(app):
    """Each listener gets all outcomes from its call on, in order; stop() ends them."""

    async def main():
        with hotswap.watch(app.folder) as reloader:
            app.load("a.py", "X = 1\n")
            one = reloader.rounds()
            app.write("a.py", "X = (\n")
            kinds = [(await next_of(one)).kind]
            two = reloader.rounds()
            app.write("a.py", "X = 2\n")
            kinds += [(await next_of(one)).kind, (await next_of(two)).kind]
        return kinds, [outcome async for outcome in one], [outcome async for outcome in two]

    assert asyncio.run(main()) == (["rolled_back", "swapped", "swapped"], [], [])


def test_a_loop_that_has_ended_is_no_place_for_rounds(app):
    """Afterwards they are applied as in any program, and in the next loop between its callbacks."""
    kinds = []
    reloader = None

    async def begin():
        nonlocal reloader
        reloader = hotswap.watch(app.folder, report=lambda outcome: kinds.append((outcome.kind, done.set())))
        return app.load("a.py", "X = 1\n")

    async def again():
        hotswap.watch(app.folder)
        stream = reloader.rounds()
        app.write("a.py", "X = 3\n")
        return (await next_of(stream)).kind

    done = threading.Event()
    module = asyncio.run(begin())
    try:
        app.write("a.py", "X = 2\n")
        assert done.wait(PATIENCE)
        first = module.X
        assert (first, asyncio.run(again()), module.X) == (2, "swapped", 3)
    finally:
        reloader.stop()


def test_stopping_within_the_loop_does_not_wait_for_it(app):
    """A round that waits for the loop is given up when the loop's own callback stops the watching."""
    posted = threading.Event()

    class Deaf:
        def post(self, function):
            posted.set()

        def is_running(self):
            return True

    async def main():
        reloader = hotswap.watch(app.folder)
        reloader.deliver = Between(Deaf())
        app.load("a.py", "X = 1\n")
        app.write("a.py", "X = 2\n")
        assert await asyncio.to_thread(posted.wait, PATIENCE)
        thread = reloader._watcher._thread
        reloader.stop()
        return thread.is_alive()

    assert asyncio.run(main()) is False


def test_what_was_said_of_where_counts_more_than_the_loop(app):
    """`apply="manual"`: in sync() and poll() only, also inside of a loop."""

    async def main():
        with hotswap.watch(app.folder, apply="manual") as reloader:
            module = app.load("a.py", "X = 1\n")
            app.write("a.py", "X = 2\n")
            assert await asyncio.to_thread(reloader.wait, PATIENCE)
            before = module.X
            return before, reloader.poll().kind, module.X

    assert asyncio.run(main()) == (1, "swapped", 2)


def test_outside_of_a_loop_there_is_nothing_to_await(app):
    """`rounds()` says where it belongs."""
    with (
        hotswap.watch(app.folder, apply="manual") as reloader,
        pytest.raises(UsageError, match="call it where an event"),
    ):
        reloader.rounds()
