"""Code objects of two versions of a source, paired."""

from __future__ import annotations

import pytest

from hotswap.codefacts import nested
from hotswap.codes import Body, behaviour, class_code, docstring, own_behaviour, pair_codes
from hotswap.diff import diff_sources
from hotswap.source import Source


def source(text):
    return Source("/prog/a.py", text.encode())


def pairs(old, new):
    """The pairs in words: "f edited 1→2" (first lines)."""
    before, after = source(old), source(new)
    return [
        f"{p.qualname} {'edited' if p.edited else 'moved'} {p.old.co_firstlineno}→{p.new.co_firstlineno}"
        for p in pair_codes(before, after, diff_sources(before, after))
    ]


def code(text, name="f"):
    space: dict = {}
    exec(compile(text, "/prog/a.py", "exec", dont_inherit=True), space)
    return space[name].__code__


CASES = {
    "nothing": ("def f(): return 1\n", "def f(): return 1\n", []),
    "a body": ("def f(): return 1\n", "def f(): return 2\n", ["f edited 1→1"]),
    "another layout": ("def f():\n try: return 1\n finally: g()\n", "def f():\n try:\n  return 1\n finally: g()\n", ["f moved 1→1"]),
    "only lines": ("def f(): return 1\n", "\n\ndef f(): return 1\n", ["f moved 1→3"]),
    "another function": ("def f(): return 1\ndef g(): return 1\n", "def f(): return 2\ndef g(): return 1\n", ["f edited 1→1"]),
    "a nested one": (
        "def f():\n def g(): return 1\n return g\n",
        "def f():\n def g(): return 2\n return g\n",
        ["f moved 1→1", "f.<locals>.g edited 2→2"],
    ),
    "a method": (
        "class A:\n def f(self): return 1\n",
        "class A:\n def f(self): return 2\n",
        ["A moved 1→1", "A.f edited 2→2"],
    ),
    "lambdas under keys, with one in front": (
        "t = {'a': lambda: 1,\n 'b': lambda: 2}\n",
        "t = {'new': lambda: 0,\n 'a': lambda: 1,\n 'b': lambda: 3}\n",
        ["<lambda> moved 1→2", "<lambda> edited 2→3"],
    ),
    "lambdas under keywords that change places": (
        "t = dict(a=lambda x: x,\n b=lambda x: x + 1)\n",
        "t = dict(b=lambda x: x + 2,\n a=lambda x: x)\n",
        ["<lambda> moved 1→2", "<lambda> edited 2→1"],
    ),
    "the first of two lambdas": (
        "t = [lambda: 1, lambda: 2]\n",
        "t = [lambda: 3, lambda: 2]\n",
        ["<lambda> edited 1→1"],
    ),
    "one that is new": ("x = 1\n", "x = 1\ndef f(): pass\n", []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_each_old_code_becomes(case):
    """Functions are paired statement by statement; edited is told from moved, the outer from the inner."""
    old, new, expected = CASES[case]
    assert pairs(old, new) == expected


def test_behaviour_ignores_where_code_stands():
    """Line numbers and file names are not behaviour."""
    assert behaviour(code("def f(): return x\n")) == behaviour(code("\n\n\ndef f():\n  return x\n"))


@pytest.mark.parametrize(
    ("one", "other"), [("1", "True"), ("0.0", "-0.0"), ("1", "1.0"), ("(1,)", "(True,)"), ("'a'", "b'a'")]
)
def test_equal_constants_of_different_kinds_are_different(one, other):
    """Python compares 1 and True as equal; code that returns one does not behave like code that returns the other."""
    assert behaviour(code(f"def f(): return {one}\n")) != behaviour(code(f"def f(): return {other}\n"))


def test_the_order_of_a_frozenset_is_no_behaviour():
    """The constant of `x in {…}` is a set: its order differs between two compilations."""
    words = [f"w{n}" for n in range(50)]
    one, other = (
        f"def f(x): return x in {set_!r}\n" for set_ in (dict.fromkeys(words), dict.fromkeys(reversed(words)))
    )
    one, other = (t.replace(": None", "") for t in (one, other))
    assert behaviour(code(one)) == behaviour(code(other))


def test_own_behaviour_leaves_nested_bodies_aside():
    """The outer function is the same when only an inner body was edited."""
    one, other = (code(f"def f():\n def g(): return {n}\n return g\n") for n in (1, 2))
    assert own_behaviour(one) == own_behaviour(other)
    assert behaviour(one) != behaviour(other)


def test_codes_stand_in_their_statements():
    """Each function's code is found at the statement that it stands in, decorated ones too."""
    made = source("x = 1\n@deco\ndef f(): pass\nt = [lambda: 1,\n  lambda: 2]\nclass A: pass\n")
    assert [[c.co_name for c in codes] for codes in Body(made.statements, nested(made.code)).by_statement()] == [
        [],
        ["f"],
        ["<lambda>"] * 2,
        ["A"],
    ]


def test_the_code_of_a_class_body_is_found_by_its_path():
    """Also of a class within a class, and not that of a function of the same name."""
    made = source("def B(): pass\nclass A:\n class B:\n  x = 1\n")
    found = class_code(made, (1, 0))
    assert found is not None
    assert found.co_qualname == "A.B"


def test_docstrings_are_read_from_code():
    """As `def` would set `__doc__`; a first constant that is no docstring is none."""
    assert docstring(code("def f(): 'words'\n")) == "words"
    assert docstring(code("def f(): return 1\n")) is None


def test_functions_that_change_places_in_their_statement_are_edited():
    """The one that stands first in the new text is what the first one becomes."""
    old, new = "t = [\n lambda: 1,\n lambda: 2,\n]\n", "t = [\n lambda: 2,\n lambda: 1,\n]\n"
    assert pairs(old, new) == ["<lambda> edited 2→2", "<lambda> edited 3→3"]
