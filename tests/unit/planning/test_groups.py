"""Modules that import each other in a circle, as one."""

from __future__ import annotations

import pytest

from hotswap.planning.editions import Editions
from hotswap.planning.groups import LOADED, circle_around, reachable, refine, strongly_connected

GRAPHS = [
    ({"a": ["b"], "b": ["c"], "c": []}, [["c"], ["b"], ["a"]]),
    ({"a": ["b"], "b": ["a"], "c": ["a"]}, [["a", "b"], ["c"]]),
    ({"a": ["a"]}, [["a"]]),
    ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["b"]}, [["b", "d"], ["c"], ["a"]]),
    ({}, []),
]


@pytest.mark.parametrize(("edges", "groups"), GRAPHS)
def test_circles_are_groups(edges, groups):
    """Strongly connected components, dependencies before dependents."""
    assert strongly_connected(list(edges), edges) == groups


def test_a_long_chain_is_no_recursion():
    """A deep graph does not exhaust the stack."""
    edges = {str(n): [str(n + 1)] for n in range(1200)} | {"1200": []}
    assert strongly_connected(list(edges), edges)[0] == ["1200"]


EDGES = {"a": {"b"}, "b": {"a", "c"}, "c": {"d"}, "d": {"c"}, "e": {"a"}}


@pytest.mark.parametrize(("start", "expected"), [("a", {"a", "b"}), ("c", {"c", "d"}), ("e", {"e"})])
def test_the_circle_around_a_module(start, expected):
    """All that it imports, directly or not, and that imports it."""

    def importers(name):
        return {n for n, found in EDGES.items() if name in found}

    assert circle_around(start, importers, lambda n: frozenset(EDGES[n])) == expected


def test_what_can_be_reached():
    """Over any number of edges; the start only if a way leads back to it."""
    assert [reachable(n, lambda name: EDGES[name]) for n in ("a", "e")] == [{"a", "b", "c", "d"}, {"a", "b", "c", "d"}]


def test_a_closer_look_may_leave_a_smaller_circle():
    """The first edges were rather too many; only those that are really asked for count."""
    asked = {"a": {"b"}, "b": {"a"}, "c": {"a"}}
    assert [refine(n, {"a", "b", "c"}, lambda name: asked[name]) for n in ("a", "c")] == [("a", "b"), ("c",)]


@pytest.fixture
def editions(program):
    rounds = program.reloader._rounds
    return lambda: Editions({}, rounds.graph, rounds._is_plain, set())


def test_a_module_alone_is_its_own_group(program, editions):
    """Its schedule is its text."""
    program.load("a.py", "x = 1\ny = x\n")
    group = editions().group("a")
    assert (group.modules, list(group.new.order)) == (("a",), [("a", (0,)), ("a", (1,))])


def test_a_circle_is_scheduled_as_it_is_imported(program, editions):
    """The statements of one module stand in the middle of the other's, with the moment at which each was through."""
    program.write("b.py", "import a\ny = a.x\n")
    program.load("a.py", "x = 1\nimport b\nz = b.y\n")
    group = editions().group("b")
    order = ["a0", "b0", "b1", "bend", "a1", "a2", "aend"]
    told = [f"{m}{'end' if path == LOADED else path[0]}" for m, path in group.new.order]
    assert (group.modules, told) == (("a", "b"), order)


def test_a_circle_that_began_elsewhere(program, editions):
    """The order in which modules were asked for is known, or told from what cannot have been."""
    program.write("b.py", "import a\ny = 1\n")
    program.write("a.py", "import b\nx = 1\n")
    program.import_("b")
    assert editions().group("a").modules == ("b", "a")


def test_nobody_tracks_what_is_foreign(editions):
    """It has no group."""
    assert editions().group("json") is None


@pytest.fixture
def edited(program):
    """The group of module `a` before and after an edit."""

    def load(old, new):
        program.load("a.py", old)
        program.write("a.py", new)
        rounds = program.reloader._rounds
        changes = rounds.changes([str(program.folder / "a.py")])
        edits = {e.module: e for e in rounds._edits(changes)}
        group = Editions(edits, rounds.graph, rounds._is_plain, set()).group("a")
        assert group is not None
        return group

    return load


def test_restless_names_get_their_value_elsewhere(edited):
    """Other statements bind or fill them than before, or in another order."""
    group = edited("x = 1\ny = 1\nz = []\nz.append(1)\nw = 1\n", "x = 1\nx = 2\nz = []\nz.append(2)\nw = 2\n")
    assert {name for _, name in group.restless()} == {"x", "y", "z"}


@pytest.mark.parametrize(
    ("new", "expected"), [("x = 1\nq = 0\ny = 1\n", True), ("y = 1\nx = 1\n", False), ("y = 1\n", True)]
)
def test_statements_in_the_same_order(edited, new, expected):
    """What was added or removed in between does not count."""
    assert edited("x = 1\ny = 1\n", new).is_in_order is expected


def test_a_name_holds_what_its_statement_left(edited):
    """If that statement was the last about it before the edit, and stays one that may be."""
    group = edited("x = 1\nx = 2\ny = 1\n", "x = 1\nx = 2\ny = 3\nz = 4\n")
    held = [group.holds_now(("a", name), ("a", (at,))) for name, at in (("x", 0), ("x", 1), ("y", 2), ("z", 3))]
    assert held == [False, True, True, False]


def test_a_definition_goes_over_to_the_one_that_is_last_now(edited):
    """Then the first no longer holds it."""
    group = edited("def f(): return 1\n", "def f(): return 1\ndef f(n): return 2\n")
    assert group.holds_now(("a", "f"), ("a", (0,))) is False
