"""Limits of the system itself, and those of watching that remain."""

from __future__ import annotations

import mmap
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.process.living import living_in
from tests.process.running import environment
from tests.process.watching import in_place

PROGRAM = """
import threading
import hotswap, mod
live = threading.Event()
reloader = hotswap.watch(report=lambda outcome: live.set())
with open("mod.py", "w") as file:
    file.write("X = 2\\n")
print(live.wait(20), mod.X, [root.backend for root in reloader.status().roots])
"""


def confined(before: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in namespaces of its own, after a command of the shell."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-Urm", "true"], check=False).returncode:
        pytest.skip("no user namespace can be made here")
    command = ["unshare", "-Urm", "sh", "-c", before + ' && exec "$0" "$@"', sys.executable, *words]
    return subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False, timeout=60)


def without(limit: str) -> str:
    """Makes this limit of inotify 0."""
    return f"echo 0 > /proc/sys/user/{limit}"


LIMITS = {"max_inotify_instances": "max_user_instances", "max_inotify_watches": "max_user_watches"}


@pytest.mark.parametrize("limit", LIMITS)
def test_saves_go_live_when_the_kernel_has_nothing_left(tmp_path: Path, limit: str) -> None:
    """The root is scanned; that is said once, with the remedy."""
    (tmp_path / "mod.py").write_text("X = 1\n")
    (tmp_path / "main.py").write_text(PROGRAM)
    done = confined(without(limit), "main.py", cwd=tmp_path)
    said = f"hotswap scans {tmp_path} instead of watching it: "
    assert (done.stdout, done.stderr.count(said), f"sudo sysctl fs.inotify.{LIMITS[limit]}=" in done.stderr) == (
        "True 2 ['scan']\n", 1, True,
    )  # fmt: skip


MOUNTED = """
import subprocess, sys, threading, time
import hotswap
sys.path.insert(0, "app")
import mod

def until(what):
    deadline = time.monotonic() + 30
    while not what() and time.monotonic() < deadline:
        time.sleep(0.01)
    return what()

reloader = hotswap.watch(apply="thread")
time.sleep(0.1)
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "app"], check=True)
open("app/mod.py", "w").write("X = 2\\n")
found = until(lambda: mod.X == 2)
until(lambda: reloader.status().missed)
open("app/mod.py", "w").write("X = 3\\n")
again = until(lambda: mod.X == 3)
status = reloader.status()
print(found, again, status.missed, [root.backend for root in status.roots])
"""


def test_a_change_without_an_event_is_found(tmp_path: Path) -> None:
    """Something else is mounted over the folder: no event tells.  It is found by looking, and then the folder is scanned."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "mod.py").write_text("X = 1\n")
    (tmp_path / "main.py").write_text(MOUNTED)
    done = confined("true", "main.py", cwd=tmp_path)
    assert (done.stdout, "mod.py sent no event" in done.stderr) == ("True True 1 ['scan']\n", True)


def test_the_doctor_says_what_to_do(tmp_path: Path) -> None:
    """The exit status is 1, and the command that helps is the last line."""
    (tmp_path / "mod.py").write_text("X = 1\n")
    done = confined(without("max_inotify_watches"), "-m", "hotswap", "doctor", cwd=tmp_path)
    last = done.stdout.splitlines()[-1]
    assert (done.returncode, "sudo sysctl fs.inotify.max_user_watches=" in last) == (1, True)


def test_the_doctor_finds_nothing_to_do(tmp_path: Path) -> None:
    """In a healthy project the exit status is 0; a folder that is none is a usage error."""
    (tmp_path / "mod.py").write_text("X = 1\n")
    codes = [
        subprocess.run(
            [sys.executable, "-m", "hotswap", "doctor", *words],
            cwd=tmp_path, env=environment(), capture_output=True, check=False,
        ).returncode
        for words in ([], ["nowhere"])
    ]  # fmt: skip
    assert codes == [0, 2]


# ---------------------------------------------------------------------- what remains


@pytest.mark.xfail(strict=True, reason="the kernel has no event for it, and has not changed the file's time either")
def test_a_write_through_a_mapping_that_is_still_open(tmp_path: Path) -> None:
    """A file that is mapped into memory and written there is seen once the mapping is closed or flushed, not before."""
    with living_in(tmp_path, apply="manual") as program:
        (mod,) = program.load(mod="X = 1\n")
        with open(mod.__file__, "r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
            mapped[4:5] = b"2"
            program.reloader.sync()
            assert mod.X == 2


def test_a_write_through_a_mapping_that_was_closed(tmp_path: Path) -> None:
    """Then it is a save like any other."""
    with living_in(tmp_path, apply="manual") as program:
        (mod,) = program.load(mod="X = 1\n")
        with open(mod.__file__, "r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
            mapped[4:5] = b"2"
        program.reloader.sync()
        assert mod.X == 2


@pytest.mark.xfail(strict=True, reason="by looking only, a writer that pauses looks like one that is done")
def test_a_slow_writer_by_looking_only(tmp_path: Path) -> None:
    """Without events, text that is valid so far goes live while its writer pauses for longer than the quiet time."""
    with living_in(tmp_path, poll=0.05) as program:
        (mod,) = program.load(mod="X = 1\n")
        with open(mod.__file__, "w", encoding="ascii") as file:
            file.write("X = 2\n")
            file.flush()
            time.sleep(1.0)
            file.write("Y = 2\n")
        program.wait_for(lambda: mod.__dict__.get("Y") == 2)
        assert [outcome.kind for outcome in program.outcomes] == ["swapped"]


@pytest.mark.xfail(strict=True, reason="a formatter is waited for only once it has been seen at work, and not for long")
def test_the_first_save_before_a_slow_formatter(tmp_path: Path) -> None:
    """The first time, a formatter that comes a while after the save makes a round of its own, of layout alone."""
    with living_in(tmp_path) as program:
        (mod,) = program.load(mod="X = 1\n")
        in_place(mod.__file__, "X=2\n")
        program.wait_for(lambda: mod.X == 2)
        in_place(mod.__file__, "X = 2\n")
        program.reloader.sync()
        assert len(program.outcomes) == 1
