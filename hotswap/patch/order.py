"""Where in a registry an entry of a definition belongs: before those of definitions that stand behind it."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from types import FunctionType
from typing import Any

from hotswap.containers import fill, keys_of
from hotswap.graph import Graph
from hotswap.index import Tracked
from hotswap.journal import Journal
from hotswap.looking import is_a, is_any
from hotswap.patch import layout
from hotswap.patch.live import functions_within
from hotswap.patch.words import Word, first_lines
from hotswap.source import Source, first_line

Place = list[Any] | dict[Any, Any] | deque[Any]


@dataclass(frozen=True)
class Added:
    """A definition that runs, and the lists and dictionaries that its decorators may add to, with their entries."""

    line: int
    module: str
    namespace: dict[str, Any]
    source: Source
    contents: list[tuple[Place, list[Any]]]

    @classmethod
    def before(cls, node: ast.stmt, source: Source, tracked: Tracked, places: Iterable[Any]) -> Added:
        """Look before its statement runs.  Of a dictionary the entries are the keys."""
        contents = [(place, keys_of(place)) for place in places if is_any(place, list, dict, deque)]
        return cls(first_line(node), tracked.name, tracked.namespace, source, contents)

    @cached_property
    def classes(self) -> dict[str, int]:
        """Where the classes of the module stand."""
        return {n.name: first_line(n) for n in self.source.statements if isinstance(n, ast.ClassDef)}

    @cached_property
    def words(self) -> dict[Word, int]:
        """By word the line of the definition that it belongs to."""
        return first_lines(self.source.statements, self.module)

    def put_in_order(self, journal: Journal) -> None:
        """Put what was added at the end before the first entry of a definition that stands behind."""
        for place, content in self.contents:
            now = keys_of(place)
            added = now[len(content) :]
            is_appended = bool(added) and all(a is b for a, b in zip(now, content, strict=False))
            at = self._first_behind(place, content) if is_appended else None
            if at is not None:
                journal.remember(place)
                arrange(place, [*content[:at], *added, *content[at:]])

    def _first_behind(self, place: Place, content: list[Any]) -> int | None:
        """The first entry of a definition behind; None also when the entries are in an order of their own."""
        lines = [self._line_of(place, entry) for entry in content]
        known = [line for line in lines if line is not None]
        if any(one > other for one, other in pairwise(known)):
            return None
        return next((n for n, line in enumerate(lines) if line is not None and line > self.line), None)

    def _line_of(self, place: Place, entry: Any) -> int | None:
        """Where the definition stands that an entry belongs to: the first of those that its value tells of."""
        value: Any = dict.get(place, entry) if is_a(place, dict) else entry
        parts = value if is_any(value, tuple, list, set) else (value,)
        lines = [line for part in (entry, *parts) for line in self._lines_of(part)]
        if lines:
            return min(lines)
        if any(is_any(each, FunctionType, type) for each in [value, *functions_within(value, self.module, set())]):
            return None  # another module's, whatever word it stands under
        return self.words.get(entry) if is_any(entry, str, int, bytes) else None

    def _lines_of(self, value: Any) -> Iterator[int]:
        if is_a(value, type):
            if value.__module__ == self.module and value.__qualname__ in self.classes:
                yield self.classes[value.__qualname__]
            return
        for function in [value, *functions_within(value, self.module, set())]:
            if is_a(function, FunctionType) and function.__globals__ is self.namespace:
                yield function.__code__.co_firstlineno

    def put_subclass_in_order(self, cls: Any, graph: Graph, journal: Journal) -> None:
        """Let the bases of a class list it before the classes that stand behind it."""
        if not is_a(cls, type) or cls.__module__ != self.module or cls.__qualname__ not in self.classes:
            return
        for base in cls.__bases__:
            behind = list(self._listed_behind(cls, base)) if base.__module__ in graph.index.modules else []
            if behind and all(map(_may_move, behind)):
                # Taken back in the same order, which the other way round would not bring.
                journal.call((layout.list_last, behind), (layout.list_last, behind))

    def _listed_behind(self, cls: type, base: type) -> Iterator[type]:
        """The subclasses that are listed before it and stand behind it, and all that are listed after these."""
        found = False
        each: type
        for each in type.__subclasses__(base):
            if each is cls:
                if not found:
                    return
                continue
            found = found or any(line > self.line for line in self._lines_of(each))
            if found:
                yield each


def _may_move(cls: type) -> bool:
    """Whether its place changes in one list of subclasses only, and no code of the program runs for that."""
    return len(cls.__bases__) == 1 and type(cls).mro is type.mro


def arrange(place: Place, entries: list[Any]) -> None:
    """Let a list have these entries, or a dictionary its keys in this order."""
    fill(place, {key: dict.get(place, key) for key in entries} if is_a(place, dict) else entries)
