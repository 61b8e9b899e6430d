"""Which statements have put what into containers, as far as it was noted: what comes first, who has the last word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hotswap.containers import fill
from hotswap.deposits import NOTHING, Deposit, Entry, Token
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_a
from hotswap.model import Place
from hotswap.patch.deposited import contents_of, move_added
from hotswap.planning.editions import Editions
from hotswap.targets import Kind, Target


class Authors:
    """Answers for one round; looked up when somebody asks first."""

    def __init__(self, editions: Editions, twin: Callable[[Any], Any]) -> None:
        """`twin` gives the living object that a fresh one has become in this round."""
        self.editions, self.index, self.twin = editions, editions.index, twin
        self._known: dict[tuple[int, Kind], list[tuple[str, int, Deposit]]] | None = None
        self._now: dict[Place, list[Deposit]] = {}

    def of(self, target: tuple[int, Kind]) -> Iterator[tuple[Place, Deposit]]:
        """The statements that have put something into the target, where they stand now."""
        for module, line, deposit in self._by_target().get(target, ()):
            place = self.editions.place_at(module, line)
            if place is not None and not self._has_run(place):
                yield place, deposit
        for place in self._now:
            yield from ((place, each) for each in self._put_now(place, target))

    def _put_now(self, place: Place, target: tuple[int, Kind]) -> Iterator[Deposit]:
        """What a statement of this round has put into the target: as it was made, and as what it has become."""
        for each in self._now[place]:
            if (each.target, each.kind) == target:
                yield each
                yield each.translated(self.twin)

    def _has_run(self, place: Place) -> bool:
        """Whether the statement has run again, or the class around it."""
        return any((place[0], place[1][:depth]) in self._now for depth in range(1, len(place[1]) + 1))

    def _by_target(self) -> dict[tuple[int, Kind], list[tuple[str, int, Deposit]]]:
        if self._known is None:
            self._known = {}
            for module, tracked in list(self.index.modules.items()):
                for line, footprint in (tracked.calls or {}).items():
                    for deposit in all_of(footprint.deposits):
                        self._known.setdefault((deposit.target, deposit.kind), []).append((module, line, deposit))
        return self._known

    def note(self, place: Place, deposits: Iterable[Deposit]) -> None:
        """A statement has run again: this is what it puts where now."""
        self._now[place] = list(all_of(deposits))

    def beneath(self, module: str, line: int, target: tuple[int, Kind], entry: Entry) -> Token:
        """What statements put under the same key before the one on a line of the sources that run until now."""
        found = entry.before, ("", 0)
        for other, at, deposit in self._by_target().get(target, ()):
            key = (other, at) if other == module else ("", at)
            if key >= found[1] and self._is_ahead((other, at), (module, line)):
                found = next(((e.after, key) for e in _same(entry, deposit)), found)
        place = self.editions.place_at(module, line)
        for where in self._now if place is not None else ():
            assert place is not None
            if where != place and self.comes_first(where, place):
                mine = reversed(list(self._put_now(where, target)))
                found = next(((e.after, found[1]) for each in mine for e in _same(entry, each)), found)
        return found[0]

    def is_others(self, module: str, lines: tuple[int, int], target: tuple[int, Kind]) -> bool:
        """Whether other statements than that on these lines have put something into a target."""
        first, last = lines
        known = self._by_target().get(target, ())
        return any(other != module or not first <= at <= last for other, at, _ in known)

    def _is_ahead(self, one: tuple[str, int], other: tuple[str, int]) -> bool:
        mine, theirs = self.editions.group(one[0]), self.editions.group(other[0])
        if mine is None or mine is theirs:
            return one[0] == other[0] and one[1] < other[1]
        return self.editions.is_through(mine, other[0])

    def comes_first(self, one: Place, other: Place) -> bool:
        """Whether a statement has its turn before another one."""
        return self.editions.comes_first(one, other)

    def is_counted_on(self, owner: int, entry: Entry, value: Any, is_due: Callable[[Place], bool]) -> bool:
        """Whether statements that are due (behind the one that made the entry) have made this of an attribute."""
        token = entry.after
        for place, deposit in self.of((owner, "attributes")):
            for each in deposit.entries:
                if each is not entry and each.key == entry.key and each.before == token and is_due(place):
                    token = each.after
        return token != entry.after and token.stands_for(value)

    # ------------------------------------------------------------------ once a statement has run

    def give_back(
        self, place: Place, target: Target, deposit: Deposit, is_due: Callable[[Place], bool], journal: Journal
    ) -> None:
        """What the statement has overwritten of statements behind it comes back, unless they are to run as well."""
        others = [(at, d) for at, d in self.of(target.key) if at != place and not is_due(at)]
        later = [d for at, d in others if self.comes_first(place, at)]
        for entry in deposit.entries if later else ():
            before = entry.before.thing()
            if before is not MISSING and _has_put(later, entry, before):
                content = target.content()
                key = entry.key.thing() if is_a(entry.key, Token) else entry.key
                journal.on_rollback(fill, target.value, content)
                fill(target.value, {**content, key: before})

    def put_in_order(
        self, place: Place, target: Target, deposit: Deposit, gaps: dict[int, int], journal: Journal
    ) -> None:
        """What the statement has added at the end comes behind what statements ahead of it have put there.

        `gaps` are by the identity of containers the positions of what statements had put there that are gone.
        """
        content, came = contents_of(target.value), [e for e in deposit.entries if e.before is NOTHING]
        known = content[: len(content) - len(came)]
        added = content[len(known) :]
        if not came or not all(_stands_at(entry, value) for entry, value in zip(came, added, strict=False)):
            return
        ahead, behind = self._around(place, target, known)
        if behind is not None:
            position = behind if behind >= ahead else len(known)
        elif id(target.value) in gaps:
            position = max(gaps[id(target.value)], ahead)
        else:
            position = ahead or len(known)
        move_added(target.value, known, position, journal)

    def put_behind_later(self, place: Place, target: Target, deposit: Deposit, gap: int, journal: Journal) -> None:
        """What the statement has put before all the rest comes behind what statements behind it have put there so.

        `gap` is the position of what it had put there before.
        """
        content = contents_of(target.value)
        came = sum(entry.before is NOTHING for entry in deposit.entries)
        known = content[came:]
        others = [(at, d) for at, d in self.of(target.key) if at != place and not self.comes_first(at, place)]
        later = [entry for _, each in others for entry in each.entries]
        position = max((n + 1 for n, value in enumerate(known) if is_any_of(later, value)), default=gap)
        if position:
            journal.on_rollback(fill, target.value, content)
            fill(target.value, [*known[:position], *content[:came], *known[position:]])

    def _around(self, place: Place, target: Target, known: list[Any]) -> tuple[int, int | None]:
        """How many entries stand up to the last one of statements ahead, and where the first of those behind stands."""
        others = [(at, d) for at, d in self.of(target.key) if at != place]
        ahead = [e for at, d in others if self.comes_first(at, place) for e in d.entries]
        behind = [e for at, d in others if not self.comes_first(at, place) for e in d.entries]
        last = max((n + 1 for n, value in enumerate(known) if is_any_of(ahead, value)), default=0)
        first = next((n for n, value in enumerate(known) if is_any_of(behind, value)), None)
        return last, first


def _same(entry: Entry, deposit: Deposit) -> Iterator[Entry]:
    return (each for each in deposit.entries if each.key == entry.key and each.after is not NOTHING)


def all_of(deposits: Iterable[Deposit]) -> Iterator[Deposit]:
    """The deposits, and what came in containers that they put somewhere."""
    for each in deposits:
        yield each
        yield from all_of(entry.within for entry in each.entries if entry.within is not None)


def _has_put(deposits: Iterable[Deposit], entry: Entry, value: Any) -> bool:
    same = (e for deposit in deposits for e in deposit.entries if e.key == entry.key)
    return any(each.after.stands_for(value) for each in same)


def _stands_at(entry: Entry, value: Any) -> bool:
    """Whether it is the entry's: of a dictionary its key."""
    if entry.key is None:
        return entry.after.stands_for(value)
    return bool(entry.key.stands_for(value)) if is_a(entry.key, Token) else type(value) is str and entry.key == value


def is_any_of(entries: Iterable[Entry], value: Any) -> bool:
    """Whether something in a container (of a dictionary a key) is what one of the entries tells of."""
    return any(entry.after is not NOTHING and _stands_at(entry, value) for entry in entries)
