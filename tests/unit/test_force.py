"""`sync(force=True)`: what can be true becomes so, what cannot is named."""

from __future__ import annotations

from typing import Any

from hotswap.model import Outcome

SLOTTED = """
class Point:
    __slots__ = ("x",)

    def name(self):
        return "old"
"""
WIDER = SLOTTED.replace('("x",)', '("x", "y")').replace("old", "new")


def codes(outcome: Outcome) -> tuple[str, list[str]]:
    """How a round ended, and the codes of what it could not make true."""
    reasons: Any = getattr(outcome, "reasons", ()) or getattr(outcome, "warnings", ())
    return outcome.kind, [reason.code for reason in reasons]


def test_a_class_that_living_instances_need_as_it_is_becomes_another_one(program):
    """New instances are of the new class; the old ones keep theirs, and that is said."""
    module = program.load("a.py", SLOTTED)
    point = module.Point()
    assert codes(program.sync("a.py", WIDER)) == ("restart_required", ["HS201"])
    assert codes(program.sync(force=True)) == ("swapped", ["HS201"])
    assert (isinstance(point, module.Point), module.Point.__slots__) == (False, ("x", "y"))


def test_nothing_is_left_to_do_afterwards(program):
    """A forced round that applied all files leaves none of them pending."""
    module = program.load("a.py", SLOTTED)
    point = module.Point()
    program.sync("a.py", WIDER)
    program.sync(force=True)
    assert (point.name(), program.reloader.pending, program.sync().kind) == ("new", (), "unchanged")


def test_a_removed_effect_stays(program):
    """The statement is gone, what it did is not, and that is said."""
    module = program.load("a.py", "import os\nos.environ['HOTSWAP_FORCED'] = '1'\nX = 1\n")
    assert codes(program.sync("a.py", "X = 2\n")) == ("restart_required", ["HS401"])
    assert codes(program.sync(force=True)) == ("swapped", ["HS401"])
    assert module.X == 2


def test_a_file_of_which_nothing_can_be_applied_stays_pending(program):
    """The other files of the round are applied; this one asks for a restart still."""
    program.load("a.py", '__hotswap__ = "restart"\nX = 1\n')
    module = program.load("b.py", "X = 1\n")
    path = str(program.write("a.py", '__hotswap__ = "restart"\nX = 2\n'))
    program.write("b.py", "X = 2\n")
    assert codes(program.sync(force=True)) == ("swapped", ["HS104"])
    assert (module.X, [p.path for p in program.reloader.pending]) == (2, [path])
    assert codes(program.sync()) == ("restart_required", ["HS104"])


def test_when_nothing_at_all_can_be_applied_it_needs_a_restart(program):
    """There is no way around it, and nothing is touched."""
    module = program.load("a.py", '__hotswap__ = "restart"\nX = 1\n')
    assert codes(program.sync("a.py", '__hotswap__ = "restart"\nX = 2\n')) == ("restart_required", ["HS104"])
    assert codes(program.sync(force=True)) == ("restart_required", ["HS104"])
    assert module.X == 1


def test_code_that_raises_is_rolled_back_all_the_same(program):
    """Force is about what cannot be made true, not about mistakes in the program."""
    module = program.load("a.py", SLOTTED + "X = 1\n")
    point = module.Point()
    assert program.sync("a.py", WIDER + "X = 1 / 0\n", force=True).kind == "rolled_back"
    assert (type(point) is module.Point, point.name(), module.X) == (True, "old", 1)
