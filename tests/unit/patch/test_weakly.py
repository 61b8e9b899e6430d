"""Weak references to objects that were made anew are about the living ones then."""

from __future__ import annotations

from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary, ref

from hotswap.journal import Journal
from hotswap.patch.weakly import refer_to_living


class Thing:
    """Something that can be referred to."""


def test_references_and_the_ids_beside_them_are_those_of_the_living():
    """In lists, also in tuples within tuples; other numbers and references stay."""
    live, fresh, other = Thing(), Thing(), Thing()
    rest = (7, ref(other))
    receivers = [((id(fresh), 7), ref(fresh)), rest]
    refer_to_living([receivers], {id(fresh): (fresh, live)}, Journal())
    assert receivers == [((id(live), 7), ref(live)), rest]
    assert receivers[1] is rest


def test_weak_containers_hold_the_living():
    """They go on to forget it when it is gone, and the entry that comes last counts."""
    live, fresh = Thing(), Thing()
    keys, values, members = WeakKeyDictionary({live: 1, fresh: 2}), WeakValueDictionary(a=fresh), WeakSet([fresh])
    refer_to_living([keys.data, values.data, members.data], {id(fresh): (fresh, live)}, Journal())
    assert (dict(keys), dict(values), set(members)) == ({live: 2}, {"a": live}, {live})
    del live
    assert (len(keys), len(values), len(members)) == (0, 0, 0)


def test_it_is_taken_back():
    """The journal knows what was there."""
    live, fresh = Thing(), Thing()
    receivers, journal = [ref(fresh)], Journal()
    refer_to_living([receivers], {id(fresh): (fresh, live)}, journal)
    journal.rollback()
    assert receivers == [ref(fresh)]
