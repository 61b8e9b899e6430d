"""Modules that import each other in a circle, as one: the order of their statements, before and after an edit."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from hotswap.model import Name, Place
from hotswap.planning.edition import Edition
from hotswap.planning.flow import Binding, Flow, Scheduled, schedule
from hotswap.planning.matching import Matching

LOADED = (1 << 30,)
"""The place at the end of a module, where its package gets an attribute that holds it."""


@dataclass(frozen=True, slots=True)
class Group:
    """One module, or several that form a circle, in the order in which they would be asked for."""

    modules: tuple[str, ...]
    old: Flow
    new: Flow
    matchings: Mapping[str, Matching] = field(repr=False)

    def old_place(self, place: Place) -> Place | None:
        """Where a statement of the new sources stood in the old ones."""
        module, path = place
        if path == LOADED:
            return place
        before = self.matchings[module].old(path)
        return None if before is None else (module, before)

    def as_before(self, new: Iterable[Place], old: Iterable[Place]) -> bool:
        """Whether places of the new sources are just those of the old ones."""
        return [self.old_place(place) for place in new] == list(old)

    def is_continued(self, new: Sequence[Place], old: Sequence[Place]) -> bool:
        """Whether places of the new sources are just those of the old ones, and behind them some that are new."""
        mapped = [self.old_place(place) for place in new]
        return mapped[: len(old)] == list(old) and not any(mapped[len(old) :])

    def holds_now(self, name: Name, place: Place) -> bool:
        """Whether what a name of the live program holds comes from what this statement was before, and stays with it.

        A function or class goes over to the definition that gives the name its value now.
        """
        before, last = self.old_place(place), self.new.final(name)
        if before is None or self.old.final(name)[:1] != (before,):
            return False
        if place in last or not last:
            return True
        is_replaced = self.old.defines(name, before) and not self.new.reuses(name, last[0])
        return not is_replaced and not self.new.defines(name, last[0])

    def goes_over(self, name: Name, binders: Sequence[Place]) -> bool:
        """Whether what the name holds until now may come from these statements, but will be another definition."""
        definitions = [*binders, *self.new.final(name)[:1]]  # a lambda becomes what a definition behind it says
        if not any(self._may_be_exchanged(name, binders, by=place) for place in definitions):
            return False
        is_live = self.old_place(binders[0]) in self.old.final(name)
        return is_live and not self.holds_now(name, binders[0])

    def comes_over(self, name: Name, binders: Sequence[Place]) -> bool:
        """Whether the name holds another object until now, which may become what these statements define."""
        if not any(self._may_be_exchanged(name, binders, by=place) for place in binders):
            return False
        if binders[0] not in self.new.final(name):
            return False
        return bool(self.old.final(name)) and self.old.final(name) != (self.old_place(binders[0]),)

    def _may_be_exchanged(self, name: Name, binders: Sequence[Place], *, by: Place) -> bool:
        """Whether one statement binds the name there, and another one than before gives it its value at the end.

        `by` is the statement that has to be a definition.
        """
        is_single = len(binders) == 1 and self.new.defines(name, by)
        return is_single and not self.as_before(self.new.final(name), self.old.final(name))

    @property
    def is_in_order(self) -> bool:
        """Whether the statements that were there before still stand in the same order."""
        at = [self.old.order[before] for place in self.new.order if (before := self.old_place(place)) in self.old.order]
        return all(a < b for a, b in pairwise(at))

    def restless(self) -> set[Name]:
        """The names of which other statements give or change the value than before."""
        found = set()
        for name in {*self.old.names, *self.new.names}:
            same = self.as_before(self.new.binders(name), self.old.binders(name))
            if not same or not self.as_before(self.new.mutators(name), self.old.mutators(name)):
                found.add(name)
        return found


Editions = Callable[[str], Edition | None]
"""The edition of a module by its name; None when it is not there."""


MOST_ORDERS = 8


def make_group(
    entries: tuple[str, ...], old: Editions, new: Editions, matchings: Mapping[str, Matching], *, certain: bool = False
) -> Group:
    """The group of these modules, which are asked for in this order.

    Unless that is `certain`: if the old program cannot have come about so, in an order that begins with another one.
    """
    before, after = ({n: e for n in entries if (e := editions(n)) is not None} for editions in (old, new))
    if len(entries) == 1:
        flows = [Flow(e.scheduled(path) for e in found.values() for path in e.paths) for found in (before, after)]
        return Group(entries, flows[0], flows[1], matchings)
    firsts = entries[: 1 if certain else MOST_ORDERS]
    orders = [(first, *(n for n in entries if n != first)) for first in firsts]
    flows = [_in_order(order, before) for order in orders]
    best = min(range(len(orders)), key=lambda n: _impossible(flows[n], before))
    return Group(orders[best], flows[best], _in_order(orders[best], after), matchings)


def _in_order(entries: tuple[str, ...], found: Mapping[str, Edition]) -> Flow:
    # An import that fails half way round a circle may be caught, and succeed later.
    ways = [_ordered(entries, found, without_caught=caught) for caught in (False, True)]
    return min(ways, key=lambda flow: _impossible(flow, found))


def _ordered(entries: tuple[str, ...], found: Mapping[str, Edition], *, without_caught: bool) -> Flow:
    """The flow when the modules are asked for in this order (`without_caught`: imports under `try` fail)."""
    places = {name: [*e.places, (name, LOADED)] for name, e in found.items()}
    may_catch = {name: without_caught and b"try" in e.source.data for name, e in found.items()}
    imports = {
        (name, path): e.imported(path)
        for name, e in found.items()
        for path in e.paths
        if not (may_catch[name] and catches(e.source.statement(path)) and not e.has_imported(path))
    }
    order = schedule([name for name in entries if name in found], places, imports)
    return Flow(_loaded(m) if path == LOADED else found[m].scheduled(path) for m, path in order)


def _impossible(flow: Flow, editions: Mapping[str, Edition]) -> int:
    """How many names are taken out of a module before it has them."""
    count = 0
    for place in flow.order:
        if place[1] != LOADED:
            taken = (n for n in editions[place[0]].taken(place[1]) if ".".join(n) not in sys.modules)  # found anyway
            count += sum(name in flow and not flow.before(name, place) for name in taken)
    return count


def catches(node: ast.stmt) -> bool:
    """Whether a failing import in the statement may be caught there."""
    is_definition = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    return not is_definition and any(isinstance(each, ast.Try) for each in ast.walk(node))


def _loaded(module: str) -> Scheduled:
    parent, _, leaf = module.rpartition(".")
    return Scheduled((module, LOADED), (Binding((parent, leaf)),) if parent else ())


def circle_around(
    module: str, importers: Callable[[str], set[str]], imports: Callable[[str], frozenset[str]]
) -> set[str]:
    """The modules that a module imports, directly or not, and that import it: itself at least.

    The edges given may be too many; `refine` looks closer.
    """
    ahead = reachable(module, imports)
    if not ahead & importers(module):
        return {module}
    return {module, *(ahead & reachable(module, lambda n: importers(n) & ahead))}


def reachable(start: str, edges: Callable[[str], Iterable[str]]) -> set[str]:
    """All that can be reached over the edges."""
    found: set[str] = set()
    todo = [start]
    while todo:
        new = set(edges(todo.pop())) - found
        found |= new
        todo += new
    return found


def refine(module: str, members: set[str], edges: Callable[[str], set[str]]) -> tuple[str, ...]:
    """Those of the members that really form a circle with the module, by imports that run when a module is imported."""
    names = sorted(members)
    links = {n: [m for m in sorted(edges(n) & members) if m != n] for n in names}
    return next(tuple(group) for group in strongly_connected(names, links) if module in group)


def strongly_connected(nodes: list[str], edges: dict[str, list[str]]) -> list[list[str]]:
    """Tarjan's algorithm, iterative: groups in reverse topological order of the edges (dependencies first)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []
    for root in nodes:
        if root in index:
            continue
        work = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    work.append((target, iter(edges[target])))
                    break
                if target in stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    at = stack.index(node)
                    groups.append([n for n in nodes if n in stack[at:]])
                    del stack[at:]
    return groups
