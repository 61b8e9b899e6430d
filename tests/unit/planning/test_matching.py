"""Where each statement of a new source stood in the old one."""

from __future__ import annotations

from hotswap.diff import diff_sources
from hotswap.planning.matching import Matching
from hotswap.source import Source


def source(text):
    return Source("/prog/a.py", text.encode())


def matching(old, new):
    before, after = source(old), source(new)
    return Matching(before, after, diff_sources(before, after))


OLD = """
X = 1
def f(): return 1
class C:
    a = 1
    def m(self): return 1
    class D:
        b = 1
Y = 2
"""
NEW = """
Z = 0
def f(): return 2
class C:
    c = 1
    a = 2
    def m(self): return 1
    class D:
        b = 3
Y = 2
"""


def test_each_new_statement_with_its_origin_and_fate():
    """Members of classes, and of classes in them, have places of their own."""
    found = {path: (o.path, o.fate) for path, o in matching(OLD, NEW).origins.items()}
    assert found == {
        (0,): (None, "added"),
        (1,): ((1,), "body"),
        (2,): ((2,), "members"),
        (2, 0): (None, "added"),
        (2, 1): ((2, 0), "edited"),
        (2, 2): ((2, 1), "same"),
        (2, 3): ((2, 2), "members"),
        (2, 3, 0): ((2, 2, 0), "edited"),
        (3,): ((3,), "same"),
    }


def test_the_removed_ones_are_listed():
    """Also those of a class that is still there."""
    assert matching("X = 1\nclass C:\n a = 1\n b = 2\n", "class C:\n b = 2\n").removed == [(1, 0), (0,)]


def test_both_directions_agree():
    """From old to new and back; None when a statement is only in one of them."""
    found = matching(OLD, NEW)
    assert [found.new(path) for path in ((0,), (1,), (2, 0), (2, 2, 0), (3,))] == [None, (1,), (2, 1), (2, 3, 0), (3,)]
    assert [found.old(path) for path in ((0,), (1,), (2, 0), (2, 3, 0), (3,))] == [None, (1,), None, (2, 2, 0), (3,)]


def test_members_of_a_class_with_edited_bodies_keep_their_places():
    """Nothing in such a class was added or removed."""
    old, new = (f"class C:\n class D:\n  def m(self): return {n}\n" for n in (1, 2))
    assert {p: o.path == p for p, o in matching(old, new).origins.items()} == dict.fromkeys(
        [(0,), (0, 0), (0, 0, 0)], True
    )


def test_members_of_a_class_that_is_made_anew_are_added():
    """Its own line differs: nothing in it is known from before."""
    found = matching("class C: a = 1\n", "class C(Base): a = 1\n")
    assert (found.fate((0,)), found.fate((0, 0)), found.old((0, 0))) == ("edited", "added", None)


def test_without_a_difference_all_is_the_same():
    """Every place is its own origin, at any depth."""
    found = Matching(source(OLD), source(OLD))
    assert (found.old((2, 2, 0)), found.new((9,)), found.fate((2,)), found.removed) == ((2, 2, 0), (9,), "same", [])
