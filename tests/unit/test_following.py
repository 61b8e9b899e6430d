"""What the program asked for is watched."""

from __future__ import annotations

import os

import pytest

import hotswap
from hotswap import assets
from hotswap.asked import Table
from hotswap.following import Following
from hotswap.marks import Marks
from hotswap.watch import Glob


class Watching:
    """Notes what is watched; the files are those of the disk."""

    def __init__(self):
        self.files, self.globs = set(), []

    def track(self, files):
        self.files.update(files)

    def watch_directory(self, directory, pattern):
        self.globs.append((directory, pattern))

    def matching(self, directory, pattern):
        return frozenset(os.path.join(directory, name) for name in os.listdir(directory))


@pytest.fixture
def watching(monkeypatch):
    """Nothing is asked for yet."""
    for name, value in (
        ("assets", {}),
        ("askers", Table()),
        ("file_hooks", Table()),
        ("marks", Marks()),
        ("followers", []),
    ):
        monkeypatch.setattr(assets, name, value)
    return Watching()


def test_what_there_is_and_what_comes_is_watched(watching, tmp_path):
    """From `begin` to `end`; each pattern once, and the files of today are known."""
    for name in "abc":
        (tmp_path / name).write_text(name)
    following = Following(watching)
    hotswap.asset(tmp_path / "a", str)
    following.begin()
    following.begin()
    hotswap.asset(tmp_path / "b", str)
    for _ in range(2):
        hotswap.on_file(tmp_path / "*")(print)
    following.end()
    following.end()
    hotswap.asset(tmp_path / "c", str)
    assert watching.files == {str(tmp_path / name) for name in "ab"}
    assert watching.globs == [Glob(str(tmp_path), "*")]
    assert [str(tmp_path / name) in assets.marks for name in "abd"] == [True, True, False]


@pytest.mark.parametrize(
    ("pattern", "folder", "rest"),
    [
        ("*.json", "", "*.json"),
        ("levels/*.json", "levels", "*.json"),
        ("levels/**/x.json", "levels", "**/x.json"),
        ("levels/one.json", "levels", "one.json"),
        ("../levels/?/*.png", "../levels", "?/*.png"),
        ("/data/[ab]/x", "/data", "[ab]/x"),
        ("/*", "/", "*"),
    ],
)
def test_the_folder_of_a_pattern(watching, tmp_path, monkeypatch, pattern, folder, rest):
    """All that leads to the first wildcard; the rest matches beneath it."""
    monkeypatch.chdir(tmp_path)
    hotswap.on_file(pattern)(print)
    assert [entry.thing.glob for entry in assets.file_hooks] == [Glob(os.path.abspath(folder), rest)]
