"""The import hook: tracked modules are compiled from the very bytes that are noted as their source."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from importlib.machinery import SourceFileLoader

import pytest

from hotswap.importing import hooks


def test_a_module_looks_as_always(program):
    """Spec, loader, file and cached path are those of an ordinary import."""
    a = program.load("a.py", "X = 1\n")
    assert type(a.__loader__) is SourceFileLoader
    assert (a.__spec__.origin, a.__spec__.cached, a.__cached__) == (
        a.__file__,
        *[importlib.util.cache_from_source(a.__file__)] * 2,
    )


def test_the_noted_source_is_what_was_compiled(program):
    """An edit that is made while the module is being imported is not mistaken for what runs."""
    path = program.folder / "a.py"
    a = program.load("a.py", f"import pathlib\nW = pathlib.Path({str(path)!r}).write_text('X = 2')\nX = 1\n")
    assert a.X == 1
    assert program.tracked("a").source.data.endswith(b"X = 1\n")
    program.sync()
    assert a.X == 2


def test_stale_bytecode_is_not_believed(program):
    """Equal time and size within one second: Python's own check would run the old code."""
    path = program.write("a.py", "X = 1\n")
    importlib.invalidate_caches()
    import py_compile

    py_compile.compile(str(path))
    status = os.stat(path)
    path.write_text("X = 2\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert program.import_("a").X == 2


def test_files_outside_of_the_scope_are_not_touched(program, tmp_path_factory):
    """The hook leaves other people's modules to the standard loader."""
    folder = tmp_path_factory.mktemp("other")
    (folder / "foreign_module.py").write_text("X = 1\n")
    sys.path.insert(0, str(folder))
    try:
        program.import_("foreign_module")
        assert "foreign_module" not in program.reloader._index.modules
    finally:
        sys.path.remove(str(folder))
        del sys.modules["foreign_module"]


def test_the_loader_is_as_before_when_nobody_watches(program):
    """The last reloader that stops takes the hook out."""
    assert "exec_module" in vars(SourceFileLoader)
    other = type(program.reloader)(program.folder, apply="manual").start()
    program.reloader.stop()
    assert "exec_module" in vars(SourceFileLoader)
    other.stop()
    assert ("exec_module" in vars(SourceFileLoader), hooks) == (False, [])


def test_a_failed_import_is_not_tracked(program):
    """A module that raised while importing is not there, and its traceback shows no frame of hotswap."""
    program.write("a.py", "X = 1\n1 / 0\n")
    with pytest.raises(ZeroDivisionError) as caught:
        program.import_("a")
    assert "a" not in program.reloader._index.modules
    shown = "".join(traceback.format_exception(caught.value))
    assert "hotswap" not in "".join(line for line in shown.splitlines() if "File" in line and "tests" not in line)


def test_a_failed_import_that_is_mended_is_tracked(program):
    """The next attempt imports the file as it is then."""
    program.write("a.py", "1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        program.import_("a")
    assert program.load("a.py", "X = 1\n").X == 1
    program.sync("a.py", "X = 2\n")
    assert sys.modules["a"].X == 2


def test_reload_by_hand_is_noted(program):
    """`importlib.reload` takes the text of now; nothing is left for the next round."""
    a = program.load("a.py", "X = 1\n")
    program.write("a.py", "X = 2\n")
    importlib.reload(a)
    assert (a.X, program.sync().kind) == (2, "unchanged")


def test_source_can_be_inspected(program):
    """Lines and text of functions are found as usual."""
    a = program.load("a.py", "def f():\n    return 1\n")
    assert inspect.getsource(a.f) == "def f():\n    return 1\n"


def test_imports_within_imports_are_all_tracked(program):
    """A package, its submodules, and what they import."""
    program.write("pkg/__init__.py", "from . import one\n")
    program.write("pkg/one.py", "from .two import X\n")
    program.write("pkg/two.py", "X = 1\n")
    program.import_("pkg")
    assert set(program.reloader._index.modules) == {"pkg", "pkg.one", "pkg.two"}
