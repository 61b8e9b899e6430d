"""Random edits by another process: at each barrier nothing of them is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hotswap.watch import Watcher
from tests.process.running import ROOT
from tests.process.watching import BACKENDS

NAMES = [f"{package}/m{i}.py" for package in ("a", "a/b", "c", "c/d/e") for i in range(12)]

# The other process: reads how many edits to make, makes them, says so.
WRITER = r"""
import os, random, shutil, sys
root, seed, names = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
rng = random.Random(seed)
os.chdir(root)

def put(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return open(path, "w")

def in_place(path):
    with put(path) as f: f.write(f"x = {rng.randrange(10**3)}\n")
def slowly(path):
    with put(path) as f:
        for _ in range(3): f.write(f"x = {rng.randrange(10**3)}\n"); f.flush()
def renamed_onto(path):
    in_place(path + ".tmp"); os.replace(path + ".tmp", path)
def vim(path):
    if os.path.exists(path): os.rename(path, path + "~")
    in_place(path)
def delete(path):
    if os.path.lexists(path): os.unlink(path)
def linked(path):
    delete(path); in_place(path + ".real"); os.symlink(os.path.basename(path) + ".real", path)
def hard(path):
    in_place(path + ".hard"); delete(path); os.link(path + ".hard", path)
def through_hard(path):
    if os.path.exists(path + ".hard"): in_place(path + ".hard")
def append(path):
    if os.path.exists(path):
        with open(path, "a") as f: f.write("y = 1\n")
def swap(path):
    other = rng.choice(names)
    if os.path.exists(path) and os.path.exists(os.path.dirname(other)): os.replace(path, other)
def move_directory(path):
    directory = os.path.dirname(path)
    if os.path.exists(directory):
        if os.path.exists("moved"): shutil.rmtree("moved")
        os.rename(directory, "moved")
        if rng.random() < .7 and os.path.isdir(os.path.dirname(directory) or "."): os.rename("moved", directory)
def remove_directory(path):
    shutil.rmtree(os.path.dirname(path), ignore_errors=True)
def link_directory(path):
    directory = os.path.dirname(path)
    if os.path.isdir(directory) and not os.path.islink(directory) and not os.path.exists("real_" + directory.replace("/", "_")):
        os.rename(directory, "real_" + directory.replace("/", "_"))
        os.symlink(os.path.abspath("real_" + directory.replace("/", "_")), directory)

often = [in_place, slowly, renamed_onto, vim, delete, linked, hard, through_hard, append, swap]
seldom = [move_directory, remove_directory, link_directory]
for line in sys.stdin:
    for _ in range(int(line)):
        way, path = rng.choice(often if rng.random() < .97 else seldom), rng.choice(names)
        try:
            way(path)
        except OSError:
            pass
    print("done", flush=True)
"""


def text_of(path: str) -> str | None:
    try:
        return Path(path).read_text()
    except OSError:
        return None


def test_a_program_equals_the_disk_at_every_barrier() -> None:
    """Hundreds of edits in all ways of saving, moves, deletions and bursts: none missed, none twice, none in part.

    The whole of it is `python -m tests.process.torture`.
    """
    assert "always equal to the disk" in torture("--edits", "500")


def test_a_program_equals_the_disk_by_looking_only() -> None:
    """The same without events."""
    assert "always equal to the disk" in torture("--edits", "150", "--poll", "0.05")


def torture(*words: str) -> str:
    command = [sys.executable, "-m", "tests.process.torture", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    return done.stdout + done.stderr


@pytest.mark.parametrize(("backend", "rounds"), [("inotify", 100), ("watchdog", 30), ("scan", 40)])
def test_every_barrier_accounts_for_every_edit(tmp_path: Path, backend: str, rounds: int) -> None:
    """Whoever reads again just the hinted files knows the whole disk, after each of many bursts of edits."""
    paths = [str(tmp_path / name) for name in NAMES]
    options: dict[str, Any] = BACKENDS[backend]
    watcher = Watcher(notify=lambda: None, **options)
    watcher.track(paths)
    watcher.start()
    known = {path: text_of(path) for path in paths}
    with _writer(tmp_path, 1) as writer:
        for number in range(rounds):
            _edit(writer, 1 + number % 37)
            for path in watcher.flush():
                known[path] = text_of(path)
            assert known == {path: text_of(path) for path in paths}, f"after round {number}"
    watcher.stop()
    assert watcher.status().missed == 0


def test_settled_batches_account_for_everything_in_the_end(tmp_path: Path) -> None:
    """The same without barriers: what was settled while the edits went on, and after, is all there is to know."""
    paths = [str(tmp_path / name) for name in NAMES]
    watcher = Watcher(notify=lambda: None)
    watcher.track(paths)
    watcher.start()
    known = {path: text_of(path) for path in paths}
    with _writer(tmp_path, 3) as writer:
        for _ in range(20):
            _edit(writer, 100)
            for path in watcher.take():
                known[path] = text_of(path)
    for path in watcher.flush():
        known[path] = text_of(path)
    watcher.stop()
    assert known == {path: text_of(path) for path in paths}


def _writer(root: Path, seed: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(root), str(seed), *NAMES]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _edit(writer: subprocess.Popen[str], edits: int) -> None:
    assert writer.stdin is not None and writer.stdout is not None
    writer.stdin.write(f"{edits}\n")
    writer.stdin.flush()
    assert writer.stdout.readline() == "done\n"
