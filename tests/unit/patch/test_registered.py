"""What definitions leave in objects of libraries."""

import ast

import pytest

from hotswap.patch.registered import left_behind


def definition(text):
    return ast.parse(f"{text}\ndef f(): pass").body[0]


@pytest.mark.parametrize(
    ("old", "new", "before", "after", "stale"),
    [
        ("@command('rm')", "@command('remove')", {"rm": 1}, {"rm": 1, "remove": 2}, "rm"),
        ("@command('rm')", "@command('remove')", {"rm": 1}, {"remove": 2}, ""),
        ("@command('rm')", "@command('remove')", {"rm": 1}, {"rm": 1, "cached": 2}, ""),
        ("@command('rm')", "@command('remove')", {"add": 1}, {"add": 1, "remove": 2}, ""),
        ("@command('rm')", "@command('rm', 2)", {"rm": 1}, {"rm": 2}, ""),
        ("", "@command('rm')", {}, {"rm": 1}, ""),
    ],
)
def test_an_entry_under_the_old_name(old, new, before, after, stale):
    """It is told if what came in has the new name of the decorator, and the old one is still there."""
    assert left_behind(definition(new), definition(old), [(after, before, dict(after))]) == stale


def test_a_definition_that_is_new_leaves_nothing_behind():
    """There is nothing that it had been registered as."""
    assert left_behind(definition("@command('rm')"), None, [({"rm": 1}, {}, {"rm": 1})]) == ""


def test_an_entry_that_was_withdrawn_meanwhile():
    """What counts is what the container holds now."""
    difference = {"remove": 2}, {"rm": 1}, {"rm": 1, "remove": 2}
    assert left_behind(definition("@command('remove')"), definition("@command('rm')"), [difference]) == ""
