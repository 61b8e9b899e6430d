"""Children of multiprocessing."""

from __future__ import annotations

import multiprocessing

import pytest

from hotswap.children import is_being_set_up


def test_this_process_is_nobodys_child_that_is_being_set_up():
    """With or without multiprocessing being loaded."""
    assert not is_being_set_up()


def test_while_modules_are_imported_for_a_child(monkeypatch: pytest.MonkeyPatch):
    """What multiprocessing sets on its process object meanwhile."""
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    assert is_being_set_up()
