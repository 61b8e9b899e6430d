"""What the unit tests share."""

from __future__ import annotations

import pytest

from tests.unit.program import program_in


@pytest.fixture
def unwatched(tmp_path):
    """A program that nobody watches yet."""
    with program_in(tmp_path) as program:
        yield program


@pytest.fixture
def program(unwatched):
    """A program that is being watched."""
    unwatched.watch()
    return unwatched
