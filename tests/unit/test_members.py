"""Two versions of a class statement, compared member by member."""

from __future__ import annotations

import ast

import pytest

from hotswap.members import compare

CASES = {
    "nothing": ("x = 1\ndef f(self): pass", "x = 1\ndef f(self): pass", [], ""),
    "the body of a method": ("def f(self): return 1", "def f(self): return 2", [], ""),
    "an attribute": ("x = 1", "x = 2", ["x"], ""),
    "what is new and what is gone": ("x = 1\ny = 1", "y = 1\nz: int = 1", ["z", "x"], ""),
    "a method that gets a decorator": ("def f(self): pass", "@property\ndef f(self): pass", ["f"], ""),
    "another order": ("x = 1\ny = 1", "y = 1\nx = 1", [], ""),
    "a loop": ("for n in (1,): x = n", "for n in (2,): x = n", [], "does more than define"),
    "an accessor": (
        "@property\ndef f(self): pass", "@property\ndef f(self): pass\n@f.setter\ndef f(self, v): pass", [], "several",
    ),
    "a method of a nested class": ("class B:\n  x = 1", "class B:\n  x = 2", [], ""),
    "a nested class that is new": ("pass", "class B: pass", [], "B in it is new"),
    "slots": ("__slots__ = ()", "__slots__ = ('x',)", ["__slots__"], "slots"),
}  # fmt: skip


def statement(body, head="class A:"):
    indented = "".join(f"    {line}\n" for line in body.split("\n"))
    return ast.parse(f"{head}\n{indented}").body[0]


@pytest.mark.parametrize("case", CASES)
def test_what_became_of_the_members(case):
    """Names whose definition says something else, and what only running the statement could tell."""
    old, new, changed, beyond = CASES[case]
    found = compare(statement(old), statement(new))
    assert (list(found.changed), beyond in found.beyond, bool(found.beyond)) == (changed, True, bool(beyond))


def test_bases_and_decorators():
    """They are more than members; with a decorator members are, too."""
    assert compare(statement("x = 1"), statement("x = 1", "class A(B):")).beyond
    assert compare(statement("x = 1", "@d\nclass A:"), statement("x = 2", "@d\nclass A:")).beyond
    assert not compare(statement("def f(s): 1", "@d\nclass A:"), statement("def f(s): 2", "@d\nclass A:"))


def test_a_docstring():
    """It is told of by itself."""
    assert compare(statement("'one'"), statement("'two'")).has_other_doc
