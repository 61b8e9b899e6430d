"""Loops: frames and their pace, saves between two of them, frames that raise."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import hotswap
from hotswap import loops
from hotswap.errors import UsageError
from hotswap.model import Swapped
from tests.benchmarks.poll import allocated, empty
from tests.process.watching import PATIENCE

GAME = """
def step(x):
    return x + 1
"""
BROKEN = GAME.replace("x + 1", "x + missing")


@pytest.fixture
def game(program, monkeypatch):
    """A module of a watched program, whose reloader is the default one."""
    monkeypatch.setattr(hotswap, "_default", program.reloader)
    module = program.load("game.py", GAME)
    program.sync()  # that it was written just now is no news
    return module


def settle(program, name, text):
    """Save a file in the middle of a frame; it is ready for the next one."""
    program.write(name, text)
    assert program.reloader.wait(PATIENCE)
    assert program.reloader._preparing.busy.wait(PATIENCE)


# ---------------------------------------------------------------------- poll


def test_an_idle_poll_allocates_nothing(game):
    """No more than a call of an empty function does."""
    assert allocated(hotswap.poll) == allocated(empty)


# ---------------------------------------------------------------------- frames


def test_saves_go_live_between_two_frames(program, game):
    """Not before the frame in which they were made has ended; the next one has the outcome."""
    seen = []
    for frame in hotswap.loop(fps=None):
        if frame == 1:
            settle(program, "game.py", GAME.replace("+ 1", "+ 10"))
        seen.append((int(frame), game.step(0), type(frame.outcome)))
        if frame == 2:
            break
    assert seen == [(0, 1, type(None)), (1, 1, type(None)), (2, 10, Swapped)]


def test_run_loop_ends_when_the_function_returns_false(game):
    """Not when it returns None, or another thing that is not true."""
    results = iter([None, 0, "", False, 1])
    hotswap.run_loop(lambda: next(results), fps=None)
    assert list(results) == [1]


@pytest.mark.parametrize("fps", [0, -1, float("nan")])
def test_a_pace_that_makes_no_sense_is_refused(game, fps):
    """At the call, before the first frame."""
    with pytest.raises(UsageError, match="is not a number of frames above 0"):
        hotswap.loop(fps=fps)


class Clock:
    """Time that passes only when somebody sleeps or works."""

    def __init__(self):
        self.now = 100.0

    def perf_counter(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def test_missed_frames_are_left_out(monkeypatch):
    """Frames are due at equal distances; after a long one they go on from there, without a burst."""
    clock = Clock()
    monkeypatch.setattr(loops, "time", clock)
    pace, starts = loops.Pace(4), []
    for work in (0.0, 0.1, 0.7, 0.0, 0.0):
        starts.append(clock.now - 100)
        clock.now += work
        pace.wait(clock.sleep)
    assert [round(start, 2) for start in starts] == [0.0, 0.25, 0.5, 1.2, 1.45]


def test_waiting_for_a_save_is_no_time_of_a_frame(monkeypatch):
    """`seconds` is the time that the game has to move on by."""
    clock = Clock()
    monkeypatch.setattr(loops, "time", clock)
    monkeypatch.setattr(loops, "wait_for_good_save", lambda *_: clock.sleep(60))
    monkeypatch.setattr(loops, "show", lambda *_: None)
    monkeypatch.setattr(hotswap, "_default", SimpleNamespace(watching=True, poll=lambda budget: None, rest=clock.sleep))
    seconds = []
    for frame in hotswap.loop(fps=4):
        seconds.append(round(frame.seconds, 2))
        with frame:
            if frame == 3:
                break
            1 / (frame - 1)
    assert seconds == [0.0, 0.25, 0.0, 0.25]  # the third begins as soon as the second is mended


# ---------------------------------------------------------------------- frames that raise


def test_a_frame_that_raises_waits_for_the_save_that_mends_it(program, game, capsys):
    """The state is kept, the error is shown without frames of ours, and the next good save goes on."""
    world = SimpleNamespace(x=0, frames=0)
    texts = []

    def update():
        world.frames += 1
        if world.frames == 2:
            settle(program, "game.py", BROKEN)
        world.x = game.step(world.x)
        return world.frames < 5

    def mend(text):
        texts.append(text)
        program.write("game.py", GAME.replace("+ 1", "+ 100"))

    hotswap.run_loop(update, fps=None, on_error=mend)
    assert (world.frames, world.x) == (5, 1 + 1 + 100 + 100)
    assert [("NameError: name 'missing'" in text, "hotswap/" in text) for text in texts] == [(True, False)]
    told = capsys.readouterr().err
    assert texts[0] in told
    assert "frame 2 raised; the program waits here, with its state" in told


def test_a_save_that_is_broken_too_is_waited_on(program, game):
    """Saves that are rolled back do not end the waiting; that nothing else goes on meanwhile is the point of it."""
    kinds, turns = [], iter([GAME + "def broken(:\n", BROKEN + "\nNEW = 1\n", GAME])
    program.reloader.report = lambda outcome: (kinds.append(outcome.kind), save_next())

    def save_next():
        text = next(turns, None)
        if text is not None:
            program.write("game.py", text)

    frames = []
    settle(program, "game.py", BROKEN)
    for frame in hotswap.loop(fps=None, on_error=lambda text: True):
        with frame:
            game.step(1)
            frames.append(int(frame))
            break
    assert (kinds, frames) == (["swapped", "rolled_back", "swapped", "swapped"], [2])


def test_the_window_is_kept_alive(game, program, capsys):
    """`idle` is called while the loop waits, until it raises, which is told once."""
    calls = []

    def idle():
        calls.append(None)
        if len(calls) == 3:
            program.write("game.py", "NEW = 1\n" + GAME)
            raise OSError("the window is gone")

    results = iter([1, 0])
    hotswap.run_loop(lambda: 1 / (1 - next(results, 0)) > 1, fps=None, idle=idle)
    told = capsys.readouterr().err
    assert (len(calls), told.count("idle: OSError: the window is gone; it is not called any more")) == (3, 1)


def test_what_on_error_has_shown_is_not_printed(game, program, capsys):
    """It returns something true then, and the terminal has the line that says what to do only."""
    for frame in hotswap.loop(fps=None, on_error=lambda text: program.write("game.py", f"NEW = 1\n{GAME}")):
        if frame == 1:
            break
        with frame:
            raise KeyError("x")
    assert "Traceback" not in capsys.readouterr().err


def test_on_error_that_raises_is_told(game, program, capsys):
    """The error itself is printed then, and the waiting begins all the same."""

    def on_error(text):
        program.write("game.py", f"NEW = 1\n{GAME}")
        raise ValueError("no font")

    for frame in hotswap.loop(fps=None, on_error=on_error):
        if frame == 1:
            break
        with frame:
            raise KeyError("x")
    told = capsys.readouterr().err
    assert ("on_error: ValueError: no font" in told, "KeyError: 'x'" in told) == (True, True)


def test_a_file_that_the_program_reads_itself_may_mend_it(game, program):
    """A level that was corrected goes on, though no module changed."""
    level = program.write("level.json", "0")
    program.reloader.watch_directory(program.folder, "*.json", lambda changes: True)
    done = []
    for frame in hotswap.loop(fps=None, on_error=lambda text: program.write("level.json", "1")):
        with frame:
            done.append(1 / int(level.read_text()))
            break
    assert done == [1.0]


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_what_is_to_end_the_program_gets_through(game, error):
    """It is not shown, and nothing waits."""
    with pytest.raises(type(error)):
        hotswap.run_loop(lambda: (_ for _ in ()).throw(error), fps=None)


def test_where_nothing_watches_errors_get_through(monkeypatch):
    """A deployed game ends by its errors, as it would without hotswap."""
    monkeypatch.setattr(hotswap, "_default", None)
    monkeypatch.setenv("HOTSWAP", "0")
    with pytest.raises(ZeroDivisionError):
        hotswap.run_loop(lambda: 1 / 0, fps=None)


# ---------------------------------------------------------------------- session


def test_a_session_watches_until_its_block_ends(unwatched, monkeypatch, capsys):
    """Rounds are told on the standard error."""
    monkeypatch.setattr(hotswap, "_default", None)
    with hotswap.session(unwatched.folder, apply="manual") as reloader:
        module = unwatched.load("a.py", "X = 1\n")
        unwatched.write("a.py", "X = 2\n")
        reloader.sync()
    assert (module.X, reloader.watching) == (2, False)
    assert "hotswap: swapped 1 of 1 modules" in capsys.readouterr().err


def test_a_session_leaves_a_reloader_that_was_there(program, game):
    """Under `hotswap run`, say: it is the same one, and goes on watching."""
    with hotswap.session() as reloader:
        pass
    assert (reloader is program.reloader, reloader.watching) == (True, True)
