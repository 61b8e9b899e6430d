"""What the edit of one body of statements asks for: which run, which names go, what is refused."""

from __future__ import annotations

import ast

import pytest

from hotswap.diff import diff_sources
from hotswap.edits import Body, is_main_program, mangled
from hotswap.model import Edit
from hotswap.source import Source


class Notes:
    """Stands where the planner stands, and writes down what is asked of it."""

    def __init__(self, stars=()):
        self.asked, self.stars = [], set(stars)

    def draft(self, module, path, reason, *, always=False):
        self.asked.append(f"run {path[-1]} {reason}" if len(path) == 1 else f"run {path} {reason}")

    def draft_alone(self, module, path, reason):
        self.asked.append(f"alone {path[-1]}")

    def remove(self, module, prefix, names):
        self.asked += [f"remove {prefix}{name}" for name in names]

    def refuse(self, reason):
        self.asked.append(f"refuse {reason.code} line {reason.where.rpartition(':')[2]}")

    def star_names(self, module, facts):
        return self.stars

    def memberwise(self, module, source, path):
        return not getattr(source.statement(path), "decorator_list", None)


def asked(old, new, module="a", stars=()):
    before, after = (Source("/prog/a.py", text.encode()) for text in (old, new))
    edit = Edit(module=module, path="/prog/a.py", old=before, new=after, diff=diff_sources(before, after))
    notes = Notes(stars)
    Body(notes, edit, (), "", before.statements, after.statements).draft(edit.diff)
    return notes.asked


GONE = "another statement about the same name was removed"
CASES = {
    "a body": ("def f(): return 1\n", "def f(): return 2\n", []),
    "a value": ("x = 1\n", "x = 2\n", ["run 0 it was edited"]),
    "a name that is gone": ("x = 1\ny = 2\n", "y = 2\n", ["remove x"]),
    "another name": ("x = 1\n", "y = 1\n", ["remove x", "alone 0"]),
    "one of two binders": ("x = 1\nx = 2\n", "x = 2\n", [f"run 0 {GONE}"]),
    "a mutation": ("x = []\nx.append(1)\n", "x = []\n", [f"run 0 {GONE}"]),
    "a new one in front of another binder": ("x = 2\n", "x = 1\nx = 2\n", ["run 0 it is new"]),
    "rebinding in another order": ("x = 1\nx = 2\n", "x = 2\nx = 1\n", ["run 0 it was moved"]),
    "order without meaning": ("x = 1\ny = 2\n", "y = 2\nx = 1\n", []),
    "a method": ("class A:\n def f(self): pass\n", "class A:\n def f(self): return 1\n", []),
    "an attribute": ("class A:\n x = 1\n y = 1\n", "class A:\n x = 2\n y = 1\n", ["run (0, 0) it was edited"]),
    "an attribute that is gone": ("class A:\n x = 1\n y = 1\n", "class A:\n y = 1\n", ["remove A.x"]),
    "a private one": ("class A:\n __x = 1\n y = 1\n", "class A:\n y = 1\n", ["remove A._A__x"]),
    "in a decorated class": ("@d\nclass A:\n x = 1\n", "@d\nclass A:\n x = 2\n", ["run 0 its body was edited"]),
    "an annotation": ("class A:\n x: int\n y: int\n", "class A:\n y: int\n", ["remove A.__annotations__.x"]),
    "the last annotation": ("class A:\n x: int\n", "class A:\n pass\n", ["remove A.__annotations__", "alone 0"]),
    "a bound name of an import": ("from m import x, y\n", "from m import y\n", ["remove x", "run 0 it was edited"]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_an_edit_asks_for(case):
    """As little as is provably enough: the edited statement, and those that share its names."""
    old, new, expected = CASES[case]
    assert asked(old, new) == expected


def test_star_imports_run_again_when_binders_change():
    """What a star brings may come to the fore when a name's own binder goes."""
    assert asked("from m import *\nx = 1\n", "from m import *\n") == [
        "remove x",
        "run 0 what star imports bring may be another thing now",
    ]


def test_names_of_a_removed_star_import_go():
    """A star import that left takes along what it brought, unless something else binds it now."""
    assert asked("from m import *\nx = 1\n", "x = 1\n", stars={"x", "y"}) == ["remove y"]


SCRIPTS = {
    "an edited call": ("x = 1\nrun(x)\n", "x = 1\nrun(x, 2)\n", ["refuse HS101 line 2"]),
    "a removed call": ("x = 1\nrun(x)\n", "x = 1\n", ["refuse HS101 line 2"]),
    "an added loop": ("x = 1\n", "x = 1\nfor i in (): pass\n", ["refuse HS101 line 2"]),
    "the main block": ("if __name__ == '__main__':\n go()\n", "if __name__ == '__main__':\n went()\n", ["refuse HS101 line 1"]),
    "a constant": ("x = 1\nrun(x)\n", "x = 2\nrun(x)\n", ["run 0 it was edited"]),
    "a function": ("def f(): pass\nrun(f)\n", "def f(): return 1\nrun(f)\n", []),
}  # fmt: skip


@pytest.mark.parametrize("case", SCRIPTS)
def test_a_script_runs_once(case):
    """Definitions and constants of `__main__` are live; its own course cannot run twice, and the line is named."""
    old, new, expected = SCRIPTS[case]
    assert list(dict.fromkeys(asked(old, new, module="__main__"))) == expected


@pytest.mark.parametrize(
    ("text", "course"), [("f()", True), ("'words'", False), ("while x: pass", True), ("x = f()", False)]
)
def test_what_belongs_to_the_course_of_a_script(text, course):
    """Calls and control flow do; definitions, bindings and bare strings do not."""
    assert is_main_program(ast.parse(text).body[0]) is course


@pytest.mark.parametrize(
    ("owner", "name", "kept"),
    [("A", "__x", "_A__x"), ("_A", "__x", "_A__x"), ("A", "__x__", "__x__"), ("A", "_x", "_x"), ("", "__x", "__x")],
)
def test_private_names_are_mangled(owner, name, kept):
    """As the compiler does it."""
    assert mangled(owner, name) == kept
