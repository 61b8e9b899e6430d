"""One statement of a round at a time: what it finds as it runs, and what is noted of it once it has run."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property, partial
from types import CodeType
from typing import Any

from hotswap.codefacts import nested
from hotswap.errors import CannotSwap
from hotswap.events import described
from hotswap.facts import Facts
from hotswap.graph import Graph
from hotswap.index import Tracked
from hotswap.journal import MISSING, Journal
from hotswap.looking import in_classes, is_a, is_instance, own_space
from hotswap.model import NOTHING, Action, Findings, Name, Place
from hotswap.patch import abstract, annotated, classes, mapped, registries, scopes
from hotswap.patch.arranging import arrange_annotations, arrange_as_written
from hotswap.patch.changes import Changes
from hotswap.patch.counting import Counting
from hotswap.patch.due import Due
from hotswap.patch.foreign import Foreign
from hotswap.patch.formers import Formers
from hotswap.patch.freeing import free
from hotswap.patch.functions import Merger
from hotswap.patch.generic import Generics
from hotswap.patch.hooked import Hooked
from hotswap.patch.instances import forget_cached
from hotswap.patch.keeping import called_by, happened, kept_members
from hotswap.patch.ledger import Ledger
from hotswap.patch.libraries import Libraries
from hotswap.patch.modules import not_yet_in_packages
from hotswap.patch.moved import has_left
from hotswap.patch.noting import Noting
from hotswap.patch.order import Added
from hotswap.patch.past import ClassPast, ModulePast
from hotswap.patch.pouring import Making, Pourer
from hotswap.patch.registered import Registered, left_behind, registered_twice
from hotswap.patch.remade import Remade
from hotswap.patch.repeats import added_twice
from hotswap.patch.scene import Scene
from hotswap.patch.snapshot import Snapshot
from hotswap.patch.statements import (
    ClassBody,
    Effect,
    Execute,
    run_in_class,
    run_in_module,
    taken_members,
    takes_from_a_name,
)
from hotswap.patch.superseded import give_way, not_forgotten, registered_otherwise
from hotswap.patch.values import Values
from hotswap.patch.views import Doubled
from hotswap.patch.weakly import refer_to_living
from hotswap.planning.prepared import Prepared
from hotswap.resolving import definition_of, resolve_value
from hotswap.source import first_line, siblings
from hotswap.syntax import chain_of
from hotswap.trace import Footprint, Tracer


@dataclass(frozen=True, slots=True)
class Means:
    """What the statements of a round are run with; `tolerate` raises what it is given, or notes that it is left out."""

    plan: Prepared
    graph: Graph
    tracer: Tracer
    journal: Journal
    changes: Changes
    formers: Formers
    tolerate: Callable[[CannotSwap], None]


class Running:
    """The statement that runs, and all that knows of statements of the same round."""

    def __init__(self, means: Means) -> None:
        self.tolerate, plan, graph, journal = means.tolerate, means.plan, means.graph, means.journal
        changes = means.changes
        self.plan, self.graph, self.index, self.journal, self.tracer = plan, graph, graph.index, journal, means.tracer
        assert plan.affected is not None
        self.affected, self.editions = plan.affected, plan.affected.editions
        self.changes = changes
        self._dues = Due(plan, self.editions, changes)
        self.hooked = Hooked(plan, self.editions, graph, journal, changes.add)
        self.values = Values(self.editions, journal, plan.views)
        self.remade = Remade(self.editions, self.values, graph)
        self.pourer = Pourer(self.editions, graph, journal, changes, self.values, means.tolerate)
        self.noting = Noting(self.editions, self.values, changes, self.pourer.note_bases)
        self.libraries = Libraries(graph, journal)
        self.merger = self._new_merger(means.formers)
        self.calls: dict[Place, dict[int, Footprint]] = {}
        """What the statements that ran called, by line."""
        self.bound = self.pourer.bound
        """By module and class ("": the module itself) the names that statements have bound."""
        self.findings = NOTHING
        """What nobody had foreseen.  The statements behind run all the same, so that one try finds much."""
        self._loaded = set(sys.modules)
        self._place: Place = ("", ())
        self._due = False
        self._hidden: list[type] = []
        """Classes that left the source, and that the running statement is not to find."""
        self._doubled = Doubled()
        self._snapshot = Snapshot(journal, graph)
        self._foreign = Foreign(journal, graph.index, self._snapshot.seen)
        self.ledger = Ledger(self.editions, graph, journal, self.values.originals, self.merger.twin)
        runs = {(s.module, s.statement) for s in plan.steps if s.action is Action.RUN}
        self._counting = Counting(self.ledger.authors, journal, runs.__contains__)
        self._generics = Generics(self.editions, journal, self.ledger.authors.comes_first)

    def _new_merger(self, formers: Formers) -> Merger:
        merger = self.pourer.merger = Merger(self.journal, self.pourer.pour, formers)
        merger.is_new, merger.has_left = self._is_new, partial(has_left, self.editions)
        merger.was_there, merger.lasting = self.values.was_there, self.remade.lasting
        return merger

    def _free(self, place: Place) -> None:
        """If a definition refused to run: what this one has registered goes before it runs again."""
        before = self.editions.old_place(place) if self.plan.refused and len(place[1]) == 1 else None
        if before is not None:
            tracked = self.index.modules[before[0]]
            source, path = tracked.source, before[1]
            free(source.statement(path), source.facts(path), tracked, self.graph, self.journal)
            self.libraries.withdraw(source.statement(path), tracked)

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
        if self._due and scene.before is not None:
            self.libraries.runs_again(scene.before, tracked)
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
        made = past.was(node.name) if isinstance(node, DEFINITIONS) else MISSING
        self._open_ledger(facts)
        if self._due and before is not None:
            self.libraries.runs_again(before, tracked)
        abstract.withdraw_decorators(node, before, tracked.namespace, self.journal)
        registered = Registered.before(node, before, facts, tracked, self.graph, made, self.ledger.taken)
        is_definition = isinstance(node, DEFINITIONS) and hands_on(node)
        places = registries.written_by(node, facts, tracked, self.graph) if is_definition else []
        added = Added.before(node, scene.edition.source, tracked, places)
        if isinstance(node, ast.Delete) and before is not None:
            node = deepcopy(node)  # the tree belongs to the source
            node.targets = [target for target in node.targets if not self._is_deleted(target, tracked)]
            if not node.targets:
                return Effect()
        if before is not None and not isinstance(node, DEFINITIONS):
            for cls, leaf in list(scopes.computed_attributes(scene.edition, self._place[1])):
                self.journal.delete_attribute(cls, leaf)
        source, execute = scene.edition.source, self._executor(scene)
        effect = run_in_module(source, node, facts, past, tracked.namespace, self.merger, execute)
        if not isinstance(node, DEFINITIONS):
            arrange_annotations(tracked.namespace, source, self.journal)
        try:
            reached = self._reached(node, tracked)
            refer_to_living([*places, *(reached or ())] if is_definition else (), self.merger.twins, self.journal)
            registered.withdraw_what_is_not_there_again(self.journal, reached)
            if isinstance(node, DEFINITIONS) and before is not None:
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
        viewed = [*self._doubled.counterparts().values(), *self.values.out_of_sight()]
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

    def _add(self, events: Iterable[Name]) -> None:
        for event in events:
            self.changes.add(event, self._place)

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

    def _as_counted(self, scene: Scene) -> AbstractContextManager[None]:
        """Containers hold what a fresh process would have in them, if the statement counts that."""
        gaps = self.ledger.taken.gaps
        known = {at: position for at, (_, position) in gaps.items()}
        return self._counting.at_place(self._place, scene.edition, known.get, due=self._due)

    def _executor(self, scene: Scene) -> Execute:
        def execute(code: CodeType, space: dict[str, Any], local: dict[str, Any] | None) -> None:
            scene.tracked.has_rerun = scene.tracked.has_rerun or any(nested(code))
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


DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def hands_on(node: ast.AST) -> bool:
    """Whether a definition is in the hands of others before its name is bound: of decorators, of a metaclass."""
    return isinstance(node, ast.ClassDef) or bool(getattr(node, "decorator_list", ()))
