"""Every write has an undo, and staged writes happen all at once or not at all."""

from __future__ import annotations

import sys
import threading
from collections import deque

import pytest

from hotswap.containers import at_once
from hotswap.journal import MISSING, Journal, own_attribute
from tests.unit.classes import failing_at


class Base:
    inherited = 1


class Thing(Base):
    def __init__(self):
        self.x = 1


def test_a_new_attribute_is_gone_after_rollback():
    """An attribute that was not there is deleted again."""
    thing, journal = Thing(), Journal()
    journal.set_attribute(thing, "y", 2)
    assert thing.y == 2
    journal.rollback()
    assert vars(thing) == {"x": 1}


def test_an_attribute_of_an_object_comes_back():
    """A rebound or deleted attribute holds the very same value again."""
    thing, journal = Thing(), Journal()
    before = thing.x = object()
    journal.set_attribute(thing, "x", 2)
    journal.delete_attribute(thing, "x")
    assert vars(thing) == {}
    journal.rollback()
    assert thing.x is before


def test_an_inherited_attribute_is_not_made_the_classs_own():
    """Overriding and undoing leaves the class inheriting, as before."""
    journal = Journal()
    journal.set_attribute(Thing, "inherited", 2)
    assert Thing.inherited == 2
    journal.rollback()
    assert "inherited" not in vars(Thing)


def test_deleting_what_is_only_inherited_does_nothing():
    """What a class does not hold itself cannot be deleted from it, and the base keeps it."""
    journal = Journal()
    journal.delete_attribute(Thing, "inherited")
    assert (len(journal), Thing.inherited) == (0, 1)


def test_a_classs_own_setattr_is_passed_by():
    """Writes go past `__setattr__` of objects and of metaclasses: they are hotswap's, not the program's."""

    class Strict(type):
        def __setattr__(cls, name, value):
            raise AttributeError(name)

    class Sealed(metaclass=Strict):
        __setattr__ = None

    sealed, journal = Sealed(), Journal()
    journal.set_attribute(Sealed, "a", 1)
    journal.set_attribute(sealed, "b", 2)
    assert (Sealed.a, sealed.b) == (1, 2)
    journal.rollback()
    assert not hasattr(Sealed, "a") and not hasattr(sealed, "b")


def test_the_bases_and_names_of_a_class_come_back():
    """`__bases__`, `__name__` and `__qualname__` live in the type's slots; they are undone as well."""

    class Other:
        pass

    class Mine(Base):
        pass

    journal, before = Journal(), (Mine.__bases__, Mine.__name__, Mine.__qualname__)
    for name, value in (("__bases__", (Other, Base)), ("__name__", "N"), ("__qualname__", "Q")):
        journal.set_attribute(Mine, name, value)
    assert (Mine.__mro__[1], Mine.__name__, Mine.__qualname__) == (Other, "N", "Q")
    journal.rollback()
    assert (Mine.__bases__, Mine.__name__, Mine.__qualname__) == before


def test_keys_of_dictionaries_come_back():
    """Set, added and deleted keys are as they were."""
    space, journal = {"a": 1, "b": 2}, Journal()
    journal.set_item(space, "a", 10)
    journal.set_item(space, "c", 3)
    journal.delete_item(space, "b")
    journal.delete_item(space, "none such")
    assert space == {"a": 10, "c": 3}
    journal.rollback()
    assert space == {"a": 1, "b": 2}


@pytest.mark.parametrize("before", [[1, 2], {1: 2, 3: 4}, {1, 2}, deque([1, 2], maxlen=2), bytearray(b"ab")])
def test_a_remembered_container_gets_its_content_back_in_place(before):
    """What the program itself wrote into a container is undone, and the container stays the same object."""
    container, journal = before.copy(), Journal()
    journal.remember(container)
    container.clear()
    journal.rollback()
    assert container == before
    assert type(container) is type(before)


def test_the_order_of_a_remembered_dictionary_comes_back():
    """Order is content: a key that went and came does not stand at the end."""
    space, journal = {"a": 1, "b": 2}, Journal()
    journal.remember(space)
    space["a"] = space.pop("a")
    journal.rollback()
    assert list(space) == ["a", "b"]


def test_undo_runs_newest_first():
    """Writes are unwound in reverse, so each undo finds the state that it left."""
    seen: list[int] = []
    journal = Journal()
    for number in range(3):
        journal.on_rollback(seen.append, number)
    journal.rollback()
    assert (seen, len(journal)) == ([2, 1, 0], 0)


def test_an_undo_that_raises_does_not_stop_the_others():
    """All other writes are taken back, and what went wrong is returned."""
    space, journal = {"a": 1}, Journal()
    journal.set_item(space, "a", 2)
    journal.on_rollback(divmod, 1, 0)
    faults = journal.rollback()
    assert (space, [type(f) for f in faults]) == ({"a": 1}, [ZeroDivisionError])


def test_the_undo_of_a_write_that_fails_is_harmless():
    """The undo is registered before the write; taking back a write that raised leaves things as they were."""
    journal = Journal()
    with pytest.raises(AttributeError):
        journal.set_attribute(object(), "x", 1)
    assert journal.rollback() == []


def test_a_closed_journal_takes_nothing_back():
    """After the commit a rollback is a no-op."""
    space, journal = {"a": 1}, Journal()
    journal.set_item(space, "a", 2)
    journal.close()
    journal.rollback()
    assert space == {"a": 2}


def test_staged_writes_happen_at_the_end_of_the_block():
    """Within the block nothing is written yet; at its end all of it is, and it can still be undone."""
    space, journal = {"a": 1}, Journal()
    with journal.staged():
        journal.set_item(space, "a", 2)
        journal.set_item(space, "b", 3)
        assert space == {"a": 1}
    assert space == {"a": 2, "b": 3}
    journal.rollback()
    assert space == {"a": 1}


def test_a_block_that_raises_writes_nothing():
    """An exception in the block throws the collected writes away."""
    space, journal = {"a": 1}, Journal()

    def write_and_fail():
        with journal.staged():
            journal.set_item(space, "a", 2)
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    assert (space, len(journal)) == ({"a": 1}, 0)


def test_a_staged_write_that_raises_leaves_the_others_to_the_rollback():
    """When the commit itself fails half way, what was written can be taken back."""
    space, journal = {"a": 1}, Journal()

    def write():
        with journal.staged():
            journal.set_item(space, "a", 2)
            journal.call((divmod, 1, 0), (len, ()))
            journal.set_item(space, "b", 3)

    with pytest.raises(ZeroDivisionError):
        write()
    journal.rollback()
    assert space == {"a": 1}


def test_blocks_within_blocks_are_one():
    """Only the outermost block commits."""
    space, journal = {}, Journal()
    with journal.staged():
        with journal.staged():
            journal.set_item(space, "a", 1)
        assert space == {}
    assert space == {"a": 1}


def test_the_seam_for_tests_comes_before_write_and_undo():
    """A write that the seam refuses leaves no trace in the journal either."""
    space, journal = {}, Journal()
    journal.before_write = failing_at(2)
    journal.set_item(space, "a", 1)
    with pytest.raises(OSError, match="2"):
        journal.set_item(space, "b", 1)
    assert (space, len(journal)) == ({"a": 1}, 1)


def test_no_thread_sees_the_state_between_two_writes_of_a_commit():
    """`at_once` carries writes out in one stretch: a busy reader sees old or new, never a mixture."""
    pair, mixed, done = [0, 0], [], threading.Event()

    def read():
        while not done.is_set():
            one = pair[:]  # one bytecode, one C call
            if one[0] != one[1]:
                mixed.append(one)

    reader = threading.Thread(target=read)
    often, before = 1e-6, sys.getswitchinterval()
    sys.setswitchinterval(often)
    reader.start()
    for number in range(5000):
        at_once([(pair.__setitem__, 0, number), (pair.__setitem__, 1, number)])
    sys.setswitchinterval(before)
    done.set()
    reader.join(10)
    assert mixed == []


def test_missing_is_never_an_attribute():
    """`own_attribute` tells what an object holds itself from what its class has."""
    assert own_attribute(Thing, "inherited") is MISSING
    assert own_attribute(Base, "inherited") == 1
    assert own_attribute(Thing, "__bases__") == (Base,)


def test_what_was_deferred_is_seen_to_from_behind():
    """Each thing once, by the first call that was noted for it."""
    journal, seen, one, two = Journal(), [], object(), object()
    for thing, number in ((one, 1), (two, 2), (one, 3)):
        journal.defer(thing, (seen.append, number))
    journal.settle()
    assert seen == [2, 1]


def test_what_was_seen_to_is_deferred_no_more():
    """Somebody has done it in another way."""
    journal, seen, thing = Journal(), [], object()
    journal.defer(thing, (seen.append, 1))
    journal.seen_to(thing)
    journal.settle()
    assert seen == []


def test_a_dictionary_has_its_order_back_after_rollback():
    """What the program did to it is undone, and names that were put elsewhere."""
    journal, names = Journal(), {"a": 1, "b": 2}
    journal.remember(names)
    names["a"] = names.pop("a")
    journal.rollback()
    assert list(names) == ["a", "b"]
