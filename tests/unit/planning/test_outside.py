"""Attributes that a module gives to modules of libraries.  Nothing is executed."""

from __future__ import annotations

import pytest

BEFORE = """
import html.parser as hp
hp.limit = 1
hp.other = 1
TOP = hp.limit + 1
def twice(): return hp.limit * 2
TWICE = twice()
"""


@pytest.fixture
def app(program):
    """A module that sets two attributes of a library's module, and reads one of them."""
    program.load("app.py", BEFORE)
    return program


def planned(program, text):
    return str(program.plan("app.py", text)).splitlines()


def test_readers_of_an_edited_attribute_run(app):
    """Those that read it themselves, or call a function that does; others do not."""
    lines = [line.partition(" (")[0].split()[-1] for line in planned(app, BEFORE.replace("limit = 1", "limit = 2"))]
    assert lines[:2] == ["app.hp", "app.TOP"] and "app.twice" not in lines, lines


def test_what_was_set_before_is_set_again_when_the_last_one_goes(app):
    """The remaining statement has the last word, and has to have it."""
    app.load("twice.py", BEFORE.replace("hp.other = 1", "hp.limit = 7"))
    lines = str(app.plan("twice.py", BEFORE.replace("hp.other = 1\n", ""))).splitlines()
    assert "run      twice.hp (line 2): hp.limit is set by other statements now" in lines, lines


def test_the_same_statements_run_nothing(app):
    """Lines that move are no reason."""
    assert not any(line.startswith("run") for line in planned(app, "# why\n" + BEFORE))
