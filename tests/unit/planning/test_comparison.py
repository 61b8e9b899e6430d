"""Where names get their values now and where they got them before."""

from __future__ import annotations

import pytest


def told(planner):
    """Statements and removals in words, with their reasons."""
    drafts = [f"{m}{'.'.join(map(str, p))} {draft.reason}" for (m, p), draft in sorted(planner.drafts.of.items())]
    return [*drafts, *(f"- {step.module}.{step.target}" for step in planner.comparison.removals)]


CASES = {
    "a name that left": ("x = 1\ny = 1\n", "y = 1\n", ["- a.x"]),
    "a member that left": ("class C:\n x = 1\n y = 1\n", "class C:\n y = 1\n", ["- a.C.x"]),
    "an attribute that left": ("class C: pass\nC.x = 1\n", "class C: pass\n", ["- a.C.x"]),
    "an annotation that left": ("x: int\ny: int\n", "y: int\n", ["- a.__annotations__.x"]),
    "the last annotation": ("x: int\n", "z = 1\n", ["a0 it is new", "- a.__annotations__"]),
    "an attribute of a class that left": ("class C: pass\nC.x = 1\n", "y = 1\n", ["a0 it is new", "- a.C", "- a.C.x"]),
    "a binder that left": ("x = 1\nx = 2\n", "x = 1\n", ["a0 it gives x its value now"]),
    "an order that changed": ("x = 1\nx = 2\n", "x = 2\nx = 1\n", ["a1 it gives x its value now"]),
    "a reader between": (
        "x = 1\ny = x\nx = 2\n",
        "x = 2\ny = x\nx = 1\n",
        ["a1 it reads x, which another statement binds", "a2 it gives x its value now"],
    ),
    "a binder that came": (
        "x = 1\ny = [x]\n",
        "x = 1\nx = 2\ny = [x]\n",
        ["a1 it is new", "a2 it reads x, which another statement binds"],
    ),
    "a filler that left": (
        "t = []\nt.append(1)\nt.append(2)\n",
        "t = []\nt.append(2)\n",
        [],
    ),
    "a filler that came before a reader": (
        "t = []\nn = len(t)\n",
        "t = []\nt.append(1)\nn = len(t)\n",
        ["a0 its value of t is needed", "a1 it is new", "a2 it looks into t, which other statements fill"],
    ),
    "a filler that came behind": ("t = []\nn = len(t)\n", "t = []\nn = len(t)\nt.append(1)\n", ["a2 it is new"]),
    "what moved and changes nothing": ("x = 1\ny = 1\n", "y = 1\nx = 1\n", []),
    "a member that hides a global": (
        "x = 1\nclass C:\n y = x\n",
        "x = 1\nclass C:\n x = 2\n y = x\n",
        ["a1.0 it is new", "a1.1 its names mean something else now"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_runs_or_goes_because_values_come_from_elsewhere(edited, case):
    """Readers, the statement that gives a name its value now, containers that are filled by others, names that left."""
    old, new, expected = CASES[case]
    assert told(edited(a=(old, new)).planner()) == expected


def test_a_name_that_another_module_set_gets_its_own_value_again(edited):
    """When the statement that set it is gone."""
    planner = edited(lib=("X = 1\n",) * 2, a=("import lib\nlib.X = 2\n", "import lib\n")).planner()
    assert told(planner) == ["lib0 it gives X its value now"]


def test_a_name_that_only_another_module_set_goes(edited):
    """Nobody else gives it a value."""
    planner = edited(lib=("",) * 2, a=("import lib\nlib.X = 2\n", "import lib\n")).planner()
    assert told(planner) == ["- lib.X"]


def test_nothing_differs_without_an_edit_of_its_kind(edited):
    """An edited body moves no values."""
    planner = edited(a=("def f(): return 1\n", "def f(): return 2\n")).planner()
    assert told(planner) == []
