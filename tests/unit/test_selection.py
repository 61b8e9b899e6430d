"""Which modules a session keeps up to date."""

from __future__ import annotations

import pytest

from hotswap.integrations.selection import Selection


@pytest.mark.parametrize(
    ("only", "excluded", "wanted"),
    [
        (set(), set(), {"a", "pkg", "pkg.b", "pkg.sub.c"}),
        (set(), {"pkg.sub"}, {"a", "pkg", "pkg.b"}),
        (set(), {"pkg"}, {"a"}),
        ({"pkg"}, set(), {"pkg", "pkg.b", "pkg.sub.c"}),
        ({"pkg"}, {"pkg.b"}, {"pkg", "pkg.sub.c"}),
        ({"a"}, {"a"}, set()),
    ],
)
def test_packages_stand_for_all_in_them(only, excluded, wanted):
    """What is excluded is left alone even if it is among the only ones."""
    selection = Selection(lambda path: [path])
    selection.only, selection.excluded = only, excluded
    assert selection(frozenset({"a", "pkg", "pkg.b", "pkg.sub.c"})) == wanted
    assert bool(selection) == bool(only or excluded)


def test_a_file_of_several_modules_is_wanted_if_one_of_them_is():
    """It was imported under two names."""
    selection = Selection(lambda path: ["a", "b"])
    selection.excluded = {"a"}
    assert selection.wants_file("x.py")


@pytest.mark.parametrize(("only", "wanted"), [(set(), True), ({"a"}, False)])
def test_a_file_that_is_no_module_yet(only, wanted):
    """It may become one that is asked for, unless only named ones are wanted."""
    selection = Selection(lambda path: [])
    selection.only = only
    assert selection.wants_file("new.py") is wanted
