"""The statements that are to run, with the conditions under which they do, and what they may cause in turn."""

from __future__ import annotations

import ast
from abc import ABCMeta
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import EnumMeta
from types import FunctionType

from hotswap.events import (
    HOOKS,
    abstractness,
    bare,
    behaviour,
    content,
    described,
    is_description,
    members,
    subclasses,
)
from hotswap.graph import Graph
from hotswap.looking import family, is_a, is_any, is_instance
from hotswap.model import ALWAYS, NEVER, Cause, Condition, Name, Place
from hotswap.planning.beside import beside
from hotswap.planning.computed import addressed, computed_of
from hotswap.planning.consumed import consumed
from hotswap.planning.edition import Edition
from hotswap.planning.editions import Editions
from hotswap.planning.exchanged import is_exchanged
from hotswap.planning.filling import is_known_of
from hotswap.planning.groups import LOADED, Group
from hotswap.planning.live_names import DEFINITIONS, derived_from, value_of
from hotswap.planning.main_program import is_main_program
from hotswap.resolving import definition_of, resolve_value
from hotswap.source import prefix_of
from hotswap.syntax import chain_of


class RunsWhole(Exception):
    """Classes whose members could run one by one have to run whole."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.places = frozenset(places)
        super().__init__(self.places)


@dataclass(slots=True)
class Draft:
    """A statement that is to run when `due`; or, without anything else changing by it, when `needed`.

    Both are told by `settle()`, from the causes and from the other statements for the sake of which it runs.
    """

    reason: str
    due: Condition = NEVER
    needed: Condition = NEVER
    is_due: bool = False
    counts: bool = False
    """What it makes cannot be made for others to see only: it is due whenever it runs."""
    always: bool = False
    causes: set[Cause] = field(default_factory=set)
    along_with: set[Place] = field(default_factory=set)
    """It is due when one of these is: it makes what they change in place."""
    readers: set[Place] = field(default_factory=set)
    """They see its value at their place when they run."""
    viewers: dict[Place, set[Name]] = field(default_factory=dict)
    """They look into containers as it leaves them when they run; these are built once more for that."""
    refillers: dict[Place, set[Name]] = field(default_factory=dict)
    """They change containers for others to look into, when they are needed."""

    @property
    def runs(self) -> Condition:
        """When it runs at all."""
        return self.due | self.needed


MOST_PASSES = 10
"""In a circle a statement may run for the sake of one before it, which takes another pass."""


def any_of(conditions: Iterable[Condition]) -> Condition:
    """When at least one of them holds."""
    found = list(conditions)
    if any(condition.always for condition in found):
        return ALWAYS
    return Condition(causes=frozenset().union(*(condition.causes for condition in found)))


class Drafts:
    """What is to run, and the events that arise from it (`queue`: those that nobody has followed yet)."""

    def __init__(self, editions: Editions, graph: Graph, refills: frozenset[tuple[Place, Name]] = frozenset()) -> None:
        """`refills`: what statements were seen to add to a second time."""
        self._refills = refills
        self.editions = editions
        self.graph, self.index = graph, graph.index
        self.of: dict[Place, Draft] = {}
        self.queue: deque[Cause] = deque()
        self.known: set[Cause] = set()
        self.views: set[tuple[Place, Name]] = set()
        """Statements that look into containers as these were at an earlier place, or build them once more for that."""
        self.undivided: set[Place] = set()
        """Class statements that are to run although their members are places of their own: the plan is void then."""
        self._refilled: set[Place] = set()

    def draft(self, place: Place, reason: str, due: Condition) -> None:
        """Have a statement run, and look at what follows from that."""
        draft = self._open(place, reason)
        if draft is None:
            return
        if due.always and not draft.always:
            draft.reason, draft.always = reason, True
        draft.causes |= due.causes
        self._becomes_due(place, draft)

    def due(self, place: Place) -> Condition:
        """When a statement counts."""
        return self.of[place].due if place in self.of else NEVER

    def follow(self, place: Place, reason: str, cause: Cause) -> None:
        """Have a statement run if the cause arises."""
        self.draft(place, reason, Condition(causes=frozenset((cause,))))

    def draft_along(self, place: Place, reason: str, other: Place) -> None:
        """Have a statement run whenever another one, which stands behind it, is due."""
        draft = self._open(place, reason)
        if draft is not None:
            draft.along_with.add(other)
            self._becomes_due(place, draft)

    def count(self, place: Place) -> None:
        """Have a statement be due whenever it runs."""
        draft = self.of.get(place)
        if draft is not None and not draft.counts:
            draft.counts = True
            self._becomes_due(place, draft)

    def need(self, place: Place, name: Name) -> Draft | None:
        """Have a statement run for the sake of a value that another statement reads at its place."""
        draft = self._open(place, f"its value of {name[1]} is needed")
        if draft is not None and place not in self._refilled:
            self._refilled.add(place)
            for each in self._contents(place):
                self.refill_for_others(each, place)
        return draft

    def _open(self, place: Place, reason: str) -> Draft | None:
        if place in self.of:
            return self.of[place]
        if not self.may_run(place):
            return None
        if self.is_divided(place):
            self.undivided.add(place)
        self.of[place] = draft = Draft(reason)
        self.supply(place)
        return draft

    def _becomes_due(self, place: Place, draft: Draft) -> None:
        if draft.is_due:
            return
        draft.is_due = True
        was = self.editions.old_place(place)
        for other in beside(*was, self.editions) if was is not None else ():
            self.draft_along(other, "it stood on the same line", place)
        for name in self._contents(place):
            before = self.content_before(name, place)
            for other in (*before, *(self.fillers_behind(name, place) if before else ())):
                self.draft_along(other, f"{name[1]} is built again", place)
        for name, maker in consumed(self.editions, place):
            self.draft_along(maker, f"{name[1]} is gone through again", place)
        self.consequences(place)

    def fillers_behind(self, name: Name, place: Place) -> list[Place]:
        """The statements of the same circle that change a container after this one has."""
        group = self.editions.group(place[0])
        order = group.new.order if group is not None else {}
        return [p for p in group.new.mutators(name) if order[p] > order[place]] if group and place in order else []

    def is_divided(self, place: Place) -> bool:
        """Whether it is the statement of a class whose members are places of their own."""
        return isinstance(self.editions.node(place), ast.ClassDef) and self.editions.memberwise(*place)

    def check_whole(self) -> None:
        """Raise RunsWhole if statements of divided classes are to run: they run whole, and all is planned anew."""
        if self.undivided:
            raise RunsWhole(self.undivided)

    def may_run(self, place: Place) -> bool:
        """Whether it is a statement, and not one of the script's own course, which is not run twice."""
        module, path = place
        if path == LOADED or self.editions.source(module) is None:
            return False
        return module != "__main__" or len(path) > 1 or not is_main_program(self.editions.node(place))

    # ------------------------------------------------------------------ what they need

    def supply(self, place: Place) -> None:
        """See to it that what the statement reads has its value of that place when it runs."""
        group = self.editions.group(place[0])
        if group is None or place not in group.new.order:
            return
        edition = self.editions.new(place[0])
        mutated, reads = edition.mutates(place[1]), edition.reads(place[1])
        maybe = [b.name for b in edition.bindings(place[1]) if b.maybe and group.new.final(b.name)[:1] == (place,)]
        for name in dict.fromkeys([*reads, *maybe]):
            if name in group.new or self.editions.is_set_behind(name, group, place):
                self.supply_name(group, name, place)
        for name, is_used in reads.items():
            if is_used and name not in mutated and self.editions.is_container(name):
                self.supply_view(name, place)

    def supply_name(self, group: Group, name: Name, reader: Place) -> None:
        """The statements before the reader that may have given the name its value run too, if it is not kept."""
        before = group.new.before(name, reader)
        for place in before:
            if self.editions.holds_now(group, name, place) and not self.is_away(name):
                return
            self._need_value(place, reader, name)
        home = self.editions.group(name[0])
        if home is None or home is group or before or (name not in home.new and "." not in name[1]):
            return
        for place in self.editions.set_before(name, group, reader):  # another module's attribute
            self._need_value(place, reader, name)

    def is_away(self, name: Name) -> bool:
        """Whether a name that its module has given a value was deleted since, by somebody else."""
        tracked = self.index.modules.get(name[0])
        return tracked is not None and "." not in name[1] and name[1] not in tracked.namespace

    def _need_value(self, place: Place, reader: Place, name: Name) -> None:
        draft = self.need(place, name)
        if draft is not None:
            draft.readers.add(reader)

    def supply_view(self, name: Name, reader: Place) -> None:
        """A statement that looks into a container sees what was in it at its place: that is built for it to see."""
        home, group = self.editions.group(name[0]), self.editions.group(reader[0])
        if home is None or group is None or name not in home.new:
            return
        fillers = [g for g in self.editions.fillers(name) if g is not group]
        now = [*home.old.content_final(name), *(p for g in fillers for p in g.old.mutators(name))]
        filled: list[Place] = []
        if group is home:
            before = group.new.content_before(name, reader)
        else:
            filled = [p for g in fillers for p in g.new.mutators(name) if self.editions.comes_first(p, reader)]
            before = (*home.new.content_final(name), *filled, *group.new.filled_before(name, reader))
            now += group.old.mutators(name)
        later = (g for g in fillers if not set(filled).issuperset(g.new.mutators(name)))
        are_the_same = all(g.as_before(g.new.mutators(name), g.old.mutators(name)) for g in later)
        calls = self.calls_that_fill(name, reader)
        earlier = [place for place in calls if self.editions.comes_first(place, reader)]
        is_behind = any(place not in earlier and self.editions.old_place(place) for place in calls)
        if name not in self.editions.new(reader[0]).may_mutate(reader[1]):
            is_behind = is_behind or self.editions.was_filled_behind(name, reader)
        if not all(self.only_fills(place, name) for place in earlier):
            earlier, is_behind = [], False  # they do more than that, and must not do it again
        is_as_now = [self.editions.old_place(place) for place in before] == now or not now
        if are_the_same and is_as_now and not is_behind:
            return
        for place in (*before, *earlier):
            draft = self.need(place, name)
            if draft is not None:
                draft.viewers.setdefault(reader, set()).add(name)

    def calls_that_fill(self, name: Name, reader: Place) -> list[Place]:
        """Statements that fill a container by way of functions; none if the one that looks into it does so, too."""
        if name in self.editions.new(reader[0]).may_mutate(reader[1]):
            return []
        return [place for place in self.editions.filled_by_calls(name) if place != reader]

    def later_calls(self, name: Name, place: Place) -> list[Place]:
        """Statements that have filled a container by way of functions, and do so after this one."""
        calls = (call for call in self.editions.filled_by_calls(name) if self.editions.old_place(call) is not None)
        return [call for call in calls if call != place and self.editions.comes_first(place, call)]

    def only_fills(self, place: Place, name: Name) -> bool:
        """Whether nothing but one container changes when the statement runs, as far as that can be told."""
        edition = self.editions.new(place[0])
        changed = edition.mutates(place[1]) | edition.may_mutate(place[1])
        elsewhere = any(binding.name[0] != place[0] for binding in edition.bindings(place[1]))
        return not elsewhere and {each for each in changed if self.editions.is_container(each)} == {name}

    def refill_for_others(self, name: Name, reader: Place) -> None:
        """A statement changes a container for another one to look into; the container itself stays as it is."""
        for place in self.content_before(name, reader):
            draft = self.need(place, name)
            if draft is not None:
                draft.refillers.setdefault(reader, set()).add(name)

    def _contents(self, place: Place) -> set[Name]:
        """The containers that a statement changes in place, those aside into which it can store twice."""
        group = self.editions.group(place[0])
        if group is None or place not in group.new.order:
            return set()
        edition = self.editions.new(place[0])
        mutated, reads = edition.mutates(place[1]), edition.reads(place[1])
        twice = {name for where, name in self._refills if where == place}
        plainly = self.editions.plainly_stored(place) - {n for n in mutated if reads.get(n)}
        return twice | {n for n in mutated - plainly if not self._is_known(place, n)}

    def _is_known(self, place: Place, name: Name) -> bool:
        """Whether what a statement puts into a container takes the place of what it, or another one, had put there."""
        if self.editions.old_place(place) is None:
            return is_exchanged(self.editions, name)
        return is_known_of(self.editions, place, name)

    def content_before(self, name: Name, reader: Place) -> tuple[Place, ...]:
        """What has to run for a statement to find a container as it was left for it, not as it changed it before."""
        group = self.editions.group(name[0])
        if group is None or name not in group.new or not self.editions.is_container(name):
            return ()
        if reader in group.new.order:
            before = group.new.content_before(name, reader)
            # Nobody has added to it since, but for others that are new as well.
            is_untouched = group.is_continued(before, group.old.content_final(name))
            return () if is_untouched and (reader, name) not in self._refills else before
        is_first = self.editions.old_place(reader) is None or self.editions.comes_back(reader[0])
        only_adds = is_first and (reader, name) not in self._refills
        return () if only_adds else group.new.content_final(name)

    # ------------------------------------------------------------------ when they run

    def settle(self) -> None:
        """Tell when each statement is due, and when it is needed.

        From behind: a statement runs for the sake of those that come after it.
        """
        order = self.editions.schedule(self.of)
        order = [*(place for place in self.of if place not in set(order)), *order]
        runs: dict[Place, Condition] = {}
        for _ in range(MOST_PASSES):
            before = dict(runs)
            for place in reversed(order):
                self._settle(place, self.of[place], runs)
            if runs == before:
                break
        for place in [place for place, draft in self.of.items() if runs[place] == NEVER]:
            del self.of[place]
        for place, draft in self.of.items():  # what builds a view does so in the view, if it is due for itself, too
            wanted = [*draft.viewers.items(), *draft.refillers.items()]
            self.views |= {(place, name) for at, names in wanted for name in names if (at, name) in self.views}

    def _settle(self, place: Place, draft: Draft, runs: dict[Place, Condition]) -> None:
        along = any_of(self.of[other].due for other in draft.along_with)
        draft.due = Condition(draft.always, frozenset(draft.causes)) | self.back_to(place, along, runs)
        wanted = [runs.get(reader, NEVER) for reader in draft.readers]
        for reader, names in draft.viewers.items():
            if not draft.due.covers(runs.get(reader, NEVER)):
                self.views |= {(reader, name) for name in names}
                wanted.append(runs[reader])
        for reader, names in draft.refillers.items():
            if self.of[reader].needed != NEVER:
                self.views |= {(reader, name) for name in names}
                wanted.append(self.of[reader].needed)
        needed = self.back_to(place, any_of(wanted), runs)
        if draft.counts:
            draft.due |= needed
        draft.needed = NEVER if draft.due.covers(needed) else needed
        runs[place] = draft.runs

    def back_to(self, place: Place, condition: Condition, runs: Mapping[Place, Condition]) -> Condition:
        """A condition as it can be told when `place` has its turn.

        Causes that arise later stand for whatever leads to them.
        """
        if condition.always:
            return ALWAYS
        found: set[Cause] = set()
        is_behind: dict[Place | None, bool] = {None: True}
        seen, todo = set(condition.causes), list(condition.causes)
        while todo:
            cause = todo.pop()
            origin = cause[1]
            if origin not in is_behind:
                assert origin is not None
                is_behind[origin] = self.is_behind(origin, place)
                if not is_behind[origin]:
                    leading = runs.get(origin, NEVER) if origin in self.of else ALWAYS
                    if leading.always:
                        return ALWAYS
                    todo += leading.causes - seen
                    seen |= leading.causes
            if is_behind[origin]:
                found.add(cause)
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
        if mine is None or mine is theirs or one[0] not in self.editions.finished_before(other[0]):
            return False
        return self.editions.is_through_at(mine, other)

    # ------------------------------------------------------------------ what they cause

    def happens(self, event: Name, place: Place | None = None) -> None:
        """Note that something may happen to a name, and which statement does it."""
        cause = event, place
        if cause not in self.known:
            self.known.add(cause)
            self.queue.append(cause)
            for cls in derived_from(bare(event), self.graph) if is_description(event) else ():
                self.happens(described(cls), place)

    def consequences(self, place: Place) -> None:
        """Note what may change when a statement runs."""
        module, path = place
        edition = self.editions.new(module)
        defines = {prefix_of(edition.source, path) + n for n in edition.facts(path).defines}
        for binding in edition.bindings(path):
            self.happens(binding.name, place)
            owner, _, leaf = binding.name[1].rpartition(".")
            owner = owner.removesuffix(".__annotations__")  # what a class tells of itself
            if owner and leaf and owner != "__annotations__":
                self.happens(described((binding.name[0], owner)), place)
            if binding.name[0] == module and binding.name[1] in defines:
                self.happens(behaviour(binding.name), place)
                self.happens(described(binding.name), place)
        for name in edition.mutates(path) | edition.may_mutate(path) | self._has_filled(place):
            self.happens(content(name), place)
        for name in self.editions.plainly_stored(place):
            self.stored_again(name, place)
        for name in addressed(edition, path):
            self.library_object_changes(name, place)
        for binding in edition.bindings(path):
            value = value_of(binding.name, self.graph)
            if is_instance(value, FunctionType):
                self.happens(content(binding.name), place)  # whoever made it may have set attributes on it
            elif binding.name[1] in defines and value is not None and not is_any(value, *DEFINITIONS):
                self.object_is_made(binding.name, place)
            if is_instance(value, FunctionType) and value.__module__ in self.index.modules:  # a lambda has another name
                for event in (behaviour, described):
                    self.happens(event((value.__module__, value.__code__.co_qualname)), place)
        node = edition.source.statement(path)
        if isinstance(node, ast.ClassDef) and not self.editions.memberwise(module, path):
            self.families_change(edition, node, place)
        prefix = prefix_of(edition.source, path)
        if prefix:
            self.class_changes((module, prefix.rstrip(".")), place, {b.name[1] for b in edition.bindings(path)})

    def library_object_changes(self, name: Name, place: Place | None) -> None:
        """A statement, or one that is gone, may put something into an object of a library, or take it out."""
        for other in computed_of(name, self.editions):
            if other != place:
                self.known.add((content(name), place))
                self.follow(other, f"it computes something of {name[1]}", (content(name), place))

    def object_is_made(self, name: Name, place: Place) -> None:
        """A class, as a decorator, makes an object of a definition: without what other statements have put into it."""
        self.happens(content(name), place)
        word = name[1].rpartition(".")[2].encode()
        for module in {name[0], *self.graph.dependents(name[0])} & self.index.modules.keys():
            edition = self.editions.find_new(module) if self.editions.mentions(module, word) else None
            for path in edition.paths if edition is not None else ():
                assert edition is not None
                if (module, path) != place and name in edition.mutates(path) | edition.may_mutate(path):
                    self.follow((module, path), f"it fills {name[1]}", (content(name), place))

    def _has_filled(self, place: Place) -> set[Name]:
        """What a statement that was edited may have put its definition into: it may do so no more."""
        before, old = self.editions.old_place(place), self.editions.find_old(place[0])
        if before is None or old is None or self.editions.matching(place[0]).fate(place[1]) != "edited":
            return set()
        return old.may_mutate(before[1])

    def stored_again(self, name: Name, place: Place) -> None:
        """Statements that store something else into the same place of the same container later have the last word."""
        group, stores = self.editions.group(place[0]), self.editions.stores(place, name)
        if group is None or place not in group.new.order:
            return
        for other in group.new.mutators(name):
            if group.new.order[place] < group.new.order[other] and stores & self.editions.stores(other, name):
                self.follow(other, f"it stores into {name[1]} once more", (content(name), place))
        for other in self.editions.filled_later(name, place):  # of modules that run later
            if stores & self.editions.stores(other, name):
                self.follow(other, f"it stores into {name[1]} once more", (content(name), place))

    def families_change(self, edition: Edition, node: ast.ClassDef, place: Place) -> None:
        """The bases of a class that is made, and those that it had, may have another list of subclasses."""
        known = value_of((place[0], prefix_of(edition.source, place[1]) + node.name), self.graph)
        bases = [resolve_value(edition.tracked.namespace, chain) for base in node.bases if (chain := chain_of(base))]
        for base in [*bases, *(known.__bases__ if is_a(known, type) else ())]:
            home = definition_of(base, self.index)
            if home is not None:
                self.happens(subclasses(home), place)
        if is_a(known, EnumMeta):
            self.happens(behaviour(members((known.__module__, known.__qualname__))), place)

    def class_changes(self, cls: Name, place: Place | None, members: Iterable[str]) -> None:
        """What a class tells of itself changes; some members have a say when subclasses or members are made."""
        self.happens(described(cls), place)
        live = value_of(cls, self.graph)
        for each in family(live) if is_instance(live, ABCMeta) else ():
            self.happens(abstractness((each.__module__, each.__qualname__)), place)
        if any(name.rpartition(".")[2] in HOOKS for name in members):
            self.happens(behaviour(cls), place)
