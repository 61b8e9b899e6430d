"""Rounds that are prepared before their moment, and what makes a preparation void."""

from __future__ import annotations

import sys
import threading

import pytest

from hotswap.ahead import take_snapshot
from hotswap.model import Swapped
from hotswap.preparing import SLICE, Busy, Pauses, in_slices
from tests.process.watching import PATIENCE

SOURCE = """
LIMIT = 3
taken = None


class Enemy:
    SPEED = 1

    def move(self):
        return self.SPEED


def make():
    return Enemy()


enemies = [make()]
"""


@pytest.fixture
def game(program):
    """A module, another one that has taken a name from it, and a watched program."""
    module = program.load("game.py", SOURCE)
    program.load("other.py", "from game import LIMIT\n")
    return module


# What a program may do between the preparation and its moment, and whether the plan is still good.
def replace_function(game):
    game.make = lambda: None


def replace_method(game):
    game.Enemy.move = lambda self: 2


def add_name(game):
    game.score = 0


def remove_name(game):
    del game.taken


def change_kind(game):
    game.taken = game.Enemy()


def change_shared(game):
    game.LIMIT = 4


def do_nothing(_game):
    pass


def rebind_state(game):
    game.enemies = [*game.enemies, game.Enemy()]


def count(game):
    game.Enemy.SPEED += 1


VOID = [replace_function, replace_method, add_name, remove_name, change_kind, change_shared]
GOOD = [do_nothing, rebind_state, count]


@pytest.mark.parametrize("act", VOID)
def test_other_definitions_make_it_void(program, game, act):
    """A plan rests on definitions, on which names there are, on kinds of values, and on values two modules share."""
    snapshot = take_snapshot(program.reloader._index)
    act(game)
    assert not snapshot.holds(program.reloader._index)


@pytest.mark.parametrize("act", GOOD)
def test_state_goes_on(program, game, act):
    """A game that plays on does not make it void."""
    snapshot = take_snapshot(program.reloader._index)
    act(game)
    assert snapshot.holds(program.reloader._index)


def test_another_import_makes_it_void(program, game):
    """A module more is another program."""
    snapshot = take_snapshot(program.reloader._index)
    program.load("more.py", "X = 1\n")
    assert not snapshot.holds(program.reloader._index)


def saved(program, text):
    """Save the game and wait until its round is prepared."""
    program.write("game.py", text)
    assert program.reloader.wait(PATIENCE)
    assert program.reloader._preparing.busy.wait(PATIENCE)
    return program.reloader._rounds.larder


@pytest.fixture
def polled(program, game):
    """The module, in a program that has called poll()."""
    assert program.reloader.poll() is None
    return game


def test_a_save_is_prepared_before_poll_comes_by(program, polled):
    """Its plan is there, and nothing has changed yet; poll() carries it out."""
    enemy = polled.make()
    larder = saved(program, SOURCE.replace("return self.SPEED", "return self.SPEED + 10"))
    before = (larder.ready is not None, enemy.move())
    outcome = program.reloader.poll()
    assert (before, outcome.patched, enemy.move(), larder.ready) == ((True, 1), ("game.Enemy.move",), 11, None)


def test_a_preparation_that_is_void_is_not_used(program, polled, monkeypatch):
    """The round is planned anew: the value that the program has set meanwhile is that of the edited statement."""
    saved(program, SOURCE.replace("LIMIT = 3", "LIMIT = 5"))
    polled.make = replaced = lambda: None
    outcome = program.reloader.poll()
    assert (outcome.kind, polled.LIMIT, sys.modules["other"].LIMIT, polled.make) == ("swapped", 5, 5, replaced)


def test_a_second_save_before_poll_counts(program, polled):
    """What is on disk when poll() comes goes live, not what was prepared first."""
    saved(program, SOURCE.replace("LIMIT = 3", "LIMIT = 5"))
    saved(program, SOURCE.replace("LIMIT = 3", "LIMIT = 6"))
    outcome = program.reloader.poll()
    assert (outcome.kind, polled.LIMIT) == ("swapped", 6)


def test_a_file_that_does_not_compile_is_told_by_poll(program, polled):
    """The preparation fails without a word; poll() rolls back, and says why."""
    saved(program, SOURCE + "def broken(:\n")
    outcome = program.reloader.poll()
    assert (outcome.kind, type(outcome.error), polled.LIMIT) == ("rolled_back", SyntaxError, 3)


def test_with_a_budget_poll_does_not_wait_for_it(program, polled):
    """While the preparation goes on, poll(budget=0) does nothing; the call after it applies the round."""
    saved(program, SOURCE.replace("LIMIT = 3", "LIMIT = 5"))
    with program.reloader._preparing.busy.marked():
        during = program.reloader.poll(budget=0), polled.LIMIT
    after = program.reloader.poll(budget=0)
    assert (during, type(after), polled.LIMIT) == ((None, 3), Swapped, 5)


def test_waiting_for_a_preparation_ends_with_it():
    """wait() returns true once it is over, and false after its time."""
    busy, told = Busy(), []
    with busy.marked():
        waiting = threading.Thread(target=lambda: told.append(busy.wait(PATIENCE)))
        waiting.start()
        told.append(busy.wait(0))
    waiting.join(PATIENCE)
    assert told == [False, True]


def test_the_interval_of_the_interpreter_is_put_back():
    """Unless the program has set its own meanwhile."""
    before = sys.getswitchinterval()
    try:
        with in_slices():
            within = sys.getswitchinterval()
        after = sys.getswitchinterval()
        with in_slices():
            sys.setswitchinterval(0.02)
        own = sys.getswitchinterval()
    finally:
        sys.setswitchinterval(before)
    assert [round(seconds, 4) for seconds in (within, after, own)] == [SLICE, round(before, 4), 0.02]


def test_in_a_loop_that_tells_its_pauses_rounds_are_prepared_in_one(program, polled):
    """Not while a frame is being made; until then poll(budget=0) does nothing, and the next pause is enough."""
    program.reloader.rest(0)
    program.reloader._preparing.pauses.wait = waited = Gate()
    program.write("game.py", SOURCE.replace("LIMIT = 3", "LIMIT = 5"))
    assert waited.entered.wait(PATIENCE)
    during = program.reloader.poll(budget=0), program.reloader._rounds.larder.ready
    waited.opened.set()
    assert program.reloader._preparing.busy.wait(PATIENCE)
    prepared = program.reloader._rounds.larder.ready is not None
    assert (during, prepared, program.reloader.poll(budget=0).kind, polled.LIMIT) == ((None, None), True, "swapped", 5)


class Gate:
    """Something to call that returns when it was opened."""

    def __init__(self):
        self.entered, self.opened = threading.Event(), threading.Event()

    def __call__(self):
        self.entered.set()
        assert self.opened.wait(PATIENCE)


def test_a_pause_is_waited_for():
    """By whoever prepares, if the program tells its pauses; else nobody waits."""
    pauses, told = Pauses(), []
    pauses.wait()
    pauses.are_told = True
    with pauses.taken():
        pauses.wait()
        told.append("in a pause")
    assert told == ["in a pause"]


def test_what_a_round_needed_is_freed_when_the_watcher_has_something_to_do(program, polled):
    """No frame waits for that; the next save finds it done."""
    saved(program, SOURCE.replace("LIMIT = 3", "LIMIT = 5"))
    program.reloader.poll()
    after = program.reloader._rounds.is_untidy
    saved(program, SOURCE.replace("LIMIT = 3", "LIMIT = 6"))
    assert (after, program.reloader._rounds.is_untidy) == (True, False)
