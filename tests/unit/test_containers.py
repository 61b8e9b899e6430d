"""The content of containers, without running any code of a subclass, and without breaking it."""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from weakref import ref

import pytest

from hotswap.containers import content_of, drop, fill, items_of, keys_of, living, put, size_of, values_of


def raising(self, *_, **__):
    raise ZeroDivisionError


METHODS = dict.fromkeys(
    "__len__ __iter__ __getitem__ __setitem__ __delitem__ keys values items get pop copy clear update extend".split(),
    raising,
)
KINDS = {
    dict: {"b": 1, "a": 2},
    OrderedDict: {"b": 1, "a": 2},
    list: [2, 1],
    set: [1, 2],
    deque: [2, 1],
    bytearray: b"ba",
}


def of_a_subclass(kind, content):
    made = type(kind.__name__.title(), (kind,), METHODS)()
    fill(made, content)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_none_of_a_subclass_s_own_methods_runs(kind):
    """They are neither asked for the content nor called to exchange it."""
    made = of_a_subclass(kind, KINDS[kind])
    assert content_of(made) == KINDS[kind]
    assert size_of(made) == 2
    assert [*keys_of(made), *values_of(made)]


@pytest.mark.parametrize("kind", [Counter, defaultdict])
def test_dictionaries_of_other_kinds_stay_what_they_are(kind):
    """What they are besides a dictionary goes on working."""
    made = kind()
    fill(made, {"a": 1})
    drop(made, "missing")
    put(made, "b", 2)
    assert (type(made), dict(made)) == (kind, {"a": 1, "b": 2})


def test_an_ordered_dict_goes_on_working():
    """Its own list of keys and its entries agree, also when it has methods of its own."""
    made = of_a_subclass(OrderedDict, {"a": 1, "b": 2})
    put(made, "c", 3)
    drop(made, "a")
    OrderedDict.move_to_end(made, "b")
    assert items_of(made) == [("c", 3), ("b", 2)]
    assert dict.__len__(made) == 2


def test_an_array_has_its_numbers_back():
    """Its content are the bytes, whatever the type of its numbers."""
    numbers = array("d", [1.5, 2])
    before = content_of(numbers)
    numbers.append(3)
    fill(numbers, before)
    assert numbers == array("d", [1.5, 2])


def test_a_deque_keeps_its_limit():
    """It holds no more than it may."""
    made = deque([1], maxlen=2)
    fill(made, [1, 2, 3])
    assert (list(made), made.maxlen) == ([2, 3], 2)


def test_references_to_what_is_gone_are_no_content_of_weak_containers():
    """Neither as keys nor as values nor as entries."""
    short = Short()
    gone, kept = ref(short), ref(Short)
    content = {gone: 1, kept: 2, 3: gone}
    del short
    assert living(content) == {kept: 2}
    assert living([gone, kept]) == [kept]


class Short:
    """An instance of it is gone as soon as nobody holds it."""
