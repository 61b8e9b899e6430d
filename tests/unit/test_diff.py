"""Two versions of a source, compared statement by statement."""

from __future__ import annotations

import pytest

from hotswap.diff import diff_sources
from hotswap.source import Source


def source(text):
    return Source("/prog/a.py", text.encode())


def diff(old, new):
    return diff_sources(source(old), source(new))


def told(found, indent=""):
    """A diff in words: "same 0→0", "moved 1→0", "added 2", "removed 1", classes with what happened inside."""
    lines = []
    for match in found.matches:
        kind = "moved" if match.moved else match.kind
        lines.append(f"{indent}{kind} {match.new}" if match.old is None else f"{indent}{kind} {match.old}→{match.new}")
        lines += told(match.inner, indent + " ") if match.inner else []
    return lines + [f"{indent}removed {number}" for number in found.removed]


CASES = {
    "a comment": ("x = 1\n", "# why\nx = 1  # because\n", ["same 0→0"]),
    "the layout": ("f(a, b)\n", "f(\n  a,\n  b,\n)\n", ["same 0→0"]),
    "a value": ("x = 1\ny = 2\n", "x = 1\ny = 3\n", ["same 0→0", "edited 1→1"]),
    "equal values of another type": ("x = 1\n", "x = True\n", ["edited 0→0"]),
    "a body": ("def f(): return 1\n", "def f(): return 2\n", ["body 0→0"]),
    "the body of a lambda": ("f = lambda: 1\n", "f = lambda: 2\n", ["body 0→0"]),
    "a body within a call": ("g(lambda: 1)\n", "g(lambda: 2)\n", ["body 0→0"]),
    "the docstring of a plain function": ("def f(): 'a'\n", "def f(): 'b'\n", ["body 0→0"]),
    "the docstring of a decorated one": ("@d\ndef f(): 'a'\n", "@d\ndef f(): 'b'\n", ["edited 0→0"]),
    "a default": ("def f(a=1): pass\n", "def f(a=2): pass\n", ["edited 0→0"]),
    "a decorator": ("def f(): pass\n", "@d\ndef f(): pass\n", ["edited 0→0"]),
    "async": ("def f(): pass\n", "async def f(): pass\n", ["edited 0→0"]),
    "another name": ("x = 1\n", "y = 1\n", ["added 0", "removed 0"]),
    "added in front": ("x = 1\n", "y = 1\nx = 1\n", ["added 0", "same 0→1"]),
    "removed": ("x = 1\ny = 2\nz = 3\n", "x = 1\nz = 3\n", ["same 0→0", "same 2→1", "removed 1"]),
    "swapped places": ("x = 1\ny = 2\n", "y = 2\nx = 1\n", ["moved 1→0", "same 0→1"]),
    "imports from one module": ("from m import a\n", "from m import a, b\n", ["edited 0→0"]),
    "a method": (
        "class A:\n x = 1\n def f(self): return 1\n",
        "class A:\n x = 1\n def f(self): return 2\n",
        ["body 0→0"],
    ),
    "a class attribute": ("class A:\n x = 1\n y = 1\n", "class A:\n x = 2\n y = 1\n", ["members 0→0", " edited 0→0", " same 1→1"]),
    "the bases": ("class A(B): x = 1\n", "class A(C): x = 1\n", ["edited 0→0"]),
    "a class in a class": (
        "class A:\n class B:\n  x = 1\n",
        "class A:\n class B:\n  x = 2\n",
        ["members 0→0", " members 0→0", "  edited 0→0"],
    ),
    "a setter beside its getter": (
        "class A:\n @property\n def p(self): pass\n @p.setter\n def p(self, v): pass\n",
        "class A:\n @property\n def p(self): pass\n",
        ["members 0→0", " same 0→0", " removed 1"],
    ),
    "one of two equal statements": ("f()\nf()\n", "f()\n", ["same 0→0", "removed 1"]),
    "functions of one name": (
        "def f(): 1\ndef f(): 2\n",
        "def f(): 3\ndef f(): 2\n",
        ["body 0→0", "same 1→1"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_became_of_each_statement(case):
    """Same, body, members, edited, added or removed: statements are recognised by their role."""
    old, new, expected = CASES[case]
    assert told(diff(old, new)) == expected


@pytest.mark.parametrize("case", CASES)
def test_every_statement_is_accounted_for_once(case):
    """Each old statement is matched or removed, each new one matched or added; also the other way round."""
    for old, new in (CASES[case][:2], CASES[case][1::-1]):
        found = diff(old, new)
        assert [m.new for m in found.matches] == list(range(len(source(new).statements)))
        matched = [m.old for m in found.matches if m.old is not None]
        assert sorted([*matched, *found.removed]) == list(range(len(source(old).statements)))


def test_no_difference_is_false():
    """An edit of comments and layout leaves nothing to do; a moved statement is a difference."""
    assert not diff("x = 1\n", "\n\nx = 1 # one\n")
    assert diff("x = 1\ny = 2\n", "y = 2\nx = 1\n")
    assert diff("x = 1\n", "")
