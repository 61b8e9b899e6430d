"""Restarts that follow one another because the program writes its own sources."""

from __future__ import annotations

import os

import pytest

from hotswap import handover, storm


@pytest.fixture
def notes(monkeypatch):
    """What is carried from process to process; the clock stands at 1000."""
    made = {}
    monkeypatch.setattr(handover, "notes", made)
    monkeypatch.setattr(storm.time, "time", lambda: 1000.0)
    monkeypatch.setattr(storm, "_is_holding", False)
    return made


@pytest.fixture
def writes(monkeypatch):
    """The files that this process writes, as far as a test says so."""
    made = storm._Writes()
    monkeypatch.setattr(storm, "_writes", made)
    return made


EVENTS = {
    "open": ("open", ("a.py", "w", 0), True),
    "append": ("open", (b"a.py", "ab", 0), True),
    "update": ("open", ("a.py", "r+", 0), True),
    "os.open": ("open", ("a.py", None, os.O_WRONLY | os.O_CREAT), True),
    "renamed onto": ("os.rename", ("b.py", "a.py", -1, -1), True),
    "a child": ("subprocess.Popen", ("cp", ["cp"], None, None), True),
    "read": ("open", ("a.py", "r", 0), False),
    "os.open to read": ("open", ("a.py", None, os.O_RDONLY), False),
    "another file": ("open", ("b.py", "w", 0), False),
    "a descriptor": ("open", (7, "w", 0), False),
    "an import": ("import", ("a", None, None, None, None), False),
}


@pytest.mark.parametrize(("event", "arguments", "counts"), EVENTS.values(), ids=EVENTS)
def test_what_counts_as_writing(tmp_path, monkeypatch, event, arguments, counts):
    """Opening for writing, renaming onto, and any child, which may have written anything."""
    monkeypatch.chdir(tmp_path)
    writes = storm._Writes()
    writes.note(event, arguments)
    assert writes.include([str(tmp_path / "a.py")]) == counts


@pytest.mark.usefixtures("writes")
def test_saves_of_others_are_never_held_back(notes):
    """However quick; the times of the last ten seconds are noted for the processes to come."""
    notes["restarts"] = [985.0, 991.0, 999.0, 999.5, 1001.0]
    assert storm.held_back(["a.py"]) is False
    assert notes["restarts"] == [991.0, 999.0, 999.5, 1000.0]


def test_one_over_its_own_file_is_held_back_once(notes, writes, capsys):
    """It is said; the next save restarts, and the counting begins anew."""
    notes["restarts"] = [998.0, 999.0, 999.5]
    writes.note("open", ("a.py", "w", 0))
    assert storm.held_back(["a.py"]) is True
    assert "restarted 3 times within 10 s over what the program itself writes" in capsys.readouterr().err
    assert notes["restarts"] == [998.0, 999.0, 999.5]
    assert (storm.held_back(["a.py"]), notes["restarts"]) == (False, [1000.0])


@pytest.mark.usefixtures("writes")
def test_too_many_are_held_back_whoever_writes(notes):
    """No hand saves five times a second for ten seconds."""
    notes["restarts"] = [995.0] * storm.TOO_MANY
    assert storm.held_back(["a.py"]) is True
