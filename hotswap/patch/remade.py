"""Classes that code makes anew which runs again: a loop around a `class` statement, a call for a table, `type(…)`.

No name says which of them is the new version of which.  Each is matched with the class of before that stood at the same
spot: under a name, under a key, as an attribute.  Where there is only an order, they are told apart by what they hold.
"""

from __future__ import annotations

import ast
import gc
import sys
import types
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from hotswap.containers import values_of
from hotswap.deposits import Deposit
from hotswap.errors import CannotSwap
from hotswap.events import behaviour, content, described
from hotswap.graph import Graph
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_a, is_any, is_instance
from hotswap.model import Name, Place
from hotswap.patch.alike import Pair, matched
from hotswap.patch.filling import filled_by
from hotswap.patch.made_classes import is_in_use
from hotswap.patch.reasons import reason
from hotswap.patch.standing import (
    BY_STATEMENT,
    FLAGS,
    MODULE,
    QUALNAME,
    Found,
    Position,
    Spot,
    all_classes,
    cached,
    classes_in,
)
from hotswap.patch.statements import same_class
from hotswap.patch.values import Values
from hotswap.planning.editions import Editions
from hotswap.planning.live_names import value_of
from hotswap.resolving import resolves_to
from hotswap.source import class_path
from hotswap.trace import Footprint

LOOP = "made in a loop"
"""Where classes stand of which it is only known that a loop of their module has made them."""


@dataclass(slots=True)
class Remade:
    """Goes with the statements of one round."""

    editions: Editions
    values: Values
    graph: Graph
    before: dict[Spot, int] = field(default_factory=dict)
    """By spot the id of the class that stood there; held, classes would seem to be in use."""
    series: dict[Spot, list[int]] = field(default_factory=dict)
    """The ids of those that stand in one series (see `Found`), in order."""
    taken: set[int] = field(default_factory=set)
    """The ids of classes that have found their other version."""
    lasting: set[int] = field(default_factory=set)
    """The ids of classes that something goes on to answer with: they do not become what was made now."""
    open: set[int] = field(default_factory=set)
    """The ids of classes of which it cannot be told what they are now."""
    standing: set[int] = field(default_factory=set)
    """The ids of classes that stand where statements have run."""
    names: dict[Place, frozenset[Name]] = field(default_factory=dict)
    changed: dict[Place, set[Name]] = field(default_factory=dict)
    """By statement the names in whose values classes stand that it made anew."""

    # ------------------------------------------------------------------ before

    def begin(self, places: Iterable[Place]) -> None:
        """Note where classes stand that the statements at these places may make anew, before anything is written."""
        places = list(places)
        roots: set[Name] = set()
        for place in places:
            edition = self.editions.new(place[0])
            bound = {binding.name for binding in edition.bindings(place[1])}
            self.names[place] = frozenset(bound | edition.mutates(place[1]) | edition.may_mutate(place[1]))
            roots |= self.names[place]
        found = [each for name in roots for each in self._within(self.values.original(name), (name,))]
        for place in places:
            found += self._deposited(self._deposits_before(place))
        for module in {module for module, _ in places} & self.graph.index.modules.keys():
            found += self._named(module, self.values.originals(module))
        found = [each for each in found if self._is_loose(each.cls)]
        loops = [place for place in places if any(self._classes_in_loop(place))]
        if found or loops:
            self.values.classes = {id(cls): weakref.ref(cls) for cls in all_classes()}
            found += [each for place in loops for each in self._made_in_loop(place, all_classes())]
        for each in found:
            self.before[each.spot] = id(each.cls)
            if each.has_order_only:
                self.series.setdefault(each.series, []).append(id(each.cls))

    def _within(self, value: Any, spot: Spot) -> Iterator[Found]:
        return classes_in(value, spot, self.graph.index.modules.keys().__contains__)

    def _is_loose(self, cls: type) -> bool:
        """Whether a class was made by anything else than a statement of a module that does nothing but define it."""
        module = MODULE(cls)
        if not FLAGS(cls) & BY_STATEMENT or not is_instance(module, str):
            return False
        qualname = QUALNAME(cls)
        tracked = self.graph.index.modules.get(module)
        if tracked is None:
            return module == types.__name__  # where Python 3.11 lets all belong that `make_dataclass` makes
        return class_path(tracked.source, qualname) is None or not resolves_to(sys.modules.get(module), cls)

    def _named(self, module: str, space: Mapping[str, Any]) -> Iterator[Found]:
        for name, value in list(space.items()):
            if is_a(value, type) and MODULE(value) == module:
                yield Found(((module, name),), value)

    def _deposits_before(self, place: Place) -> list[Deposit]:
        before = self.editions.old_place(place)
        return (self.editions.deposits(before) or []) if before is not None else []

    def _deposited(self, deposits: Iterable[Deposit]) -> Iterator[Found]:
        """The classes that a statement has put into containers."""
        count: Counter[Spot] = Counter()
        for deposit in deposits:
            for entry in deposit.entries:
                value = entry.after.thing()
                spot: Spot = ("into", deposit.target, deposit.kind)
                if deposit.kind in ("keys", "attributes"):
                    yield from self._within(value, (*spot, entry.key))
                    key = entry.key.thing() if not is_any(entry.key, str, int, type(None)) else entry.key
                    yield from self._within(key, (*spot, Position()))
                elif value is not MISSING:
                    count[spot] += 1
                    yield from self._within(value, (*spot, Position(count[spot])))

    def _classes_in_loop(self, place: Place) -> Iterator[str]:
        """The qualified names of the classes that a loop of the module makes."""
        node = self.editions.node(place)
        if len(place[1]) == 1 and isinstance(node, ast.For | ast.While | ast.AsyncFor):
            yield from (each.name for each in _statements_in(node) if isinstance(each, ast.ClassDef))

    def _made_in_loop(self, place: Place, classes: Iterable[type]) -> Iterator[Found]:
        names = {(place[0], name) for name in self._classes_in_loop(place)}
        for number, cls in enumerate(classes if names else ()):
            if (MODULE(cls), QUALNAME(cls)) in names:
                yield Found((LOOP, place[0], QUALNAME(cls), Position(number)), cls)

    # ------------------------------------------------------------------ after

    def pairs(
        self, place: Place, space: Mapping[str, Any], lines: Iterable[Footprint]
    ) -> tuple[list[Pair], list[Found]]:
        """The classes that the statement has just made anew, with those of before; and where the new ones stand.

        `space` is where the statement has bound its names, `lines` what it did.
        """
        if not self.before:
            return [], []
        found = list(self._found(place, space, lines))
        fresh = [each for each in found if not self.values.was_there(each.cls)]
        pairs: dict[int, Pair] = {}
        for each in sorted(fresh, key=lambda one: len(one.spot), reverse=True):  # a key tells more than a name
            live = self._stood_at(each.spot) if not each.has_order_only else None
            if live is not None and id(live) not in self.taken and id(each.cls) not in pairs:
                if same_class(live, each.cls):
                    pairs[id(each.cls)] = Pair(live, each.cls)
                    self.taken.add(id(live))
        series: dict[Spot, dict[int, type]] = {}
        for each in fresh:
            if each.has_order_only and id(each.cls) not in pairs:
                series.setdefault(each.series, {})[id(each.cls)] = each.cls
        for spot, classes in series.items():
            news = [cls for cls in classes.values() if id(cls) not in pairs]
            told = matched(self._before_in(spot), news)
            self.open |= set(map(id, told.open))
            for pair in told.pairs:
                pairs[id(pair.fresh)] = pair
                self.taken.add(id(pair.live))
        for live in self._answered_with([pair.live for pair in pairs.values()], place, lines) if pairs else ():
            self.lasting.add(id(live))
            pairs = {number: pair for number, pair in pairs.items() if pair.live is not live}
        self.changed[place] = {each.spot[0] for each in found if id(each.cls) in pairs and type(each.spot[0]) is tuple}
        self.standing |= {id(each.cls) for each in found if each.spot[0] != LOOP}
        made = sorted(pairs.values(), key=lambda pair: len(pair.fresh.__mro__))  # bases before what derives from them
        return made, [each for each in fresh if id(each.cls) in pairs]

    def events(self, place: Place) -> Iterator[Name]:
        """What tells something else now, because classes in it do that the statement has made anew."""
        for name in self.changed.get(place, ()):
            yield from (name, content(name), behaviour(name), described(name))

    def left(self) -> Iterator[type]:
        """The classes that a statement which ran has made no more."""
        ran = {name for place in self.changed for name in self.names[place]}
        gone = {number for spot, number in self.before.items() if spot[0] in ran}
        yield from self._alive(gone - self.taken - self.standing - self.open)

    def undecided(self, kept: Iterable[object], journal: Journal) -> Iterator[CannotSwap]:
        """Why those that are in use, of which it cannot be told what they are now, may not stay as they are.

        `kept` are the containers in which the round has kept objects.
        """
        classes = [self.values.classes[number] for number in self.open - self.taken]
        if not classes:
            return
        gc.collect()
        ours = {id(each) for each in kept} | journal.entries()
        for each in classes:
            if each() is not None and is_in_use(each, lambda holder: id(holder) in ours or journal.keeps(holder)):
                what = "is one of several of this name that were made anew, and is in use"
                why = "nothing tells which of those made now it is"
                yield CannotSwap(reason("HS213", cast("type", each()), what, why))

    def _found(self, place: Place, space: Mapping[str, Any], lines: Iterable[Footprint]) -> Iterator[Found]:
        module, seen = place[0], set()
        for name in self.names.get(place, ()):
            is_own = name[0] == module and "." not in name[1]
            yield from self._within(space.get(name[1]) if is_own else value_of(name, self.graph), (name,))
            seen.add(name)
        originals = self.values.originals(module)
        for each in self._named(module, space):
            if each.spot[0] not in seen and originals.get(each.spot[0][1]) is not each.cls:
                yield each
        for footprint in lines:
            yield from self._deposited(footprint.deposits)
        if any(self._classes_in_loop(place)):
            yield from self._made_in_loop(place, all_classes())

    def _answered_with(self, classes: list[type], place: Place, lines: Iterable[Footprint]) -> Iterator[type]:
        """Those of the classes that a function which the statement called keeps for its answers."""
        called, index = Footprint(), self.graph.index
        for each in lines:
            called.add(each)
        filled = filled_by(called, self.editions.node(place), index.modules[place[0]], self.graph)
        tables = [each.container for each in filled if each.is_asked and is_a(each.container, dict)]
        answers = {id(value) for table in tables for value in values_of(table)}
        answers |= cached(classes) if index.caching else set()
        yield from (cls for cls in classes if id(cls) in answers)

    def _before_in(self, series: Spot) -> list[type]:
        return list(self._alive(dict.fromkeys(n for n in self.series.get(series, ()) if n not in self.taken)))

    def _stood_at(self, spot: Spot) -> type | None:
        return next(self._alive([self.before[spot]] if spot in self.before else ()), None)

    def _alive(self, numbers: Iterable[int]) -> Iterator[type]:
        for number in numbers:
            cls = self.values.classes[number]()
            if cls is not None:
                yield cls


def _statements_in(node: ast.stmt) -> Iterator[ast.stmt]:
    """The statements in a compound one that run with it."""
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        for each in getattr(node, block, ()):
            if isinstance(each, ast.stmt):
                yield each
            if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from _statements_in(each)
