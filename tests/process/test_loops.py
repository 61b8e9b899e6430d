"""Loops in programs of their own: a frame that raises, functions that run again, Ctrl-C."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.process.running import environment, save, started

RUN = ("-m", "hotswap", "run")
WAITS = "the program waits here, with its state"

GAME = """
import sys

import hotswap
import physics

x = 0


def update():
    global x
    x = physics.move(x)
    if x % 5 == 0:
        print("x", x, flush=True)
    return x < 100_000


def idle():
    print("alive", flush=True)


if __name__ == "__main__":
    hotswap.run_loop(update, fps=100, idle=idle)
    print("the end", x)
"""
PHYSICS = "STEP = 1\n\n\ndef move(x):\n    return x + STEP\n"
RAISES = PHYSICS.replace("+ STEP", "+ STEEP")


@pytest.fixture
def game(tmp_path: Path) -> Path:
    (tmp_path / "game.py").write_text(GAME)
    (tmp_path / "physics.py").write_text(PHYSICS)
    return tmp_path


@pytest.mark.parametrize(
    "words", [("game.py",), (*RUN, "game.py"), (*RUN, "-m", "game")], ids=["python", "run", "run -m"]
)
def test_a_mistake_does_not_end_the_game(game, words):
    """It is shown, the window is kept alive, a broken save is told and waited on, and a good one goes on."""
    with started(*words, cwd=game) as run:
        run.expect(r"x 10\b")
        save(game / "physics.py", RAISES)
        place = run.expect(WAITS).end()
        run.expect("alive", since=place)
        save(game / "physics.py", PHYSICS + "def broken(:\n")
        run.expect("kept the old code because")
        save(game / "physics.py", PHYSICS.replace("STEP = 1", "STEP = 20_000"))
        assert run.wait() == 0
    assert run.count("NameError: name 'STEEP' is not defined") == 1
    # It went on from where it was: some hundreds of small steps, then a few large ones.
    assert 0 < int(run.expect(r"the end (\d+)")[1]) % 20_000 < 20_000


@pytest.mark.parametrize("words", [("game.py",), (*RUN, "game.py")], ids=["python", "run"])
def test_ctrl_c_ends_the_waiting(game, words):
    """As it ends any program."""
    with started(*words, cwd=game) as run:
        run.expect(r"x 5\b")
        save(game / "physics.py", RAISES)
        run.expect(WAITS)
        run.interrupt()
        assert run.wait() in (130, -2)
    assert "KeyboardInterrupt" in run.text


def test_a_restart_gets_through_the_waiting(game):
    """An edit of the script's course while a frame waits replaces the process, under `hotswap run`."""
    with started(*RUN, "game.py", cwd=game) as run:
        run.expect(r"x 5\b")
        save(game / "physics.py", RAISES)
        place = run.expect(WAITS).end()
        save(game / "physics.py", PHYSICS.replace("STEP = 1", "STEP = 50_000"))
        save(game / "game.py", GAME.replace('print("the end", x)', 'print("another end", x)'))
        run.expect("another end", since=place)
        assert run.wait() == 0


# ---------------------------------------------------------------------- one function, again and again

TRAIN = """
import sys

import model

weights = [1]


def train(weights, *more, times=2, **options):
    weights.append(model.learn(sum(weights)))
    print("trained", weights, more, times, options, flush=True)


class Job:
    def run(self):
        print("a job:", model.learn(10), flush=True)


def unused():
    print("never called by the script:", model.learn(3), flush=True)


def main():
    train(weights, "more", times=3, rate=0.5)
    Job().run()
    train(weights)
    return 0


if __name__ == "__main__":
    sys.exit(main())
"""
MODEL = "def learn(x):\n    return x + 1\n"


@pytest.fixture
def training(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "model.py").write_text(MODEL)
    return tmp_path


TWICE = r"(?s)has returned;.* has returned;"


def looped(folder: Path, function: str):
    return started(*RUN, "--loop", function, "train.py", cwd=folder)


def test_the_script_runs_and_then_the_function_again(training):
    """The arguments are those of its last call; state is kept; each good save runs it once more."""
    with looped(training, "train") as run:
        run.expect(r"train\(\) has returned; a save runs it again")
        save(training / "model.py", MODEL.replace("+ 1", "+ 1000"))
        run.expect(r"trained \[1, 2, 4, 1007\] \(\) 2 \{\}")
        run.expect(TWICE)
        save(training / "model.py", MODEL.replace("+ 1", "* 0"))
        run.expect(r"trained \[1, 2, 4, 1007, 0\]")
    assert run.count("a job:") == 1


@pytest.mark.parametrize(
    ("function", "again"),
    [("Job.run", "a job: 20"), ("__main__:Job.run", "a job: 20"), ("main", "a job: 20"), ("model:learn", "swapped")],
)
def test_functions_of_all_places(training, function, again):
    """A method runs with its object; of another module it is MODULE:FUNCTION."""
    with looped(training, function) as run:
        run.expect(r"\(\) has returned; a save runs it again")
        save(training / "model.py", MODEL.replace("+ 1", "+ 10"))
        run.expect(again)
        run.expect(TWICE)


def test_a_function_that_the_script_does_not_call_is_called(training):
    """Without arguments, once the script has run, and again after each save."""
    with looped(training, "unused") as run:
        run.expect("never called by the script: 4")
        run.expect(r"unused\(\) has returned")
        save(training / "model.py", MODEL.replace("+ 1", "+ 10"))
        run.expect("never called by the script: 13")


def test_what_it_raises_is_shown_and_the_next_save_runs_it(training):
    """Also in the script's own call: the process and its state stay."""
    (training / "model.py").write_text(MODEL.replace("x + 1", "x + missing"))
    with looped(training, "train") as run:
        run.expect("NameError: name 'missing'")
        run.expect(r"train\(\) has raised; a save runs it again")
        save(training / "model.py", MODEL)
        run.expect(r"trained \[1, 2\] \('more',\) 3 \{'rate': 0\.5\}")
        assert run.count("trained") == 1


def test_a_name_that_is_not_there_is_said(training):
    """The status is 2, as for other words that make no sense."""
    with looped(training, "tain") as run:
        assert run.wait() == 2
    assert "--loop tain: there is no function of that name" in run.text


def test_ctrl_c_ends_it(training):
    """While it waits, with the status that shells give to interrupts."""
    with looped(training, "train") as run:
        run.expect(r"train\(\) has returned")
        run.interrupt()
        assert run.wait() in (130, -2)


def test_switched_off_the_script_runs_as_always(training):
    """HOTSWAP=0: once, and its status is the script's."""
    with started(*RUN, "--loop", "train", "train.py", cwd=training, env=environment(HOTSWAP="0")) as run:
        assert run.wait() == 0
    assert (run.count("trained"), run.count("a save runs it again")) == (2, 0)


def test_rerun_on_swap_in_a_program(tmp_path):
    """The function runs with its arguments at once and after each good save; stop() ends it, with its result."""
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "main.py").write_text(
        "import hotswap, model\n\n\ndef again(x, *, y):\n    print('ran', model.learn(x), y, flush=True)\n"
        "    if model.learn(x) > 100:\n        hotswap.default().stop()\n    return 'result'\n\n\n"
        "print(hotswap.rerun_on_swap(again, 1, y=2))\n"
    )
    with started("main.py", cwd=tmp_path) as run:
        run.expect("ran 2 2")
        run.expect(r"again\(\) has returned")
        save(tmp_path / "model.py", MODEL.replace("+ 1", "+ 100"))
        run.expect("ran 101 2\n")
        run.expect("\nresult\n")
        assert run.wait() == 0
