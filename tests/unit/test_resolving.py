"""What names of the program stand for, read through `__dict__`s."""

from __future__ import annotations

import sys
import types

import pytest

from hotswap.resolving import (
    definition_of,
    exports,
    holds_instance,
    module_at,
    owner_of,
    resolve_value,
    star_names,
    supplied_by_stars,
)


class Trap:
    x = property(lambda _: 1 / 0)

    def __getattr__(self, name):
        raise ZeroDivisionError


class Outer:
    class Inner:
        y = 1


CASES = {("t", "nothing"): None, ("t", "x"): Trap.x, ("n", "x"): None, ("o", "Inner", "y"): 1, ("t",): None}


@pytest.mark.parametrize("chain", CASES)
def test_values_are_resolved_without_running_anything(chain):
    """Properties and `__getattr__` of the program are not called; None when it cannot be told."""
    space = {"t": Trap(), "o": Outer}
    assert resolve_value(space, chain) is (space["t"] if chain == ("t",) else CASES[chain])


class Held:
    def method(self): ...


class Box:
    def __init__(self, inner):
        self.inner = inner


HOLDING = {
    "itself": Held(),
    "a list": [Held()],
    "a tuple in a dict": {"k": (Held(),)},
    "a set": {Held()},
    "an object": Box(Held()),
    "a list in an object": Box([Held()]),
    "a bound method": Held().method,
    "of a subclass": type("Sub", (Held,), {})(),
}
NOT_HOLDING = {
    "the class": Held,
    "a function": Held.method,
    "a number": 1,
    "a list of others": [1],
    "an object with others": Box(2),
    "a module": types,
    "too deep": Box(Box(Box(Box(Held())))),
}


@pytest.mark.parametrize("what", [*HOLDING, *NOT_HOLDING])
def test_instances_are_found_in_what_holds_them(what):
    """Containers, objects, bound methods, three deep; a class is no instance of itself."""
    value = {**HOLDING, **NOT_HOLDING}[what]
    assert holds_instance(value, (__name__, "Held")) is (what in HOLDING)


def test_the_class_that_a_name_stands_in(program):
    """None at the top level, and where no class is."""
    a = program.load("a.py", "class A:\n class B: pass\nx = 1\n")
    owners = [owner_of(program.tracked("a"), name) for name in ("A.B.m", "A.m", "f", "x.m", "gone.m")]
    assert owners == [a.A.B, a.A, None, None, None]


def test_definitions_know_their_home(program):
    """Functions and classes of the program; neither its values nor what others define."""
    a = program.load("a.py", "class A:\n def m(self): pass\nx = A()\n")
    index = program.reloader._index
    assert [definition_of(v, index) for v in (a.A, a.A.m, a.x, int, len)] == [
        ("a", "A"),
        ("a", "A.m"),
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [("__all__ = ['_x']\n_x = 1\ny = 2\n", ["_x"]), ("_x = 1\ny = 2\n", ["y"]), ("__all__ = []\ny = 1\n", [])],
)
def test_a_star_import_brings_what_all_says(program, text, names):
    """`__all__` if there is one, else all names without an underscore."""
    assert exports(program.load("b.py", text)) == names


def test_only_modules_are_modules():
    """What else stands in `sys.modules` is none."""
    sys.modules["odd"] = object()  # type: ignore[assignment]
    try:
        assert (module_at("odd"), module_at("sys"), module_at("no.such")) == (None, sys, None)
    finally:
        del sys.modules["odd"]


def test_star_imports_are_told_by_what_is_there(program):
    """What a star would bring now, and what of it the module really has from there."""
    program.load("b.py", "x = []\ny = []\n")
    a = program.load("a.py", "from b import *\ny = 1\n")
    tracked = program.tracked("a")
    facts = tracked.source.facts((0,))
    sys.modules["b"].z = []
    assert (supplied_by_stars(tracked, facts), star_names(tracked, facts)) == ({"x", "y", "z"}, {"x"})
    assert a.y == 1
