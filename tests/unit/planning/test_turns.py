"""In which order modules, and the statements in them, have their turn."""

from __future__ import annotations

import pytest


@pytest.fixture
def editions(edited):
    """Of `a`, which imports `b` between two statements, and `b`, which imports `c` so; `d` imports nothing of these."""
    texts = {"a": "x = 1\nimport b\ny = 1\n", "b": "x = 1\nimport c\ny = 1\n", "c": "x = 1\n", "d": "x = 1\n"}
    return edited(**{name: (text, text) for name, text in texts.items()}).editions()


def told(places):
    return " ".join(f"{module}{path[0]}" for module, path in places)


def test_statements_before_an_import_come_before_the_module(editions):
    """Those behind it come after it; all of that also by way of other modules."""
    one, two = ("a", (0,)), ("a", (2,))
    assert [editions.comes_first(one, (m, (0,))) for m in "bcd"] == [True, True, True]
    assert [editions.comes_first(two, (m, (0,))) for m in "bcd"] == [False, False, True]
    assert [editions.comes_first((m, (0,)), two) for m in "bcd"] == [True, True, False]


def test_a_schedule_goes_into_modules_where_they_are_imported(editions):
    """As far as there is something to do before that."""
    everything = [(m, (n,)) for m in "abcd" for n in range(3) if n == 0 or m in "ab"]
    assert told(editions.schedule(everything)) == "a0 b0 c0 b1 b2 a1 a2 d0"
    assert told(editions.schedule([("a", (2,)), ("b", (2,)), ("c", (0,))])) == "c0 b2 a2"
    assert told(editions.schedule([("a", (0,)), ("c", (0,))])) == "a0 c0"


def test_a_module_that_was_loaded_before_by_another_one(edited):
    """The import in the middle does nothing then."""
    texts = {"b": "x = 1\n", "a": "x = 1\nimport b\n"}
    found = edited(**{name: (text, text) for name, text in texts.items()}).editions()
    assert found.comes_first(("b", (0,)), ("a", (0,)))
    assert told(found.schedule([("a", (0,)), ("b", (0,))])) == "b0 a0"


def test_an_import_that_moves_gives_a_module_another_turn(edited):
    """Both ways are told: as the sources were, and as they are."""
    found = edited(a=("x = 1\nimport b\n", "import b\nx = 1\n"), b=("x = 1\n", "x = 1\n")).editions()
    mine, other = found.group("a"), found.group("b")
    assert found.moved(mine) == [other]
    assert (found.was_through_at(other, ("a", (0,))), found.is_through_at(other, ("a", (1,)))) == (False, True)
