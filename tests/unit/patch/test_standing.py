"""Where classes stand: in containers, instances and classes."""

from __future__ import annotations

from functools import lru_cache, partial

from hotswap.patch.standing import Position, cached, classes_in


class Box:
    """An instance of the program."""

    def __init__(self, cls):
        self.cls = cls


def spots(value, cls):
    return [each.spot for each in classes_in(value, ("X",), {__name__}.__contains__) if each.cls is cls]


def test_keys_and_attributes_lead_to_a_class():
    """The way to it is told by names and keys."""
    assert spots({"a": [Box(int)]}, int) == [("X", (str, "a"), 0, "cls")]


def test_a_position_is_no_name():
    """What only has a place in a list, or is a key itself, is found in a series."""
    found = [each for each in classes_in([{Box: 1}], ("X",), {__name__}.__contains__) if each.cls is Box]
    assert [(each.has_order_only, each.series) for each in found] == [
        (True, ("X", Position, Position, __name__, "Box"))
    ]


def test_functions_and_partials_are_looked_into():
    """Variables of a closure, and what a partial was given."""

    def make(cls):
        return lambda: cls

    assert spots(partial(make(int)), int) == [("X", "its function", "cls")]


def test_an_instance_tells_of_its_class():
    """Where a table holds instances only."""
    assert spots({"a": Box(None)}, Box) == [("X", (str, "a"), "its class")]


def test_caches_of_both_kinds_are_known():
    """A cache with a limit refers to its answers itself, one without keeps them in a dictionary."""

    def make(name):
        return type(name, (), {})

    some, all_, neither = lru_cache(8)(make), lru_cache(None)(make), make("c")
    one, other = some("a"), all_("b")
    assert cached([one, other, neither]) == {id(one), id(other)}
