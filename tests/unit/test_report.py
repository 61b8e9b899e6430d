"""Outcomes in words: nothing changed, kept the old code, needs a restart are three different sentences."""

from __future__ import annotations

import os

import pytest

from hotswap.model import Change, Reason, RestartRequired, RolledBack, Swapped, Unchanged
from hotswap.report import error_text, few, place_of

HERE = os.path.abspath(__file__)


def reason(code="HS101", what="a statement changed"):
    return Reason(code=code, what=what, where="game.py:3", why="it runs once", remedy="restart")


SENTENCES = [
    (Unchanged(), "nothing changed"),
    (
        RolledBack(error=ZeroDivisionError("division by zero"), path="/nowhere/level.py", line=7),
        "kept the old code because /nowhere/level.py:7: ZeroDivisionError: division by zero; save again to retry",
    ),
    (
        RestartRequired(reasons=(reason(),)),
        "needs a restart because [HS101] a statement changed (game.py:3): it runs once; restart",
    ),
    (
        RestartRequired(reasons=(reason(), reason("HS102", "another"))),
        f"needs a restart because {reason()}; [HS102] another (game.py:3): it runs once; restart",
    ),
    (
        Swapped(modules=("enemy", "level"), tracked=41, duration=0.0031, patched=("enemy.Enemy.update",), ran=("level.SPEED",)),
        "swapped 2 of 41 modules in 3.1 ms: patched enemy.Enemy.update, ran 1 statement (level.SPEED)",
    ),
    (
        Swapped(modules=("a",), tracked=1, ran=("a.X", "a.Y")),
        "swapped 1 of 1 modules in 0.0 ms: ran 2 statements (a.X, a.Y)",
    ),
    (Swapped(modules=("a",), tracked=1, relocated=("a.f",)), "swapped 1 of 1 modules in 0.0 ms: only positions moved"),
    (
        Swapped(modules=("a",), tracked=2, imported=("b",), removed=("a.x",)),
        "swapped 1 of 2 modules in 0.0 ms: imported b, removed a.x",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("outcome", "sentence"), SENTENCES)
def test_each_kind_of_outcome_has_its_own_sentence(outcome, sentence):
    """`str()` of an outcome is one line that says which of the kinds it is."""
    assert str(outcome) == sentence


def test_a_reservation_is_part_of_the_line():
    """A swap with a warning says so on the same line."""
    assert str(Swapped(patched=("a.f",), warnings=(reason(),))).endswith(
        "patched a.f; note: [HS101] a statement changed (game.py:3): it runs once; restart"
    )


def test_many_names_are_counted():
    """Four names are shown; of more it is said how many."""
    assert few(("a", "b", "c", "d")) == "a, b, c, d"
    assert few(("a", "b", "c", "d", "e", "f")) == "a, b, c, d and 2 more"


def test_a_syntax_error_is_told_without_its_drawing():
    """The message of a SyntaxError is one line; its place is told beside it."""
    assert error_text(SyntaxError("invalid syntax", ("a.py", 1, 1, "x ="))) == "SyntaxError: invalid syntax"


def test_an_error_of_several_lines_ends_in_its_own_last_line():
    """Notes and groups do not hide which exception it was."""
    assert error_text(ValueError("first")) == "ValueError: first"


def test_the_place_is_the_programs_innermost_line():
    """Frames of libraries are passed over; the place is where the program's own code was."""

    def fail():
        os.fspath(3)

    with pytest.raises(TypeError) as caught:
        fail()
    assert place_of(caught.value, {HERE}) == (HERE, fail.__code__.co_firstlineno + 1)


def test_an_error_outside_of_the_program_has_no_place():
    """When no frame is the program's own, no line is made up."""
    with pytest.raises(TypeError) as caught:
        os.fspath(3)
    assert place_of(caught.value, set()) == ("", 0)


def test_a_syntax_error_names_its_own_line():
    """The place of a SyntaxError is the line that could not be compiled."""
    with pytest.raises(SyntaxError) as caught:
        compile("\n\nx = = 1", "/prog/a.py", "exec")
    assert place_of(caught.value, set()) == ("/prog/a.py", 3)


def test_duration_and_size_do_not_make_outcomes_differ():
    """Two rounds that did the same compare equal, however long they took."""
    changes = (Change(path="a.py", kind="edited"),)
    assert Swapped(changes=changes, ran=("a.X",), duration=1.0, tracked=1) == Swapped(changes=changes, ran=("a.X",))
