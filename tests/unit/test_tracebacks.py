"""Errors of rounds that failed show the program's lines, and hold nothing of a round that is over."""

from __future__ import annotations

import gc
import traceback

from hotswap import tracebacks

OLD = "class A: pass\nX = 1\n"
FAILING = "class A: n = {}\ndef f(a):\n    held = [a]\n    raise ValueError(a.n)\nX = f(A())\n"


def lines_of(error: BaseException) -> list[tuple[str, int]]:
    return [(frame.name, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]


def test_an_error_shows_the_programs_lines_alone(program):
    """The frames of hotswap between the save and the statement are not in the traceback."""
    program.load("app.py", OLD)
    outcome = program.sync("app.py", FAILING.format(1))
    assert lines_of(outcome.error) == [("<module>", 5), ("f", 4)]


def test_the_newest_error_can_be_looked_into(program):
    """A debugger finds what the functions held."""
    program.load("app.py", OLD)
    error = program.sync("app.py", FAILING.format(1)).error
    *_, frame = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    assert [type(each).__name__ for each in frame.f_locals["held"]] == ["A"]


def test_earlier_errors_hold_nothing_but_their_lines(program):
    """What a failed round had made is gone after the next round, although the outcomes are kept."""
    program.load("app.py", OLD)
    for number in (1, 2, 3):
        program.sync("app.py", FAILING.format(number))
    program.sync("app.py", "X = 2\n")
    gc.collect()
    alive = [each for each in gc.get_objects() if type(each).__name__ == "A" and type(each).__module__ == "app"]
    lines = [lines_of(outcome.error) for outcome in program.reloader.history[:3]]
    assert (lines, alive) == ([[("<module>", 5), ("f", 4)]] * 3, [])


def test_causes_and_groups_are_looked_at_once():
    """Also when they lead to each other in a circle."""
    one, two, three = ValueError(1), ValueError(2), ValueError(3)
    group = ExceptionGroup("several", [one, three])
    one.__cause__, two.__context__, group.__cause__ = two, one, two
    assert {str(each) for each in tracebacks.causes(group)} == {"several (2 sub-exceptions)", "1", "2", "3"}
