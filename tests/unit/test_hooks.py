"""`keep`, `forget`, `on_dispose`: what modules ask for."""

from __future__ import annotations

import socket
import sys
import threading
from types import ModuleType

import pytest

import hotswap
from hotswap import UsageError, handover, hooks
from hotswap.asked import Table
from hotswap.handover import Packed, Parcel


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    """Each test begins with nothing kept, received or registered."""
    for name, value in (("_kept", {}), ("_locks", {}), ("_spare", {})):
        monkeypatch.setattr(hooks, name, value)
    monkeypatch.setattr(hooks, "disposers", Table())
    monkeypatch.setattr(handover, "received", Parcel())


@pytest.fixture
def module(monkeypatch):
    """A module whose statements can be run."""
    made = ModuleType("some_module")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    made.calls = []

    def run(source):
        exec(source, made.__dict__)

    made.run = run
    made.hotswap = hotswap
    return made


# ---------------------------------------------------------------------- keep


def test_it_is_made_once(module):
    """A statement that runs again gets the same object; the factory runs once."""
    module.run("made = []\nCONN = hotswap.keep('db', lambda: made.append(1) or object())")
    first = module.CONN
    module.run("CONN = hotswap.keep('db', lambda: made.append(1) or object())")
    assert (module.CONN is first, module.made) == (True, [1])


def test_none_is_kept_too():
    """A factory that returns None is not called again."""
    calls = []
    assert [hotswap.keep("nothing", lambda: calls.append(1)) for _ in range(2)] == [None, None]
    assert calls == [1]


def test_a_factory_that_raises_keeps_nothing():
    """What it raises comes out; the next call tries again."""
    with pytest.raises(ZeroDivisionError):
        hotswap.keep("key", lambda: 1 / 0)
    assert (hotswap.keep("key", lambda: 2), hooks.kept()) == (2, ("key",))


def test_a_factory_may_keep_other_things():
    """Keys may be made from within a factory."""
    assert hotswap.keep("outer", lambda: [hotswap.keep("inner", lambda: 1)]) == [1]


def test_threads_get_one_object():
    """Threads that ask at the same time wait for one factory."""
    begun, go, got = threading.Event(), threading.Event(), []

    def factory():
        begun.set()
        assert go.wait(20)
        return object()

    threads = [threading.Thread(target=lambda: got.append(hotswap.keep("key", factory))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert begun.wait(20)
    go.set()
    for thread in threads:
        thread.join(20)
    assert len(got) == 4
    assert len({id(one) for one in got}) == 1


@pytest.mark.parametrize("key", [None, 1, ("a", "b"), b"db"])
def test_the_key_is_a_name(key):
    """A key that is no str could not be named in a report."""
    with pytest.raises(UsageError, match="has to be a str"):
        hotswap.keep(key, list)


def test_forgotten_it_is_made_anew():
    """`forget` has the next `keep` make another one; a key that is not kept is no mistake."""
    first = hotswap.keep("key", list)
    hotswap.forget("key")
    hotswap.forget("never heard of")
    assert hotswap.keep("key", list) is not first


def test_what_was_received_is_taken_once():
    """The value that a predecessor handed over is made from its pickle; after `forget` the factory is asked."""
    handover.received.values["key"] = handover.pack([1, 2])
    assert hotswap.keep("key", list) == [1, 2]
    hotswap.forget("key")
    assert hotswap.keep("key", list) == []


def test_what_was_received_broken_is_made_anew(capsys):
    """The reason is told, in one line."""
    handover.received.values["key"] = Packed(b"no pickle")
    assert hotswap.keep("key", lambda: "new") == "new"
    assert capsys.readouterr().err.startswith(
        "hotswap: keep('key') is made anew, it did not come through the restart: "
    )


def test_what_would_be_lost_is_known_beforehand():
    """The keys that do not pickle, and why; nothing is left open by looking."""
    hotswap.keep("fine", lambda: {"a": socket.socket()})["a"].close()
    hotswap.keep("lock", threading.Lock)
    hotswap.keep("good", list)
    assert hooks.unpicklable() == {
        "fine": "PicklingError: a socket in it is closed",
        "lock": "TypeError: cannot pickle '_thread.lock' object",
    }


def test_a_socket_that_the_program_closes_on_its_way_out_stays_open():
    """`secure()` before, `pack()` after: the connection is in the parcel although the object was closed in between."""
    ours, theirs = hotswap.keep("pair", socket.socketpair)
    hooks.secure()
    ours.close()
    parcel = Parcel()
    hooks.pack(parcel)
    theirs.close()
    again, other = handover.unpack(parcel.values["pair"])
    with again, other:
        again.send(b"x")
        assert other.recv(1) == b"x"
    for _, fd in hooks._spare.values():
        handover.Packed(b"", (fd,)).close()


def test_a_dict_that_changes_while_it_is_packed_is_tried_again():
    """A thread that still runs may change what is being pickled."""

    class Restless:
        tries = 0

        def __reduce__(self):
            Restless.tries += 1
            if Restless.tries < 3:
                raise RuntimeError("dictionary changed size during iteration")
            return list, ()

    hotswap.keep("restless", Restless)
    parcel = Parcel()
    hooks.pack(parcel)
    assert handover.unpack(parcel.values["restless"]) == []


def test_what_was_not_asked_for_is_packed_again(capsys):
    """It goes on to the next process untouched; what cannot be packed is told."""
    handover.received.values["later"] = packed = handover.pack(1)
    hotswap.keep("lock", threading.Lock)
    parcel = Parcel()
    hooks.pack(parcel)
    assert parcel.values == {"later": packed}
    assert "keep('lock') will be made anew, it does not pickle: TypeError" in capsys.readouterr().err


# ---------------------------------------------------------------------- on_dispose

TWO = """\
@hotswap.on_dispose
def first():
    calls.append("first")


@hotswap.on_dispose
def second():
    calls.append("second")
"""


def test_hooks_of_a_module_are_called_newest_first(module):
    """`dispose` calls those of the module named, each time it is asked."""
    module.run(TWO)
    assert hooks.dispose("another") == ()
    assert (hooks.dispose("some_module"), hooks.dispose("some_module")) == ((), ())
    assert module.calls == ["second", "first"] * 2


def test_defining_a_hook_again_replaces_it(module):
    """A statement that runs again does not register a second time; the new function is called."""
    module.run(TWO)
    module.run(TWO.replace('"first"', '"edited"'))
    hooks.dispose("some_module")
    assert module.calls == ["second", "edited"]


def test_a_hook_goes_with_its_definition(module):
    """One whose name left the module is called no more."""
    module.run(TWO)
    del module.second
    hooks.dispose("some_module")
    module.second = None
    hooks.dispose_all()
    assert module.calls == ["first", "first"]


def test_a_callable_made_at_run_time_is_called_once(module):
    """A bound method is registered by each run of its statement, once however often; equal ones are one."""
    module.run("class C:\n    def close(self):\n        calls.append('closed')\nc = C()")
    for _ in range(2):
        module.run("hotswap.on_dispose(c.close)")
    hooks.dispose("some_module")
    hooks.dispose("some_module")
    assert module.calls == ["closed"]


def test_all_are_called_newest_first_across_modules(module):
    """Before a restart the order is that of registration, backwards."""
    module.run(TWO)
    hotswap.on_dispose(lambda: module.calls.append("mine"))
    hooks.dispose_all()
    assert module.calls == ["mine", "second", "first"]


def test_a_hook_that_raises_breaks_nothing(module):
    """It is returned by name with its error; the others are called; SystemExit counts as an error too."""
    module.run(
        TWO
        + "\n\n@hotswap.on_dispose\ndef bad():\n    1 / 0\n\n\n@hotswap.on_dispose\ndef worse():\n    raise SystemExit(3)\n"
    )
    assert list(map(str, hooks.dispose("some_module"))) == [
        "some_module.worse raised SystemExit: 3",
        "some_module.bad raised ZeroDivisionError: division by zero",
    ]
    assert module.calls == ["second", "first"]


def test_the_function_is_returned_as_it_is():
    """The decorator changes nothing; what is not callable is refused."""

    def function():
        pass

    assert hotswap.on_dispose(function) is function
    with pytest.raises(UsageError, match="has to be callable"):
        hotswap.on_dispose("text")


def test_an_edit_of_what_made_it_keeps_it(program):
    """The statement runs again when the factory is edited, in a module that is watched; the object is the same."""
    first = "import hotswap\n\n\ndef connect():\n    return ['one']\n\n\nCONN = hotswap.keep('conn', connect)\nUSE = CONN[0]\n"
    a = program.load("a.py", first)
    conn = a.CONN
    assert (
        program.sync("a.py", first.replace("one", "two").replace("USE = CONN[0]", "USE = CONN[0] * 2")).kind
        == "swapped"
    )
    assert (a.CONN is conn, a.CONN, a.USE) == (True, ["one"], "oneone")
