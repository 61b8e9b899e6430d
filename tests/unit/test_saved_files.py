"""Handlers that are told of saved files."""

from __future__ import annotations

import pytest

import hotswap
from hotswap import saved_files
from hotswap.saved_files import Verdicts


@pytest.fixture(autouse=True)
def no_handlers(monkeypatch):
    """Each test begins without any."""
    monkeypatch.setattr(saved_files, "handlers", [])


def test_each_content_is_told_once_to_all(tmp_path):
    """Every handler hears of it; one that says yes keeps the file out until its next save; paths are Path objects."""
    told = []
    hotswap.file_changed(lambda path: told.append(path.name) or True)
    hotswap.file_changed(lambda path: told.append(path) and False)
    path, verdicts = tmp_path / "a.py", Verdicts()
    path.write_text("1")
    assert [verdicts.not_handled([str(path)]) for _ in range(2)] == [frozenset()] * 2
    assert told == ["a.py", path]
    path.write_text("2")
    saved_files.handlers.pop(0)
    assert verdicts.not_handled([str(path)]) == {str(path)}


def test_one_that_raises_counts_as_no(tmp_path, capsys):
    """It is told by name, and the file is treated as ever."""

    @hotswap.file_changed
    def bad(path):
        raise ValueError(path.name)

    assert Verdicts().not_handled([str(tmp_path / "gone.py")]) == {str(tmp_path / "gone.py")}
    assert (
        "file_changed: test_one_that_raises_counts_as_no.<locals>.bad raised ValueError: gone.py"
        in capsys.readouterr().err
    )


def test_a_handled_file_is_left_alone_in_a_round(program):
    """It is neither swapped nor pending; what else was saved is swapped; its next save counts from what runs."""
    a, b = program.load("a.py", "X = 1\n"), program.load("b.py", "Y = 1\n")
    hotswap.file_changed(lambda path: path.name == "a.py" and "9" in path.read_text())
    program.write("a.py", "X = 9\n")
    outcome = program.sync("b.py", "Y = 2\n")
    assert (outcome.modules, a.X, b.Y, program.reloader.pending) == (("b",), 1, 2, ())
    assert (program.sync().kind, program.sync("a.py", "X = 3\n").kind, a.X) == ("unchanged", "swapped", 3)
