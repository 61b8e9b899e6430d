"""What is told of a project from outside."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from hotswap import doctor
from hotswap.doctor import examine, in_use
from hotswap.watch import WatchStatus
from hotswap.watching.events import Use
from hotswap.watching.inotify import Inotify


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("app/a.py", "app/b.py", "app/data.json", "node_modules/x/c.py", ".venv/d.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("X = 1\n")
    return tmp_path


def test_a_healthy_project(project: Path) -> None:
    """Backend, roots, files, what is left out, limits and their use; nothing to do, and exit status 0."""
    said: list[str] = []
    status = examine([str(project)], say=said.append)
    told = [text for text in said if not text.startswith(("hotswap ", "python ", "limit", "folder"))]
    assert (status, told) == (
        0,
        [
            "             not looked into: .venv, node_modules",
            "watching     yes, by inotify events",
            "files        2 files in 2 directories",
            f"             {project}: inotify, 2 directories, 2 files",
            "missed       0 changes without an event",
            "to do        nothing",
        ],
    )


def test_a_lock_that_git_left_behind(project: Path) -> None:
    """It is named with its remedy, and the exit status is 1."""
    lock = project / ".git" / "index.lock"
    lock.parent.mkdir()
    lock.touch()
    os.utime(lock, (time.time() - 3600,) * 2)
    said: list[str] = []
    status = examine([str(project)], say=said.append)
    assert (status, said[-1]) == (1, f"to do        {lock} is 3600 s old: if no git is running, remove it")


def test_looking_only(project: Path) -> None:
    """With poll it says so for each root; that is the user's wish, so there is nothing to do."""
    said: list[str] = []
    status = examine([str(project)], say=said.append, poll=True)
    shown = f"             {project}: scan, 2 directories, 2 files; poll was asked for"
    assert (status, shown in said, said[-1]) == (0, True, "to do        nothing")


def test_what_is_saved_meanwhile(project: Path) -> None:
    """Each save is told as it comes."""
    said: list[str] = []
    begun, told = threading.Event(), threading.Event()

    def say(text: str) -> None:
        said.append(text)
        (told if text.startswith(" " * 13) else begun).set()

    def save() -> None:
        begun.wait(20)
        (project / "app" / "a.py").write_text("X = 2\n")

    threading.Thread(target=save).start()
    examine([str(project)], say=say, seconds=1.0)
    assert (told.is_set(), f"             edited {project / 'app' / 'a.py'}" in said) == (True, True)


@pytest.mark.parametrize(("used", "advice"), [(10, 0), (950, 1)])
def test_limits_that_are_nearly_reached(used: int, advice: int) -> None:
    """What to type is said before watching fails."""
    status = WatchStatus(
        running=True, why_not="", backend="inotify", roots=(), files=0, last_events=(), missed=0, error=None,
        limits=(("max_user_watches", 1000),),
    )  # fmt: skip
    found = list(doctor._scarcity(status, doctor.Usage(watches=used, instances=1)))
    assert len(found) == advice and all("sudo sysctl fs.inotify.max_user_watches=4000" in text for text in found)


def test_what_is_in_use_is_counted() -> None:
    """Each queue is an instance, with the watches that it has."""
    queue = Inotify()
    queue.arm("/", Use.SELF)
    queue.arm("/tmp", Use.SELF)  # noqa: S108  it is only watched
    watches, used = doctor._watches_of("self", str(queue._fd)), in_use()
    queue.close()
    assert (watches, used.watches >= 2, used.instances >= 1) == (2, True, True)
