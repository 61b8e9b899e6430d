"""Where in a list an entry of a new definition belongs: before those of definitions that stand behind it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from hotswap.index import Tracked
from hotswap.journal import Journal
from hotswap.looking import is_a
from hotswap.patch.live import functions_within
from hotswap.source import Source, first_line


@dataclass(frozen=True, slots=True)
class Added:
    """A definition that was not there before, and the lists that its decorators may append to, with their content."""

    line: int
    module: str
    namespace: dict[str, Any]
    classes: dict[str, int]
    contents: list[tuple[list[Any], list[Any]]]

    @classmethod
    def before(cls, node: ast.stmt, source: Source, tracked: Tracked, places: Iterable[Any]) -> Added:
        """Look before its statement runs."""
        classes = {n.name: first_line(n) for n in source.statements if isinstance(n, ast.ClassDef)}
        contents = [(place, list(place)) for place in places if is_a(place, list)]
        return cls(first_line(node), tracked.name, tracked.namespace, classes, contents)

    def put_in_order(self, journal: Journal) -> None:
        """Put what was appended before the first entry of a definition that stands behind."""
        for place, content in self.contents:
            added = place[len(content) :]
            is_appended = bool(added) and all(a is b for a, b in zip(place, content, strict=False))
            at = next((n for n, entry in enumerate(content) if self._stands_behind(entry)), None)
            if is_appended and at is not None:
                journal.remember(place)
                place[:] = [*content[:at], *added, *content[at:]]

    def _stands_behind(self, entry: Any) -> bool:
        parts = entry if is_a(entry, tuple) else (entry,)
        return any(line > self.line for part in parts for line in self._lines_of(part))

    def _lines_of(self, value: Any) -> Iterator[int]:
        if is_a(value, type):
            if value.__module__ == self.module and value.__qualname__ in self.classes:
                yield self.classes[value.__qualname__]
            return
        for function in [value, *functions_within(value, self.module, set())]:
            if is_a(function, FunctionType) and function.__globals__ is self.namespace:
                yield function.__code__.co_firstlineno
