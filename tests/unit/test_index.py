"""Path ⇄ module, and the source that each module was really made from."""

from __future__ import annotations

import os
import sys

import pytest

from hotswap.imports import imports_of, parents, resolve
from hotswap.index import FEW, Index, Tracked
from hotswap.scope import Scope
from hotswap.source import Source


def tracked(name, text="", path="/prog/a.py"):
    return Tracked(name, path, Source(path, text.encode()))


def test_one_file_may_be_several_modules(program):
    """The same file imported under two names is both modules' source."""
    program.write("pkg/mod.py", "X = 1\n")
    program.import_("pkg.mod")
    sys.path.insert(0, str(program.folder / "pkg"))
    try:
        program.import_("mod")
    finally:
        sys.path.remove(str(program.folder / "pkg"))
    names = [t.name for t in program.reloader._index.at(str(program.folder / "pkg" / "mod.py"))]
    assert sorted(names) == ["mod", "pkg.mod"]


def test_contents_decide_what_changed(program):
    """A touched file is no change; another text of equal size and time is one; a missing file is deleted."""
    index = program.reloader._index
    path = str(program.write("a.py", "X = 1\n"))
    program.import_("a")
    os.utime(path)
    assert index.changes([path]) == ()
    status = os.stat(path)
    program.write("a.py", "X = 2\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert [c.kind for c in index.changes([path])] == ["edited"]
    os.unlink(path)
    assert [c.kind for c in index.changes([path])] == ["deleted"]


def test_a_file_that_is_not_loaded_is_added(program):
    """The index itself does not judge whether anybody wants it."""
    path = str(program.write("new.py", ""))
    assert [c.kind for c in program.reloader._index.changes([path, path])] == ["added"]


def test_a_directory_in_place_of_a_file_is_a_deletion(program):
    """What cannot be read as a file is not there."""
    path = program.write("a.py", "X = 1\n")
    program.import_("a")
    path.unlink()
    path.mkdir()
    assert [c.kind for c in program.reloader._index.changes([str(path)])] == ["deleted"]


def test_forgotten_modules_are_found_no_longer(program):
    """Neither by name nor by path."""
    program.load("a.py", "X = 1\n")
    index, path = program.reloader._index, program.tracked("a").path
    index.forget("a")
    assert (index.at(path), len(index)) == ([], 0)


def test_modules_are_found_by_a_word_of_their_text():
    """In the order in which they were put; what is put later, or forgotten, counts too."""
    index = Index(Scope(["/prog"]))
    index.put(tracked("a", "one = two\n", "/prog/a.py"))
    index.put(tracked("b", "two = 2\n", "/prog/b.py"))
    assert [t.name for t in index.mentioning("two", "one")] == ["a", "b"]
    assert [t.name for t in index.mentioning("one")] == ["a"]
    index.put(tracked("a", "three = 3\n", "/prog/a.py"))
    index.put(tracked("c", "one = 1\n", "/prog/c.py"))
    index.forget("b")
    assert [t.name for t in index.mentioning("two", "one")] == ["c"]


def test_a_module_that_moves_is_found_at_its_new_path_only():
    """Putting a module under another path takes it away from the old one."""
    index = Index(Scope(["/prog"]))
    index.put(tracked("a", path="/prog/a.py"))
    index.put(tracked("a", path="/prog/a/__init__.py"))
    assert (index.at("/prog/a.py"), [t.name for t in index.at("/prog/a/__init__.py")]) == ([], ["a"])
    assert index.take_changed() == {"a"}
    assert index.take_changed() == set()


def test_modules_of_before_are_adopted(unwatched):
    """What was imported before watching began is tracked with the text that is on disk."""
    unwatched.load("a.py", "X = 1\n")
    index = unwatched.watch()._index
    assert index.modules["a"].source.data == b"X = 1\n"
    assert index.unobserved == {"a"}


IMPORTS = [
    ("import a.b, c as d", "a a.b c"),
    ("from a import b, c as d", "a a.b a.c"),
    ("from a import (\n    b,\n    c,\n)", "a a.b a.c"),
    ("def f():\n    from a import b; import c", "a a.b c"),
    ("from . import x", "pkg pkg.x"),
    ("from .y import x", "pkg pkg.y pkg.y.x"),
    ("from ..y import x", "y y.x"),
    ("from a import *", "a a.*"),
]


@pytest.mark.parametrize(("text", "names"), IMPORTS)
def test_imports_are_read_from_the_text(text, names):
    """Quickly, and rather too many than too few; submodules may be meant by `from a import b`."""
    assert imports_of(tracked("pkg.mod", text)) - {""} >= set(names.split())


@pytest.mark.parametrize(
    "names", ["(\n  b,  # why\n  c,\n)", "(  # why\n  c,\n  b\n)", "(b,  # (why)\n  c)", "b, \\\n  c"]
)
def test_names_over_several_lines_are_read(names):
    """Comments, parentheses in comments and continued lines hide no submodule."""
    assert imports_of(tracked("pkg.mod", f"from a import {names}\n")) >= {"a", "a.b", "a.c"}


def test_modules_over_several_lines_are_read():
    """A backslash goes on with the list."""
    assert imports_of(tracked("pkg.mod", "import a, \\\n  b\n")) >= {"a", "b"}


def test_what_cannot_be_decoded_imports_nothing():
    """A broken file is not an error here."""
    assert imports_of(Tracked("a", "/prog/a.py", Source("/prog/a.py", b"import b\n# \xff"))) == frozenset()


def test_relative_names_are_resolved_from_the_package():
    """A module's package is its parent, a package's is itself."""
    module, package = tracked("p.m"), tracked("p", path="/prog/p/__init__.py")
    assert (resolve(module, ".x"), resolve(package, ".x"), resolve(module, "..x"), resolve(module, "x")) == (
        "p.x",
        "p.x",
        "x",
        "x",
    )
    assert list(parents("a.b.c")) == ["a.b", "a"]


# ---------------------------------------------------------------------- many modules


@pytest.fixture
def crowd(unwatched):
    """More modules than are read before watching begins."""
    for number in range(FEW + 5):
        unwatched.write(f"m{number}.py", f"X = {number}\n")
    for number in range(FEW + 5):
        unwatched.import_(f"m{number}")
    return unwatched


def test_a_large_program_is_read_in_the_background(crowd):
    """The first few modules at once, the others when there is time; nothing is left out."""
    index = Index(Scope([str(crowd.folder)]))
    first = index.adopt(until=0.0)
    behind, rest = index.is_behind, index.adopt()
    assert (len(first), behind, len(rest), index.is_behind, len(index)) == (FEW, True, 5, False, FEW + 5)


def test_what_is_edited_before_it_was_read_is_uncertain(crowd):
    """The text that was imported is gone, and that is known."""
    index = Index(Scope([str(crowd.folder)]))
    index.adopt(until=0.0)
    crowd.write(f"m{FEW}.py", "X = 'edited'\n")
    index.adopt()
    uncertain = [tracked.name for tracked in index.modules.values() if not tracked.certain]
    assert uncertain == [f"m{FEW}"]


def test_what_another_index_knows_is_believed(program):
    """The text and the calls of the modules that are loaded."""
    program.load("a.py", "def f(): return 1\nX = f()\n")
    before = program.tracked("a")
    program.write("a.py", "def f(): return 2\nX = f()\n")
    index = Index(Scope([str(program.folder)]))
    index.take_over(program.reloader._index)
    index.adopt()
    known = index.modules["a"]
    assert (known.source.data, known.calls, known is before) == (before.source.data, before.calls, False)
