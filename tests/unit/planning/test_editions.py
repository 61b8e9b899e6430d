"""The editions of all modules that a round looks at, before and after the edit."""

from __future__ import annotations

import sys

import pytest

from hotswap.model import Edit
from hotswap.planning.editions import has_globals
from hotswap.source import Source

MEMBERWISE = {
    "class C:\n x = 1": True,
    "class B: pass\nclass C(B):\n x = 1": True,
    "@staticmethod\nclass C:\n x = 1": False,
    "class C(metaclass=type):\n x = 1": False,
    "class C:\n exec('x = 1')": False,
    "class C:\n global x\n x = 1": False,
    "class C:\n __slots__ = ()": False,
    "import enum\nclass C(enum.Enum):\n x = 1": False,
    "class C: pass\nclass C:\n x = 1": False,
    "class C:\n x = 1\nC = 2": False,
    "class C:\n x = 1\nC = [C]": False,
    "x = 1": False,
}


@pytest.mark.parametrize("text", MEMBERWISE)
def test_members_run_one_by_one_where_type_alone_built_the_class(edited, text):
    """A decorator, a metaclass, another class of that name or globals in its body forbid it."""
    editions = edited(a=(text, text)).editions()
    number = next((n for n, s in enumerate(editions.new("a").source.statements) if getattr(s, "name", "") == "C"), 0)
    assert editions.memberwise("a", (number,)) is MEMBERWISE[text]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="new syntax")
def test_generic_classes_run_whole(edited):
    """Their members see the type parameters."""
    assert edited(a=("class C[T]: x = 1", "class C[T]: x = 1")).editions().memberwise("a", (0,)) is False


@pytest.mark.parametrize(
    ("new", "expected"),
    [("class C:\n x = 2\n", True), ("class C(object):\n x = 1\n", False), ("class D:\n x = 1\n", False)],
)
def test_a_class_whose_own_line_changed_runs_whole(edited, new, expected):
    """Or one that was not there before."""
    assert edited(a=("class C:\n x = 1\n", new)).editions().memberwise("a", (0,)) is expected


def test_a_class_that_turned_out_to_be_indivisible(edited):
    """What an earlier attempt has shown counts."""
    found = edited(a=("class C:\n x = 1\n",) * 2)
    assert found.editions(whole=[("a", (0,))]).memberwise("a", (0,)) is False


def test_the_module_before_and_after(edited):
    """Two editions of an edited one, the same one for all others, none for what is foreign."""
    editions = edited(a=("x = 1\n", "y = 1\n"), b=("z = 1\n",) * 2).editions()
    texts = [edition and edition.source.text for edition in (editions.find_old("a"), editions.find_new("a"))]
    assert texts == ["x = 1\n", "y = 1\n"]
    assert editions.find_old("b") is editions.find_new("b") is editions.new("b")
    assert (editions.find_old("json"), editions.find_new("json")) == (None, None)


def test_a_module_whose_file_is_gone(edited):
    """It has an old edition only."""
    found = edited(a=("x = 1\n", "x = 2\n"))
    (edit,) = found.edits
    found.edits = [Edit(module="a", path=edit.path, old=edit.old, new=None)]
    editions = found.editions()
    assert (editions.source("a"), editions.find_new("a"), editions.find_old("a") is not None) == (None, None, True)


def test_where_a_statement_stood(edited):
    """In the old source; None when it is new."""
    editions = edited(a=("x = 1\ny = 1\n", "z = 1\ny = 1\n")).editions()
    assert [editions.old_place(("a", (n,))) for n in (0, 1)] == [None, ("a", (1,))]


def test_calls_are_those_that_were_seen(edited):
    """Of a statement that ran; estimated for one that was edited; with what an earlier attempt has shown."""
    text = "def f(): pass\ndef g(): pass\nt = [g]\nx = f()\ny = t[0]()\n"
    found = edited(a=(text, text.replace("x = f()", "x = f() or g()")))
    editions = found.editions(calls=[(("a", (4,)), ("a", "f"))])
    called = [set(editions.new("a").called((n,))) for n in (3, 4)]
    assert called == [{("a", "f"), ("a", "g")}, {("a", "g"), ("a", "f")}]


def test_a_name_is_at_home_where_it_was_bound(edited):
    """Through any number of imports, as long as it is the same object everywhere."""
    editions = edited(
        c=("X = []\n",) * 2, b=("from c import X as Y\n",) * 2, a=("from b import Y\nfrom c import *\nZ = Y\n",) * 2
    ).editions()
    homes = [editions.home(("a", name)) for name in ("Y", "X", "Z")]
    assert homes == [("c", "X"), ("c", "X"), ("a", "Z")]
    sys.modules["a"].Y = []
    assert editions.home(("a", "Y")) == ("a", "Y")


STARS = [
    ("x = 1\n_y = 1\n", {"x": True, "old": False}),
    ("if __name__: x = 1\n", {"x": False, "old": False}),
    ("__all__ = ['_y']\n_y = x = 1\n", {"_y": True, "old": False}),
    ("__all__ = ['x']\nx = y = 1\n__all__ += ['y']\n", {"x": False, "y": False, "__all__": False, "old": False}),
    ("from c import *\nx = 1\n", {"x": True, "deep": True, "old": False}),
]


@pytest.mark.parametrize(("text", "expected"), STARS)
def test_what_a_star_import_will_bring(edited, text, expected):
    """As the newest text tells, and what it brought before: only when it ran is known what did not come again."""
    editions = edited(c=("deep = 1\n",) * 2, b=("old = 1\n", text), a=("from b import *\n",) * 2).editions()
    assert editions.new("a").brought((0,)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("global x", True),
        ("if y:\n  global x", True),
        ("def m(self):\n  global x", False),
        ("class D:\n  global x", False),
    ],
)
def test_classes_that_bind_globals(body, expected):
    """Themselves, not by their methods or the classes in them."""
    (node,) = Source("/prog/a.py", f"class C:\n {body}\n".encode()).statements
    assert has_globals(node) is expected


def test_containers_are_what_can_be_built_again(edited):
    """Plain ones of their very type."""
    text = "a = []\nb = {}\nc = set()\nd = ()\ne = 'x'\nclass L(list): pass\nf = L()\nclass C:\n g = []\n"
    editions = edited(a=(text, text)).editions()
    assert [n for n in ("a", "b", "c", "d", "e", "f", "C.g", "gone") if editions.is_container(("a", n))] == [
        "a",
        "b",
        "c",
        "C.g",
    ]


def test_what_is_plainly_stored_can_be_stored_twice(edited):
    """`container[constant] = …` and nothing else about it."""
    text = "t = {}\nt['k'] = 1\nt[len(t)] = 1\nt.update(k=1)\nx = t['k'] = 2\n"
    editions = edited(a=(text, text)).editions()
    assert [editions.plainly_stored(("a", (n,))) for n in range(1, 5)] == [{("a", "t")}, set(), set(), set()]


def test_statements_that_set_attributes_of_definitions(edited):
    """Rather than being a part of them."""
    text = "class C:\n x = 1\nC.x = 2\n"
    editions = edited(a=(text, text)).editions()
    assert [editions.is_set_from_outside(("a", "C.x"), ("a", path)) for path in ((0, 0), (1,))] == [False, True]


def test_modules_that_are_through_before_another(edited):
    """All that it asks for, directly or not, as it is imported."""
    editions = edited(c=("",) * 2, b=("import c\n",) * 2, a=("import b\ndef f(): import d\n",) * 2).editions()
    assert (editions.ahead("a"), editions.ahead("c")) == ({"b", "c"}, set())


def test_groups_in_order(edited):
    """Dependencies before dependents; a circle is one of them, and what is gone none."""
    editions = edited(
        c=("",) * 2, b=("import c\ndef f(): import a\n",) * 2, a=("import b\n",) * 2, d=("import a\n",) * 2
    ).editions()
    assert [group.modules for group in editions.in_order(["d", "a", "c", "b"])] == [("c",), ("b",), ("a",), ("d",)]
