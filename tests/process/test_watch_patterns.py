"""Files of other kinds, found by patterns: the same watcher, the same rounds, settled."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotswap.model import Change, ChangeSet
from tests.process.living import WATCHED, Living, living_in
from tests.process.watching import PATIENCE, in_place, renamed_onto


class Told:
    """A handler that notes what it was told."""

    def __init__(self, *, answer: object = None) -> None:
        self.answer = answer
        self.rounds: list[list[tuple[str, str]]] = []
        self._came = threading.Condition()

    def __call__(self, changes: ChangeSet) -> object:
        with self._came:
            self.rounds.append([(os.path.basename(change.path), change.kind) for change in changes])
            self._came.notify_all()
        return self.answer

    def wait_for(self, count: int) -> list[list[tuple[str, str]]]:
        with self._came:
            assert self._came.wait_for(lambda: len(self.rounds) >= count, PATIENCE), self.rounds
            return list(self.rounds)


@pytest.fixture(params=WATCHED)
def living(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Living]:
    with living_in(tmp_path, **WATCHED[request.param]) as program:
        yield program


@pytest.fixture
def native(tmp_path: Path) -> Iterator[Living]:
    with living_in(tmp_path) as program:
        yield program


def test_what_happens_to_matching_files_is_told(living: Living) -> None:
    """Edited, added, deleted: each is one call, with the kind of change."""
    living.write("levels/one.json", "{}")
    living.start()
    told = Told()
    living.reloader.watch_directory(living.path("levels"), "*.json", told)
    in_place(living.path("levels/one.json"), "[1]")
    told.wait_for(1)
    renamed_onto(living.path("levels/two.json"), "[2]")
    told.wait_for(2)
    os.unlink(living.path("levels/one.json"))
    assert told.wait_for(3) == [[("one.json", "edited")], [("two.json", "added")], [("one.json", "deleted")]]


def test_what_is_none_of_the_pattern_is_not_told(living: Living) -> None:
    """Other names, other folders, a touch, the same bytes; and a pattern that was taken back."""
    living.write("levels/one.json", "{}")
    living.write("data/one.json", "{}")
    living.start()
    told, sentinel = Told(), Told()
    living.reloader.watch_directory(living.path("levels"), "*.json", told)
    living.reloader.watch_directory(living.path("data"), "*.json", sentinel)
    cancel = living.reloader.watch_directory(living.path("levels"), "*.txt", told)
    cancel()
    living.write("levels/one.txt", "x")
    living.write("levels/deep/one.json", "{}")
    living.write("levels/one.json", "{}")
    os.utime(living.path("levels/one.json"))
    living.write("data/one.json", "[]")
    sentinel.wait_for(1)
    assert told.rounds == []


def test_overlapping_patterns_tell_each_handler_once(living: Living) -> None:
    """A file that several patterns mean, nested folders among them, is one change of one round for each handler."""
    living.write("levels/one.json", "{}")
    living.start()
    first, second = Told(), Told()
    living.reloader.watch_directory(living.root, "**/*.json", first)
    living.reloader.watch_directory(living.path("levels"), "*.json", second)
    living.reloader.watch_directory(living.path("levels"), "one.*", second)
    in_place(living.path("levels/one.json"), "[1]")
    first.wait_for(1)
    second.wait_for(2)
    in_place(living.path("levels/one.json"), "[2]")
    change = [("one.json", "edited")]
    assert (first.wait_for(2), second.wait_for(4)) == ([change] * 2, [change] * 4)


def test_many_files_are_one_call(native: Living) -> None:
    """Files that are saved together are told together."""
    for number in range(50):
        native.write(f"levels/{number:02}.json", "{}")
    native.start()
    told = Told()
    native.reloader.watch_directory(native.path("levels"), "*.json", told)
    for number in range(50):
        renamed_onto(native.path(f"levels/{number:02}.json"), "[1]")
    assert told.wait_for(1) == [[(f"{number:02}.json", "edited") for number in range(50)]]


def test_folders_that_come_later_are_watched(living: Living) -> None:
    """The folder of the pattern itself, one below it, and one that is removed and made anew."""
    living.start()
    told = Told()
    living.reloader.watch_directory(living.path("assets"), "**/*.glsl", told)
    living.write("assets/a.glsl", "1")
    told.wait_for(1)
    living.write("assets/deep/deeper/b.glsl", "1")
    told.wait_for(2)
    shutil.rmtree(living.path("assets"))
    told.wait_for(3)
    living.write("assets/deep/b.glsl", "2")
    names = [name for changes in told.wait_for(4) for name, _ in changes]
    assert names == ["a.glsl", "b.glsl", "a.glsl", "b.glsl", "b.glsl"]


def test_folders_of_fetched_and_made_things_are_never_watched(native: Living) -> None:
    """No watch is spent on environments, dependencies, repositories, caches and build folders."""
    made = [".venv/lib", "node_modules/x", ".git/objects", "__pycache__", "build/lib", "dist", ".mypy_cache"]
    for folder in [*made, "own/cache", "own/src"]:
        native.write(f"{folder}/data.json", "{}")
    native.write("own/cache/CACHEDIR.TAG", "")
    native.write("env/pyvenv.cfg", "")
    native.write("env/data.json", "{}")
    native.start()
    native.reloader.watch_directory(native.root, "**/*.json", Told())
    armed = native.reloader._watcher._lookout.native._watch_of
    below = {os.path.relpath(path, native.root) for path in armed if path.startswith(str(native.root))}
    assert below == {".", "own", "own/src"}


def test_a_module_that_was_dealt_with_is_not_swapped(living: Living) -> None:
    """A handler that says so keeps a module out of the round; the others go live."""
    mod, other = living.load(mod="X = 1\n", other="Y = 1\n")
    told = Told(answer="handled")
    cancel = living.reloader.watch_directory(living.root, "mod.py", told)
    living.write("mod.py", "X = 2\n")
    living.write("other.py", "Y = 2\n")
    living.wait_for(lambda: other.Y == 2)
    told.wait_for(1)
    assert mod.X == 1
    cancel()
    living.write("mod.py", "X = 3\n")
    living.wait_for(lambda: mod.X == 3)


def test_a_handler_that_raises_harms_nobody(living: Living, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged; other handlers are told, and the round goes on."""
    (mod,) = living.load(mod="X = 1\n")

    def fail(changes: ChangeSet) -> Any:
        raise RuntimeError(changes)

    told = Told()
    living.reloader.watch_directory(living.root, "mod.*", fail)
    living.reloader.watch_directory(living.root, "mod.*", told)
    living.write("mod.py", "X = 2\n")
    living.wait_for(lambda: mod.X == 2)
    assert (told.rounds, len(caplog.records)) == ([[("mod.py", "edited")]], 1)


def test_a_barrier_tells_too(tmp_path: Path) -> None:
    """`sync()` calls the handlers of what was saved before it."""
    with living_in(tmp_path, apply="manual") as program:
        program.start()
        seen: list[ChangeSet] = []
        program.reloader.watch_directory(tmp_path, "*.json", seen.append)
        path = program.write("one.json", "{}")
        program.reloader.sync()
        assert seen == [(Change(path=path, kind="added"),)]


def test_links_that_lead_in_circles_end(native: Living) -> None:
    """A folder that contains a link to itself is watched once."""
    native.write("data/one.json", "{}")
    os.symlink("..", native.path("data/loop"))
    native.start()
    told = Told()
    native.reloader.watch_directory(native.path("data"), "**/*.json", told)
    native.write("data/one.json", "[]")
    assert (told.wait_for(1), native.reloader.status().files) == ([[("one.json", "edited")]], 1)
