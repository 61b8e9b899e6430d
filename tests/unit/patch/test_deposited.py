"""Taking back what a statement had put into containers, and only that."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from dataclasses import replace

import pytest

from hotswap.deposits import Look
from hotswap.journal import Journal
from hotswap.patch.deposited import Deposited, move_added


def is_ours(module):
    return module == __name__


class Box:
    """Of the program."""


def taken_back(root, statement, program=lambda _: None, **options):
    """Let a statement change something, and the program after it; take back what the statement did."""
    look = Look(is_ours)
    look.at([root], **options)
    statement(root)
    deposits = look.deposits()
    program(root)
    found = Deposited(Journal())
    found.take_back(deposits, [root], {__name__})
    return found


@pytest.mark.parametrize(
    ("root", "statement", "program", "left"),
    [
        ([1], lambda x: x.append(2), lambda x: x.append(3), [1, 3]),
        ([1, 2], lambda x: x.remove(1), lambda x: x.append(3), [1, 2, 3]),
        ({"a": 1}, lambda x: x.update(b=2, c=3), lambda x: x.update(c=4, d=5), {"a": 1, "c": 4, "d": 5}),
        ({"a": 1}, lambda x: x.update(a=2), lambda _: None, {"a": 1}),
        ({"a": 1}, lambda x: x.pop("a"), lambda _: None, {"a": 1}),
        ({"a": 1}, lambda x: x.pop("a"), lambda x: x.update(a=2), {"a": 2}),
        ({1}, lambda x: x.add(2), lambda x: x.add(3), {1, 3}),
        (OrderedDict(), lambda x: x.update(a=1, b=2), lambda x: x.move_to_end("a"), OrderedDict()),
        (defaultdict(list), lambda x: x["k"].append(1), lambda _: None, {}),
        (defaultdict(list), lambda x: x["k"].append(1), lambda x: x["k"].append(2), {"k": [2]}),
        ([], lambda x: x.append([1]), lambda x: x[0].append(2), []),
    ],
)
def test_what_others_put_there_stays(root, statement, program, left):
    """Also within containers that came with an entry."""
    taken_back(root, statement, program)
    assert root == left


def test_a_rollback_brings_all_back():
    """In the same order."""
    table = {"a": 1}
    found = taken_back(table, lambda x: x.update(b=2), lambda x: x.update(c=3))
    assert list(table) == ["a", "c"]
    found.journal.rollback()
    assert list(table) == ["a", "b", "c"]


def test_attributes():
    """Those that were set by name; a number that others have counted on makes it unclear."""
    box, other = Box(), Box()
    taken_back(box, lambda x: setattr(x, "debug", True), lambda x: setattr(x, "run", 1), sets=True)
    other.count = 0
    found = taken_back(other, lambda x: setattr(x, "count", 1), lambda x: setattr(x, "count", 5))
    assert (vars(box), vars(other), found.is_unclear) == ({"run": 1}, {"count": 5}, True)


def test_what_is_added_goes_where_it_was_taken_out():
    """Unless something else has changed there."""
    table = {"a": 1}
    found = taken_back(table, lambda x: x.update(b=2), lambda x: x.update(c=3))
    table["b2"] = 2
    found.close_gap(table)
    assert list(table) == ["a", "b2", "c"]
    entries = [3, 1, 2]
    move_added(entries, [1, 2], 0, Journal())
    assert entries == [3, 1, 2]


def test_a_container_with_the_identity_of_one_that_is_gone_is_left_alone():
    """Lists and dictionaries are told by who holds them; what can be referred to weakly by itself."""
    box = Box()
    box.items, box.table, box.names, box.others = [], {}, set(), {"in": ["a"]}
    look = Look(is_ours)
    look.at([box])
    box.items.append("a")
    box.table["k"] = "a"
    box.names.add("a")
    deposits = {each.kind: each for each in look.deposits()}
    box.more, box.list, box.set = {"k": "a"}, ["a"], {"a"}
    for kind, place in [("items", box.list), ("keys", box.more), ("members", box.set), ("items", box.others["in"])]:
        found = Deposited(Journal())
        found.take_back([replace(deposits[kind], target=id(place))], [box], {__name__})
        assert (found.handled, len(place)) == (set(), 1)
    found = Deposited(Journal())
    found.take_back(deposits.values(), [box], {__name__})
    assert (box.items, box.table, box.names) == ([], {}, set())
