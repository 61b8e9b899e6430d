"""What can happen to a name."""

from __future__ import annotations

import pytest

from hotswap.events import (
    abstractness,
    bare,
    behaviour,
    content,
    described,
    is_behaviour,
    is_content,
    is_description,
    subclasses,
)

NAME = "a", "C.f"


@pytest.mark.parametrize("event", [behaviour, described, content])
def test_an_event_is_about_its_name(event):
    """The mark behind it can be taken off again."""
    assert (event(NAME) != NAME, bare(event(NAME)), bare(NAME)) == (True, NAME, NAME)


KINDS = {behaviour: (True, False, False), described: (False, True, False), content: (False, False, True)}


@pytest.mark.parametrize("event", KINDS)
def test_the_kinds_of_events_are_told_apart(event):
    """Each is of one kind, and the name alone ("it was bound to something else") of none."""
    assert tuple(asks(event(NAME)) for asks in (is_behaviour, is_description, is_content)) == KINDS[event]
    assert not any(asks(NAME) for asks in (is_behaviour, is_description, is_content))


def test_what_only_classes_have_are_names_of_their_own():
    """Whoever reads that attribute of the class is concerned."""
    assert (abstractness(NAME), subclasses(NAME)) == (("a", "C.f.__abstractmethods__"), ("a", "C.f.__subclasses__"))
