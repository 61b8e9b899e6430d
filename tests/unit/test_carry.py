"""The names of a session through a file: what pickles comes back, what does not is told, sharing is kept."""

from __future__ import annotations

import io
import sys
import threading
from types import ModuleType, SimpleNamespace

import pytest

from hotswap.integrations.carry import Lost, pack, together, unpack


def through_a_file(namespace, hidden=()):
    """The names on the other side, those that are lost here, and those that are lost there."""
    file = io.BytesIO()
    luggage = pack(namespace, hidden, file)
    arrived: dict[str, object] = {}
    back, lost = unpack(luggage, file, arrived)
    assert set(back) == set(arrived)
    return arrived, luggage.lost, lost


def test_values_modules_functions_and_classes_come_back():
    """Modules, functions and classes are found by their names, all else is made again."""
    namespace = {"x": [1, {"y": 2.5}], "sys": sys, "square": through_a_file, "cls": SimpleNamespace}
    assert through_a_file(namespace) == (namespace, (), [])


def test_names_of_the_shell_stay():
    """Those are made anew by every shell."""
    namespace = dict.fromkeys(
        ["_", "__", "_12", "_i", "_i3", "_ih", "_oh", "_dh", "In", "Out", "exit", "__name__", "mine", "_mine"], 1
    )
    assert through_a_file({**namespace, "hidden": 1}, hidden={"hidden"})[0] == {"mine": 1, "_mine": 1}


def test_shared_objects_are_shared_again():
    """Two names of one list, and what lies within others, are one list afterwards."""
    inner = [1]
    arrived, _, _ = through_a_file({"a": inner, "b": {"in": inner}, "c": [inner], "d": [1]})
    assert arrived["b"]["in"] is arrived["a"] is arrived["c"][0]
    assert arrived["d"] is not arrived["a"]


def test_what_does_not_pickle_is_named_with_the_reason():
    """And takes nothing else along."""
    lock = threading.Lock()
    arrived, lost, _ = through_a_file({"a": lock, "b": [lock], "x": 1})
    assert arrived == {"x": 1}
    assert [each.name for each in lost] == ["a", "b"]
    assert str(lost[1]) == "b (list: cannot pickle '_thread.lock' object)"


def test_what_is_defined_in_the_session_is_named():
    """Functions, classes, and instances of them: nobody could import them over there."""
    namespace = {"__name__": "__main__"}
    exec("def f(): pass\nclass C: pass\nc = C()\nl = lambda: 1", namespace)
    arrived, lost, _ = through_a_file({k: namespace[k] for k in "fCcl"})
    assert arrived == {}
    assert lost == (
        Lost("f", "defined in the session"), Lost("C", "defined in the session"),
        Lost("c", "C: C is defined in the session"), Lost("l", "defined in the session"),
    )  # fmt: skip


class Awkward:
    """Pickles, and cannot be made again."""

    def __init__(self, shared):
        self.shared = shared

    def __setstate__(self, state):
        raise RuntimeError("no longer so")


def test_what_cannot_be_made_again_is_named_over_there():
    """With those that share something with it, and no others."""
    inner = [1]
    arrived, here, there = through_a_file({"bad": Awkward(inner), "with_it": inner, "x": [2]})
    assert (arrived, here) == ({"x": [2]}, ())
    assert there == [Lost("bad", "RuntimeError: no longer so"), Lost("with_it", "RuntimeError: no longer so")]


class Exits:
    """Its pickle ends the interpreter, if it is let."""

    def __reduce__(self):
        return sys.exit, (3,)


@pytest.mark.parametrize("value", [Exits(), type("Odd", (), {"__reduce__": lambda self: 1 / 0})()])
def test_objects_may_raise_anything(value):
    """Neither here nor there does it get through."""
    arrived, here, there = through_a_file({"odd": value, "x": 1})
    assert arrived == {"x": 1}
    assert [each.name for each in (*here, *there)] == ["odd"]


def test_a_module_of_the_programs_making_is_named():
    """One that stands under no name cannot be imported."""
    _, lost, _ = through_a_file({"made": ModuleType("made")})
    assert lost == (Lost("made", "a module that cannot be imported by its name"),)


def test_a_module_that_is_gone_over_there_is_named(monkeypatch):
    """Its import is tried, and what it raises told."""
    monkeypatch.setitem(sys.modules, "gone_there", gone := ModuleType("gone_there"))
    file = io.BytesIO()
    luggage = pack({"gone": gone}, (), file)
    monkeypatch.delitem(sys.modules, "gone_there")
    _, lost = unpack(luggage, file, {})
    assert lost == [Lost("gone", "ModuleNotFoundError: No module named 'gone_there'")]


def test_names_that_share_are_one_group():
    """Directly or by way of others."""
    assert list(together({"a": {1}, "b": {2}, "c": {1, 2}, "d": {3}})) == [("a", "b", "c"), ("d",)]
