"""Patterns of file names beneath a directory: what they match, and into which directories they lead.  Pure.

As in a shell: `*` and `?` match within one name and no leading dot, `**` stands for any number of directories.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

# Directories of things that are made or fetched, by the thousand.  A wildcard never leads into them; to be watched they
# have to be named.  Those that begin with a dot (.git, .venv, .tox ...) no wildcard matches anyway.
NEVER = frozenset(
    "node_modules bower_components __pycache__ __pypackages__ site-packages dist-packages venv build dist "
    "htmlcov".split()
)


class Glob(NamedTuple):
    """A pattern beneath a directory (absolute, as the user spells it)."""

    directory: str
    pattern: str

    @property
    def _parts(self) -> list[str]:
        return [part for part in self.pattern.replace(os.sep, "/").split("/") if part not in ("", ".")]

    def matches(self, path: str) -> bool:
        """Whether the file is one of those that are meant."""
        parts = self._beneath(path)
        return bool(parts) and _matches(parts or [], self._parts)

    def leads_into(self, path: str) -> bool:
        """Whether a file in this directory, or further down, could be meant."""
        parts = self._beneath(path)
        return parts is not None and _leads(parts, self._parts)

    def _beneath(self, path: str) -> list[str] | None:
        """The path relative to the directory, name by name; None when it is not at or beneath it."""
        if path == self.directory:
            return []
        prefix = os.path.join(self.directory, "")
        return path[len(prefix) :].split(os.sep) if path.startswith(prefix) else None


def _matches(names: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not names
    if pattern[0] == "**":
        if len(pattern) == 1:  # at the end it means every file
            return bool(names) and _fits(names[-1], "*", is_last=True) and all(map(_passable, names[:-1]))
        return _matches(names, pattern[1:]) or (bool(names) and _passable(names[0]) and _matches(names[1:], pattern))
    return bool(names) and _fits(names[0], pattern[0], is_last=len(names) == 1) and _matches(names[1:], pattern[1:])


def _leads(names: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return False
    if not names:
        return True
    if pattern[0] == "**":
        return (_passable(names[0]) and _leads(names[1:], pattern)) or _leads(names, pattern[1:])
    return len(pattern) > 1 and _fits(names[0], pattern[0], is_last=False) and _leads(names[1:], pattern[1:])


def _fits(name: str, part: str, *, is_last: bool) -> bool:
    if name == part:
        return True
    if name.startswith(".") and not part.startswith("."):
        return False
    return fnmatchcase(name, part) and (is_last or name not in NEVER)


def _passable(name: str) -> bool:
    """Whether `**` goes through a directory of that name."""
    return not name.startswith(".") and name not in NEVER
