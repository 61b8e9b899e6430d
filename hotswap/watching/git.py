"""Whether git is in the middle of rewriting the working tree."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable

from hotswap.watching.places import ancestors

# `git stash` and `git rebase` let go of the lock for up to 43 ms (measured) between two of their steps.
PAUSE = 0.15


class GitLocks:
    """Looks for the index locks of the repositories that files are in."""

    def __init__(self, *, stale_after: float, wall: Callable[[], float] = time.time) -> None:
        self._stale_after = stale_after
        self._wall = wall
        self._repositories: dict[str, str | None] = {}

    def pause(self, files: Iterable[str]) -> float:
        """For how many seconds to wait because git is at work in a repository of one of the files; 0 if it is not."""
        return max((self._pause(repository) for repository in {self._repository(file) for file in files}), default=0.0)

    def forget(self) -> None:
        """Directories have changed: look for repositories anew."""
        self._repositories.clear()

    def _pause(self, repository: str | None) -> float:
        if repository is None:
            return 0.0
        if 0 <= self._age(os.path.join(repository, "index.lock")) < self._stale_after:
            return PAUSE  # an older lock was left behind by a git that died
        # A lock that is given back becomes the index: between two steps of a rebase it is as young as the step before.
        age = self._age(os.path.join(repository, "index"))
        return PAUSE - age if 0 <= age < PAUSE else 0.0

    def _age(self, file: str) -> float:
        """How old the file is; below zero when there is none, or the clock was set back since."""
        try:
            return self._wall() - os.lstat(file).st_mtime
        except OSError:
            return -1.0

    def _repository(self, file: str) -> str | None:
        directory = os.path.dirname(file)
        if directory not in self._repositories:
            self._repositories[directory] = _git_directory(directory)
        return self._repositories[directory]


def _git_directory(directory: str) -> str | None:
    for above in (directory, *ancestors(directory)):
        path = os.path.join(above, ".git")
        if os.path.isdir(path):
            return path
        if os.path.isfile(path):
            return _pointed_at(path)
    return None


def _pointed_at(path: str) -> str | None:
    """Where the `.git` file of a worktree or submodule says that the repository is."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            word, _, target = file.readline().partition(":")
    except OSError:
        return None
    return os.path.join(os.path.dirname(path), target.strip()) if word == "gitdir" else None
