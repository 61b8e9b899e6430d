"""What the tests of the integrations share."""

from __future__ import annotations

import sys

import pytest

import hotswap
from tests.integrations.shells import Room


@pytest.fixture
def room(tmp_path, monkeypatch, capsys):
    """A folder with sources and an IPython shell in this process, which is gone afterwards."""
    interactiveshell = pytest.importorskip("IPython.core.interactiveshell")
    for name in ("displayhook", "excepthook"):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(hotswap, "_default", None)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)  # it tells what was imported before anybody watched
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    modules = set(sys.modules)
    shell = Room.new_shell(interactiveshell.InteractiveShell)
    try:
        yield Room(tmp_path, shell, capsys)
    finally:
        if hotswap._default is not None:
            hotswap._default.stop()
        type(shell).clear_instance()
        for name in ("ps1", "ps2", "ps3"):  # else the next test would be at a prompt
            vars(sys).pop(name, None)
        for name in set(sys.modules) - modules:
            if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
                del sys.modules[name]
