"""While a statement runs whose functions count what is in a container, it holds what a fresh process had there by then.

`f.number = len(REGISTRY)` in a decorator: what statements behind have put there, and the program, is away for that
long.  Only if all of those statements are to run as well, or else one would get a number that another one has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hotswap.containers import fill
from hotswap.journal import Journal
from hotswap.model import Name, Place
from hotswap.patch.authors import Authors, is_any_of
from hotswap.patch.deposited import roots_of
from hotswap.planning.edition import Edition
from hotswap.planning.setting import constructors
from hotswap.targets import Target, within
from hotswap.trace import Footprint

COUNTING = frozenset(("len", "max", "min", "sum", "enumerate"))
"""What a function uses that makes a number out of all that is in a container."""


@dataclass(slots=True)
class Hidden:
    """A container out of which entries are away."""

    target: Target
    content: Any
    """All that was in it."""
    shown: list[Any]
    """Those of its entries, or keys, that are left."""
    position: int
    """Where among all of them belongs what comes now."""
    later: list[Any]
    """The keys of a dictionary under which statements behind have put what stands there: they have the last word."""

    def put_back(self) -> None:
        """Let the container have its entries again, with those that came in between."""
        now, known = self.target.content(), len(self.shown)
        if isinstance(now, dict):
            now |= {key: self.content[key] for key in self.later if key in now}
            came = [key for key in now if key not in self.shown]
            keys = [key for key in self.content if key not in came]
            position = sum(key not in came for key in list(self.content)[: self.position])
            order = [*keys[:position], *came, *keys[position:]]
            left = [key for key in order if key in now or key not in self.shown]
            fill(self.target.value, {key: now.get(key, self.content.get(key)) for key in left})
            return
        added = now[known:] if all(a is b for a, b in zip(self.shown, now, strict=False)) else None
        if added is None:
            shown = {id(each) for each in self.shown}
            fill(self.target.value, [*now, *(each for each in self.content if id(each) not in shown)])
        else:
            fill(self.target.value, [*self.content[: self.position], *added, *self.content[self.position :]])


class Counting:
    """Hides entries, for the statements of one round."""

    def __init__(self, authors: Authors, journal: Journal, runs: Callable[[Place], bool]) -> None:
        """`runs`: whether a statement may run in this round."""
        self.authors, self.journal, self.runs = authors, journal, runs

    @contextmanager
    def at_place(
        self, place: Place, edition: Edition, gaps: Callable[[int], int | None], *, due: bool
    ) -> Iterator[None]:
        """Let containers hold what they would in a fresh process as the statement begins, if it counts that.

        `gaps` tells from where in a container entries of the statement were taken out.  One that is not `due` runs for
        the sake of others only: what it puts there is there already.
        """
        hidden = list(self._hide(place, edition, gaps))
        yield  # when it raises, the journal puts everything back
        for each in hidden:
            if due:
                each.put_back()
            else:
                fill(each.target.value, each.content)

    def _hide(self, place: Place, edition: Edition, gaps: Callable[[int], int | None]) -> Iterator[Hidden]:
        called = set(edition.called(place[1]))
        called.update(constructors(edition.tracked, edition.facts(place[1]), self.authors.index))
        if not self._counts(edition, called):
            return
        facts, owner = edition.facts(place[1]), edition.class_around(place[1])[1]
        roots = roots_of(edition.tracked, facts, Footprint(called=called), edition.graph, owner)
        reached = within(roots, self.authors.index.modules.keys().__contains__, {})
        for target in [each for each in reached if each.kind != "attributes"]:
            hidden = self._behind(place, target, gaps(id(target.value)))
            if hidden is not None:
                self.journal.on_rollback(fill, target.value, hidden.content)
                content = hidden.content
                is_table = isinstance(content, dict)
                fill(target.value, {key: content[key] for key in hidden.shown} if is_table else hidden.shown)
                yield hidden

    def _counts(self, edition: Edition, called: Iterable[Name]) -> bool:
        codes = (edition.code(function) for function in called)
        return any(chain[-1] in COUNTING for code in codes if code is not None for chain in code.reads)

    def _behind(self, place: Place, target: Target, gap: int | None) -> Hidden | None:
        """What to hide of a container; None when that is nothing, or would be wrong."""
        others = [(at, d) for at, d in self.authors.of(target.key) if at != place]
        ahead = [e for at, d in others if self.authors.comes_first(at, place) for e in d.entries]
        behind = [(at, d) for at, d in others if not self.authors.comes_first(at, place)]
        if not all(self._may_run(at) for at, _ in behind):
            return None
        later = [entry for _, deposit in behind for entry in deposit.entries]
        content = target.content()
        entries = list(content)
        own = [e for at, d in self.authors.of(target.key) if at == place for e in d.entries]
        first = next((n for n, each in enumerate(entries) if is_any_of([*own, *later], each)), len(entries))
        first = min(first, len(entries) if gap is None else gap)
        if target.kind == "members":
            shown = [n for n, each in enumerate(entries) if not is_any_of(later, each)]
        else:
            shown = [n for n, each in enumerate(entries) if n < first or is_any_of(ahead, each)]
        if len(shown) == len(entries):
            return None
        position = max([first, *(n + 1 for n in shown)])
        last = [each for each in entries if target.kind == "keys" and is_any_of(later, each)]
        return Hidden(target, content, [entries[n] for n in shown], position, last)

    def _may_run(self, place: Place) -> bool:
        return any(self.runs((place[0], place[1][:depth])) for depth in range(1, len(place[1]) + 1))
