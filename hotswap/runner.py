"""Runs the statements of a plan, in order, each if it is due, and notes what really changed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from copy import deepcopy
from dataclasses import replace
from functools import cached_property, partial
from types import CodeType
from typing import Any

from hotswap.errors import CannotSwap, Unforeseen
from hotswap.events import described
from hotswap.facts import Facts
from hotswap.graph import Graph
from hotswap.index import Tracked
from hotswap.journal import MISSING, Journal
from hotswap.looking import in_classes, is_a, is_instance, own_space
from hotswap.model import NOTHING, Action, Findings, Name, Place, Reason, Step
from hotswap.patch import abstract, annotated, caches, classes, mapped, registries, scopes, unbound
from hotswap.patch.arranging import arrange_annotations, arrange_as_written
from hotswap.patch.changes import Changes, Ran
from hotswap.patch.counting import Counting
from hotswap.patch.due import Due
from hotswap.patch.foreign import Foreign
from hotswap.patch.formers import Formers
from hotswap.patch.freeing import free, is_refused
from hotswap.patch.functions import Merger
from hotswap.patch.generic import Generics
from hotswap.patch.hooked import Hooked
from hotswap.patch.instances import forget_cached
from hotswap.patch.keeping import called_by, happened, kept_members
from hotswap.patch.ledger import Ledger
from hotswap.patch.libraries import Libraries
from hotswap.patch.live import substitute_in
from hotswap.patch.modules import not_yet_in_packages
from hotswap.patch.moved import has_left
from hotswap.patch.noting import Noting
from hotswap.patch.observed import Observed
from hotswap.patch.order import Added
from hotswap.patch.past import ClassPast, ModulePast
from hotswap.patch.pouring import Making, Pourer
from hotswap.patch.registered import Registered, left_behind, registered_twice
from hotswap.patch.remade import Remade
from hotswap.patch.repeats import added_twice, loaded_twice, not_called_again, refused_by_library
from hotswap.patch.scene import Scene
from hotswap.patch.snapshot import Snapshot
from hotswap.patch.statements import (
    ClassBody,
    Effect,
    Execute,
    defined_members,
    run_in_class,
    run_in_module,
    taken_members,
    takes_from_a_name,
)
from hotswap.patch.superseded import give_way, not_forgotten, registered_otherwise
from hotswap.patch.values import Values
from hotswap.patch.views import Doubled
from hotswap.patch.weakly import refer_to_living
from hotswap.planning.edition import Edition
from hotswap.planning.live_names import value_of
from hotswap.planning.prepared import Prepared
from hotswap.resolving import definition_of, resolve_value
from hotswap.source import first_line, prefix_of, siblings
from hotswap.syntax import chain_of
from hotswap.trace import Footprint, Tracer


class Runner:
    """The statements of one round."""

    def __init__(
        self,
        plan: Prepared,
        graph: Graph,
        tracer: Tracer,
        journal: Journal,
        changes: Changes,
        formers: Formers,
        tolerate: Callable[[CannotSwap], None],
    ) -> None:
        """`tolerate` raises what it is given, or takes note that it is left out."""
        self.tolerate = tolerate
        self.plan, self.graph, self.index, self.tracer, self.journal = plan, graph, graph.index, tracer, journal
        assert plan.affected is not None
        self.affected, self.editions = plan.affected, plan.affected.editions
        self.changes = changes
        self._dues = Due(plan, self.editions, changes)
        self.hooked = Hooked(plan, self.editions, graph, journal, changes.add)
        self.values = Values(self.editions, journal, plan.views)
        self.remade = Remade(self.editions, self.values, graph)
        self.pourer = Pourer(self.editions, graph, journal, changes, self.values, tolerate)
        self.noting = Noting(self.editions, self.values, changes, self.pourer.note_bases)
        self.merger = self.pourer.merger = Merger(journal, self.pourer.pour, formers)
        self.merger.is_new, self.merger.has_left = self._is_new, partial(has_left, self.editions)
        self.merger.was_there, self.merger.lasting = self.values.was_there, self.remade.lasting
        self._loaded = set(sys.modules)
        self._known = set(self._loaded)
        self._due = False
        self.calls: dict[Place, dict[int, Footprint]] = {}
        """What the statements that ran called, by line."""
        self.bound = self.pourer.bound
        """By module and class ("": the module itself) the names that statements have bound."""
        self.ran: list[Ran] = []
        self.findings = NOTHING
        """What nobody had foreseen.  The statements behind run all the same, so that one try finds much."""
        self.failed_module = ""
        self.refusal: Reason | None = None
        """What to say if a statement raised for no other reason than that it ran a second time."""
        self.libraries = Libraries(graph, journal)
        self.leaving: list[tuple[type, Name]] = []
        """Classes that left the source while instances live, each with the event that a base has lost a subclass."""
        self._hidden: list[type] = []
        """Those of them that the running statement is not to find."""
        self._hands_on = False
        self._snapshot = Snapshot(journal, graph)
        self._foreign = Foreign(journal, graph.index, self._snapshot.seen)
        self._done: set[Step] = set()
        self._place: Place = ("", ())
        self._doubled = Doubled()
        self._cleared: set[Name] = set()
        self._filled_by_loaded: set[int] = set()
        """The containers that modules have filled which the statement loaded for the first time."""
        self._caches = caches.Known()
        self.ledger = Ledger(self.editions, graph, journal, self.values.originals, self.merger.twin)
        runs = {(s.module, s.statement) for s in plan.steps if s.action is Action.RUN}
        self._counting = Counting(self.ledger.authors, journal, runs.__contains__)
        self._generics = Generics(self.editions, journal, self.ledger.authors.comes_first)

    @cached_property
    def _answers(self) -> bool:
        """Whether classes of the program answer `isinstance` with code of their own: Python keeps what they said."""
        sources = (tracked.source for tracked in list(self.index.modules.values()))
        return any(not abstract.ANSWERING.isdisjoint(source.function_names) for source in sources)

    @cached_property
    def _foreseen(self) -> dict[Place | None, list[Name]]:
        """What was foreseen to happen, by the statement that does it."""
        found: dict[Place | None, list[Name]] = {}
        for event, place in self.plan.foreseen:
            found.setdefault(place, []).append(event)
        return found

    @property
    def rebuilt(self) -> bool:
        """Whether definitions were made anew that others may hold already."""
        return self._hands_on or self.pourer.has_poured

    # ------------------------------------------------------------------ in order

    def begin(self) -> None:
        """Note what is there before anything is written."""
        self.editions.lookups.end()
        self.affected.begin()
        self.values.begin(self.plan.groups)
        self.remade.begin((s.module, s.statement) for s in self.plan.steps if s.action is Action.RUN)

    def run(self) -> None:
        """Run all statements that are due, group by group."""
        with self.hooked.loads.in_progress():
            self._run_all([s for s in self.plan.steps if s.action is Action.RUN])
            if self._answers and self.changes.events:
                abstract.forget_answers(self.journal)
        self._caches = caches.Known()  # or they would be held
        self._check_foreseen()

    def _free(self, place: Place) -> None:
        """If a definition refused to run: what this one has registered goes before it runs again."""
        before = self.editions.old_place(place) if self.plan.refused and len(place[1]) == 1 else None
        if before is not None:
            tracked = self.index.modules[before[0]]
            source, path = tracked.source, before[1]
            free(source.statement(path), source.facts(path), tracked, self.graph, self.journal)
            self.libraries.withdraw(source.statement(path), tracked.namespace)

    def _run_all(self, steps: list[Step]) -> None:
        for step in steps:
            if step.due.always:
                self._free((step.module, step.statement))
        self.hooked.loads.begin({event for event, _ in self.plan.foreseen})
        groups = [self.values.group(step.module) for step in steps]
        last = {id(group): number for number, group in enumerate(groups)}
        for number, (step, group) in enumerate(zip(steps, groups, strict=True)):
            self._run_if_due(step)
            if last[id(group)] == number:
                self.values.settle(group)
                unbound.take_over(group, self.values, self.merger)
        self._run_late(steps)

    def _run_late(self, steps: Iterable[Step]) -> None:
        """A cause that arose behind a step (an import in a function, a file that was loaded): run it after all."""
        while True:
            self.hooked.behind(self.changes.events)
            late = [s for s in steps if s not in self._done and self._dues.is_due(s)]
            if not late:
                return
            for step in late:
                self._run_if_due(step)
                self.values.settle(self.values.group(step.module))

    def _check_foreseen(self) -> None:
        """What nobody had foreseen may concern statements that the plan does not have.  Raises Unforeseen."""
        ran = {(r.step.module, r.step.statement) for r in self.ran}
        missed = self.changes.causes - self.plan.foreseen
        self.affected.end()
        concerned = {e: {c.place for c in self.affected.by(e)} - ran for e in {event for event, _ in missed}}
        causes = frozenset((event, place) for event, place in missed if concerned[event] - {place})
        self.findings |= Findings(causes=causes)
        if self.findings != NOTHING:
            raise Unforeseen(self.found_out())

    def held_by_merges(self) -> tuple[set[int], list[object]]:
        """The ids of the classes that took part in a merge, and the containers in which replaced objects are kept."""
        twins = list(self.merger.twins.values())
        tables = [self._foreign.shapes, *self._snapshot.by_class()]
        return {id(each) for twin in twins for each in twin}, [*twins, twins, *self.values.kept(), *tables]

    def let_go(self) -> None:
        """Hold nothing of what was there before the round."""
        self.leaving.clear()
        self._hidden.clear()
        self.merger.twins.clear()
        self.pourer.exchanged.clear()
        self.values.let_go()

    def found_out(self) -> Findings:
        """All that the next plan can do with."""
        return self.findings | Findings(whole=frozenset(self.editions.whole))

    def _check_calls(self, shown: AbstractSet[Name]) -> None:
        """Functions that nobody knew to be called may have read what was not shown: that is noted."""
        edition = self.editions.new(self._place[0])
        seen = list(self.calls.get(self._place, {}).values())
        called = {f for each in seen for f in each.called}
        if isinstance(self.editions.node(self._place), ast.ClassDef):  # the constructor of a metaclass makes no state
            called |= {f for each in seen for constructor in each.constructing.values() for f in constructor}
        unknown = called - set(edition.called(self._place[1]))
        if any(self._may_have_misread(edition, function, shown) for function in unknown):
            self.findings |= Findings(calls=frozenset((self._place, f) for f in unknown))

    def _may_have_misread(self, edition: Edition, function: Name, shown: AbstractSet[Name]) -> bool:
        code, group = self.editions.code_now(function), self.values.group(self._place[0])
        if code is not None and code.mutates:
            return True
        for name, is_used in edition.read_by(function):
            at_place = group.new.before(name, self._place) if name in group.new else ()
            is_early = name in group.new and name not in shown and at_place != group.new.final(name)
            if is_early or (is_used and self.editions.is_container(name)):
                return True
        return False

    def _run_if_due(self, step: Step) -> None:
        due = self._dues.is_due(step)
        if not due and not step.needed.holds(self.changes.causes):
            return
        self._done.add(step)
        self._place = (step.module, step.statement)
        scene = Scene(self._place, self.values, self.graph)
        if not scene.runs_nothing():
            self._forget_cached()
        self.hooked.before((step.module, step.statement), self.changes.events, due=due)
        cause = min(step.due.causes & self.changes.causes, key=str, default=None)
        self.failed_module = self.merger.module = step.module
        self.merger.is_aside = self.values.is_aside = not due
        self._hidden = [cls for cls, event in self.leaving if (event, None) in step.due.causes]
        was_refused = self._place in self.plan.refused
        try:
            with self.libraries.running(was_refused=was_refused):
                self._run(step, scene, due=due)
        except Exception as error:
            is_known = not was_refused and self.libraries.can_be_told_again(error)
            self.refusal = None if is_known else refused_by_library(error, self._place, self.editions)
            if is_known or (self.refusal is None and is_refused(error, self.editions.node(self._place), self.index)):
                self.findings |= Findings(refused=frozenset([self._place]) - self.plan.refused)
            raise
        self.libraries.ran()
        self.failed_module = ""
        self.ran.append(Ran(step, cause))

    def _forget_cached(self) -> None:
        """A statement must not get an answer that was cached before something changed."""
        new = self.changes.events - self._cleared
        if new:
            self._cleared |= new
            if self._answers:
                abstract.forget_answers(self.journal)
            caches.clear(new, self.graph, self.journal, self._caches)

    def _run(self, step: Step, scene: Scene, *, due: bool) -> None:
        tracked, edition = scene.tracked, scene.edition
        self._due = due
        self._snapshot.take(tracked)
        self._snapshot.take_all(edition.asked(step.statement))  # what it imports only now
        node, prefix = scene.node, prefix_of(edition.source, step.statement)
        qualnames, shown = scene.qualified_names(), scene.names_shown()
        again = len(self.index.again)
        self.values.show(self._place, shown)
        if scene.imports_anew():
            self.values.show_all(self._place)
        if edition.surveys(step.statement):
            self.values.arrange(step.module)
        self.pourer.making = Making(self._place, defined_members(node, prefix))
        twins = len(self.merger.twins)
        observed = Observed(scene, self._foreseen.get(self._place, []))
        self._hands_on = self._hands_on or any(map(hands_on, ast.walk(node)))
        filled = edition.mutates(step.statement) | edition.may_mutate(step.statement)
        self._doubled = Doubled(list(self.values.doubled(self._place, filled)) if due else [])
        effect = self._run_member(scene, prefix) if len(step.statement) > 1 else self._run_statement(scene)
        self._check_calls(shown)
        made = {(step.module, prefix + name): value for name, value in effect.bound.items()}
        made = scene.set_elsewhere() | made
        if not prefix:
            left = edition.facts(step.statement).deletes - tracked.namespace.keys()
            made |= {(step.module, name): MISSING for name in left}
        self.values.ran(self._place, made, due=due)
        for module, target in made:
            self._note_bound(module, target)
        self._caches.ran({step.module, *(module for module, _ in made)})
        self.values.reveal()
        self._note_imported(again)
        observed.registrations.settle(self.merger.twin, self.journal)
        self._add(observed.registered())
        for event in observed.overloaded():
            self.changes.add(event)  # whichever statement binds the name at last
        if due:
            self.noting.compare(self._place, made, {(step.module, prefix + n) for n in effect.touched}, qualnames)
            self._add(self.remade.events(self._place))
            self._add(observed.filled())
            self.changes.weak |= {(event, self._place) for event in observed.refilled(self.merger.twin)}
            self._check_twice(node, observed)
        if len(self.merger.twins) > twins:
            self._put_twins_in(self._reached(node, tracked) or ())

    def _add(self, events: Iterable[Name]) -> None:
        for event in events:
            self.changes.add(event, self._place)

    def _put_twins_in(self, containers: Iterable[Any]) -> None:
        """Let the containers that the statement filled hold the live classes, not the fresh ones that were poured.

        Others are searched for at the end of the round.  But statements behind this one may call what they find in
        these, and the methods of a fresh class are those of the live one already: `super()` does not know it.
        """
        for place in containers:
            substitute_in(place, self.merger.twins, self.journal, is_new=id(place) in self.values.made)

    def _note_imported(self, again: int) -> None:
        """Modules that were loaded for the first time, or come before this statement now, have changed others.

        Of those that were loaded a second time so many were known before it.
        """
        for module in list(self.index.again)[again:]:
            self.tolerate(CannotSwap(loaded_twice(self.editions, self._place, module)))
        loaded = {name for name in sys.modules.keys() - self._known if name in self.index.modules}
        self._known |= loaded
        self.findings |= Findings(asks=frozenset(self.editions.opened(self._place, loaded)))
        came = (self.index.modules[name] for name in loaded)
        filled = (deposit for each in came for line in (each.calls or {}).values() for deposit in line.deposits)
        self._filled_by_loaded = {deposit.target for deposit in filled}
        loaded |= set(self.editions.asked_anew(self._place))
        for event in {event for module in loaded for event in self.editions.changes_elsewhere(module)}:
            if event[0] not in loaded:
                self.changes.add(event, self._place)

    def _check_twice(self, node: ast.stmt, observed: Observed) -> None:
        """A statement that ran before, and adds to a container or a number again by way of a function, is noted."""
        if isinstance(node, _DEFINITIONS) or self.editions.old_place(self._place) is None:
            return  # what a definition registers takes the place of what it registered before
        if missed := not_called_again(self.editions, self._place, self._footprint().called, self.changes.events):
            self.tolerate(CannotSwap(missed))
        known = self.ledger.known(self._place, self._footprint()) | self._doubled.counterparts().keys()
        known |= self._filled_by_loaded
        for name in observed.contents.grown(known):
            group = self.editions.group(name[0])
            makers = group.new.final(name) if group is not None else ()
            if any(self.values.has_run(place) for place in makers):
                continue  # it was made anew
            if makers and self.editions.is_container(name):
                self.findings |= Findings(refills=frozenset([(self._place, name)]))
            else:
                self.tolerate(CannotSwap(added_twice(self.editions, self._place, name)))
        for name in observed.counters.counted_on(known, self.ledger.restored):
            group = self.editions.group(name[0])
            if group is None or not any(self.values.has_run(place) for place in group.new.final(name)):
                self.tolerate(CannotSwap(added_twice(self.editions, self._place, name)))

    def _note_bound(self, module: str, target: str) -> None:
        owner, _, leaf = target.rpartition(".")
        self.bound.setdefault(module, {}).setdefault(owner, set()).add(leaf)

    # ------------------------------------------------------------------ one statement

    def _run_member(self, scene: Scene, prefix: str) -> Effect:
        node, tracked, (module, path) = scene.node, scene.tracked, self._place
        owner = self.values.owner(module, prefix)
        try:
            mapped.check_member(owner, node)
        except CannotSwap as refusal:
            self.tolerate(refusal)
            return Effect()
        space = self.values.class_space(self._place, owner.__qualname__)
        annotations = vars(owner).get("__annotations__")
        if is_instance(annotations, dict):
            space["__annotations__"] = dict(annotations)
        self.merger.blanks = tracked.imprint.blanks if tracked.imprint is not None else frozenset()
        past, source = ClassPast(self.values, self._place, owner), scene.edition.source
        body = ClassBody(owner, space, past.was, past.is_last, past.is_shared)
        took = scene.before is not None and takes_from_a_name(scene.before)
        self._open_ledger(scene.facts)
        registered = Registered.before(node, scene.before, scene.facts, tracked, self.graph, taken=self.ledger.taken)
        execute = self._executor(scene)
        effect = run_in_class(source, path, body, tracked.namespace, self.merger, execute, took=took)
        try:
            registered.withdraw_what_is_not_there_again(self.journal, self._reached(node, tracked))
            self._close_ledger()
        except CannotSwap as refusal:
            self.tolerate(refusal)
        if not mapped.is_mapped(owner) and any(map(classes.needs_whole_class, effect.bound.values())):
            self.findings |= Findings(whole=frozenset([(module, path[:-1])]))
        before, answers = abstract.are_abstract(owner), abstract.asked_of(owner, effect.bound)
        if others := annotated.changed_by(self._place, self.values.group(module), owner, space):
            self._add(others)
            self.noting.class_changed(self._place, others)
        self._store_members(owner, effect, space)
        stated = {name for _, facts in siblings(source, path) for name in facts.binds}
        classes.refresh(owner, self.journal, stated)
        if abstract.asked_of(owner, effect.bound) != answers:
            abstract.forget_answers(self.journal)
        self.changes.add_abstract(before, abstract.are_abstract(owner), self._place)
        return effect

    def _store_members(self, owner: type, effect: Effect, space: dict[str, Any]) -> None:
        group = self.values.group(self._place[0])
        cell = space.get("__classcell__")
        if cell is not None:
            cell.cell_contents = owner
        if "__annotations__" in space and not annotated.same(space["__annotations__"], own_space(owner)):
            self.journal.set_attribute(owner, "__annotations__", space["__annotations__"])
        for name, value in effect.bound.items():
            full = self._place[0], f"{owner.__qualname__}.{name}"
            if full in group.new and self._place not in group.new.final(full):
                continue  # another statement about the name comes later
            if is_a(in_classes(owner.__mro__, name), cached_property) and not is_a(value, cached_property):
                forget_cached(owner, [name], self.journal)
            if vars(owner).get(name, MISSING) is not value:
                classes.store_member(owner, name, value, self.journal)
                set_name = getattr(type(value), "__set_name__", None)
                if set_name is not None:
                    set_name(value, owner, name)
        source = self.editions.new(self._place[0]).source
        if arrange_as_written(owner, source, self._place[1][:-1], self.journal):
            self.changes.add(described((self._place[0], owner.__qualname__)), self._place)

    def _run_statement(self, scene: Scene) -> Effect:
        node, before, facts, tracked = scene.node, scene.before, scene.facts, scene.tracked
        self.pourer.making = self._making(scene)
        self.merger.blanks = tracked.imprint.blanks if tracked.imprint is not None else frozenset()
        self._free(self._place)
        past = ModulePast(self.values, self._place)
        made = past.was(node.name) if isinstance(node, _DEFINITIONS) else MISSING
        self._open_ledger(facts)
        registered = Registered.before(node, before, facts, tracked, self.graph, made, self.ledger.taken)
        is_definition = isinstance(node, _DEFINITIONS) and hands_on(node)
        places = registries.written_by(node, facts, tracked, self.graph) if is_definition else []
        added = Added.before(node, scene.edition.source, tracked, places)
        if isinstance(node, ast.Delete) and before is not None:
            node = deepcopy(node)  # the tree belongs to the source
            node.targets = [target for target in node.targets if not self._is_deleted(target, tracked)]
            if not node.targets:
                return Effect()
        if before is not None and not isinstance(node, _DEFINITIONS):
            for cls, leaf in list(scopes.computed_attributes(scene.edition, self._place[1])):
                self.journal.delete_attribute(cls, leaf)
        source, execute = scene.edition.source, self._executor(scene)
        effect = run_in_module(source, node, facts, past, tracked.namespace, self.merger, execute)
        if not isinstance(node, _DEFINITIONS):
            arrange_annotations(tracked.namespace, source, self.journal)
        try:
            reached = self._reached(node, tracked)
            refer_to_living([*places, *(reached or ())] if is_definition else (), self.merger.twins, self.journal)
            registered.withdraw_what_is_not_there_again(self.journal, reached)
            if isinstance(node, _DEFINITIONS) and before is not None:
                self._let_give_way(node, before, registered.definitions)
            self._close_ledger()
            self.ledger.made_anew(effect.equal if self._due else ())
            if not self.ledger.orders_itself(self._place, self._footprint()):
                added.put_in_order(self.journal)
            registered.withdraw_lost_words(self.editions.edits.get(self._place[0]), self.graph, self.journal, reached)
            if isinstance(node, ast.ClassDef):
                added.put_subclass_in_order(effect.bound.get(node.name), self.graph, self.journal)
        except CannotSwap as refusal:
            self.tolerate(refusal)
        if stale := left_behind(node, before, self._foreign.differences):
            self.tolerate(CannotSwap(registered_twice(stale, f"{source.path}:{first_line(node)}")))
        return effect

    def _let_give_way(self, node: ast.stmt, before: ast.stmt, definitions: list[Any]) -> None:
        """What libraries made of a definition before gives way to what they made of it now."""
        edition = self.editions.new(self._place[0])
        at_most = max(1, len(getattr(before, "decorator_list", ())))
        if not give_way(definitions, at_most, self._foreign.differences, self.merger.twins, self.journal):
            raise CannotSwap(registered_otherwise(f"{edition.source.path}:{first_line(node)}"))
        edit = self.editions.edits.get(self._place[0])
        for refusal in not_forgotten(node, before, definitions, edition.tracked, self.graph, edit):
            raise refusal

    def _making(self, scene: Scene) -> Making:
        """What is to be known of the statement if it makes a class."""
        module, path = self._place
        called = called_by(scene.edition, path) if isinstance(scene.node, ast.ClassDef) else frozenset()
        now = happened(self.changes.events, self.hooked.asks_anew, called, self.affected)
        return replace(
            self.pourer.making,
            kept=kept_members(scene.node, path, self.editions, module, now),
            from_outside=scopes.set_from_outside(scene.node, scene.tracked),
            taken=taken_members(scene.node, scene.before),
        )

    def _open_ledger(self, facts: Facts) -> None:
        viewed = self._doubled.counterparts().values()
        self.ledger.open(self._place, self._dues.surely().__contains__ if self._due else None, viewed)
        if self.ledger.is_astray(self._place[0], self._dues.surely().__contains__):
            root = next(iter(sorted(facts.roots)), "")  # who looks into that has run by now
            self.tolerate(CannotSwap(added_twice(self.editions, self._place, (self._place[0], root))))

    def _close_ledger(self) -> None:
        """What the statement has put anywhere gets its place there."""
        if self._due:
            is_due = self._dues.surely().__contains__
            for name in self._doubled.carry_over(self.calls.get(self._place, {}).values(), self.journal):
                self.findings |= Findings(refills=frozenset([(self._place, name)]))
            viewed = self._doubled.counterparts().values()
            for name in self.ledger.close(self._place, self._footprint(), is_due, viewed):
                self.changes.add(name, self._place)

    def _footprint(self) -> Footprint:
        """What the statement that has just run called."""
        found = Footprint()
        for each in self.calls.get(self._place, {}).values():
            found.add(each)
        return found

    def _reached(self, node: ast.stmt, tracked: Tracked) -> list[Any] | None:
        """The containers in which the statement that just ran may have put something by way of functions."""
        if not self.tracer.works:
            return None
        written = registries.containers(self._footprint(), self.graph, self.editions.code_now)
        return [*written, *registries.of_decorators(node, tracked, self.graph)]

    def _is_deleted(self, target: ast.expr, tracked: Tracked) -> bool:
        """Whether the attribute of a definition was deleted when the statement ran before, and was not made since."""
        if isinstance(target, ast.Tuple | ast.List):
            target.elts = [each for each in target.elts if not self._is_deleted(each, tracked)]
            return not target.elts
        chain = chain_of(target)
        if not isinstance(target, ast.Attribute) or chain is None:
            return False
        owner = resolve_value(tracked.namespace, chain[:-1])
        home = definition_of(owner, self.index)
        group = self.editions.group(home[0]) if home is not None else None
        if home is None or group is None or chain[-1] in own_space(owner):
            return False
        name, before = (home[0], f"{home[1]}.{chain[-1]}"), self.editions.old_place(self._place)
        if before in group.old.order and group.old.before(name, before) and not group.new.before(name, self._place):
            return False  # nobody makes it any more
        return not any(self.values.has_run(place) for place in group.new.binders(home))

    def _is_new(self, definition: Any) -> bool:
        module = definition.__module__
        if module not in self.index.modules:
            return False
        return module not in self._loaded or self.values.original((module, definition.__qualname__)) is not definition

    def follow_moved(self, lost: Iterable[tuple[Name, Any]]) -> None:
        """Definitions that left their modules, and were defined in another one in this round, go there."""
        modules = {*self.editions.edits, *(name for name in self.index.modules if name not in self._loaded)}
        modules &= sys.modules.keys()
        for (module, name), live in lost:
            same_name = [value_of((other, name), self.graph) for other in modules - {module}]
            found = {id(v): v for v in same_name if type(v) is type(live) and self._is_defined_anew(v, name)}
            if len(found) == 1:
                new = next(iter(found.values()))
                is_class = is_instance(live, type)
                self.merger.move(live, new) if is_class else self.merger.succeed((module, name), [live], new)

    def _is_defined_anew(self, definition: Any, name: str) -> bool:
        return definition.__qualname__ == name and self._is_new(definition)

    def _as_counted(self, scene: Scene) -> AbstractContextManager[None]:
        """Containers hold what a fresh process would have in them, if the statement counts that."""
        gaps = self.ledger.taken.gaps
        known = {at: position for at, (_, position) in gaps.items()}
        return self._counting.at_place(self._place, scene.edition, known.get, due=self._due)

    def _executor(self, scene: Scene) -> Execute:
        def execute(code: CodeType, space: dict[str, Any], local: dict[str, Any] | None) -> None:
            with (
                classes.hidden(self._hidden),  # not longer: a rollback would dismiss what is no subclass before it
                self._as_counted(scene),
                self._generics.at_place(self._place, scene.edition),
                self._foreign.watched(scene.within_reach()),
                self.tracer.recording(code, scene.edition.source.data) as lines,
                not_yet_in_packages(self.editions, self._place),
            ):
                exec(code, space, space if local is None else local)  # the program's own statement
            pairs, found = self.remade.pairs(self._place, space if local is None else local, lines.values())
            if pairs:
                self.pourer.pour_remade(pairs, found)
            seen = self.calls.setdefault(self._place, {})
            for line, each in list(lines.items()):
                each.deposits = each.deposits if self._due else []  # else it has filled what was built for others
                seen.setdefault(max(line, first_line(scene.node)), Footprint()).add(each)

        return execute


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def hands_on(node: ast.AST) -> bool:
    """Whether a definition is in the hands of others before its name is bound: of decorators, of a metaclass."""
    return isinstance(node, ast.ClassDef) or bool(getattr(node, "decorator_list", ()))
