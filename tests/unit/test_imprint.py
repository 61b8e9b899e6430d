"""What a module looked like when its statements had run."""

from __future__ import annotations

from collections import Counter, defaultdict, deque

import pytest

from hotswap.imprint import Imprint, blanks_of, is_blank, take


def imprint(text):
    space: dict = {"__name__": "mod"}
    exec(text, space)
    return take(space, "mod")


def test_the_names_of_a_module_and_of_its_classes():
    """Under the qualified names of classes, those inside of classes too; what was imported is another module's."""
    taken = imprint("from types import SimpleNamespace\nX = 1\nclass A:\n y = 1\n class B:\n  z = 1\nalias = A\n")
    names = {owner: {n for n in found if not n.startswith("__")} for owner, found in taken.names.items()}
    assert names == {"": {"SimpleNamespace", "X", "A", "alias"}, "A": {"y", "B"}, "A.B": {"z"}}


def test_blanks_are_empty_variables_and_attributes_of_functions():
    """A decorator keeps its counters and caches in such; methods have them as well."""
    text = """
def counted(f):
    calls, table, name = 0, {}, 'n'
    def inner(*a): return f, calls, table, name
    inner.log = []
    inner.mark = 1
    return inner
@counted
def f(): pass
class C:
    @counted
    def m(self): pass
"""
    expected = {(name, blank) for name in ("f", "C.m") for blank in ("calls", "table", "log")}
    assert imprint(text).blanks == expected


def test_a_cell_that_holds_nothing_yet_is_no_blank():
    """A variable that is bound later."""

    def outer():
        def inner():
            return late

        found = list(blanks_of(inner))
        late = 1
        return found

    assert outer() == []


BLANK = [0, 0.0, "", b"", None, False, [], {}, set(), (), frozenset(), deque(), Counter(), defaultdict(list)]


@pytest.mark.parametrize("value", BLANK, ids=repr)
def test_plain_values_that_are_empty_or_zero_are_blank(value):
    """They may be state that has not begun."""
    assert is_blank(value)


class Falsy:
    def __bool__(self):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "value", [1, "x", [0], {0: 0}, Falsy(), object, type("L", (list,), {})()], ids=lambda value: type(value).__name__
)
def test_other_values_are_not(value):
    """Nothing of the program's is asked whether it is true."""
    assert not is_blank(value)


def test_an_imprint_is_a_value():
    """Two of one program are equal."""
    assert imprint("X = 1") == imprint("X = 2") != imprint("Y = 1")
    assert isinstance(imprint(""), Imprint)
