"""What statements asked hotswap for (hooks, boundaries, files) goes before they run again, and with them."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Any

from hotswap import asked
from hotswap.asked import Asked
from hotswap.journal import Journal
from hotswap.model import Edit, Place
from hotswap.planning.editions import Editions
from hotswap.planning.main_program import is_main_program
from hotswap.source import StatementPath, first_line, innermost


class Asking:
    """The requests of one round."""

    def __init__(self, editions: Editions, journal: Journal) -> None:
        self._editions, self._journal = editions, journal
        self._before: set[int] = set()
        self._made: dict[int, Place] = {}
        self._kept: list[Asked[Any]] = []

    def begin(self, edits: Iterable[Edit]) -> None:
        """Note what there is, and forget what statements asked for that are gone."""
        asked.remember(self._journal)
        self._kept = list(asked.everything())  # kept, so that no new one can take their identity
        self._before = {id(entry) for entry in self._kept}
        for edit in edits:
            if edit.new is None and any(entry.module == edit.module for entry in self._kept):
                asked.departed.add(edit.module)
            asked.forget(lambda entry, edit=edit: self._is_gone(entry, edit))  # type: ignore[misc]

    def _is_gone(self, entry: Asked[Any], edit: Edit) -> bool:
        if entry.module != edit.module or not entry.line:
            return False
        return edit.new is None or bool(edit.whole) or self._place_now(entry) is None

    def _place_now(self, entry: Asked[Any]) -> StatementPath | None:
        """Where the statement stands that had asked before the round; None when it is gone."""
        before = self._place_before(entry)
        return None if before is None else self._editions.matching(entry.module).new(before)

    def _place_before(self, entry: Asked[Any]) -> StatementPath | None:
        tracked = self._editions.index.modules.get(entry.module)
        return innermost(tracked.source, entry.line) if tracked is not None else None

    def _place_made(self, entry: Asked[Any]) -> StatementPath | None:
        """Where the statement stands that has asked in this round."""
        return innermost(self._editions.new(entry.module).source, entry.line)

    def runs(self, place: Place) -> list[tuple[StatementPath, Asked[Any]]]:
        """A statement is going to run: forget what it asked for.  Returns that, with where in it that was asked for."""
        module, path = place
        mine = [entry for entry in asked.everything() if entry.module == module and entry.line]
        found = [(at, entry) for entry in mine if (at := self._place_of(entry)) is not None and at[: len(path)] == path]
        gone = {id(entry) for _, entry in found}
        if gone:
            asked.forget(lambda entry: id(entry) in gone)
        return found

    def _place_of(self, entry: Asked[Any]) -> StatementPath | None:
        return self._place_now(entry) if id(entry) in self._before else self._place_made(entry)

    def runs_again(self, entry: Asked[Any], surely: AbstractSet[Place]) -> bool | None:
        """Whether the statement that asked is among these; None: it never runs again."""
        if entry.module not in self._editions.index.modules or self._editions.source(entry.module) is None:
            return None
        path = self._place_of(entry)
        if path is None:
            return None
        if entry.module == "__main__" and is_main_program(self._editions.node((entry.module, path[:1]))):
            return None
        return any((entry.module, path[:n]) in surely for n in range(1, len(path) + 1))

    def is_new(self, entry: Asked[Any]) -> bool:
        """Whether it was asked for in this round."""
        return id(entry) not in self._before

    def finish(self, modules: Iterable[str]) -> None:
        """The round is done, and lines are those of the newest sources.  To be called while the old ones are known."""
        for module in modules:
            if any(entry.module == module for entry in asked.everything()):
                for table in asked.tables:
                    table.move(module, self._line_now)
        for table in asked.tables:
            table.settle()

    def _line_now(self, entry: Asked[Any]) -> int:
        source, path = self._editions.source(entry.module), None
        if id(entry) in self._before and source is not None:
            path = self._place_now(entry)
        return entry.line if path is None or source is None else first_line(source.statement(path))
