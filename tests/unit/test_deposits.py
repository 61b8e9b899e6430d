"""What a statement put into containers and objects, as a difference that keeps nothing alive."""

from __future__ import annotations

import gc
import weakref
from collections import OrderedDict, UserList, defaultdict
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import pytest

from hotswap.deposits import NOTHING, Look, Token
from hotswap.journal import MISSING
from hotswap.looking import is_a
from hotswap.targets import within


class Thing:
    """Of the program."""

    def __init__(self):
        self.items, self.count, self.conn = [], 0, None


class Record(NamedTuple):
    """A tuple with names."""

    name: str
    run: object


class Slotted:
    """The same with slots."""

    __slots__ = ("items",)

    def __init__(self):
        self.items = []


class Strict(dict):
    """A dictionary that is not to be asked."""

    def __len__(self):
        raise AssertionError("the program's own code ran")

    __iter__ = keys = items = values = copy = __contains__ = __len__


def is_ours(module):
    return module == __name__


def difference(root, change, **options):
    """What the look tells of a change: by kind, the keys with what is there now and what was there before."""
    look = Look(is_ours)
    look.at([root], **options)
    change(root)
    return {d.kind: [(e.key, e.after.thing(), e.before.thing()) for e in d.entries] for d in look.deposits()}


@pytest.mark.parametrize(
    ("root", "change", "expected"),
    [
        ([1], lambda x: x.append(2), {"items": [(None, 2, MISSING)]}),
        ([1, 2], lambda x: x.remove(1), {"items": [(0, MISSING, 1)]}),
        ([3, 1], lambda x: (x.append(2), x.sort()), {"items": [(None, 2, MISSING)]}),
        ({"a": 1}, lambda x: x.update(a=2, b=3), {"keys": [("a", 2, 1), ("b", 3, MISSING)]}),
        ({"a": 1}, lambda x: x.pop("a"), {"keys": [("a", MISSING, 1)]}),
        (OrderedDict(), lambda x: x.update(a=1), {"keys": [("a", 1, MISSING)]}),
        (Strict(a=1), lambda x: dict.__setitem__(x, "b", 2), {"keys": [("b", 2, MISSING)]}),
        ({1}, lambda x: x.add(2), {"members": [(None, 2, MISSING)]}),
        (Thing(), lambda x: x.items.append(1), {"items": [(None, 1, MISSING)]}),
        (Slotted(), lambda x: x.items.append(1), {"items": [(None, 1, MISSING)]}),
        (UserList(), lambda x: x.append(1), {"items": [(None, 1, MISSING)]}),
        (partial(max, []), lambda x: x.args[0].append(1), {"items": [(None, 1, MISSING)]}),
        ([[]], lambda x: x[0].append(1), {"items": [(None, 1, MISSING)]}),
        ({}, lambda _: None, {}),
    ],
)
def test_differences(root, change, expected):
    """What came, what went, what was there before; nothing of the program runs."""
    assert difference(root, change) == expected


def test_of_attributes_only_numbers_count_unless_they_are_set_by_name():
    """A method may keep a connection for itself."""

    def change(thing):
        thing.count, thing.conn = 1, "c"

    assert difference(Thing(), change) == {"attributes": [("count", 1, 0)]}
    assert difference(Thing(), change, sets=True) == {"attributes": [("count", 1, 0), ("conn", "c", None)]}


def test_a_class_is_a_target_when_its_attributes_may_be_set():
    """And what Python itself keeps there is none of it."""
    cls = type("Made", (), {"__module__": __name__})

    def change(cls):
        cls.limit, cls.__doc__ = 1, "d"

    assert (difference(cls, change), difference(cls, change, sets=True)) == ({}, {})
    assert difference(type("Made", (), {"__module__": __name__}), change, sets=True) == {
        "attributes": [("limit", 1, MISSING)]
    }


def test_a_container_that_came_along_tells_what_is_in_it():
    """Others may fill it on, unless somebody else has it: then it was there before."""
    table, known = defaultdict(list), [1]

    def change(table):
        table["new"].append(1)
        table["known"] = known

    look = Look(is_ours)
    look.at([table])
    change(table)
    entries = {e.key: e.within for d in look.deposits() for e in d.entries}
    assert entries["known"] is None
    assert [e.after.thing() for e in entries["new"].entries] == [1]


def test_nothing_is_kept_alive():
    """Neither the container nor what was put there."""
    look, thing, box = Look(is_ours), Thing(), []
    look.at([box])
    box.append(thing)
    (deposit,) = look.deposits()
    gone = weakref.ref(thing)
    del look, thing
    box.clear()
    gc.collect()
    assert (gone(), deposit.entries[0].after.thing()) == (None, MISSING)


def test_tokens():
    """Of plain values, of tuples, of what can be referred to weakly or not, of weak references."""
    thing, box = Thing(), []
    reference = weakref.ref(thing)
    for value in (1, "a", (1, thing), thing, box, reference, MISSING):
        assert Token.of(value).stands_for(value)
    others = [(1, 1.0), ((1, thing), (1, Thing())), (thing, Thing()), (box, [0]), (reference, weakref.ref(Thing))]
    assert not any(Token.of(one).stands_for(other) for one, other in others)
    assert Token.of(MISSING) is NOTHING


def test_a_token_goes_over_to_what_an_object_has_become():
    """Also within tuples, and for those that refer to it weakly."""
    old, new = Thing(), Thing()

    def twin(value):
        return new if value is old else value

    assert Token.of(old).translated(twin).stands_for(new)
    assert Token.of((1, old)).translated(twin).stands_for((1, new))
    assert Token.of(weakref.ref(old)).translated(twin).stands_for(weakref.ref(new))


def test_within_a_circle():
    """Each object is looked at once."""
    one, other = Thing(), Thing()
    one.conn, other.conn = other, one
    assert [t.value for t in within([one], is_ours, {}) if is_a(t.value, Thing)] == [one, other]


def test_what_was_seen_from_far_is_looked_at_again_from_near():
    """More is in reach of it then."""
    things = [Thing() for _ in range(8)]
    for one, other in pairwise(things):
        one.conn = other
    seen = {}
    far = [t.value for t in within(things[:1], is_ours, seen) if is_a(t.value, Thing)]
    near = [t.value for t in within(things[3:4], is_ours, seen) if is_a(t.value, Thing)]
    assert far == things[:4]
    assert near == things[3:7]


def test_named_tuples_are_told_by_their_parts():
    """They cannot be referred to weakly, and their identity may be that of another one later."""
    thing, other = Thing(), Thing()
    token = Token.of(Record("a", thing))
    assert token.stands_for(Record("a", thing)) and not token.stands_for(Record("a", other))
    assert not token.stands_for(("a", thing)) and token.thing() == Record("a", thing)
    assert type(token.translated(lambda value: other if value is thing else value).thing()) is Record


def test_a_variable_of_a_closure_that_gets_another_tuple():
    """What was added counts; what is not a collection may be what the function keeps."""

    def make():
        kept, count = (), 0

        def add(value):
            nonlocal kept, count
            kept, count = (*kept, value), count + 1

        return add

    add = make()
    look = Look(is_ours)
    look.at([add])
    add(1)
    (deposit,) = look.deposits()
    assert [e.after.thing() for e in deposit.entries[0].within.entries] == [1]


def test_what_comes_before_the_rest_of_a_list():
    """Is told apart from what comes behind; in an empty list nobody knows."""
    for box, change, expected in [
        ([1], lambda x: x.insert(0, 2), True),
        ([1], lambda x: x.append(2), False),
        ([], lambda x: x.insert(0, 2), False),
    ]:
        look = Look(is_ours)
        look.at([box])
        change(box)
        assert [deposit.ahead for deposit in look.deposits()] == [expected]
