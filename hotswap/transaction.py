"""Plan → Outcome: carry a round out, whole or not at all.

Names that left the source go first, then new code goes into live functions, then statements run in order, each only if
what it depends on really changed.  Everything is written through the journal; an exception unwinds it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import invalidate_caches
from itertools import chain
from types import FunctionType
from typing import Any

from hotswap.codes import CodePair, function_around, pair_codes, tells_otherwise
from hotswap.errors import CannotSwap, Unforeseen
from hotswap.events import HOOKS, bare, behaviour, content, described, is_content, is_description, is_loaded, subclasses
from hotswap.graph import Graph
from hotswap.journal import Journal
from hotswap.looking import is_instance
from hotswap.model import NEVER, NOTHING, Action, Cause, Edit, Link, Name, Reason, Step, spoken
from hotswap.patch import abstract, caches, classes, layout, mapped, modules, orphans, scopes
from hotswap.patch.arranging import arrange_annotations, rearranged
from hotswap.patch.bodies import Bodies
from hotswap.patch.changes import Changes
from hotswap.patch.contents import Contents
from hotswap.patch.dispatch import Registrations, named_in, refill, registry_of
from hotswap.patch.formers import Formers
from hotswap.patch.instances import alive
from hotswap.patch.libraries.django_settings import outdated
from hotswap.patch.live import running, substitute
from hotswap.patch.made_classes import MadeClasses, is_made_class
from hotswap.patch.migrating import Migration
from hotswap.patch.orphans import Orphan
from hotswap.patch.overloads import other_overloads, overloads_of
from hotswap.patch.overloads import withdraw_removed as withdraw_overloads
from hotswap.patch.rehashing import hashed_otherwise, lost_in_frozen_sets, rehash
from hotswap.patch.repeats import done_twice
from hotswap.patch.replaced import left_in_use, members_in_use
from hotswap.patch.withdrawing import withdraw_removed
from hotswap.planning.effects import bare_calls
from hotswap.planning.generic import registered_by
from hotswap.planning.live_names import bases_of, derived_from, value_of
from hotswap.planning.prepared import Prepared
from hotswap.resolving import definition_of, owner_of
from hotswap.runner import Runner
from hotswap.running import Means
from hotswap.source import StatementPath, first_line, name_of
from hotswap.trace import Footprint, Tracer


@dataclass(slots=True)
class Done:
    """What a round did, name by name."""

    relocated: list[str] = field(default_factory=list)
    patched: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    imported: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    reloaded: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    why: list[tuple[str, str]] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    warnings: list[Reason] = field(default_factory=list)


class Transaction:
    """One round.  `apply()` either finishes or leaves the process as it was and raises what went wrong."""

    def __init__(
        self, plan: Prepared, graph: Graph, tracer: Tracer, formers: Formers | None = None, *, force: bool = False
    ) -> None:
        """With `force`, what cannot be made true is left out and told of, rather than refused."""
        self.formers, self.force = formers or Formers(), force
        self.plan, self.graph, self.index, self.tracer = plan, graph, graph.index, tracer
        self.journal = Journal()
        self.done = Done(warnings=list(plan.warnings))
        self.edits = {e.module: e for e in plan.edits}
        self.changes = Changes(derived_from=partial(derived_from, graph=graph))
        self.runner = Runner(Means(plan, graph, tracer, self.journal, self.changes, self.formers, self._tolerate))
        self.orphans: list[Orphan] = []
        self._gone: set[str] = set()
        self._hidden: list[tuple[type, tuple[type, ...]]] = []
        """Classes that left the source: while statements ask their bases for subclasses they are none."""
        self._rehashed: set[type] = set()
        """Classes of whose instances the hash may be another one."""
        self._lost: list[tuple[Name, Any]] = []
        """Classes and functions that left their modules."""
        self._modules = dict(sys.modules)
        self._loaded = set(self._modules)
        self._bodies = Bodies(self.journal)
        self._made_classes = MadeClasses(self.journal)
        self._paired: dict[str, list[CodePair]] = {}
        self._migration = Migration(plan.edits, self.index)

    @property
    def disposed(self) -> dict[object, str]:
        """By their keys the names of the `on_dispose` hooks that were called."""
        return self.runner.hooked.disposing.called

    @property
    def failed_module(self) -> str:
        """The module of which a statement was running when the round failed; empty when none was."""
        return self.runner.failed_module

    @property
    def refusal(self) -> Reason | None:
        """What to say if the round failed because a library lets a statement happen once only."""
        return self.runner.refusal

    # ------------------------------------------------------------------ the sequence

    def apply(self) -> Done:
        """Carry out the plan.  Raises what user code raised, or CannotSwap; then nothing has changed."""
        self.index.again.clear()
        try:
            self.runner.begin()
            self.runner.hooked.begin(self.plan.edits)
            if self._is_patch_only:
                with self.journal.staged():
                    self._apply()
            else:
                self._apply()
            self.done.warnings += self._migration.run(self.journal)
            self._check_hashes()
        except BaseException as error:
            self.undo()
            if self.runner.findings != NOTHING and isinstance(error, Exception):
                raise Unforeseen(self.runner.found_out()) from error  # it may be a consequence
            raise
        self.finish()
        return self.done

    @property
    def _is_patch_only(self) -> bool:
        """Whether nothing of the program runs, so that all writes can be made at once."""
        if self.plan.files or any(is_loaded(event) for event, _ in self.plan.foreseen):
            return False
        if any(p.edited and is_made_class(p) for edit in self.plan.edits for p in self._pairs(edit)):
            return False  # what is derived from the members of a class is told from the class
        return all(s.action in (Action.PATCH, Action.RELOCATE) for s in self.plan.steps)

    def _apply(self) -> None:
        self.orphans = orphans.losing_definition(self.plan.edits, self.index)
        self._note_certain()
        contents = Contents([bare(e) for e, at in self.plan.foreseen if at is None and is_content(e)], self.graph)
        made_again = {name for disposal in self.plan.disposals for name in disposal.names}
        for edit in self.plan.edits:
            self._take_back(edit, made_again)
        self._remove_names()
        for filled in contents.changed():
            self.changes.add(content(filled))
        self._patch_functions()
        for edit in self.plan.edits:
            self._arrange(edit)
        self.runner.merger.stale = [each.function for each in self._bodies.stale]
        self.runner.run()
        self.runner.merger.stale = []  # or it would be held
        self._bodies.statements_ran()
        self.runner.follow_moved(self._lost)
        self.orphans += orphans.made_no_more(self.runner.remade.left())
        self._tell()
        self._put_in_place()
        self._check_left_behind()
        self._bodies.replace_held_codes()
        self.formers.forget_results()
        self.runner.libraries.end(self.changes.events)
        for cls, bases in self._hidden:  # somebody may hold it all the same
            self.journal.call((layout.assign_bases, cls, bases), (classes.dismiss, cls))
        if self._hidden:
            abstract.forget_answers(self.journal)
        self.journal.settle()
        caches.clear(self.changes.events, self.graph, self.journal)
        told = (value_of(bare(event), self.graph) for event in self.changes.events if is_description(event))
        caches.clear_about([each for each in told if is_instance(each, FunctionType)])

    def _note_certain(self) -> None:
        """What has happened before anything runs."""
        if self.plan.created:
            invalidate_caches()  # a file of this second may not be seen otherwise
        for name in self.plan.created:
            self.changes.add((name, "*"))
        for event in self.plan.certain:
            self.changes.add(event)
        for module, answered in self.plan.forgotten:
            self.journal.delete_item(self.index.modules[module].namespace, answered)

    def _take_back(self, edit: Edit, made_again: AbstractSet[Name]) -> None:
        """The module shows its new source, and what statements had done goes that are gone."""
        modules.show_source(edit, self.journal)
        modules.revive(edit, self.journal)
        modules.move(edit, self.index.modules[edit.module], self.journal)
        gone = self.runner.editions.matching(edit.module).removed if edit.new is not None else []
        members = [path for path in gone if len(path) > 1]
        registrations = Registrations(self._generic_functions(edit))
        forgotten = self._withdraw_from_blocks(edit)
        taken = self._take_back_removed(edit, members)
        self.runner.libraries.begin(edit)
        for path, registries in forgotten.items():
            taken[path] = taken.get(path, set()) | registries
        for refusal in withdraw_removed(edit, self.graph, self.journal, members, made_again, taken):
            self._tolerate(refusal)
        for event in registrations.events(self.index):
            self.changes.add(event)
        self._drop_computed(edit)

    def _arrange(self, edit: Edit) -> None:
        before = overloads_of(edit.module)
        withdraw_overloads(edit, self.journal)
        for event in other_overloads(before, edit.module):
            self.changes.add(event)
        if edit.new is not None:
            arrange_annotations(self.index.modules[edit.module].namespace, edit.new, self.journal)
        for qualname in rearranged(edit, self.index.modules[edit.module].namespace, self.journal):
            self.changes.add(described((edit.module, qualname)))

    def _put_in_place(self) -> None:
        """Whoever got hold of a view, or of a definition that was made anew, has what that stands for."""
        values, merger = self.runner.values, self.runner.merger
        views = {id(view): (view, container) for view, container in values.views_made()}
        if views:
            substitute(views, self.journal, [vars(values), values], values.made)
        if merger.twins and self.runner.rebuilt:
            substitute(merger.twins, self.journal, [merger, vars(merger)], values.made)

    def _check_left_behind(self) -> None:
        """What of before is still held, and cannot become what is now, ends the round."""
        runner = self.runner
        anew, kept = runner.held_by_merges()
        undecided = runner.remade.undecided(kept, self.journal)
        in_use = left_in_use(runner.values, kept, self.journal)
        exchanged = members_in_use(runner.pourer.exchanged, kept, self.journal)
        made_classes = self._made_classes.follow(anew, kept)
        settings = outdated(self.changes.events, self.index)
        for refusal in chain(self._bodies.left_behind(), made_classes, undecided, in_use, exchanged, settings):
            self._tolerate(refusal)

    def _check_hashes(self) -> None:
        """Once the new code is in place: what cannot be found where it is now ends the round."""
        self._rehashed = hashed_otherwise(self.changes.events, self.graph)
        _, kept = self.runner.held_by_merges()
        for refusal in lost_in_frozen_sets(self._rehashed, kept, self.journal):
            self._tolerate(refusal)

    def _tolerate(self, refusal: CannotSwap) -> None:
        """What cannot be made true ends the round, unless it is forced: then it is left out, and told of."""
        if not self.force:
            raise refusal
        self.done.warnings.append(refusal.reason)

    def undo(self) -> None:
        """Put everything back."""
        bound = ((module, owner, names) for module, of in self.runner.bound.items() for owner, names in of.items())
        self.runner.hooked.undo({(m, f"{owner}.{name}".lstrip(".")) for m, owner, names in bound for name in names})
        for fresh, live in self.runner.merger.twins.values():
            if is_instance(fresh, type) and fresh is not live:
                classes.dismiss(fresh)
        self.journal.rollback()
        for name, before in self.index.again.items():
            self.index.put(before)
            sys.modules[name] = self._modules.get(name, sys.modules[name])
        for name in set(sys.modules) - self._loaded:
            tracked = self.index.modules.get(name)
            is_ours = name.partition(".")[0] in self.index.modules
            if tracked is None and is_ours and modules.is_folder(sys.modules[name]):
                sys.modules.pop(name)  # it would not become an attribute of its package a second time
            if tracked is not None:
                sys.modules.pop(name, None)
                parent, _, child = name.rpartition(".")
                if parent in sys.modules:
                    vars(sys.modules[parent]).pop(child, None)
                self.index.forget(name)
        caches.clear(self.changes.events, self.graph, Journal())  # of what the statements that ran have left there

    def finish(self) -> None:
        """Forget the undo list and note what now runs."""
        self.done.imported += sorted(n for n in set(sys.modules) - self._loaded if n in self.index.modules)
        self.journal.close()
        runner, hooked = self.runner, self.runner.hooked
        hooked.asking.finish(self.edits)
        self.done.loaded += hooked.loads.done
        self.done.warnings += [*hooked.disposing.faults, *hooked.loads.faults.values()]
        touched = {
            *self.edits,
            *(place[0] for place in runner.calls),
        } - self._gone  # what is gone may come back as it was
        bound, sizes = runner.bound, runner.pourer.sizes
        carried = {
            name: replace(
                self.index.modules[name],
                calls=self._calls(name) if self.tracer.works else None,
                imprint=scopes.carry_imprint(name, runner.editions, bound.get(name, {}), sizes.get(name, {})),
            )
            for name in touched
        }
        self.index.begins_again(name for name, edit in self.edits.items() if edit.revived is not None)
        for name, tracked in carried.items():
            edit = self.edits.get(name)
            if edit is None or edit.new is None:
                self.index.put(tracked)
            else:
                self.index.put(replace(tracked, path=edit.path, source=edit.new, certain=True, away=None))
        self.runner.libraries.finish(self.index.modules[name] for name in touched if name in self.index.modules)
        rehash(self._rehashed)

    def let_go(self) -> None:
        """Hold nothing of before any more: what others know weakly only, a receiver of signals say, goes at once.

        The parts of a round refer to each other, so they are there until the collector comes.  Codes that were held
        until then would have the next round search the heap for functions that run them.
        """
        self._paired.clear()
        self._lost.clear()
        self._hidden.clear()
        self.runner.let_go()

    def _calls(self, module: str) -> dict[int, Footprint] | None:
        runner = self.runner
        for place, lines in runner.calls.items():
            for each in lines.values() if place[0] == module else ():
                each.deposits = [deposit.translated(runner.merger.twin) for deposit in each.deposits]
        return scopes.carry_calls(module, runner.editions, runner.calls, runner.values.has_run)

    # ------------------------------------------------------------------ names and code

    def _remove_names(self) -> None:
        for step in self.plan.steps:
            if step.action is Action.REMOVE and step.target == "*":
                self._lose(modules.definitions(self.index.modules[step.module], self.index))
                modules.remove(self.index.modules[step.module], self.graph, self.journal)
                self._gone.add(step.module)
                self.changes.add((step.module, "*"))
                self.done.removed.append(step.module)
            elif step.action is Action.REMOVE and not step.statement:
                self._remove_name(step)

    def _lose(self, definitions: Iterable[tuple[Name, Any]]) -> None:
        for name, value in definitions:
            try:
                mapped.check_gone(value)
            except CannotSwap as refusal:
                self._tolerate(refusal)
            self._lost.append((name, value))

    def _remove_name(self, step: Step) -> None:
        name = step.module, step.target
        value = value_of(name, self.graph)
        space = self.index.modules[step.module].namespace
        if all(held is not value for other, held in space.items() if other != step.target):  # else it is that one's
            self.formers.add_own(name, value, self.journal)
        if definition_of(value, self.index) == name and "." not in step.target:
            self._lose([(name, value)])
        for event in map(subclasses, bases_of(name, self.graph)):
            self.changes.add(event)
            if not any((event, None) in each.due.causes for each in self.plan.steps):
                continue
            if alive(value):  # which are to work while other statements run
                self.runner.leaving.append((value, event))
            else:
                self._hidden.append((value, value.__bases__))
                self.journal.call((classes.dismiss, value), (layout.assign_bases, value, value.__bases__))
        owner = owner_of(self.index.modules[step.module], step.target)
        before = abstract.are_abstract(owner) if owner is not None else {}
        modules.remove_name(self.index.modules[step.module], step.target, self.journal)
        self.changes.add_abstract(before, abstract.are_abstract(owner) if owner is not None else {})
        self.changes.add((step.module, step.target))
        self.changes.add(behaviour((step.module, step.target)))
        cls, _, leaf = step.target.removesuffix(".__annotations__").rpartition(".")
        if cls:
            self.changes.add(described((step.module, cls.removesuffix(".__annotations__"))))
        if leaf in HOOKS:
            self.changes.add(behaviour((step.module, cls)))
        if "__annotations__." not in step.target:
            self._log(self.done.removed, step, "")

    def _generic_functions(self, edit: Edit) -> Iterator[Any]:
        """Those with which statements that are gone, or others now, have registered something."""
        for number in _gone(edit):
            yield from named_in(edit.old.facts((number,)), self.index.modules[edit.module].namespace)

    def _withdraw_from_blocks(self, edit: Edit) -> dict[StatementPath, AbstractSet[int]]:
        """What an `if`, or a call, that is gone, or another one now, has registered with generic functions goes first.

        Returns by statement the identities of what it was registered in.
        """
        namespace, found = self.index.modules[edit.module].namespace, dict[StatementPath, AbstractSet[int]]()
        for number in _gone(edit):
            node = edit.old.statements[number]
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            for dispatcher in list(named_in(edit.old.facts((number,)), namespace)):
                gone = {id(cls) for call in bare_calls(node) for cls in registered_by(call, namespace)}
                known = registry_of(dispatcher).items()
                kept = {c: f for c, f in known if id(c) not in gone and not _is_made_in(f, node, namespace)}
                if len(kept) < len(known):
                    found[(number,)] = {id(registry_of(dispatcher))}
                    refill(dispatcher, kept, self.journal)
        return found

    def _take_back_removed(self, edit: Edit, members: Iterable[StatementPath]) -> dict[StatementPath, AbstractSet[int]]:
        """What statements that are gone had put into containers; by statement the identities of these."""
        old, diff = self.runner.editions.find_old(edit.module), edit.diff
        removed = range(len(edit.old.statements)) if edit.new is None else diff.removed if diff is not None else ()
        taken: dict[StatementPath, AbstractSet[int]] = {}
        anew = self._made_anew() if removed else set()
        if edit.new is None and old is not None:
            self.runner.ledger.leave_alone(old)
        for path in sorted([*((number,) for number in removed), *members], reverse=True) if old is not None else ():
            assert old is not None
            taken[path], others = self.runner.ledger.withdraw(old, path)
            if taken[path] and len(path) == 1 and not edit.old.facts(path).binds:
                self._tell_taken(edit, edit.old.statement(path))
            for name in others:
                self.changes.add(name)
            for name in old.mutates(path) if taken[path] else ():
                if name in anew:  # it may equal what is left of it then, and stay the object that it is
                    self.changes.add(name)
        return taken

    def _made_anew(self) -> set[Name]:
        """The names to which statements of the round may give another value."""
        due = ((s.module, s.statement) for s in self.plan.steps if s.due != NEVER)
        groups = ((place, self.runner.editions.group(place[0])) for place in due)
        return {b.name for place, group in groups if group is not None for b in group.new.bindings(place)}

    def _drop_computed(self, edit: Edit) -> None:
        """What statements that are gone, or others now, set under computed names goes before anything runs."""
        editions = self.runner.editions
        old = editions.find_old(edit.module) if edit.new is not None and not edit.whole else None
        for path in editions.matching(edit.module).removed if old is not None else ():
            assert old is not None
            for cls, leaf in list(scopes.computed_attributes(old, path)):
                self.journal.delete_attribute(cls, leaf)
                self.changes.add((edit.module, f"{cls.__qualname__}.{leaf}"))

    def _patch_functions(self) -> None:
        with self._bodies.together(self.index.modules[edit.module] for edit in self.plan.edits):
            self._patch_edited()

    def _patch_edited(self) -> None:
        for edit in self.plan.edits:
            pairs = self._pairs(edit)
            if edit.whole:
                self._patch_made_by_calls(edit)
                continue
            self._patch(edit, [p for p in pairs if p.new.co_flags & 0x2])
            bodies = [p for p in pairs if not p.new.co_flags & 0x2]
            for maker in {function_around(p.qualname) for p in bodies if p.edited} - {""}:
                self.changes.add(behaviour((edit.module, maker)))
            modules.move_classes(self.index.modules[edit.module], bodies, self.journal)
            for name in self._made_classes.find(edit, self.index.modules[edit.module].namespace, bodies):
                self._note_edited(edit, name, "its members were edited")

    def _pairs(self, edit: Edit) -> list[CodePair]:
        if edit.module not in self._paired:
            self._paired[edit.module] = []
            if edit.new is not None and edit.diff is not None:
                everything = bool(edit.whole) or edit.old.path != edit.new.path
                found = pair_codes(edit.old, edit.new, edit.diff, everything=everything)
                self._paired[edit.module] = found
        return self._paired[edit.module]

    def _patch_made_by_calls(self, edit: Edit) -> None:
        """What functions of a module have made is not made anew when all its statements run."""
        tracked = self.index.modules[edit.module]
        pairs = [pair for pair in self._pairs(edit) if "<locals>" in pair.qualname]
        self._bodies.patch(edit, tracked, [pair for pair in pairs if pair.new.co_flags & 0x2])
        self._made_classes.find(edit, tracked.namespace, [pair for pair in pairs if is_made_class(pair)])

    def _patch(self, edit: Edit, pairs: list[CodePair]) -> None:
        if not pairs:
            return
        tracked = self.index.modules[edit.module]
        still = running(p.old for p in pairs if p.edited)
        self.done.warnings += [still_running(edit, name) for name in sorted(still)]
        self._bodies.patch(edit, tracked, pairs)
        for pair in pairs:
            self._note_patch(edit, pair)

    def _note_patch(self, edit: Edit, pair: CodePair) -> None:
        full = f"{edit.module}.{pair.qualname}"
        if pair.edited:
            if pair.acts_otherwise:
                self.changes.add(behaviour((edit.module, pair.qualname)))
            if tells_otherwise(pair):
                self.changes.add(described((edit.module, pair.qualname)))
            if pair.new.co_name in abstract.ANSWERING:
                abstract.forget_answers(self.journal)
            self._note_edited(edit, pair.qualname, "its body was edited", pair.new.co_firstlineno)
        elif "<locals>" not in full:
            self.done.relocated.append(full)

    def _note_edited(self, edit: Edit, qualname: str, reason: str, line: int = 0) -> None:
        full = f"{edit.module}.{qualname}"
        self.done.patched.append(full)
        self.done.why.append((full, f"{edit.path} saved; {reason}"))
        self.done.links.append(Link(name=full, action=Action.PATCH, reason=reason, path=edit.path, line=line))

    # ------------------------------------------------------------------ telling

    def _tell_taken(self, edit: Edit, node: ast.stmt) -> None:
        """A statement without a name is gone, with what it had put into containers."""
        name = f"{edit.module}.{name_of(node)}"
        self.done.modules.append(edit.module)
        self.done.why.append((name, f"it left the source (line {first_line(node)} before the edit)"))
        self.done.links.append(Link(name=name, action=Action.REMOVE, reason="it left the source", path=edit.path))

    def _tell(self) -> None:
        for ran in self.runner.ran:
            cause = f"{spoken(ran.cause[0])} changed; " if ran.cause is not None else ""
            self._log(self.done.ran, ran.step, cause, ran.cause)
            self.done.warnings += done_twice(ran.step, self.runner.editions, self.runner.hooked.disposing.names)

    def _log(self, into: list[str], step: Step, cause: str, origin: Cause | None = None) -> None:
        name = f"{step.module}.{step.target}"
        into.append(name)
        self.done.modules.append(step.module)
        line = f" (line {step.line})" if step.line else ""
        self.done.why.append((name, f"{cause}{step.reason}{line}"))
        self.done.links.append(self._link(name, step, origin))

    def _link(self, name: str, step: Step, cause: Cause | None) -> Link:
        edit, place = self.edits.get(step.module), (step.module, step.statement)
        path = edit.path if edit is not None else ""
        binds: frozenset[str] = frozenset()
        if step.action is Action.RUN:
            binds = self.runner.editions.new(step.module).source.facts(step.statement).binds
        return Link(
            name=name, action=step.action, reason=step.reason, path=path, place=place, line=step.line, binds=binds,
            cause=cause,
        )  # fmt: skip


def _gone(edit: Edit) -> Iterable[int]:
    """The old statements of a module that are not there any more as they were."""
    if edit.new is None or edit.diff is None:
        return range(len(edit.old.statements))
    edited = (match.old for match in edit.diff.matches if match.kind == "edited" and match.old is not None)
    return [*edit.diff.removed, *edited]


def _is_made_in(function: Any, node: ast.stmt, namespace: dict[str, Any]) -> bool:
    """Whether a function was defined in a statement, as far as its lines tell."""
    if not is_instance(function, FunctionType) or function.__globals__ is not namespace:
        return False
    return node.lineno <= function.__code__.co_firstlineno <= (node.end_lineno or 0)


def still_running(edit: Edit, qualname: str) -> Reason:
    """A warning: the old code is not gone yet."""
    return Reason(
        code="HS301",
        what=f"{edit.module}.{qualname} is running now",
        where=edit.path,
        why="a call that has begun finishes on its old code",
        remedy="its next call runs the new code",
    )
