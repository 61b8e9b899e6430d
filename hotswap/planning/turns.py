"""Which module or statement has its turn before one of another circle, in a fresh process."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

from hotswap.graph import Graph
from hotswap.imports import parents
from hotswap.index import Index
from hotswap.model import Edit, Place
from hotswap.planning.edition import Edition
from hotswap.planning.flow import Flow
from hotswap.planning.groups import LOADED, Group, reachable

Modules: TypeAlias = tuple[str, ...]
"""Those of a group, by which it is known."""


class Turns:
    """The part of the editions that is about the order in which modules run.

    A module runs when it is asked for first, which may be in the middle of another one: what stands before the import
    there has run by then, what stands behind it has not.
    """

    edits: Mapping[str, Edit]
    graph: Graph
    index: Index
    find_new: Callable[[str], Edition | None]
    find_old: Callable[[str], Edition | None]
    group: Callable[[str], Group | None]
    eager: Callable[[str], frozenset[str]]
    comes_back: Callable[[str], bool]
    asks: dict[Place, list[str]]
    """The modules for which statements were seen to ask by way of new ones."""

    def __init__(self) -> None:
        self._ahead: dict[str, set[str]] = {}
        self._finished: dict[str, set[str]] = {}
        self._asked_now: dict[tuple[str, ...], dict[str, int]] = {}
        self._asked_then: dict[tuple[str, ...], dict[str, int]] = {}

    # ------------------------------------------------------------------ modules

    def ahead(self, module: str) -> set[str]:
        """The modules that a module asks for, directly or by way of others, packages around them among these."""
        if module not in self._ahead:
            self._ahead[module] = reachable(module, self.eager)
        return self._ahead[module]

    def finished_before(self, module: str) -> set[str]:
        """Those of them that are surely through before it is: packages around it may ask for it themselves."""
        if module not in self._finished:
            self._finished[module] = reachable(module, self._asked_first)
        return self._finished[module]

    def _asked_first(self, module: str) -> set[str]:
        return set(self.eager(module)) - set(parents(module))

    def is_through(self, group: Group, module: str) -> bool:
        """Whether the modules of a group have run before a module outside of it is through.

        If neither asks for the other, they do so in the order in which the program happened to ask for them.
        """
        if self.finished_before(module).issuperset(group.modules):
            return True
        if any(module in self.finished_before(name) for name in group.modules):
            return False
        last = len(self._positions)  # what is not loaded yet comes at the end
        return all(self._positions.get(n, last) < self._positions.get(module, last) for n in group.modules)

    def opened(self, place: Place, loaded: Collection[str]) -> Iterator[tuple[Place, str]]:
        """The modules for which new ones ask, and that ask for the module of the statement which has `loaded` these.

        They are in a circle with it, of which nobody knew before.
        """
        group = self.group(place[0])
        known = {*loaded, *self.asks.get(place, ()), *(group.modules if group is not None else ())}
        for name in {each for new in loaded for each in self.graph.eager_imports(new)} - known:
            if name in self.index.modules and place[0] in self.ahead(name):
                yield place, name

    def is_loaded_at(self, submodule: str, place: Place) -> bool:
        """Whether a module of a package that a statement asks for all its names has been loaded when it does."""
        group, module = self.group(place[0]), place[0]
        if group is None or place not in group.new.order or submodule not in self.index.modules:
            return submodule != module
        if submodule in group.modules:
            return group.new.order.get((submodule, LOADED), len(group.new.order)) < group.new.order[place]
        if submodule in self.finished_before(module):
            return True
        if submodule.rpartition(".")[0] in group.modules:
            return False  # nobody else can ask for it while the package itself is half way through
        last = len(self._positions)
        return self._positions.get(submodule, last) < self._positions.get(module, last)

    @cached_property
    def _positions(self) -> dict[str, int]:
        """In which order a fresh process has the modules of the program behind it."""
        return {name: number for number, name in enumerate(self.graph.order(list(self.index.modules), self.eager))}

    def in_order(self, modules: Iterable[str]) -> list[Group]:
        """The groups of these modules, dependencies before dependents."""
        wanted = [m for m in modules if self.find_new(m) is not None]
        names = self.graph.order(wanted, self.eager) if len(wanted) > 1 else wanted
        found: dict[tuple[str, ...], Group] = {}
        for name in reversed(names):  # a circle has its place where the last of its modules is through
            group = self.group(name)
            if group is not None:
                found.setdefault(group.modules, group)
        return list(found.values())[::-1]

    # ------------------------------------------------------------------ statements

    def schedule(self, wanted: Collection[Place]) -> list[Place]:
        """The statements in the order in which a fresh process runs them.

        Those of each circle stay together, unless another one has its turn in the middle.
        """
        groups = self.in_order({module for module, _ in wanted})
        places = {group.modules: [place for place in group.new.order if place in wanted] for group in groups}
        inside = self._interrupting(groups, places)
        if not inside:
            return [place for group in groups for place in places[group.modules]]
        return list(_interrupted(groups, places, inside, self))

    def _interrupting(self, groups: Iterable[Group], places: Mapping[Modules, Sequence[Place]]) -> dict[Modules, Group]:
        """The groups that have their turn in the middle of another one, behind statements of it which are to run."""
        by_module = {name: group for group in groups for name in group.modules}
        found: dict[Modules, Group] = {}
        for group in groups if len(by_module) > 1 else ():
            ahead = set().union(*map(self.finished_before, group.modules)) & by_module.keys() - set(group.modules)
            first = next((place for place in places[group.modules] if self._does_something(place)), None)
            others = [by_module[name] for name in sorted(ahead)] if first is not None else []
            for other in others:
                assert first is not None
                if other.modules not in found and self.precedes(first, other):
                    found[other.modules] = group
        return found

    def _does_something(self, place: Place) -> bool:
        """Whether a statement may matter to others: no import, no docstring."""
        edition = self.find_new(place[0])
        node = edition.source.statement(place[1]) if edition is not None else None
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        return not is_text and not isinstance(node, ast.Import | ast.ImportFrom)

    def asks_for_any(self, group: Group, other: Group) -> bool:
        """Whether a group asks for another one."""
        return any(self._asks_for(module, other) for module in group.modules)

    def comes_first(self, one: Place, other: Place) -> bool:
        """Whether a statement has its turn before another one."""
        mine, theirs = self.group(one[0]), self.group(other[0])
        if mine is None or theirs is None:
            return False
        if mine is theirs:
            return mine.new.order.get(one, -1) < mine.new.order.get(other, -1)
        return self.is_through_at(mine, other) or self.precedes(one, theirs)

    def is_through_at(self, group: Group, place: Place) -> bool:
        """Whether the modules of a group have run when a statement of another one is through."""
        mine = self.group(place[0])
        if mine is None or place not in mine.new.order or not self._asks_for(place[0], group):
            return self.is_through(group, place[0])
        is_asked = _is_asked(group, mine.new.order[place], self._asked_by(mine), self._asked_before(mine))
        return is_asked or self._has_begun_before(group, mine)

    def precedes(self, place: Place, group: Group) -> bool:
        """Whether a statement has run when the first module of another group begins."""
        mine = self.group(place[0])
        if mine is None or self._asks_for(place[0], group):
            return mine is not None and not self.is_through_at(group, place)
        if any(self._asks_for(name, mine) for name in group.modules):
            return self._has_begun_before(mine, group)
        return self.is_through(mine, group.modules[0])

    def _asks_for(self, module: str, group: Group) -> bool:
        return self.finished_before(module).issuperset(group.modules)

    def moved(self, group: Group) -> list[Group]:
        """The other groups that statements of a group ask for, which may have another turn in it than before."""
        now, then = self._asked_by(group), self._asked_before(group)
        names = [n for n in dict.fromkeys([*now, *then]) if n in self.index.modules and n not in group.modules]
        if group.is_in_order:
            at, was = ({number: place for place, number in flow.order.items()} for flow in (group.new, group.old))
            same = {n for n in now.keys() & then.keys() if group.old_place(at[now[n]]) == was[then[n]]}
            names = [n for n in names if n not in same]
        groups = (self.group(name) for name in names)
        return list({id(each): each for each in groups if each is not None}.values())

    def was_through_at(self, group: Group, before: Place) -> bool:
        """The same for a statement of the sources that run until now."""
        mine = self.group(before[0])
        assert mine is not None
        is_asked = _is_asked(group, mine.old.order[before], self._asked_before(mine), self._asked_by(mine))
        return is_asked or self._has_begun_before(group, mine)

    def _asked_by(self, group: Group) -> dict[str, int]:
        """By module outside of a group, the number of the statement in it that asks for the module first."""
        if group.modules not in self._asked_now:
            self._asked_now[group.modules] = _first_asked(group.new, self.find_new, self.finished_before)
        return self._asked_now[group.modules]

    def _asked_before(self, group: Group) -> dict[str, int]:
        """The same for the sources that run until now."""
        if self.edits.keys().isdisjoint(group.modules):
            return self._asked_by(group)
        if group.modules not in self._asked_then:
            eager = self.graph.eager_imports
            self._asked_then[group.modules] = _first_asked(
                group.old,
                self.find_old,
                lambda name: reachable(name, lambda each: set(eager(each)) - set(parents(each))),
            )
        return self._asked_then[group.modules]

    def _has_begun_before(self, one: Group, other: Group) -> bool:
        """Whether something else than the other group, which asks for the one, had asked for it before that began."""
        begun = self.index.begun
        numbers = [[begun.get(n, -1) for n in group.modules if not self.comes_back(n)] for group in (one, other)]
        if all(each and min(each) >= 0 for each in numbers):
            return min(numbers[0]) < min(numbers[1])
        return any(self._has_asked_before(importer, one, other) for importer in self._importers(one))

    def _importers(self, group: Group) -> Iterator[Group]:
        names = set().union(*(self.graph.importers(name) for name in group.modules)) & self.index.modules.keys()
        return (each for name in sorted(names - set(group.modules)) if (each := self.group(name)) is not None)

    def _has_asked_before(self, importer: Group, one: Group, other: Group) -> bool:
        """Whether a group that asks for the one did so before another one began, though nobody has seen it."""
        if importer is other or self.asks_for_any(other, importer):
            return False
        if self.asks_for_any(importer, other):
            asked = self._asked_by(importer)
            numbers = [min((asked[n] for n in group.modules if n in asked), default=-1) for group in (one, other)]
            return 0 <= numbers[0] < numbers[1]
        return self.is_through(importer, other.modules[0])


def _first_asked(
    flow: Flow, editions: Callable[[str], Edition | None], ahead: Callable[[str], set[str]]
) -> dict[str, int]:
    """By module the number of the statement that asks for it first; `ahead` gives what a module asks for in turn."""
    found: dict[str, int] = {}
    for place, number in flow.order.items():
        edition = editions(place[0]) if place[1] != LOADED else None
        for name in edition.asked(place[1]) - found.keys() if edition is not None else ():
            for each in {name, *ahead(name)}:
                found.setdefault(each, number)
    return found


def _is_asked(group: Group, number: int, asked: Mapping[str, int], otherwise: Mapping[str, int]) -> bool:
    """Whether a group is asked for by a statement of that number, or before it.

    Also if no statement does, not in the other sources (`otherwise`) either: by a computed name.
    """
    return any(asked[n] <= number if n in asked else n not in otherwise for n in group.modules)


def _interrupted(
    groups: Sequence[Group], places: Mapping[Modules, Sequence[Place]], inside: Mapping[Modules, Group], turns: Turns
) -> Iterator[Place]:
    """The statements of groups, some of which have their turn `inside` of others, as soon as these ask for them."""
    begun: set[Modules] = set()

    def outermost(group: Group) -> Group:
        while group.modules in inside:
            group = inside[group.modules]
        return group

    def run(group: Group) -> Iterator[Place]:
        if group.modules in begun:
            return
        begun.add(group.modules)
        mine = [each for each in groups if inside.get(each.modules) is group]
        for each in groups:
            if each not in mine and turns.asks_for_any(group, each):
                yield from run(outermost(each))
        for place in places[group.modules]:
            for each in mine:
                if not turns.precedes(place, each):
                    yield from run(each)
            yield place
        for each in mine:
            yield from run(each)

    for group in groups:
        yield from run(outermost(group))
