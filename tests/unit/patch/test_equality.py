"""Whether a value that was made anew is the same for everybody as the one of before."""

from __future__ import annotations

import pytest

from hotswap.patch.equality import Parts, same_value

ROW: list = [0]
SAME = {
    "numbers": (1, 1),
    "nested": ({"a": [1, (2, "x")]}, {"a": [1, (2, "x")]}),
    "sets": ({1, 2}, {2, 1}),
    "the same part": ((ROW, 1), (ROW, 1)),
}
OTHER = {
    "another type": (1, True),
    "another type in a set": ({1.0}, {True}),
    "another type of key": ({1: 0}, {True: 0}),
    "another order": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "parts that were one object": ([ROW, ROW], [[0], [0]]),
    "a part that another one has now": ([[0], [0]], [ROW, ROW]),
    "objects of which nobody knows": (object(), object()),
}


@pytest.mark.parametrize("name", SAME)
def test_equal_plain_data_is_the_same(name):
    """Values of equal types and structure may stand for each other."""
    assert same_value(*SAME[name])


@pytest.mark.parametrize("name", OTHER)
def test_what_somebody_could_tell_apart_is_another_value(name):
    """Types, order, and which parts are one object make a difference."""
    assert not same_value(*OTHER[name])


def test_the_parts_that_can_be_changed_are_told():
    """Lists, dictionaries and sets are paired; tuples and atoms are not."""
    old, new, parts = [(1, {2})], [(1, {2})], Parts()
    assert same_value(old, new, parts)
    assert parts.new_of == {id(old): id(new), id(old[0][1]): id(new[0][1])}
