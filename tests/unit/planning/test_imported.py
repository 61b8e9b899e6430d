"""What the statements of one edition of a module import."""

from __future__ import annotations

CHECKED = "def lazily(): return True\n"
LAZY = "from lib import lazily\nif {}:\n from p.m import a, b\n from p.n import c, d\n"


def test_a_block_of_imports_that_ran(edited):
    """The names are there."""
    files = {"p__": ("", ""), "p__m": ("a = b = 1\n",) * 2, "p__n": ("c = d = 1\n",) * 2, "lib": (CHECKED,) * 2}
    found = edited(**files, a=(LAZY.format("lazily()"),) * 2).editions().new("a")
    assert found.imported((1,)) == ["p", "p.m", "p.m.a", "p.m.b", "p.n", "p.n.c", "p.n.d"]


def test_a_block_of_imports_that_did_not_run(edited):
    """None of the names is there: the block is for type checkers."""
    files = {"p__": ("", ""), "p__m": ("a = b = 1\n",) * 2, "p__n": ("c = d = 1\n",) * 2, "lib": (CHECKED,) * 2}
    found = edited(**files, a=(LAZY.format("not lazily()"),) * 2).editions().new("a")
    assert found.imported((1,)) == []


def test_an_import_that_succeeded(edited):
    """The name stands for what it was imported from."""
    text = "try:\n from lib import lazily\nexcept ImportError: lazily = None\n"
    found = edited(lib=(CHECKED,) * 2, a=(text,) * 2).editions().new("a")
    assert found.has_imported((0,))


def test_an_import_that_failed(edited):
    """The name stands for something else."""
    text = "try:\n from lib import absent\nexcept ImportError: absent = None\n"
    found = edited(lib=(CHECKED,) * 2, a=(text,) * 2).editions().new("a")
    assert not found.has_imported((0,))
