"""Plan → Outcome: carry a round out, whole or not at all.

Names that left the source go first, then new code goes into live functions, then statements run in order, each only if
what it depends on really changed.  Everything is written through the journal; an exception unwinds it.
"""

from __future__ import annotations

import ast
import linecache
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import CodeType, FunctionType, ModuleType
from importlib import invalidate_caches
from importlib.util import spec_from_file_location
from typing import Any

from hotswap.codes import CodePair, docstring, pair_codes
from hotswap.diff import diff_sources
from hotswap.errors import CannotSwap
from hotswap.graph import Graph, behaviour, described, resolve_value
from hotswap.index import Tracked, resolve
from hotswap.journal import MISSING, Journal
from hotswap.model import Action, Edit, Name, Plan, Reason, Step
from hotswap.facts import Facts
from hotswap.patch import caches, classes, registries
from hotswap.patch.functions import Merge, Merger, patch_code
from hotswap.patch.live import OldCode, functions_within, is_held, replace_held_codes, running, substitute
from hotswap.patch.statements import Names, run_in_class, run_in_module
from hotswap.source import Source, StatementPath, first_line, siblings
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
        self._captured: set[str] = set()
        self._gone: dict[str, ModuleType] = {}
        self._origins: dict[tuple[str, str], dict[str, Any]] = {}
        self._keep: frozenset[str] = frozenset()
        self._old_codes: list[tuple[CodeType, FunctionType]] = []
        self._rebuilt = False
        self._loaded = set(sys.modules)
        self._stars: dict[tuple[str, StatementPath], set[str]] = {}
        self._stale: list[tuple[FunctionType, CodeType, CannotSwap]] = []
        self.failed_module = ""

    # ------------------------------------------------------------------ the sequence

    def apply(self) -> Done:
        """Carry out the plan.  Raises what user code raised, or CannotSwap; then nothing has changed."""
        try:
            self._note_stars()
            if any(s.action is Action.RUN or s.target == "*" for s in self.plan.steps):
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
            self._capture_lines(edit)
            self._revive(edit)
            self._move_module(edit)
        self._withdraw_removed()
        self._remove_names()
        self._patch_functions()
        steps = [s for s in self.plan.steps if s.action is Action.RUN]
        cyclic = {m for group in self.plan.groups for m in group}
        pending = [s for s in steps if not self._run_if_due(s)]
        for _ in range(3):  # a cycle goes on to its fixpoint
            left = [s for s in pending if not (s.module in cyclic and self._run_if_due(s))]
            if len(left) == len(pending):
                break
            pending = left
        if self.merger.twins and self._rebuilt:
            substitute(self.merger.twins, self.journal, [self.merger, vars(self.merger)])
        for function, code, error in self._stale:
            if function.__code__ is code and is_held(function, self._stale):
                raise error
        replace_held_codes(self._old_codes, self.journal)

    def undo(self) -> None:
        """Put everything back."""
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
        caches.clear(self.changed, self.graph)
        self.journal.close()
        for edit in self.plan.edits:
            if edit.new is None:
                self.index.modules[edit.module].away = self._gone[edit.module]
            else:
                self.index.put(Tracked(edit.module, edit.path, edit.new, calls=self._carry_calls(edit, edit.new)))
        self._note_reruns()

    # ------------------------------------------------------------------ names and code

    def _capture_lines(self, edit: Edit) -> None:
        """Tracebacks and inspect.getsource show the text that runs, whatever is on disk meanwhile."""
        if edit.new is not None:
            entry = (len(edit.new.data), None, edit.new.lines, edit.path)
            self.journal.set_item(linecache.cache, edit.path, entry)  # type: ignore[arg-type]  # its type is internal

    def _revive(self, edit: Edit) -> None:
        """A module whose file was away and is back: the same module object takes its place again."""
        if edit.revived is not None and edit.module not in sys.modules:
            self.journal.set_item(sys.modules, edit.module, edit.revived)
            parent, _, child = edit.module.rpartition(".")
            if parent in sys.modules:
                self.journal.set_item(vars(sys.modules[parent]), child, edit.revived)

    def _move_module(self, edit: Edit) -> None:
        """A module that became a package, or the reverse: its import attributes follow."""
        tracked = self.index.modules[edit.module]
        if edit.new is None or edit.path == tracked.path:
            return
        package = os.path.basename(edit.path) == "__init__.py"
        folders = [os.path.dirname(edit.path)] if package else None
        spec = spec_from_file_location(edit.module, edit.path, submodule_search_locations=folders)
        assert spec is not None
        values = {
            "__file__": edit.path, "__spec__": spec, "__loader__": spec.loader, "__cached__": spec.cached,
            "__package__": spec.parent, "__path__": folders,
        }  # fmt: skip
        for name, value in values.items():
            if value is None:
                self.journal.delete_item(tracked.namespace, name)
            else:
                self.journal.set_item(tracked.namespace, name, value)
        sys.path_importer_cache.pop(os.path.dirname(edit.path), None)
        invalidate_caches()

    def _withdraw_removed(self) -> None:
        """Take what removed statements registered out of the registries."""
        for edit in self.plan.edits:
            for number in edit.diff.removed if edit.diff is not None and edit.new is not None else ():
                self._withdraw(edit, edit.old.statements[number], edit.old.facts((number,)))

    def _withdraw(self, edit: Edit, node: ast.stmt, facts: Facts) -> None:
        tracked = self.index.modules[edit.module]
        footprint = self.graph.footprint(tracked, node, facts)
        if not footprint.called and not footprint.constructing:
            return
        chains = {(n,) for n in facts.defines} | (facts.arguments if isinstance(node, ast.Expr) else frozenset())
        values = [resolve_value(tracked.namespace, chain) for chain in chains]
        definitions = [d for v in values if v is not None for d in [v, *functions_within(v, edit.module, set())]]
        found = registries.entries(definitions, registries.containers(footprint, self.graph))
        registries.withdraw(found, definitions, self.journal)
        if isinstance(node, ast.Expr) and not found and isinstance(node.value, ast.Call):
            raise CannotSwap(removed_effect(edit, node))

    def _remove_names(self) -> None:
        for step in self.plan.steps:
            if step.action is Action.REMOVE and step.target == "*":
                self._remove_module(step.module)
            elif step.action is Action.REMOVE:
                self._remove_name(step)

    def _remove_name(self, step: Step) -> None:
        tracked = self.index.modules[step.module]
        owner, _, name = step.target.rpartition(".")
        if owner.endswith("__annotations__"):
            annotations = resolve_value(tracked.namespace, tuple(owner.split(".")))
            if isinstance(annotations, dict):
                self.journal.delete_item(annotations, name)
            return
        self._log(self.done.removed, step)
        self.changed |= {(step.module, step.target), behaviour((step.module, step.target))}
        if owner:
            cls = resolve_value(tracked.namespace, tuple(owner.split(".")))
            if isinstance(cls, type):
                if name == "__doc__":
                    self.journal.set_attribute(cls, name, None)
                else:
                    self.journal.delete_attribute(cls, name)
                classes.refresh(cls, self.journal)
            return
        value = tracked.namespace.get(name)
        if isinstance(value, ModuleType) and sys.modules.get(f"{step.module}.{name}") is value:
            return  # a submodule stays an attribute of its package
        if step.target == "__doc__":
            self.journal.set_item(tracked.namespace, name, None)
        else:
            self.journal.delete_item(tracked.namespace, name)

    def _remove_module(self, name: str) -> None:
        module = self._gone[name] = sys.modules[name]
        self.changed.add((name, "*"))
        self.done.removed.append(name)
        self.journal.delete_item(sys.modules, name)
        parent, _, child = name.rpartition(".")
        if parent in sys.modules and vars(sys.modules[parent]).get(child) is module:
            self.journal.delete_item(vars(sys.modules[parent]), child)

    def _patch_functions(self) -> None:
        for edit in self.plan.edits:
            if edit.new is None or edit.diff is None or edit.whole:
                continue
            pairs = pair_codes(edit.old, edit.new, edit.diff)
            functions = [p for p in pairs if p.new.co_flags & 0x2]
            self._patch(edit, functions)
            self._move_classes(edit, [p for p in pairs if not p.new.co_flags & 0x2])

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
            owner = resolve_value(tracked.namespace, tuple(pair.new.co_qualname.split(".")[:-1])) if "." in pair.qualname else None
            try:
                patch_code(function, pair.new, owner if isinstance(owner, type) else None, self.journal)
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

    def _move_classes(self, edit: Edit, pairs: list[CodePair]) -> None:
        if sys.version_info < (3, 13):
            return
        for pair in pairs:
            cls = resolve_value(self.index.modules[edit.module].namespace, tuple(pair.qualname.split(".")))
            if isinstance(cls, type) and "__firstlineno__" in vars(cls):
                self.journal.set_attribute(cls, "__firstlineno__", pair.new.co_firstlineno)

    # ------------------------------------------------------------------ statements

    def _run_if_due(self, step: Step) -> bool:
        if step.when and not step.when & self.changed:
            return False
        self._run(step)
        return True

    def _run(self, step: Step) -> None:
        source = self._source(step.module)
        tracked = self.index.modules[step.module]
        self._capture(step.module, tracked.namespace)
        self.failed_module = step.module
        node = source.statement(step.statement)
        if len(step.statement) > 1:
            owner = resolve_value(tracked.namespace, tuple(step.target.split(".")[: len(step.statement) - 1]))
            if not isinstance(owner, type):
                return  # the class itself ran anew
            prefix = f"{owner.__qualname__}."
            names = Names(set(), self._later(step, source), self._origin(step.module, owner.__qualname__, vars(owner)))
            rebound, touched = run_in_class(
                source, step.statement, owner, names, tracked.namespace, self.merger, self._executor(step, node)
            )
            classes.refresh(owner, self.journal)
        else:
            prefix = ""
            self._prepare_class(step, node, tracked, source)
            registered = self._registered(step, node, tracked)
            names = Names(
                self._own_names(step, node, source), self._later(step, source),
                self._origin(step.module, "", tracked.namespace),
            )  # fmt: skip
            rebound, touched = run_in_module(
                source, node, source.facts(step.statement), names, tracked.namespace, self.merger,
                self._executor(step, node),
            )  # fmt: skip
            self._reregister(registered)
        self._rebuilt = self._rebuilt or bool(getattr(node, "decorator_list", None)) or isinstance(node, ast.ClassDef)
        self.changed |= {(step.module, prefix + n) for n in rebound}
        self.changed |= {behaviour((step.module, prefix + n)) for n in rebound | touched}
        self.changed |= {described((step.module, prefix + n)) for n in rebound | touched}
        self.failed_module = ""
        self._log(self.done.ran, step)

    def _log(self, into: list[str], step: Step) -> None:
        name = f"{step.module}.{step.target}"
        into.append(name)
        self.done.modules.append(step.module)
        cause = sorted(step.when & self.changed)
        because = f"{cause[0][0]}.{cause[0][1].removesuffix('()')} changed; " if cause else ""
        line = f" (line {step.line})" if step.line else ""
        self.done.why.append((name, f"{because}{step.reason}{line}"))

    def _registered(self, step: Step, node: ast.stmt, tracked: Tracked) -> tuple[list[Any], list[registries.Entry]]:
        """The definition that the statement made, and where it registered it when it ran before."""
        facts = self._source(step.module).facts(step.statement)
        before = self._statement_before(step)
        if not facts.defines or before is None or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return [], []
        footprint = self.graph.footprint(tracked, before, facts)
        if not footprint.called:
            return [], []
        value = tracked.namespace.get(node.name)
        definitions = [value, *functions_within(value, step.module, set())]
        return definitions, registries.entries(definitions, registries.containers(footprint, self.graph))

    def _statement_before(self, step: Step) -> ast.stmt | None:
        """The statement as it stands in the source that ran until now."""
        tracked, edit = self.index.modules[step.module], self.edits.get(step.module)
        number: int | None = step.statement[0]
        if edit is not None and edit.diff is not None:
            number = next((m.old for m in edit.diff.matches if m.new == number), None)
        statements = tracked.source.statements
        return statements[number] if number is not None and number < len(statements) else None

    def _reregister(self, registered: tuple[list[Any], list[registries.Entry]]) -> None:
        """Entries that the statement did not make again go."""
        definitions, before = registered
        fresh = [f for f, live in self.merger.twins.values() if any(live is d for d in definitions)]
        again = registries.entries(fresh, [place for place, _ in before])
        kept = {(id(place), repr(key)) for place, key in again}
        gone = [(place, key) for place, key in before if (id(place), repr(key)) not in kept]
        if fresh or definitions:
            registries.withdraw(gone, definitions, self.journal)

    def _later(self, step: Step, source: Source) -> set[str]:
        """Names that a later statement of the same body binds as well."""
        mine = source.facts(step.statement).binds
        found: set[str] = set()
        for path, theirs in siblings(source, step.statement):
            if path > step.statement:
                found |= mine & theirs.binds
        return found

    def _origin(self, module: str, qualname: str, space: Mapping[str, Any]) -> dict[str, Any]:
        """What the names of a module or class held when the round came to it."""
        return self._origins.setdefault((module, qualname), dict(space))

    def _own_names(self, step: Step, node: ast.stmt, source: Source) -> set[str]:
        """The names of the module that no statement but this one binds."""
        facts = source.facts(step.statement)
        mine = set(facts.binds) if isinstance(node, _BRANCHING) else set()
        if any(each.name == "*" for each in facts.imports):
            mine |= self._stars.get((step.module, step.statement), set())
        if mine:
            for number, theirs in source.all_facts():
                if (number,) != step.statement:
                    mine -= theirs.binds
        return mine

    def _note_stars(self) -> None:
        """What each star import that may run again brought, before anything changes."""
        for step in self.plan.steps:
            if step.action is not Action.RUN or len(step.statement) != 1:
                continue
            facts, tracked = self._source(step.module).facts(step.statement), self.index.modules[step.module]
            for each in facts.imports:
                origin = sys.modules.get(resolve(tracked, "." * each.level + each.module))
                if each.name == "*" and isinstance(origin, ModuleType):
                    space = tracked.namespace
                    brought = {n for n in exports(origin) if n in space and space[n] is vars(origin).get(n, MISSING)}
                    self._stars.setdefault((step.module, step.statement), set()).update(brought)

    def _executor(self, step: Step, node: ast.stmt) -> Any:
        def execute(code: CodeType, space: dict[str, Any], local: dict[str, Any] | None) -> None:
            with self.tracer.recording(code) as lines:
                exec(code, space, space if local is None else local)  # noqa: S102  the program's own statement
            key = step.module, first_line(node) if len(step.statement) == 1 else first_line(node)
            footprint = self.calls.setdefault(key, Footprint())
            for each in list(lines.values()):
                footprint.add(each)

        return execute

    def _capture(self, name: str, namespace: dict[str, Any]) -> None:
        """Remember the namespace and the containers in it, for statements that write to them."""
        if name in self._captured:
            return
        self._captured.add(name)
        self.journal.remember(namespace)
        for value in list(namespace.values()):
            if isinstance(value, list | dict | set | bytearray) and len(value) < 100_000:
                self.journal.remember(value)
            elif isinstance(value, type) and value.__module__ == name:
                self.journal.on_rollback(restore_class, value, dict(vars(value)))
            elif isinstance(value, FunctionType) or type(value).__module__ in self.index.modules:
                if isinstance(getattr(value, "__dict__", None), dict):
                    self.journal.remember(vars(value))
        for imported in self.graph.imports(self.index.modules[name]):
            if imported in self.index.modules and imported in sys.modules:
                self._capture(imported, self.index.modules[imported].namespace)

    def _source(self, module: str) -> Source:
        edit = self.edits.get(module)
        source = edit.new if edit else self.index.modules[module].source
        assert source is not None
        return source

    # ------------------------------------------------------------------ classes

    def _prepare_class(self, step: Step, node: ast.stmt, tracked: Tracked, source: Source) -> None:
        """Which members of a class that is built anew keep their live values."""
        self._keep = frozenset()
        if not isinstance(node, ast.ClassDef):
            return
        old = next((s for s in tracked.source.statements if isinstance(s, ast.ClassDef) and s.name == node.name), None)
        if old is None:
            return
        before = Source(source.path, b"")
        before.__dict__["tree"] = ast.Module([old], [])
        kept = set()
        unchanged = {ast.dump(s) for s in old.body}
        for number, statement in enumerate(node.body):
            facts = source.facts((*step.statement, number))
            reads = {r for c in facts.reads for r in self.graph.references(tracked, c)}
            stale = reads & self.changed or {behaviour(r) for r in reads} & self.changed
            if ast.dump(statement) in unchanged and not stale and not facts.defines:
                kept |= facts.binds
        self._keep = frozenset(kept - {"__doc__", "__annotations__", "__slots__"})

    def _pour_class(self, live: type, fresh: type, merge: Merge) -> type:
        before = dict(vars(live))
        keep, self._keep = self._keep, frozenset()
        self._rebuilt = True
        merged = classes.pour(live, fresh, journal=self.journal, merge=merge, keep=keep)
        after = vars(merged)
        for name in before.keys() | after.keys():
            if before.get(name, MISSING) is not after.get(name, MISSING):
                self.changed.add((live.__module__, f"{live.__qualname__}.{name}"))
        return merged

    # ------------------------------------------------------------------ footprints afterwards

    def _carry_calls(self, edit: Edit, new: Source) -> dict[int, Footprint] | None:
        """What each statement of the new source called: newly observed, or as before."""
        tracked = self.index.modules[edit.module]
        if tracked.calls is None or not self.tracer.works:
            return None
        found: dict[int, Footprint] = {}
        diff = edit.diff or diff_sources(edit.old, new)
        for match in diff.matches:
            line = first_line(new.statements[match.new])
            if (edit.module, line) in self.calls:
                found[line] = self.calls[edit.module, line]
            elif match.old is not None:
                node = edit.old.statements[match.old]
                footprint = tracked.footprint(first_line(node), node.end_lineno or node.lineno)
                if footprint is not None:
                    found[line] = footprint
        for (module, line), footprint in self.calls.items():
            if module == edit.module:
                found.setdefault(line, footprint)
        return found

    def _note_reruns(self) -> None:
        for (module, line), footprint in self.calls.items():
            tracked = self.index.modules.get(module)
            if tracked is not None and module not in self.edits and tracked.calls is not None:
                tracked.calls[line] = footprint
                self.index.put(tracked)


def restore_class(cls: type, before: dict[str, Any]) -> None:
    """Undo what statements of the program wrote to a class."""
    for name in [n for n in vars(cls) if n not in before]:
        type.__delattr__(cls, name)
    for name, value in before.items():
        if vars(cls).get(name, MISSING) is not value and name not in ("__dict__", "__weakref__"):
            type.__setattr__(cls, name, value)


def removed_effect(edit: Edit, node: ast.stmt) -> Reason:
    return Reason(
        code="HS401",
        what="a call was removed from the source",
        where=f"{edit.path}:{first_line(node)} (before the edit)",
        why="what it did when it ran cannot be taken back",
        remedy="restart",
    )


def still_running(edit: Edit, qualname: str) -> Reason:
    return Reason(
        code="HS301",
        what=f"{edit.module}.{qualname} is running now",
        where=edit.path,
        why="a call that has begun finishes on its old code",
        remedy="its next call runs the new code",
    )




_BRANCHING = (ast.If, ast.Try, ast.For, ast.While, ast.With, ast.Match)


def exports(module: ModuleType) -> list[str]:
    """The names that `from module import *` binds."""
    named = vars(module).get("__all__")
    return [str(n) for n in named] if named is not None else [n for n in vars(module) if not n.startswith("_")]
