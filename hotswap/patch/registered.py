"""What a definition had registered before its statement runs again, and what has become of that."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hotswap.containers import content_of, fill, items_of, keys_of, size_of
from hotswap.errors import CannotSwap
from hotswap.facts import Facts
from hotswap.graph import Graph
from hotswap.index import Tracked
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_a, is_any, is_instance
from hotswap.model import Edit, Reason
from hotswap.patch.deposited import Deposited
from hotswap.patch.filling import Filled, filled_by
from hotswap.patch.foreign import Difference, copy_of
from hotswap.patch.recorded import apart, made_of
from hotswap.patch.registries import (
    DEFINITIONS,
    containers,
    definitions_of,
    foreign_decorators,
    holds,
    is_dispatch_cache,
    of_decorators,
    withdraw,
)
from hotswap.patch.repeats import removed_effect
from hotswap.patch.withdrawing import has_put_nothing
from hotswap.patch.worded import Removed
from hotswap.patch.words import Word, words_of
from hotswap.source import first_line


def _appended_again(where: str, added: list[Any]) -> Reason:
    return Reason(
        code="HS402",
        what=f"a definition that is made again appended {added!r} to a list",
        where=where,
        why="what it appended the first time cannot be told from the rest of the list",
        remedy="restart",
    )


def left_behind(node: ast.stmt, old: ast.stmt | None, differences: Iterable[Difference]) -> str:
    """The name under which a definition still stands in an object of a library, when its decorators have another now.

    A library may keep something made of the definition, rather than the definition: a parser, say.  But what came in
    as the statement ran has its new name.
    """
    if old is None or not isinstance(node, DEFINITIONS):
        return ""
    was, now = _texts_in_decorators(old), _texts_in_decorators(node)
    for container, before, after in differences if was != now else ():
        if type(before) is dict and any(name in after and name not in before for name in now - was):
            for name in was - now:
                if name in before and name in copy_of(container):
                    return name
    return ""


def _texts_in_decorators(node: ast.stmt) -> set[str]:
    parts = [part for each in getattr(node, "decorator_list", ()) for part in ast.walk(each)]
    return {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}


def registered_twice(name: str, where: str) -> Reason:
    """Why a round cannot go on: what a definition was registered as stays there under its old name."""
    return Reason(
        code="HS402",
        what=f"a definition that is made again is registered under another name, and under {name!r} too",
        where=where,
        why="what a library made of it the first time cannot be told from the rest",
        remedy="restart",
    )


@dataclass(frozen=True, slots=True)
class Registered:
    """A definition whose statement is to run again, and the containers in which it may stand, with their content."""

    definitions: list[Any]
    contents: list[tuple[Any, list[Any]]]
    foreign: list[Any]
    surely: bool
    """Whether it is decorated or derived in another way now: what it does not register again is gone."""
    where: str
    is_known: bool = False
    """Whether all was taken out that it had put into containers, as far as that was noted."""
    old: ast.stmt | None = None
    filled: list[Filled] = field(default_factory=list)
    lost: set[Word] = field(default_factory=set)
    """The words that it had before, and has no more."""

    @classmethod
    def before(
        cls,
        node: ast.stmt,
        old: ast.stmt | None,
        facts: Facts,
        tracked: Tracked,
        graph: Graph,
        made: Any = MISSING,
        taken: Deposited | None = None,
    ) -> Registered:
        """Look before the statement runs.  `made` is what it made before, MISSING when that is not known.

        Not into containers out of which its entries were `taken`.
        """
        done = taken.handled if taken is not None else frozenset[int]()
        if old is None or not isinstance(node, DEFINITIONS):
            return cls([], [], [], surely=False, where="")
        footprint, foreign = graph.footprint(tracked, old, facts), list(foreign_decorators(old, tracked, graph))
        reached = [*containers(footprint, graph), *of_decorators(old, tracked, graph)]
        places, records = apart(reached, footprint, graph)
        definitions = definitions_of(node, old, tracked, reached, made)
        kept = [place for place in places if id(place) not in done]
        is_another = _who_registers(node) != _who_registers(old)
        is_known = bool(done) or has_put_nothing(old, footprint, tracked)
        contents = [(place, items_of(place) if is_a(place, dict) else keys_of(place)) for place in kept]
        return cls(
            [*definitions, *made_of(definitions, records)],
            contents,
            foreign,
            surely=is_another,
            where=f"{tracked.path}:{first_line(node)}",
            is_known=taken is not None and taken.is_complete,
            old=old,
            filled=filled_by(footprint, old, tracked, graph) if is_another and not is_known else [],
            lost=words_of(old, tracked.name) - words_of(node, tracked.name),
        )

    def withdraw_lost_words(
        self, edit: Edit | None, graph: Graph, journal: Journal, reached: Iterable[Any] | None
    ) -> None:
        """What stands under a word that the definition has no more goes, or all of it where it registers no more."""
        if edit is None or edit.new is None or self.old is None:
            return
        used = None if reached is None else {id(place) for place in reached}
        now = {w for n in edit.new.statements for w in words_of(n, edit.module)}
        wanted = {id(d) for d in self.definitions}
        known = [place for place, content in self.contents if _held_in(content, wanted)]
        for each in self.filled:
            is_out = used is not None and id(each.container) not in used
            words = words_of(self.old, edit.module) if is_out else self.lost - now
            gone = Removed(self.old, edit, graph, words, self.definitions if is_out else ())
            gone.withdraw([each] if words else [], known, journal)
            if gone.unclear and is_out:
                raise CannotSwap(removed_effect(edit, self.old))

    def withdraw_what_is_not_there_again(self, journal: Journal, reached: Iterable[Any] | None) -> None:
        """What the statement registered takes the place of what it had registered before.

        `reached` are the containers that it may have written to this time: in others it is not registered any more.
        None: nobody looked.
        """
        wanted = {id(d) for d in self.definitions}
        known = None if reached is None else {id(place) for place in reached}
        for place, content in self.contents:
            if self.is_known and not _held_in(content, wanted):
                continue
            is_touched = size_of(place) != len(content) or not _same_content(place, content)
            surely = self.surely or (known is not None and id(place) not in known)
            if is_touched or surely:
                self._settle(place, content, wanted, journal, surely=surely)

    def _settle(self, place: Any, content: list[Any], wanted: set[int], journal: Journal, *, surely: bool) -> None:
        if any(is_dispatch_cache(place, each) for each in self.foreign):
            journal.remember(place)
            fill(place, {})
        elif is_a(place, dict):
            self._settle_dict(place, content, wanted, journal, surely=surely)
        elif is_any(place, list, deque):
            self._settle_list(place, content, wanted, journal)
        elif is_a(place, set):
            self._settle_set(place, content, wanted, journal)

    def _settle_set(self, place: set[Any], content: list[Any], wanted: set[int], journal: Journal) -> None:
        withdraw([(place, None)], self.definitions, journal)
        known = {id(v) for v in content}
        added = [v for v in keys_of(place) if id(v) not in known]
        made = [v for v in content if _is_made_with(v, wanted)]
        if added and made:
            self._check_as_many(added, made)
            set.difference_update(place, made)

    def _check_as_many(self, added: list[Any], made: list[Any]) -> None:
        """Of instances, nobody knows which the definition put there: all, or others too."""
        if len(added) != len(made):
            raise CannotSwap(_appended_again(self.where, added))

    def _settle_dict(
        self, place: dict[Any, Any], content: list[Any], wanted: set[int], journal: Journal, *, surely: bool
    ) -> None:
        now = content_of(place)
        gone = [k for k, v in content if (_is_one(v, wanted) or _is_one(k, wanted)) and now.get(k) is v]
        if not gone and surely:
            gone = [k for k, v in content if _is_made_with(v, wanted) and now.get(k) is v]
            gone = gone if len(gone) == len(now) - len(content) else []
        if not gone:
            return
        known = {k for k, _ in content}
        new = [k for k in now if k not in known]
        names = dict(zip(gone, new, strict=True)) if len(gone) == len(new) else dict.fromkeys(gone)
        kept = [k for k in now if k not in names.values()] if len(gone) == len(new) else list(now)
        after = {names.get(k, k): now[names.get(k, k)] for k in kept if names.get(k, k) is not None}
        journal.remember(place)
        fill(place, after)

    def _settle_list(
        self, place: list[Any] | deque[Any], content: list[Any], wanted: set[int], journal: Journal
    ) -> None:
        at = [n for n, v in enumerate(content) if _is_one(v, wanted)]
        now = keys_of(place)
        if len(now) < len(content) or any(a is not b for a, b in zip(now, content, strict=False)):
            withdraw([(place, None)] if at else [], self.definitions, journal)
            return
        added = now[len(content) :]
        entries = [v for v in added if not is_instance(v, _PLAIN)]
        if any(v not in content for v in added if is_instance(v, _PLAIN)):
            raise CannotSwap(_appended_again(self.where, [v for v in added if is_instance(v, _PLAIN)]))
        after: list[Any] = list(content)
        made = [n for n, v in enumerate(content) if _is_made_with(v, wanted)]
        if made and entries and not at:
            self._check_as_many(entries, made)
            at = made
        if len(entries) == len(at):
            for number, entry in zip(at, entries, strict=True):
                after[number] = entry
        else:
            after = [v for n, v in enumerate(content) if n not in at] + entries
        journal.remember(place)
        fill(place, after)


_PLAIN = (str, int, bytes)
"""What says nothing of whose entry it is."""


def _is_one(value: Any, wanted: set[int]) -> bool:
    return id(value) in wanted or holds(value, wanted)


def _held_in(content: list[Any], wanted: set[int]) -> bool:
    """Whether a definition was in a container: of a dictionary the content are its items."""
    return any(
        _is_one(part, wanted) for entry in content for part in (entry, *(entry[-1:] if is_a(entry, tuple) else ()))
    )


def _is_made_with(value: Any, wanted: set[int]) -> bool:
    """Whether it is an instance of a class that is defined again."""
    return id(type(value)) in wanted


def _same_content(place: Any, content: list[Any]) -> bool:
    if is_a(place, dict):
        return all(k is a and v is b for (k, v), (a, b) in zip(items_of(place), content, strict=True))
    return all(a is b for a, b in zip(keys_of(place), content, strict=True))


def _who_registers(node: ast.stmt) -> list[str]:
    """The decorators of a definition, the bases and keywords of a class."""
    parts = (getattr(node, name, ()) for name in ("decorator_list", "bases", "keywords"))
    return [ast.dump(each) for part in parts for each in part]
