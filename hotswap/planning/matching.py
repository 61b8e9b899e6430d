"""Where each statement of a new source stood in the old one, members of classes included.  Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hotswap.diff import Diff, Match
from hotswap.source import Source, StatementPath

Fate: TypeAlias = Literal["same", "body", "members", "edited", "added"]
"""What became of a statement, as in `diff.Match`."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The statement that a new one was before (None: it is added), and what became of it."""

    path: StatementPath | None
    fate: Fate


class Matching:
    """Pairs the places of two sources; of a source with itself when there is no difference."""

    def __init__(self, old: Source, new: Source, diff: Diff | None = None) -> None:
        self.origins: dict[StatementPath, Origin] = {}
        self.removed: list[StatementPath] = []
        if diff is not None:
            self._match(old.statements, new.statements, diff, (), ())
        self._identical = diff is None
        self._new = {origin.path: path for path, origin in self.origins.items() if origin.path is not None}

    def old(self, path: StatementPath) -> StatementPath | None:
        """Where the statement stood before; None when it was not there."""
        if self._identical:
            return path
        origin = self.origins.get(path)
        return origin.path if origin is not None else None

    def new(self, path: StatementPath) -> StatementPath | None:
        """Where a statement of the old source stands now; None when it is gone."""
        return path if self._identical else self._new.get(path)

    def fate(self, path: StatementPath) -> Fate:
        """What became of it."""
        if self._identical:
            return "same"
        origin = self.origins.get(path)
        return origin.fate if origin is not None else "added"  # it stands in a class that is new

    def _match(
        self, old: Sequence[ast.stmt], new: Sequence[ast.stmt], diff: Diff, before: StatementPath, after: StatementPath
    ) -> None:
        for match in diff.matches:
            path = (*after, match.new)
            if match.old is None:
                self.origins[path] = Origin(None, "added")
                continue
            place = (*before, match.old)
            self.origins[path] = Origin(place, match.kind)
            self._match_members(old[match.old], new[match.new], match, place, path)
        self.removed += [(*before, number) for number in diff.removed]

    def _match_members(
        self, old: ast.stmt, new: ast.stmt, match: Match, before: StatementPath, after: StatementPath
    ) -> None:
        if not isinstance(old, ast.ClassDef) or not isinstance(new, ast.ClassDef):
            return
        if match.inner is not None:
            self._match(old.body, new.body, match.inner, before, after)
        elif match.kind in ("same", "body"):
            for path, member in _members(new, ()):
                self.origins[*after, *path] = Origin((*before, *path), "body" if match.kind == "body" else "same")
                assert member is not None


def _members(node: ast.ClassDef, path: StatementPath) -> Iterator[tuple[StatementPath, ast.stmt]]:
    for number, member in enumerate(node.body):
        yield (*path, number), member
        if isinstance(member, ast.ClassDef):
            yield from _members(member, (*path, number))
