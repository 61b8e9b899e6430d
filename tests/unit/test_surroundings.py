"""Where `hotswap.watch()` was called: in a program, at a plain prompt, in an IPython shell."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from hotswap.integrations import surroundings
from hotswap.integrations.surroundings import Shell, at_a_prompt, find_home, is_typed, typed_frame


def test_a_program_is_no_home():
    """Nobody types into it, and nothing of IPython is imported to find out."""
    before = set(sys.modules)
    assert find_home() is None
    assert set(sys.modules) == before


@pytest.mark.parametrize("name", surroundings.TYPED)
def test_called_by_a_line_that_was_typed(name):
    """Whatever the prompt calls its lines."""
    space = {"at_a_prompt": at_a_prompt}
    exec(compile("found = at_a_prompt()", name + "0", "exec"), space)
    assert space["found"]


def test_a_prompt_is_told_by_its_signs(monkeypatch):
    """`sys.ps1`, or that one is to come behind the script."""
    assert not at_a_prompt()
    monkeypatch.setenv("PYTHONINSPECT", "1")
    assert at_a_prompt()
    monkeypatch.delenv("PYTHONINSPECT")
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    assert at_a_prompt()


def test_only_whole_statements_that_were_typed_count():
    """Functions that were defined at a prompt run when they are called, from wherever."""
    code = compile("def f(): pass", "<stdin>", "exec")
    assert is_typed(code)
    assert not any(is_typed(c) for c in code.co_consts)
    assert not is_typed(compile("x", "game.py", "exec"))
    assert typed_frame(sys._getframe()) is None


@pytest.fixture
def ipython(monkeypatch):
    """What is seen of IPython when it is loaded."""
    module = ModuleType("IPython.core.interactiveshell")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_a_shell_is_the_home_if_one_runs(ipython):
    """Its class knows."""
    shell = object()
    ipython.InteractiveShell = SimpleNamespace(initialized=lambda: True, instance=lambda: shell)
    home = find_home()
    assert isinstance(home, Shell)
    assert home.shell is shell


def test_ipython_that_is_only_imported_is_no_home(ipython):
    """Nor one that is just being imported."""
    assert find_home() is None
    ipython.InteractiveShell = SimpleNamespace(initialized=lambda: False)
    assert find_home() is None


def test_a_shell_within_a_program_is_no_home(ipython):
    """After `IPython.embed()` the program goes on, and there are no more cells before which to act."""
    shell = type("InteractiveShellEmbed", (), {})()
    ipython.InteractiveShell = SimpleNamespace(initialized=lambda: True, instance=lambda: shell)
    assert find_home() is None
