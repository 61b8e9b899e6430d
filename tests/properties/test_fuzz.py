"""A bounded run of the fuzzer; `python -m tests.properties.fuzz` goes on for as long as one likes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.properties.temper import Temper, parse
from tests.properties.writer import random_program

ROOT = Path(__file__).resolve().parent.parent.parent


def test_live_processes_equal_fresh_ones():
    """After random edits of random programs the live process is what a fresh one would be (about 200 rounds)."""
    command = [sys.executable, "-m", "tests.properties.fuzz", "--seeds", "0:20", "--minutes", "1", "--first"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_seed_stands_for_one_program():
    """The same seed gives the same program, on any machine."""
    import random

    first, second = (random_program(random.Random(7)).sources for _ in range(2))
    assert first == second
    assert parse(first).keys() == {p.removesuffix(".py").replace("/", ".").removesuffix(".__init__") for p in first}


@pytest.mark.parametrize(
    "text", ["K = 1\nK = 2", "from a import *\nK0 = 1", "K = 1\nK += 1", "class C:\n    x = 1\n    x = 2"]
)
def test_a_name_bound_twice_is_noticed(text):
    """Programs that bind a name twice are left to the seeds that allow it."""
    assert not Temper(rebinds=False).allows({"a.py": "K0 = 1", "b.py": text})


@pytest.mark.parametrize("text", ["import b", "def f():\n    from b import *", "from b import a"])
def test_a_circle_of_imports_is_noticed(text):
    """Programs that import in a circle are left to the seeds that allow it."""
    assert not Temper(cycles=False).allows({"a.py": text, "b.py": "import a"})
