"""Which of several classes made anew is which of those of before."""

from __future__ import annotations

from hotswap.patch.alike import Pair, matched


def classes(**given):
    """Classes of one name, each with attributes of its own."""
    return [type("C", (), dict(zip(given, values, strict=True))) for values in zip(*given.values(), strict=True)]


def test_one_for_one_needs_nothing_in_common():
    """A single class of before is the single one of now, whatever was edited."""
    (old,), (new,) = classes(tag="a"), classes(tag="b")
    assert matched([old], [new]).pairs == [Pair(old, new)]


def test_plain_values_tell_more_than_the_order():
    """Classes in another order, with one more between them, find their own."""
    (a, b), (c, b2, a2) = classes(tag="ab"), classes(tag="cba")
    assert matched([a, b], [c, b2, a2]).pairs == [Pair(a, a2), Pair(b, b2)]


def test_values_that_all_have_in_common_do_not_count():
    """An attribute that is edited in all of them keeps nobody from finding its own."""
    (a, b), (b2, a2) = classes(tag="ab", size=[1, 1]), classes(tag="ba", size=[2, 2])
    assert matched([a, b], [b2, a2]).pairs == [Pair(a, a2), Pair(b, b2)]


def test_variables_of_methods_tell_classes_apart():
    """What a factory was called with stands in the closures of methods."""

    def make(tag):
        return type("C", (), {"go": lambda _: tag})

    a, b, b2, a2 = map(make, "abba")
    assert matched([a, b], [b2, a2]).pairs == [Pair(a, a2), Pair(b, b2)]


def test_as_many_that_nothing_tells_apart_go_by_their_order():
    """Also where the value that told them apart was edited in all of them."""
    (a, b), (a2, b2) = classes(tag="ab"), classes(tag="AB")
    assert matched([a, b], [a2, b2]).pairs == [Pair(a, a2), Pair(b, b2)]


def test_more_that_nothing_tells_apart_stay_open():
    """Nobody knows which of the three are the two of before."""
    olds = classes(size=[1, 1])
    assert matched(olds, classes(size=[1, 1, 1])).open == olds


def test_one_that_agrees_with_two_stays_open():
    """Two of before that are alike, and one of now that is like both."""
    a, a2, b = classes(tag="aab")
    (new,) = classes(tag="a")
    told = matched([a, a2, b], [new])
    assert (told.pairs, told.open) == ([], [a, a2])
