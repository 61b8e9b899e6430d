"""What one statement did to objects of libraries is taken back, and nothing else."""

from collections import OrderedDict, UserDict, UserList, deque
from weakref import WeakSet, WeakValueDictionary

import pytest

from hotswap.journal import Journal
from hotswap.patch.foreign import DEEPEST, LARGEST, Foreign, merged


class Index:
    def __init__(self, *modules):
        self.modules = dict.fromkeys(modules)


@pytest.fixture
def journal():
    return Journal()


@pytest.fixture
def foreign(journal):
    return Foreign(journal, Index(), set())


class Slotted:
    __slots__ = ("empty", "full")

    def __init__(self, **slots):
        for name, value in slots.items():
            setattr(self, name, value)


class Loud(dict):
    """A dictionary that must not be asked anything."""

    def __getitem__(self, key):
        raise AssertionError(key)

    __setitem__ = __iter__ = __len__ = keys = items = copy = update = __getitem__


def test_a_dictionary_within_an_instance_is_put_back(journal, foreign):
    """Keys that came go, keys that went come back, in their order."""
    config = UserDict(a=1, b=2)
    with foreign.watched([config]):
        del config["a"]
        config["b"] = 3
        config["c"] = 4
    journal.rollback()
    assert list(config.items()) == [("a", 1), ("b", 2)]


def test_what_others_changed_since_stays(journal, foreign):
    """Only what the statement itself did is taken back."""
    config = UserDict(a=1)
    with foreign.watched([config]):
        config["a"] = 2
        config["b"] = 2
        config["c"] = 2
    config["a"] = "theirs"
    config["d"] = "theirs"
    del config["c"]
    journal.rollback()
    assert config == {"a": "theirs", "d": "theirs"}


def test_a_statement_that_raises_is_taken_back_too(journal, foreign):
    """It may have done half of its work."""
    items = UserList([1])

    def fail():
        items.append(2)
        raise ValueError

    with pytest.raises(ValueError), foreign.watched([items]):  # noqa: PT011
        fail()
    journal.rollback()
    assert items == [1]


def test_nothing_is_noted_of_what_stays_as_it_is(journal, foreign):
    """A container that is equal, and holds the same objects, needs no undo."""
    with foreign.watched([UserDict(a=[1]), UserList([2]), {1}, deque([3])]):
        pass
    assert len(journal) == 0


@pytest.mark.parametrize(
    ("container", "change"),
    [
        (OrderedDict(a=1, b=2), lambda c: c.move_to_end("a")),
        (deque([1, 2], maxlen=2), lambda c: c.append(3)),
        (bytearray(b"ab"), lambda c: c.extend(b"c")),
        ({1, 2}, lambda c: (c.add(3), c.discard(1))),
        ([1, 2, 3], lambda c: c.sort(reverse=True)),
        (UserList([3, 1, 2]), lambda c: c.insert(0, 0)),
    ],
    ids=lambda c: type(c).__name__,
)
def test_each_kind_of_container(journal, foreign, container, change):
    """Exactly what it was, order included."""
    before = list(container)
    with foreign.watched([container]):
        change(container)
    assert list(container) != before
    journal.rollback()
    assert list(container) == before


def test_no_code_of_the_container_runs(journal, foreign):
    """A subclass may do anything when it is asked."""
    loud = Loud()
    dict.update(loud, a=1)
    with foreign.watched([loud]):
        dict.update(loud, b=2)
    journal.rollback()
    assert list(dict.items(loud)) == [("a", 1)]


def test_slots(journal, foreign):
    """Slots are attributes like others."""
    thing = Slotted(full=1)
    with foreign.watched([thing]):
        thing.full, thing.empty = 2, 3
    journal.rollback()
    assert thing.full == 1
    assert not hasattr(thing, "empty")


def test_weak_containers(journal, foreign):
    """They are followed by way of their attributes; what is gone for good does not come back."""

    class Thing:
        pass

    kept, lost, new = Thing(), Thing(), Thing()
    things, named = WeakSet([kept, lost]), WeakValueDictionary(kept=kept, lost=lost)
    with foreign.watched([things, named]):
        things.add(new)
        named["new"] = new
        del lost
    journal.rollback()
    assert set(things) == {kept}
    assert list(named.data) == ["kept"]


def test_threads_and_event_loops_are_left_alone(foreign):
    """What mirrors who waits for what must not be put back."""
    import queue

    jobs = queue.Queue()
    looked_at = [container for container, _ in foreign.within_reach([jobs])]
    assert any(container is jobs.queue for container in looked_at)
    assert not any(container is jobs.not_empty._waiters for container in looked_at)


def test_what_is_remembered_in_another_way_is_left_out(journal):
    """The module's own containers are put back by their snapshot."""
    mine = [1]
    foreign = Foreign(journal, Index(), {id(mine)})
    with foreign.watched([mine]):
        mine.append(2)
    assert len(journal) == 0


def test_large_containers_are_left_alone(journal, foreign):
    """Neither copied nor looked into."""
    large = list(range(LARGEST + 1))
    with foreign.watched([large]):
        large.append(0)
    assert len(journal) == 0


def test_it_is_told_whether_all_was_seen(foreign):
    """Objects may go round in circles, but not on and on."""
    circle = UserList()
    circle.append(circle)
    list(foreign.within_reach([circle]))
    assert foreign.saw_all
    deep = UserList()
    for _ in range(DEEPEST):
        deep = UserList([deep])
    list(foreign.within_reach([deep]))
    assert not foreign.saw_all


def test_methods_and_functions_of_the_program_lead_further(journal):
    """What a decorator of the program closes over is within reach; what one of a library does is not."""
    items = UserList()

    def register(value):
        items.append(value)

    for index, size in ((Index(), 1), (Index(__name__), 0)):
        items.clear()
        with Foreign(journal, index, set()).watched([register]):
            register(1)
        journal.rollback()
        assert len(items) == size
    with Foreign(journal, Index(), set()).watched([items.append]):
        register(1)
    journal.rollback()
    assert items == []


def test_the_copies_are_kept_for_the_rollback(journal, foreign):
    """Nobody may put other objects into them."""
    items = UserList([1])
    with foreign.watched([items]):
        items.append(2)
    ((_, container, before, after),) = [tuple(undo) for undo in journal._undo]
    assert journal.keeps(before)
    assert journal.keeps(after)
    assert not journal.keeps(container)


def test_a_list_that_others_changed():
    """What was added goes where it is now, and what was lost comes back near to where it was."""
    a, b, c, d, e = (object() for _ in range(5))
    assert merged([a, b], [a, c], [e, a, c, d]) == [e, b, a, d]
    assert merged([a], [a, a], [a, a, e]) == [a, e]
