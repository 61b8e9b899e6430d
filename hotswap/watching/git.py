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

    def held(self, files: Iterable[str]) -> bool:
        """Whether a repository of one of the files is locked; a lock that a dead git left behind does not count."""
        return any(self._is_locked(repository) for repository in {self._repository(file) for file in files})

    def forget(self) -> None:
        """Directories have changed: look for repositories anew."""
        self._repositories.clear()

    def _is_locked(self, repository: str | None) -> bool:
        if repository is None:
            return False
        try:
            locked_at = os.lstat(os.path.join(repository, "index.lock")).st_mtime
        except OSError:
            return False
        return self._wall() - locked_at < self._stale_after

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
