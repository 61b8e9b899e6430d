"""In one round: what statements had put into containers and objects goes before they run again, or when they are gone.

Then what they put there now stands where a fresh process would have it, and statements behind them keep the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any

from hotswap.deposits import Deposit, Entry
from hotswap.graph import Graph
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_a, is_any, own_space
from hotswap.model import Name, Place
from hotswap.patch.authors import Authors
from hotswap.patch.deposited import Deposited, IsCountedOn, roots_of
from hotswap.planning.edition import Edition
from hotswap.planning.editions import Editions
from hotswap.source import StatementPath
from hotswap.targets import Kind, Target, kind_of, within
from hotswap.trace import Footprint

SORTING = frozenset(
    """sort sorted reverse reversed insert insort insort_left insort_right heappush heapify appendleft
    move_to_end""".split()
)
"""What a function uses that gives containers an order of its own."""
FILLING = frozenset(("move_to_end", "clear", "update", "popitem"))
"""What a function uses besides when that is a dictionary: keys have the order in which they came."""
IN_FRONT = frozenset(("insert", "appendleft"))
"""What may do no more than put something before all the rest."""


class Ledger:
    """Goes with the statements of one round."""

    def __init__(
        self,
        editions: Editions,
        graph: Graph,
        journal: Journal,
        originals: Callable[[str], dict[str, Any]],
        twin: Callable[[Any], Any],
    ) -> None:
        """`originals` gives the names of a module as they were when the round began, `twin` what an object became."""
        self.editions, self.graph, self.journal, self.originals = editions, graph, journal, originals
        self.authors = Authors(editions, twin)
        self.taken = Deposited(journal)
        """What was taken back of the statement that is running."""
        self.restored: set[tuple[int, str]] = set()
        """By the identity of objects the attributes that statements found as they had been before all of them."""
        self._gaps: dict[int, int] = {}
        self._taken: set[tuple[str, int]] = set()
        """Of statements that share a line those of which all was taken back."""
        self._anew: dict[int, Any] = {}
        """By identity the containers that statements of this round have made anew, or that are left as they are."""
        self._held: list[Any] = []
        """What must not go as long as its identity stands for it."""

    def withdraw(self, edition: Edition, path: StatementPath) -> tuple[AbstractSet[int], Iterator[Name]]:
        """Take back what a statement that is gone had put anywhere.

        Returns the identities of the containers out of which all was taken, and the attributes that are others now.
        """
        taken = self._take(edition, path)
        self._held += [place for place, _ in taken.gaps.values()]
        self._gaps |= {at: position for at, (_, position) in taken.gaps.items()}
        done = taken.handled if not taken.is_unclear else set()
        return done, (_name_of(owner, leaf) for (_, leaf), (owner, _) in taken.were.items())

    def made_anew(self, values: Iterable[Any]) -> None:
        """Containers stay as they are, for what was made anew equals them: what had been done to them is gone."""
        self._anew |= self._containers(values)

    def leave_alone(self, edition: Edition) -> None:
        """The containers that a module whose file is gone has made itself: it may come back, and finds them there."""
        space = edition.tracked.namespace
        self._anew |= self._containers(space[name] for name in edition.not_imported if name in space)

    def _containers(self, values: Iterable[Any]) -> dict[int, Any]:
        return {id(target.value): target.value for target in within(values, lambda _: False, {})}

    def open(self, place: Place, is_due: Callable[[Place], bool] | None, viewed: Iterable[Any] = ()) -> None:
        """A statement is about to run: what it had put anywhere goes, if it runs for its own sake (`is_due`).

        `viewed` are containers of which it sees a view.
        """
        before, old = self.editions.old_place(place), self.editions.find_old(place[0])
        self.taken = Deposited(self.journal)
        if is_due is not None and before is not None and old is not None:
            counted = partial(self._is_counted_on, is_due)
            self.taken = self._take(old, before[1], counted, viewed)
            self.restored |= self.taken.restored

    def _take(
        self,
        edition: Edition,
        path: StatementPath,
        is_counted_on: IsCountedOn = lambda *_: False,
        viewed: Iterable[Any] = (),
    ) -> Deposited:
        module, others = edition.module, edition.source.beside.get(path[0], ()) if len(path) == 1 else ()
        if any((module, other) in self._taken for other in others):
            return Deposited(self.journal)  # what is noted of the line they stand on was that of all of them
        self._taken |= {(module, path[0])} if others else set()
        originals = self.originals(edition.module)
        taken = Deposited(self.journal, is_anew=self._anew.__contains__)
        taken.fill_in(edition, path, self.graph, self.authors, originals, is_counted_on, viewed)
        return taken

    def is_astray(self, module: str, is_due: Callable[[Place], bool]) -> bool:
        """Whether the statement had put something into an object that only other names stand for, and go on to."""
        index = self.editions.index
        known = self.graph.imports(index.modules[module]) & index.modules.keys()
        for each in {module, *known} if self.taken.astray else ():
            for name, value in list(index.modules[each].namespace.items()):
                group = self.editions.group(each) if id(value) in self.taken.astray else None
                if group is not None and not any(map(is_due, group.new.final((each, name)))):
                    return True
        return False

    def _is_counted_on(self, is_due: Callable[[Place], bool], owner: int, entry: Entry, value: Any) -> bool:
        return self.authors.is_counted_on(owner, entry, value, is_due)

    def known(self, place: Place, footprint: Footprint) -> set[int]:
        """The containers of which it is known what the statement had put there, and what it has put there now."""
        if not self.editions.index.modules[place[0]].deposits:
            return set()
        return self.taken.handled | {deposit.target for deposit in footprint.deposits}

    def close(
        self, place: Place, footprint: Footprint, is_due: Callable[[Place], bool], viewed: Iterable[Any] = ()
    ) -> list[Name]:
        """The statement has run; returns the attributes of classes that are others now.

        `is_due`: whether a statement is sure to run as well, so that what it had put anywhere does not count.
        `viewed` are containers of which it has seen a view.
        """
        edition = self.editions.new(place[0])
        self.authors.note(place, footprint.deposits)
        wanted = by_target(footprint.deposits)
        owner = edition.class_around(place[1])[1]
        roots = roots_of(edition.tracked, edition.facts(place[1]), footprint, self.graph, owner) if wanted else []
        reached = within(roots, self.editions.index.modules.keys().__contains__, {})
        targets = [target for target in reached if target.key in wanted]
        targets += [t for each in viewed if (kind := kind_of(each)) and (t := Target(each, kind)).key in wanted]
        orders = self.orders_itself(place, footprint)
        in_order = {"items": not orders, "keys": not (orders and self.orders_itself(place, footprint, FILLING))}
        for target in targets:
            if in_order.get(target.kind):
                self.taken.close_gap(target.value)
        for target in targets:
            if target.kind == "keys":
                self.authors.give_back(place, target, wanted[target.key], is_due, self.journal)
            if in_order.get(target.kind):
                self.authors.put_in_order(place, target, wanted[target.key], self._gaps, self.journal)
            elif wanted[target.key].ahead and not self.orders_itself(place, footprint, SORTING - IN_FRONT):
                _, gap = self.taken.gaps.get(id(target.value), (None, 0))
                self.authors.put_behind_later(place, target, wanted[target.key], gap, self.journal)
        return list(self._other_attributes(targets, footprint))

    def orders_itself(self, place: Place, footprint: Footprint, words: AbstractSet[str] = SORTING) -> bool:
        """Whether one of the functions that the statement called gives containers an order of its own."""
        called = footprint.called.union(*footprint.constructing.values())
        codes = (self.editions.new(place[0]).code(function) for function in called)
        used = ({*code.attributes, *(chain[-1] for chain in code.reads)} for code in codes if code is not None)
        return any(not words.isdisjoint(each) for each in used)

    def _other_attributes(self, targets: Iterable[Target], footprint: Footprint) -> Iterator[Name]:
        were, kinds = self.taken.were, {id(t.value): t.value for t in targets if is_any(t.value, type, ModuleType)}
        found = {at: (owner, was) for at, (owner, was) in were.items()}
        for each in footprint.deposits if kinds else ():
            if each.kind == "attributes" and each.target in kinds:
                for entry in each.entries:
                    found.setdefault((each.target, entry.key), (kinds[each.target], entry.before.thing()))
        for (_, leaf), (owner, was) in found.items():
            if own_space(owner).get(leaf, MISSING) is not was:
                yield _name_of(owner, leaf)


def by_target(deposits: Iterable[Deposit]) -> dict[tuple[int, Kind], Deposit]:
    """Those of one target as one: each of the statements in the body of a class has its own."""
    found: dict[tuple[int, Kind], Deposit] = {}
    for each in deposits:
        known = found.setdefault((each.target, each.kind), each)
        if known is not each:
            entries, ahead = (*known.entries, *each.entries), known.ahead and each.ahead
            found[each.target, each.kind] = replace(known, entries=entries, ahead=ahead)
    return found


def _name_of(owner: type | ModuleType, leaf: str) -> Name:
    if is_a(owner, ModuleType):
        return own_space(owner)["__name__"], leaf
    assert is_a(owner, type)
    return owner.__module__, f"{owner.__qualname__}.{leaf}"
