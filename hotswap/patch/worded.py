"""Entries that hold no definition, but stand under a word of one: `PRIORITY[function.__name__] = 0`.

Which definition such an entry belongs to is told by its words alone, so it is taken out only of containers that the
called functions fill, and where no other statement may have made it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import FunctionType, MethodType
from typing import Any

from hotswap.containers import drop, fill, keys_of, size_of, values_of
from hotswap.graph import Graph, statement_at
from hotswap.journal import Journal
from hotswap.looking import is_a, is_any, own_space
from hotswap.model import Edit, Name
from hotswap.patch.filling import Container, Filled
from hotswap.patch.words import Word, constants_in, names_of, words_of
from hotswap.source import first_line

DEPTH = 3


@dataclass(slots=True)
class Removed:
    """A statement that is gone or another one now, and what it may have left in containers under its words."""

    node: ast.stmt
    edit: Edit
    graph: Graph
    words: set[Word]
    """Those under which there is nothing of it any more."""
    definitions: Iterable[Any] = ()
    """What it defined, and what is in that."""
    unclear: list[Container] = field(default_factory=list)
    """Containers of which it cannot be told what the statement put into them."""
    _known: set[int] = field(default_factory=set)

    def withdraw(self, filled: Iterable[Filled], known: Iterable[Any], journal: Journal) -> None:
        """Take its entries out.  `known`: containers in which its definitions were found, and are no more."""
        self._known = {id(place) for place in known}
        names = names_of(self.node, self.edit.module)
        for each in filled:
            shared = self._words_of_others(each.by)
            stated = self._words_stated(each)
            mine = self.words - stated
            is_known = any(id(place) in self._known for place in (each.container, *_within(each.container)))
            if self._holds_any(each.container, mine):
                is_clear = self._take_out(each.container, mine, mine & shared, names, journal, DEPTH)
            else:
                is_clear = size_of(each.container) == 0
            if not is_clear and not is_known and not each.is_asked:
                self.unclear.append(each.container)

    def _take_out(
        self, place: Container, words: set[Word], shared: set[Word], names: set[Word], journal: Journal, depth: int
    ) -> bool:
        """Whether it is clear what is to go."""
        if is_a(place, list):
            return self._take_out_of_list(place, words, shared, journal)
        is_clear = True
        for key in [key for key in keys_of(place) if self._is_of(place, key, words)]:
            value: Any = dict.get(place, key) if is_a(place, dict) else None
            if is_any(value, list, dict, set) and depth:
                had = size_of(value) > 0 or id(value) in self._known
                is_clear = self._take_out(value, words, shared, names, journal, depth - 1) and is_clear
                if size_of(value) or (not had and key not in names):
                    continue
            if _is_of(key, shared):
                is_clear = is_clear and not is_any(value, int, str, float)
            elif not is_any(value, FunctionType, MethodType, type):
                journal.remember(place)  # whole, because a key that is put back would stand at the end
                drop(place, key) if is_a(place, dict) else fill(place, [v for v in keys_of(place) if v is not key])
        return is_clear

    def _take_out_of_list(self, place: list[Any], words: set[Word], shared: set[Word], journal: Journal) -> bool:
        entries = keys_of(place)
        at = [n for n, entry in enumerate(entries) if _is_of(entry, words) or self._holds_one(entry)]
        if any(_is_of(entries[n], shared) for n in at) or len(at) > 1:
            return False
        if at:
            journal.remember(place)
            list.__delitem__(place, at[0])
        return True

    def _is_of(self, place: Container, key: Any, words: set[Word]) -> bool:
        return _is_of(key, words) or (is_a(place, dict) and self._holds_one(dict.get(place, key)))

    def _holds_one(self, entry: Any) -> bool:
        """Whether an entry is an object that keeps what was defined: `Command(function)`."""
        wanted = {id(each) for each in self.definitions}
        is_object = not is_any(entry, FunctionType, MethodType, type)
        return is_object and any(id(value) in wanted for value in own_space(entry).values())

    def _holds_any(self, place: Container, words: set[Word]) -> bool:
        if is_a(place, list):
            return any(_is_of(entry, words) or self._holds_one(entry) for entry in keys_of(place))
        return any(self._is_of(place, key, words) for key in keys_of(place))

    def _words_of_others(self, function: Name) -> set[Word]:
        """The words of the other statements that called the function, and that stay."""
        found: set[Word] = set()
        for module, line in self.graph.callers(function):
            tracked = self.graph.index.modules.get(module)
            number = statement_at(tracked.source, line) if tracked is not None else None
            if tracked is None or number is None or self._is_gone(module, number):
                continue
            found |= words_of(tracked.source.statements[number], module)
        return found

    def _is_gone(self, module: str, number: int) -> bool:
        if module != self.edit.module:
            return False
        if first_line(self.edit.old.statements[number]) == first_line(self.node):
            return True
        return self.edit.new is None or self.edit.diff is None or number in self.edit.diff.removed

    def _words_stated(self, filled: Filled) -> set[Word]:
        """The constants in the statements that may have put something into the container themselves."""
        tracked = self.graph.index.modules
        modules = {filled.by[0], self.edit.module} & tracked.keys()
        sources = [(m, self.edit.new if m == self.edit.module else tracked[m].source) for m in modules]
        nodes = [(n, tracked[m].namespace) for m, s in sources if s is not None for n in s.statements]
        return {w for n, space in nodes if _may_make(n, filled.container, space) for w in constants_in(n)}


def _may_make(node: ast.stmt, container: Container, namespace: dict[str, Any]) -> bool:
    """Whether an assignment gives a name the container, or is to something in it."""
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        targets = [node.target]
    else:
        return False
    return not all(isinstance(t, ast.Name) and not _leads_to(namespace.get(t.id), container) for t in targets)


def _leads_to(value: Any, container: Container) -> bool:
    """Whether a value is the container, or may hold it: no other table does."""
    return value is container or not is_any(value, list, dict, set, tuple, str, int, float, type(None))


def _is_of(entry: Any, words: set[Word]) -> bool:
    """Whether an entry is one of the words, or made of them."""
    if is_a(entry, tuple):
        told = [part for part in entry if is_any(part, str, tuple)]
        modules = {word[0] for word in words if isinstance(word, tuple)}
        return bool(told) and all(_is_of(part, words) or (is_a(part, str) and part in modules) for part in told)
    return is_any(entry, str, int, bytes) and entry in words


def _within(place: Container, depth: int = DEPTH) -> Iterator[Container]:
    for value in values_of(place):
        if depth and is_any(value, list, dict, set):
            yield value
            yield from _within(value, depth - 1)
