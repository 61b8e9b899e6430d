"""Which modules a round changed, as those are told who accept them; the rest is in test_listeners.py."""

from __future__ import annotations

import pytest

from hotswap.model import Swapped, Unchanged
from hotswap.telling import changed_modules, place_of, tell


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Swapped(modules=("a", "b"), patched=("a.f",), relocated=("b.g",)), {"a"}),
        (Swapped(modules=("a", "a.b"), ran=("a.b.X",)), {"a.b"}),
        (Swapped(modules=("a", "a.b"), ran=("a.X", "a.b.Y")), {"a", "a.b"}),
        (Swapped(modules=("a",), removed=("a",), imported=("c",)), {"a", "c"}),
        (Swapped(modules=("ab",), ran=("ab.X",)), {"ab"}),
        (Swapped(modules=("a",), loaded=("/x.json",)), set()),
    ],
    ids=["positions", "in a package", "both", "came and went", "a name like another", "files"],
)
def test_changed_modules(outcome, expected):
    """Those in which something was patched, ran, came or went."""
    assert changed_modules(outcome) == expected


def test_an_unchanged_round_is_not_told():
    """It is returned as it is."""
    outcome = Unchanged()
    assert tell(outcome) is outcome


def test_where_a_hook_stands():
    """File and line of functions and methods; of other callables what they are."""
    line = test_changed_modules.__code__.co_firstlineno
    assert place_of(test_changed_modules) == f"{test_changed_modules.__code__.co_filename}:{line}"
    assert place_of(len) == "<built-in function len>"
