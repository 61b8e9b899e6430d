"""Short runs of what `python -m tests.endurance` does for as long as the promises ask."""

from __future__ import annotations

import subprocess
import sys
from itertools import count

import pytest

from tests.endurance import faults, threads
from tests.process.running import ROOT, environment


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder from which modules can be imported."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_threads_see_whole_versions(root):
    """While bodies of a dozen kinds of functions in three modules are patched, no thread sees a mixture of two versions.

    Nor an exception; and right behind a round every call is new.
    """
    seen, wrong = threads.run(root, rounds=25)
    assert (wrong, seen.faults) == ([], [])
    assert seen.looks > 25


def test_nothing_grows(tmp_path):
    """After four turns of a dozen rounds, failed ones among them, there is not one object, line or descriptor more.

    In a process of its own, where nobody else makes objects.
    """
    words = [sys.executable, "-m", "tests.endurance", "growth", "--rounds", "36"]
    done = subprocess.run(words, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=100)
    assert (done.returncode, done.stderr, done.stdout.splitlines()[1:]) == (0, "", [])


@pytest.mark.parametrize("fail", [faults.failing_write, faults.failing_statement])
def test_a_failure_leaves_the_whole_program_as_it_was(root, fail):
    """Each 37th write or statement of a round of seven modules fails, from the first to beyond the last."""
    number, left = faults.try_all(root, fail, count(1, 37))
    assert left == []
    assert number > 37
