"""Runs the statements of a plan, in order, each if it is due, and notes what really changed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Any

from hotswap.errors import CannotSwap, Unforeseen
from hotswap.journal import MISSING
from hotswap.looking import is_instance
from hotswap.model import NOTHING, Action, Findings, Name, Place, Reason, Step
from hotswap.patch import abstract, caches, unbound
from hotswap.patch.changes import Ran
from hotswap.patch.freeing import is_refused
from hotswap.patch.live import substitute_in
from hotswap.patch.observed import Observed
from hotswap.patch.pouring import Making
from hotswap.patch.repeats import added_twice, loaded_twice, not_called_again, refused_by_library
from hotswap.patch.scene import Scene
from hotswap.patch.statements import (
    defined_members,
)
from hotswap.patch.views import Doubled
from hotswap.planning.edition import Edition
from hotswap.planning.live_names import value_of
from hotswap.running import DEFINITIONS, Means, Running, hands_on
from hotswap.source import prefix_of


class Runner(Running):
    """The statements of one round."""

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        self._known = set(self._loaded)
        self.ran: list[Ran] = []
        self.failed_module = ""
        self.refusal: Reason | None = None
        """What to say if a statement raised for no other reason than that it ran a second time."""
        self.leaving: list[tuple[type, Name]] = []
        """Classes that left the source while instances live, each with the event that a base has lost a subclass."""
        self._hands_on = False
        self._done: set[Step] = set()
        self._cleared: set[Name] = set()
        self._filled_by_loaded: set[int] = set()
        """The containers that modules have filled which the statement loaded for the first time."""
        self._caches = caches.Known()

    @cached_property
    def _answers(self) -> bool:
        """Whether classes of the program answer `isinstance` with code of their own: Python keeps what they said."""
        sources = (tracked.source for tracked in self.index.mentioning(*abstract.ANSWERING))
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
            with self.libraries.running(scene.node, was_refused=was_refused):
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
            abstract.hand_on(list(self.merger.twins.values())[twins:], self.journal)
            self._put_twins_in(self._reached(node, tracked) or ())

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
        if isinstance(node, DEFINITIONS) or self.editions.old_place(self._place) is None:
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
