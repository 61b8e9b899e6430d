"""Functions of the program that are told when files change."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from hotswap.handlers import Handlers
from hotswap.model import Change, ChangeSet


class Watching:
    """Notes which patterns are watched; the files are those of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.watched: list[tuple[str, str]] = []

    def watch_directory(self, directory: str, pattern: str) -> None:
        self.watched.append((directory, pattern))

    def unwatch_directory(self, directory: str, pattern: str) -> None:
        self.watched.remove((directory, pattern))

    def matching(self, directory: str, pattern: str) -> frozenset[str]:
        return frozenset(map(str, Path(directory).glob(pattern)))


@pytest.fixture
def handlers(tmp_path: Path) -> Handlers:
    (tmp_path / "one.json").write_text("1")
    return Handlers(Watching(tmp_path))


def test_contents_decide(handlers: Handlers, tmp_path: Path) -> None:
    """A hint about a file whose content is the same is not told; each change is told once."""
    told: list[ChangeSet] = []
    path = str(tmp_path / "one.json")
    handlers.add(tmp_path, "*.json", told.append)
    os.utime(path, (1, 1))
    handlers.run([path])
    Path(path).write_text("2")
    handlers.run([path])
    handlers.run([path])
    assert told == [(Change(path=path, kind="edited"),)]


def test_a_true_answer_means_handled(handlers: Handlers, tmp_path: Path) -> None:
    """The paths that were dealt with are returned, whoever dealt with them."""
    (tmp_path / "one.json").write_text("2")
    (tmp_path / "two.txt").write_text("2")
    handlers.add(tmp_path, "*.txt", lambda _: False)
    handlers.add(tmp_path, "*.json", lambda _: None)
    handlers.add(tmp_path, "one.*", lambda _: "handled")
    (tmp_path / "one.json").write_text("3")
    (tmp_path / "two.txt").write_text("3")
    assert handlers.run([str(tmp_path / "one.json"), str(tmp_path / "two.txt")]) == {str(tmp_path / "one.json")}


def test_what_a_handler_raises_is_logged(handlers: Handlers, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The file was not dealt with, and the next handler is told."""
    told: list[ChangeSet] = []
    handlers.add(tmp_path, "*.json", lambda _: 1 / 0)
    handlers.add(tmp_path, "*.json", told.append)
    (tmp_path / "one.json").write_text("2")
    handled = handlers.run([str(tmp_path / "one.json")])
    assert (handled, len(told), [r.levelno for r in caplog.records]) == (frozenset(), 1, [logging.ERROR])


def test_taking_a_handler_back_ends_the_watching_with_the_last_one(tmp_path: Path) -> None:
    """Two handlers may share a pattern; taking one back twice does no harm."""
    watching = Watching(tmp_path)
    handlers = Handlers(watching)
    first, second = (handlers.add(tmp_path, "*.json", print) for _ in range(2))
    first()
    first()
    shared = list(watching.watched)
    second()
    assert (shared, watching.watched) == ([(str(tmp_path), "*.json")], [])
