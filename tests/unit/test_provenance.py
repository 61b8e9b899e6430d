"""Whether a module was made from the text that is on disk now."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hotswap.provenance import changed_since_import, may_have_changed


def asked(module) -> bool:
    path = module.__file__
    return may_have_changed(module, path, Path(path).read_bytes(), os.stat(path))


def test_the_text_that_was_imported(unwatched, monkeypatch):
    """Nothing was saved since."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert not asked(unwatched.load("a.py", "def f(): return 1\n"))


@pytest.mark.parametrize("bytecode", [True, False])
def test_an_edited_function(unwatched, monkeypatch, bytecode):
    """With cached bytecode its header tells; without, the code that the module holds."""
    monkeypatch.setattr(sys, "dont_write_bytecode", not bytecode)
    a = unwatched.load("a.py", "class C:\n def m(self): return 1\n")
    unwatched.write("a.py", "class C:\n def m(self): return 2\n")
    assert asked(a)


def test_an_edited_constant_with_bytecode(unwatched, monkeypatch):
    """Of the same size and second: bytecode is written after its source."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    a = unwatched.load("a.py", "X = 1\n")
    unwatched.write("a.py", "X = 2\n")
    assert asked(a)


@pytest.mark.xfail(strict=True, reason="nothing is left of the text that was imported")
def test_an_edited_constant_without_bytecode(unwatched, monkeypatch):
    """Where Python was told to write none, an edit between import and `watch()` that no function shows."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    a = unwatched.load("a.py", "X = 1\n")
    unwatched.write("a.py", "X = 2\n")
    assert asked(a)


def test_a_file_that_does_not_compile(unwatched, monkeypatch):
    """It cannot be what was imported."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    a = unwatched.load("a.py", "X = 1\n")
    unwatched.write("a.py", "X = (\n")
    assert asked(a)


MAIN = """
import os, sys
from hotswap.provenance import changed_since_import, may_have_changed
X = {number}
def asked():
    main = sys.modules["__main__"]
    return may_have_changed(main, __file__, open(__file__, "rb").read(), os.stat(__file__))
print(asked())
with open(__file__, "a") as file:
    file.write("# more\\n")
print(asked())
text = open(__file__).read()
with open(__file__, "w") as file:
    file.write(text.replace("X = 1", "X = 2"))
print(asked())
"""


def test_the_running_script(tmp_path):
    """It has no bytecode, but its code is being executed: any edit of it shows that moves a line or a value."""
    (tmp_path / "main.py").write_text(MAIN.format(number=1))
    command = [sys.executable, str(tmp_path / "main.py")]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    assert subprocess.check_output(command, text=True, env=env) == "False\nFalse\nTrue\n"


def test_an_edit_made_before_watching_is_suspected(unwatched, monkeypatch):
    """The header of the cached bytecode tells that the file is another one than the one that was imported."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    a = unwatched.load("a.py", "X = 1\n")
    assert not changed_since_import(a, a.__file__)
    unwatched.write("a.py", "X = 1000\n")
    assert changed_since_import(a, a.__file__)
    assert not unwatched.watch()._index.modules["a"].certain
