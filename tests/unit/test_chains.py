"""Chains of reasons: from the file that was saved to the name that was touched."""

from __future__ import annotations

import pytest

from hotswap import chains
from hotswap.chains import Chains
from hotswap.model import Action, Link, Swapped


@pytest.fixture
def program(program, monkeypatch):
    """The current folder is the program's, so that chains name files as a user sees them."""
    monkeypatch.chdir(program.folder)
    return program


@pytest.fixture
def three(program):
    """A constant, what another module makes of it, and what a third one makes of that."""
    program.load("unit.py", "SIZE = 2\nA, B = SIZE, 2\n")
    program.load("left.py", "import unit\nLEFT = unit.SIZE * 2\n")
    program.load("view.py", "import left\nfrom unit import *\nTOTAL = [left.LEFT]\n")
    program.sync("unit.py", "SIZE = 3\nA, B = SIZE, 2\n")
    return program.reloader


CHAINS = {
    "unit.SIZE": "unit.py saved → unit.SIZE bound to 3 (line 1: it was edited)",
    "view.TOTAL": "unit.py saved → unit.SIZE bound to 3 (line 1: it was edited) → left.LEFT bound to 6 (line 2: it reads "
    "SIZE) → view.TOTAL ran (line 3: it reads LEFT)",
    "unit.B": "unit.py saved → unit.SIZE bound to 3 (line 1: it was edited) → unit.B bound to 2 (line 2: it reads SIZE)",
    "view.B": "unit.py saved → unit.SIZE bound to 3 (line 1: it was edited) → unit.A bound to 3 (line 2: it reads SIZE) "
    "→ view.B imported by `*` (line 2: it reads SIZE)",
    "left": "unit.py saved → unit.SIZE bound to 3 (line 1: it was edited) → left.LEFT bound to 6 (line 2: it reads SIZE)",
    "right": "right has not been touched since watching began",
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_leads_from_the_save_to_the_name(three, name):
    """Each name that changed on the way is in it, with its line, the reason, and its value where that is plain."""
    assert three.why(name) == CHAINS[name]


def test_a_patched_function_is_the_cause_of_what_calls_it(program):
    """Nothing ran in the function's module; what was made by calling it ran again."""
    program.load("shape.py", "def area():\n    return 1\n")
    program.load("view.py", "import shape\nAREA = shape.area()\n")
    program.sync("shape.py", "def area():\n    return 2\n")
    patched = "shape.py saved → shape.area patched (line 1: its body was edited)"
    assert program.reloader.why("view") == f"{patched} → view.AREA bound to 2 (line 2: it calls shape.area)"
    assert program.reloader.why("shape") == patched


def test_members_of_a_class_are_told_of_one_by_one(program):
    """`why("a.K")` has a line for each member that was touched."""
    program.load("a.py", "X = 1\nclass K:\n    W = X\n    def m(self): return 1\n")
    program.sync("a.py", "X = 2\nclass K:\n    W = X\n    def m(self): return 2\n")
    assert program.reloader.why("a.K") == (
        "a.py saved → a.K.m patched (line 4: its body was edited)\n"
        "a.py saved → a.X bound to 2 (line 1: it was edited) → a.K.W ran (line 3: it reads X)"
    )


def test_what_is_removed_and_imported_is_told(program):
    """A name that is gone, and a module that came."""
    program.load("a.py", "X = 1\n")
    program.write("new.py", "Y = 1\n")
    program.sync("a.py", "import new\n")
    assert program.reloader.why("a.X") == "a.py saved → a.X removed"
    assert program.reloader.why("new") == "a.py saved → new imported"


def test_the_last_round_counts(program):
    """What an earlier round did is no longer told of a name."""
    program.load("a.py", "X = 1\n")
    program.sync("a.py", "X = 2\n")
    program.sync("a.py", "#\nX = 3\n")
    assert program.reloader.why("a.X") == "a.py saved → a.X bound to 3 (line 2: it was edited)"


def test_a_file_that_is_not_live_is_told(program):
    """What was touched before is told, and that there is newer text."""
    program.load("a.py", "X = 1\n")
    program.sync("a.py", "X = 2\n")
    program.sync("a.py", "X = 1 / 0\n")
    assert program.reloader.why("a.X") == (
        "a.py saved → a.X bound to 2 (line 1: it was edited)\n"
        f"not live: {program.folder / 'a.py'}: ZeroDivisionError: division by zero"
    )


def test_a_round_that_is_rolled_back_touches_nothing(program):
    """The chain is that of the last round that went live."""
    program.load("a.py", "X = 1\nY = 1\n")
    program.sync("a.py", "X = 2\nY = 1 / 0\n")
    program.sync("a.py", "X = 1\nY = 1\n")
    assert program.reloader.why("a") == "a has not been touched since watching began"


def test_the_names_are_bounded(monkeypatch):
    """Those that were touched longest ago are forgotten first."""
    monkeypatch.setattr(chains, "MOST_NAMES", 3)
    known = Chains()
    for name in ("a.A", "a.B", "a.A", "a.C", "a.D"):
        link = Link(name=name, action=Action.PATCH, reason="its body was edited", path="/p/a.py")
        known.note(Swapped(links=(link,)), lambda _: {})
    assert list(known) == ["a.A", "a.C", "a.D"]


def test_a_value_is_shown_without_running_its_repr(program):
    """Only plain values are shown, and cut short."""
    program.load("a.py", "class Loud(int):\n    def __repr__(self): raise SystemExit\nX = 1\nY = 1\n")
    text = "class Loud(int):\n    def __repr__(self): raise SystemExit\nX = Loud(2)\nY = 'y' * 1000\n"
    program.sync("a.py", text)
    assert program.reloader.why("a") == (
        "a.py saved → a.X ran (line 3: it was edited)\n"
        "a.py saved → a.Y bound to 'yyyyyyyyyyyy...yyyyyyyyyyyyy' (line 4: it was edited)"
    )
