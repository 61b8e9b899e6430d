"""The statements that are to run, with the conditions under which they do, and what they may cause in turn."""

from __future__ import annotations

import ast
from abc import ABCMeta
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from types import FunctionType

from hotswap.events import HOOKS, abstractness, behaviour, content, described, subclasses
from hotswap.graph import Graph
from hotswap.looking import family, is_a, is_instance
from hotswap.model import ALWAYS, NEVER, Cause, Condition, Name, Place
from hotswap.planning.edition import Edition, value_of
from hotswap.planning.editions import Editions
from hotswap.planning.groups import LOADED, Group
from hotswap.planning.main_program import is_main_program
from hotswap.resolving import definition_of, resolve_value
from hotswap.source import prefix_of
from hotswap.syntax import chain_of


class RunsWhole(Exception):
    """A class whose members could run one by one has to run whole."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.place = place


@dataclass(slots=True)
class Draft:
    """A statement that is to run when `due`; or, without anything else changing by it, when `needed`."""

    reason: str
    due: Condition = NEVER
    needed: Condition = NEVER

    @property
    def runs(self) -> Condition:
        """When it runs at all."""
        return self.due | self.needed


@dataclass(frozen=True, slots=True)
class Inputs:
    """The names whose value a statement sees, the containers that it looks into, and those that it changes."""

    names: tuple[Name, ...]
    views: tuple[Name, ...]
    contents: tuple[Name, ...]


class Drafts:
    """What is to run, and the events that arise from it (`queue`: those that nobody has followed yet)."""

    def __init__(self, editions: Editions, graph: Graph) -> None:
        self.editions = editions
        self.graph, self.index = graph, graph.index
        self.of: dict[Place, Draft] = {}
        self.queue: deque[Cause] = deque()
        self.known: set[Cause] = set()
        self.views: set[Name] = set()
        """Containers that are built once more for statements that look into them at an earlier place."""
        self._inputs: dict[Place, Inputs] = {}
        self.pulled: dict[Place, set[Place]] = {}
        """By a statement, those that have others run before it because of what it may cause."""

    def draft(self, place: Place, reason: str, due: Condition) -> None:
        """Have a statement run, and look at what follows from that."""
        if not self.may_run(place):
            return
        self.check_divided(place)
        draft = self.of.setdefault(place, Draft(reason))
        if draft.due.covers(due):
            return
        if due.always and not draft.due.always:
            draft.reason = reason
        is_new, before = draft.due == NEVER, draft.runs
        draft.due |= due
        if not before.covers(draft.runs):
            self.runs_more_often(place)
        if is_new:
            self.consequences(place)

    def need(self, place: Place, condition: Condition, name: Name) -> None:
        """Have a statement run for the sake of a value that another statement reads at its place."""
        if not self.may_run(place):
            return
        self.check_divided(place)
        draft = self.of.setdefault(place, Draft(f"its value of {name[1]} is needed"))
        if not draft.runs.covers(condition):
            draft.needed |= condition
            self.runs_more_often(place)

    def follow(self, place: Place, reason: str, cause: Cause) -> None:
        """Have a statement run if the cause arises."""
        self.draft(place, reason, Condition(causes=frozenset((cause,))))

    def runs_more_often(self, place: Place) -> None:
        """See to it that what a statement reads is there whenever it runs, also for those that run because it does."""
        self.supply(place, self.of[place].runs)
        for other in list(self.pulled.get(place, ())):
            self.supply(other, self.of[other].runs)

    def check_divided(self, place: Place) -> None:
        """A class statement runs whole: its members are no places of their own then.  Raises RunsWhole."""
        if isinstance(self.editions.node(place), ast.ClassDef) and self.editions.memberwise(*place):
            raise RunsWhole(place)

    def may_run(self, place: Place) -> bool:
        """Whether it is a statement, and not one of the script's own course, which is not run twice."""
        module, path = place
        if path == LOADED or self.editions.source(module) is None:
            return False
        return module != "__main__" or len(path) > 1 or not is_main_program(self.editions.node(place))

    # ------------------------------------------------------------------ what they need

    def supply(self, place: Place, condition: Condition) -> None:
        """See to it that what the statement reads has its value of that place when it runs."""
        group = self.editions.group(place[0])
        if group is None or place not in group.new.order:
            return
        inputs = self.inputs(group, place)
        for name in inputs.names:
            self.supply_name(group, name, place, condition)
        for name in inputs.views:
            self.supply_view(name, place, condition)
        for name in inputs.contents:
            self.supply_content(name, place)

    def inputs(self, group: Group, place: Place) -> Inputs:
        """What a statement takes over from those before it."""
        if place not in self._inputs:
            edition = self.editions.new(place[0])
            mutated, reads = edition.mutates(place[1]), edition.reads(place[1])
            maybe = [b.name for b in edition.bindings(place[1]) if b.maybe and group.new.final(b.name)[:1] == (place,)]
            contents = mutated - (self.editions.plainly_stored(place) - {n for n in mutated if reads.get(n)})
            self._inputs[place] = Inputs(
                tuple(dict.fromkeys([*(n for n in reads if n in group.new), *maybe])),
                tuple(n for n, used in reads.items() if used and n not in mutated and self.editions.is_container(n)),
                tuple(sorted(contents)),
            )
        return self._inputs[place]

    def supply_name(self, group: Group, name: Name, reader: Place, condition: Condition) -> None:
        """The statements before the reader that may have given the name its value run too, if it is not kept."""
        for place in group.new.before(name, reader):
            draft = self.of.get(place)
            if draft is None and group.holds_now(name, place):
                return
            wanted = self.back_to(place, reader, condition)
            if draft is None or not draft.runs.covers(wanted):
                if group.holds_now(name, place):
                    return
                self.need(place, wanted, name)
        home = self.editions.group(name[0])
        if home is None or home is group or name not in home.new or group.new.before(name, reader)[-1:] != ():
            return
        for place in home.new.final(name):  # another module's attribute, which this one changes
            self.need(place, self.back_to(place, reader, condition), name)

    def supply_view(self, name: Name, reader: Place, condition: Condition) -> None:
        """A statement that looks into a container sees what was in it at its place: that is built for it to see."""
        home, group = self.editions.group(name[0]), self.editions.group(reader[0])
        if home is None or group is None or name not in home.new:
            return
        fillers = [g for g in self.editions.fillers(name) if g is not group]
        now = [*home.old.content_final(name), *(p for g in fillers for p in g.old.mutators(name))]
        if group is home:
            before = group.new.content_before(name, reader)
        else:
            ahead = self.editions.ahead(reader[0])
            through = [p for g in fillers if ahead.issuperset(g.modules) for p in g.new.mutators(name)]
            before = (*home.new.content_final(name), *through, *group.new.filled_before(name, reader))
            now += group.old.mutators(name)
        if [self.editions.old_place(place) for place in before] == now or not now:
            return
        for place in before:
            draft = self.of.get(place)
            if draft is None or not draft.due.covers(condition):
                self.views.add(name)
                self.need(place, self.back_to(place, reader, condition), name)

    def supply_content(self, name: Name, reader: Place) -> None:
        """A statement that changes a container in place finds it as it was left for it, not as it changed it before."""
        group = self.editions.group(name[0])
        if group is None or name not in group.new or not self.editions.is_container(name):
            return
        if reader in group.new.order:
            before = group.new.content_before(name, reader)
            if group.as_before(before, group.old.content_final(name)):
                return  # nobody has added to it since
        elif self.editions.old_place(reader) is None:
            return  # it only adds
        else:
            before = group.new.content_final(name)
        due, needed = self.of[reader].due, self.of[reader].needed
        for place in before:
            if due != NEVER:
                self.draft(place, f"{name[1]} is built again", self.back_to(place, reader, due))
            if needed != NEVER:  # for another statement to see; the container itself stays as it is
                self.views.add(name)
                self.need(place, self.back_to(place, reader, needed), name)

    def back_to(self, place: Place, reader: Place, condition: Condition) -> Condition:
        """The condition for the sake of `reader`, as it can be told when `place` has its turn.

        Causes that arise later stand for whatever leads to them.
        """
        if condition.always:
            return ALWAYS
        found: set[Cause] = set()
        seen, todo = set(condition.causes), list(condition.causes)
        while todo:
            cause = todo.pop()
            if cause[1] is None or self.is_behind(cause[1], place):
                found.add(cause)
                continue
            self.pulled.setdefault(cause[1], set()).add(reader)
            leading = self.of[cause[1]].runs if cause[1] in self.of else ALWAYS
            if leading.always:
                return ALWAYS
            todo += leading.causes - seen
            seen |= leading.causes
        return Condition(causes=frozenset(found))

    def is_before(self, one: Place, other: Place) -> bool:
        """Whether one statement surely has its turn before another one."""
        group = self.editions.group(one[0])
        if group is None or one not in group.new.order or other not in group.new.order:
            return False
        return group.new.order[one] < group.new.order[other]

    def is_behind(self, one: Place, other: Place) -> bool:
        """Whether one statement surely has run when the other one has its turn."""
        if self.is_before(one, other):
            return True
        mine, theirs = self.editions.group(one[0]), self.editions.group(other[0])
        return mine is not theirs and one[0] in self.editions.ahead(other[0])

    # ------------------------------------------------------------------ what they cause

    def happens(self, event: Name, place: Place | None = None) -> None:
        """Note that something may happen to a name, and which statement does it."""
        cause = event, place
        if cause not in self.known:
            self.known.add(cause)
            self.queue.append(cause)

    def consequences(self, place: Place) -> None:
        """Note what may change when a statement runs."""
        module, path = place
        edition = self.editions.new(module)
        defines = {prefix_of(edition.source, path) + n for n in edition.facts(path).defines}
        for binding in edition.bindings(path):
            self.happens(binding.name, place)
            owner, _, leaf = binding.name[1].rpartition(".")
            if owner and leaf and "__annotations__" not in owner:
                self.happens(described((binding.name[0], owner)), place)
            if binding.name[0] == module and binding.name[1] in defines:
                self.happens(behaviour(binding.name), place)
                self.happens(described(binding.name), place)
        for name in edition.mutates(path) | edition.may_mutate(path):
            self.happens(content(name), place)
        for name in self.editions.plainly_stored(place):
            self.stored_again(name, place)
        for binding in edition.bindings(path):
            value = value_of(binding.name, self.graph)
            if is_instance(value, FunctionType) and value.__module__ in self.index.modules:  # a lambda has another name
                for event in (behaviour, described):
                    self.happens(event((value.__module__, value.__code__.co_qualname)), place)
        node = edition.source.statement(path)
        if isinstance(node, ast.ClassDef) and not self.editions.memberwise(module, path):
            self.families_change(edition, node, place)
        prefix = prefix_of(edition.source, path)
        if prefix:
            self.class_changes((module, prefix.rstrip(".")), place, {b.name[1] for b in edition.bindings(path)})

    def stored_again(self, name: Name, place: Place) -> None:
        """Statements that store something else into the same place of the same container later have the last word."""
        group, stores = self.editions.group(name[0]), self.editions.stores(place, name)
        if group is None or place not in group.new.order:
            return
        for other in group.new.mutators(name):
            if group.new.order[place] < group.new.order[other] and stores & self.editions.stores(other, name):
                self.follow(other, f"it stores into {name[1]} once more", (content(name), place))

    def families_change(self, edition: Edition, node: ast.ClassDef, place: Place) -> None:
        """The bases of a class that is made, and those that it had, may have another list of subclasses."""
        known = value_of((place[0], prefix_of(edition.source, place[1]) + node.name), self.graph)
        bases = [resolve_value(edition.tracked.namespace, chain) for base in node.bases if (chain := chain_of(base))]
        for base in [*bases, *(known.__bases__ if is_a(known, type) else ())]:
            home = definition_of(base, self.index)
            if home is not None:
                self.happens(subclasses(home), place)

    def class_changes(self, cls: Name, place: Place | None, members: Iterable[str]) -> None:
        """What a class tells of itself changes; some members have a say when subclasses or members are made."""
        self.happens(described(cls), place)
        live = value_of(cls, self.graph)
        for each in family(live) if is_instance(live, ABCMeta) else ():
            self.happens(abstractness((each.__module__, each.__qualname__)), place)
        if any(name.rpartition(".")[2] in HOOKS for name in members):
            self.happens(behaviour(cls), place)
