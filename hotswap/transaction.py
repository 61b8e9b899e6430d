"""Plan → Outcome: carry a round out, whole or not at all.

Names that left the source go first, then new code goes into live functions, then statements run in order, each only if
what it depends on really changed.  Everything is written through the journal; an exception unwinds it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeAlias

from hotswap.codes import CodePair, docstring, pair_codes
from hotswap.diff import diff_sources
from hotswap.errors import CannotSwap
from hotswap.graph import Graph, behaviour, described, owner_of
from hotswap.index import Tracked
from hotswap.journal import MISSING, Journal
from hotswap.model import Action, Edit, Name, Plan, Reason, Step
from hotswap.patch import caches, classes, modules, registries, scopes
from hotswap.patch.functions import Merge, Merger, patch_code
from hotswap.patch.live import OldCode, is_held, replace_held_codes, running, substitute
from hotswap.patch.snapshot import Snapshot
from hotswap.patch.statements import Names, run_in_class, run_in_module
from hotswap.source import Source, StatementPath, first_line, siblings
from hotswap.trace import Footprint, Tracer

Effect: TypeAlias = tuple[str, set[str], set[str]]
"""The class that a statement stands in (with a dot), the names that it bound anew, those whose objects it changed."""


CYCLE_ROUNDS = 10
"""How often the statements of an import cycle may run until their values settle."""


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
    why: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[Reason] = field(default_factory=list)


class Transaction:
    """One round.  `apply()` either finishes or leaves the process as it was and raises what went wrong."""

    def __init__(self, plan: Plan, graph: Graph, tracer: Tracer) -> None:
        self.plan, self.graph, self.index, self.tracer = plan, graph, graph.index, tracer
        self.journal = Journal()
        self.done = Done(warnings=list(plan.warnings))
        self.edits = {e.module: e for e in plan.edits}
        self.merger = Merger(self.journal, self._pour_class)
        self.changed: set[Name] = set()
        self.calls: dict[tuple[str, int], Footprint] = {}
        self._snapshot = Snapshot(self.journal, graph)
        self._gone: dict[str, ModuleType] = {}
        self._origins: dict[tuple[str, str], dict[str, Any]] = {}
        self._keep: frozenset[str] = frozenset()
        self._outside: set[str] = set()
        self._old_codes: list[tuple[CodeType, FunctionType]] = []
        self._rebuilt = False
        self._loaded = set(sys.modules)
        self._stars: dict[tuple[str, StatementPath], set[str]] = {}
        self._stale: list[tuple[FunctionType, CodeType, CannotSwap]] = []
        self.failed_module = ""
        self._clock = 0
        self._began: dict[Step, int] = {}
        self._changed_at: dict[Name, int] = {}

    # ------------------------------------------------------------------ the sequence

    def apply(self) -> Done:
        """Carry out the plan.  Raises what user code raised, or CannotSwap; then nothing has changed."""
        try:
            self._stars = scopes.brought_by_stars(self.plan.steps, self._source, self.index)
            if any(s.action not in (Action.PATCH, Action.RELOCATE) for s in self.plan.steps):
                self._apply()
            else:
                with self.journal.staged():
                    self._apply()
        except BaseException:
            self.undo()
            raise
        self.finish()
        return self.done

    def _apply(self) -> None:
        self.changed |= {(name, "*") for name in self.plan.created}
        for edit in self.plan.edits:
            modules.show_source(edit, self.journal)
            modules.revive(edit, self.journal)
            modules.move(edit, self.index.modules[edit.module], self.journal)
            registries.withdraw_removed(edit, self.graph, self.journal)
        self._remove_names()
        self._patch_functions()
        steps = [s for s in self.plan.steps if s.action is Action.RUN]
        if steps:
            caches.clear(self.changed, self.graph, self.journal)  # what runs now must not get a stale answer
        cyclic = {m for group in self.plan.groups for m in group}
        for step in steps:
            self._run_if_due(step)
        for _ in range(CYCLE_ROUNDS):  # a cycle goes on to its fixpoint
            if not sum(self._run_if_due(s) for s in steps if s.module in cyclic):
                break
        if self.merger.twins and self._rebuilt:
            substitute(self.merger.twins, self.journal, [self.merger, vars(self.merger)])
        for function, code, error in self._stale:
            if function.__code__ is code and is_held(function, self._stale):
                raise error
        replace_held_codes(self._old_codes, self.journal)

    def undo(self) -> None:
        """Put everything back."""
        for fresh, live in self.merger.twins.values():
            if isinstance(fresh, type) and fresh is not live:
                classes.dismiss(fresh)
        self.journal.rollback()
        for name in set(sys.modules) - self._loaded:
            tracked = self.index.modules.get(name)
            if tracked is not None:
                sys.modules.pop(name, None)
                parent, _, child = name.rpartition(".")
                if parent in sys.modules:
                    vars(sys.modules[parent]).pop(child, None)
                self.index.forget(name)

    def finish(self) -> None:
        """Forget the undo list and note what now runs."""
        self.done.imported += sorted(n for n in set(sys.modules) - self._loaded if n in self.index.modules)
        caches.clear(self.changed, self.graph, self.journal)
        self.journal.close()
        for edit in self.plan.edits:
            if edit.new is None:
                self.index.modules[edit.module].away = self._gone[edit.module]
            else:
                self.index.put(Tracked(edit.module, edit.path, edit.new, calls=self._calls_of(edit, edit.new)))
        for (module, line), footprint in self.calls.items():
            tracked = self.index.modules.get(module)
            if tracked is not None and module not in self.edits and tracked.calls is not None:
                tracked.calls[line] = footprint
                self.index.put(tracked)

    def _calls_of(self, edit: Edit, new: Source) -> dict[int, Footprint] | None:
        tracked = self.index.modules[edit.module]
        if tracked.calls is None or not self.tracer.works:
            return None
        observed = {line: footprint for (module, line), footprint in self.calls.items() if module == edit.module}
        return scopes.carry_calls(tracked, edit.diff or diff_sources(edit.old, new), new, observed)

    # ------------------------------------------------------------------ names and code

    def _remove_names(self) -> None:
        for step in self.plan.steps:
            if step.action is Action.REMOVE and step.target == "*":
                self._gone[step.module] = modules.remove(step.module, self.journal)
                self.changed.add((step.module, "*"))
                self.done.removed.append(step.module)
            elif step.action is Action.REMOVE:
                self._remove_name(step)

    def _remove_name(self, step: Step) -> None:
        modules.remove_name(self.index.modules[step.module], step.target, self.journal)
        if "__annotations__." not in step.target:
            self._log(self.done.removed, step)
            self.changed |= {(step.module, step.target), behaviour((step.module, step.target))}

    def _patch_functions(self) -> None:
        for edit in self.plan.edits:
            if edit.new is None or edit.diff is None or edit.whole:
                continue
            pairs = pair_codes(edit.old, edit.new, edit.diff)
            functions = [p for p in pairs if p.new.co_flags & 0x2]
            self._patch(edit, functions)
            bodies = [p for p in pairs if not p.new.co_flags & 0x2]
            modules.move_classes(self.index.modules[edit.module], bodies, self.journal)

    def _patch(self, edit: Edit, pairs: list[CodePair]) -> None:
        if not pairs:
            return
        tracked = self.index.modules[edit.module]
        still = running(p.old for p in pairs if p.edited)
        self.done.warnings += [still_running(edit, name) for name in sorted(still)]
        old = OldCode(edit.module, tracked.namespace, pairs)
        found = old.find()
        self._old_codes += [(function.__code__, function) for function in old.held_elsewhere]
        for function, pair in found:
            try:
                patch_code(function, pair.new, owner_of(tracked, pair.qualname), self.journal)
            except CannotSwap as error:  # a statement that makes it anew may still come
                self._stale.append((function, function.__code__, error))
        for pair in pairs:
            name = f"{edit.module}.{pair.qualname}"
            if pair.edited:
                self.changed.add(behaviour((edit.module, pair.qualname)))
                if docstring(pair.old) != docstring(pair.new):
                    self.changed.add(described((edit.module, pair.qualname)))
                self.done.patched.append(name)
                self.done.why.append((name, f"{edit.path} saved; its body was edited"))
            elif "<locals>" not in name:
                self.done.relocated.append(name)

    # ------------------------------------------------------------------ statements

    def _run_if_due(self, step: Step) -> bool:
        began = self._began.get(step, 0)
        if began and not any(self._changed_at.get(name, 0) > began for name in step.when):
            return False
        if step.when and not step.when & self.changed:
            return False
        self._clock += 1
        self._began[step] = self._clock
        self._run(step)
        return True

    def _run(self, step: Step) -> None:
        source, tracked = self._source(step.module), self.index.modules[step.module]
        self._snapshot.take(tracked)
        self.failed_module = self.merger.module = step.module
        node = source.statement(step.statement)
        run = self._run_member if len(step.statement) > 1 else self._run_statement
        prefix, rebound, touched = run(step, source, node, tracked)
        self._rebuilt = self._rebuilt or bool(getattr(node, "decorator_list", None)) or isinstance(node, ast.ClassDef)
        self._clock += 1
        for name in rebound | touched:
            event = step.module, prefix + name
            self._changed_at[event] = self._changed_at[behaviour(event)] = self._clock
        self.changed |= {(step.module, prefix + n) for n in rebound}
        self.changed |= {behaviour((step.module, prefix + n)) for n in rebound | touched}
        self.changed |= {described((step.module, prefix + n)) for n in rebound | touched}
        self.failed_module = ""
        self._log(self.done.ran, step)

    def _run_member(self, step: Step, source: Source, node: ast.stmt, tracked: Tracked) -> Effect:
        owner = owner_of(tracked, step.target)
        if owner is None:
            return "", set(), set()  # the class itself ran anew
        later = scopes.later_names(source, step.statement)
        names = Names(set(), later, self._origin(step.module, owner.__qualname__, vars(owner)))
        execute = self._executor(step, node)
        effect = run_in_class(source, step.statement, owner, names, tracked.namespace, self.merger, execute)
        stated = {name for _, facts in siblings(source, step.statement) for name in facts.binds}
        classes.refresh(owner, self.journal, stated)
        return f"{owner.__qualname__}.", *effect

    def _run_statement(self, step: Step, source: Source, node: ast.stmt, tracked: Tracked) -> Effect:
        facts, before = source.facts(step.statement), self._statement_before(step)
        self._keep = scopes.kept_members(node, step.statement, source, tracked, self.graph, self.changed)
        self._outside = scopes.set_from_outside(node, tracked)
        registered = registries.Registered.before(node, before, facts, tracked, self.graph)
        names = Names(
            scopes.own_names(source, step.statement, tracked, self._stars.get((step.module, step.statement), set())),
            scopes.later_names(source, step.statement),
            self._origin(step.module, "", tracked.namespace),
            scopes.shadowed_names(source, step.statement),
            scopes.hidden_names(source, step.statement, tracked),
        )
        execute = self._executor(step, node)
        effect = run_in_module(source, node, facts, names, tracked.namespace, self.merger, execute)
        registered.withdraw_what_is_not_there_again(self.merger.twins, self.journal)
        return "", *effect

    def _statement_before(self, step: Step) -> ast.stmt | None:
        """The statement as it stands in the source that ran until now."""
        tracked, edit = self.index.modules[step.module], self.edits.get(step.module)
        number: int | None = step.statement[0]
        if edit is not None and edit.diff is not None:
            number = next((m.old for m in edit.diff.matches if m.new == number), None)
        statements = tracked.source.statements
        return statements[number] if number is not None and number < len(statements) else None

    def _origin(self, module: str, qualname: str, space: Mapping[str, Any]) -> dict[str, Any]:
        """What the names of a module or class held when the round came to it."""
        return self._origins.setdefault((module, qualname), dict(space))

    def _pour_class(self, live: type, fresh: type, merge: Merge) -> type:
        before = dict(vars(live))
        keep = self._keep | (self._outside - vars(fresh).keys())
        self._keep, self._outside = frozenset(), set()
        self._rebuilt = True
        merged = classes.pour(live, fresh, journal=self.journal, merge=merge, keep=keep)
        if (
            merged is fresh
        ):  # another layout, and nothing made from the old one: whoever holds the old class gets the new
            self.merger.twins[id(live)] = live, fresh
        after = vars(merged)
        for name in before.keys() | after.keys():
            if before.get(name, MISSING) is not after.get(name, MISSING):
                self.changed.add((live.__module__, f"{live.__qualname__}.{name}"))
        return merged

    def _log(self, into: list[str], step: Step) -> None:
        name = f"{step.module}.{step.target}"
        into.append(name)
        self.done.modules.append(step.module)
        cause = sorted(step.when & self.changed)
        because = f"{cause[0][0]}.{cause[0][1].removesuffix('()')} changed; " if cause else ""
        line = f" (line {step.line})" if step.line else ""
        self.done.why.append((name, f"{because}{step.reason}{line}"))

    def _executor(self, step: Step, node: ast.stmt) -> Any:
        def execute(code: CodeType, space: dict[str, Any], local: dict[str, Any] | None) -> None:
            with self.tracer.recording(code) as lines:
                exec(code, space, space if local is None else local)  # the program's own statement
            footprint = self.calls.setdefault((step.module, first_line(node)), Footprint())
            for each in list(lines.values()):
                footprint.add(each)

        return execute

    def _source(self, module: str) -> Source:
        edit = self.edits.get(module)
        source = edit.new if edit else self.index.modules[module].source
        assert source is not None
        return source


def still_running(edit: Edit, qualname: str) -> Reason:
    """A warning: the old code is not gone yet."""
    return Reason(
        code="HS301",
        what=f"{edit.module}.{qualname} is running now",
        where=edit.path,
        why="a call that has begun finishes on its old code",
        remedy="its next call runs the new code",
    )
