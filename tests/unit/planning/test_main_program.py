"""The statements of a script that cannot run a second time."""

from __future__ import annotations

import ast

import pytest

from hotswap.model import Edit, Reason
from hotswap.planning.main_program import is_main_program, refusal
from hotswap.source import Source

COURSE = ["f()", "await_(x)", "x", "for x in y: pass", "while x: pass", "with x: pass", "if x: pass", "try: pass\nfinally: pass", "match x:\n case 1: pass"]  # fmt: skip
DEFINITIONS = ["def f(): pass", "class C: pass", "x = f()", "x: int = 1", "x += 1", "import a", "from a import b", "'words'", "...", "del x"]  # fmt: skip


@pytest.mark.parametrize("text", COURSE + DEFINITIONS)
def test_the_course_of_a_script(text):
    """Expressions and compound statements; definitions, imports and assignments can be done again."""
    (node,) = ast.parse(text).body
    assert is_main_program(node) is (text in COURSE)


def test_a_refusal_says_which_line():
    """What, where, why, and what to do."""
    source = Source("/prog/run.py", b"x = 1\nprint(x)\n")
    edit = Edit(module="__main__", path="/prog/run.py", old=source, new=source)
    assert refusal(edit, source.statements[1], "was edited") == Reason(
        code="HS101",
        what="a statement of the running script was edited",
        where="/prog/run.py:2",
        why="the main program runs once and cannot be run a second time in the same process",
        remedy="restart",
    )
