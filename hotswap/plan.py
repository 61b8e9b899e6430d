"""Edits + graph → Plan: which statements run again, in which order, and why.

Takes what the index and the graph know; returns a `Plan`.  Never imports, executes or patches anything.  What is only
known once a statement ran (whether its value really changed) becomes the condition of the steps that depend on it.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from hotswap.affected import Affected, IsPlain
from hotswap.codes import docstring, pair_codes
from hotswap.diff import Diff
from hotswap.edits import UNGROUPED, Body, is_main_program
from hotswap.facts import Facts
from hotswap.graph import Graph, behaviour, behaviour_of, described, star_names, supplied_by_stars
from hotswap.index import Tracked, imports_of
from hotswap.model import Action, ChangeSet, Edit, Name, Plan, Reason, Step
from hotswap.source import Source, StatementPath, first_line, name_of, prefix_of, siblings


def make_plan(
    changes: ChangeSet, edits: Sequence[Edit], created: Iterable[str], graph: Graph, is_plain: IsPlain
) -> Plan:
    """Decide what a change set means.

    `edits` are the loaded modules among the changed files, `created` the names of modules whose files are new.  Raises
    SyntaxError when a new source cannot be compiled.
    """
    planner = Planner(edits, graph, is_plain)
    for edit in edits:
        planner.edit(edit)
    planner.created = tuple(created)
    for name in planner.created:
        planner.spread((name, "*"))
    planner.close()
    return planner.plan(changes)


@dataclass(slots=True)
class Draft:
    """A statement that is to run: always, or when one of the names in `when` changed."""

    reason: str
    always: bool = False
    when: set[Name] = field(default_factory=set)


class Planner:
    """Collects drafts from the edits outwards until nothing more can be affected."""

    def __init__(self, edits: Sequence[Edit], graph: Graph, is_plain: IsPlain) -> None:
        self.edits = {e.module: e for e in edits}
        self.affected = Affected(self.edits, graph, is_plain)
        self.graph, self.index = graph, graph.index
        self.drafts: dict[tuple[str, StatementPath], Draft] = {}
        self.steps: list[Step] = []
        self.restart: list[Reason] = []
        self.warnings: list[Reason] = []
        self.queue: deque[Name] = deque()
        self.known: set[Name] = set()
        self.created: tuple[str, ...] = ()
        self.bodies: list[Name] = []

    # ------------------------------------------------------------------ the edits themselves

    def edit(self, edit: Edit) -> None:
        """Draft what the edit of one file asks for."""
        if edit.new is None:
            self.steps.append(Step(action=Action.REMOVE, module=edit.module, target="*", reason="its file is gone"))
            self.spread((edit.module, "*"))
        elif edit.whole or edit.diff is None:
            self.whole(edit, edit.new)
        else:
            scope = Body(self, edit, (), "", edit.old.statements, edit.new.statements)
            scope.draft(edit.diff)
            self.patches(edit, edit.diff)

    def whole(self, edit: Edit, new: Source) -> None:
        """Draft every statement of a module."""
        gone = _bound(edit.old) - _bound(new)
        self.remove(edit.module, "", sorted(gone))
        for number in range(len(new.statements)):
            self.draft(edit.module, (number,), edit.whole, always=True)

    def patches(self, edit: Edit, diff: Diff) -> None:
        """Note the functions whose code is replaced in place."""
        assert edit.new is not None
        for pair in pair_codes(edit.old, edit.new, diff):
            if not pair.new.co_flags & 0x2:
                continue  # a class body
            action = Action.PATCH if pair.edited else Action.RELOCATE
            if "<locals>" not in pair.qualname or pair.edited:
                line = pair.new.co_firstlineno
                reason = "its body was edited" if pair.edited else "its lines moved"
                step = Step(action=action, module=edit.module, target=pair.qualname, line=line, reason=reason)
                self.steps.append(step)
            if pair.edited:
                self.spread_body(behaviour((edit.module, pair.qualname)))
                if docstring(pair.old) != docstring(pair.new):
                    self.spread(described((edit.module, pair.qualname)))

    def remove(self, module: str, prefix: str, names: Iterable[str]) -> None:
        """Names that left the source go before anything runs."""
        for name in names:
            target = f"{prefix}{name}"
            self.steps.append(Step(action=Action.REMOVE, module=module, target=target, reason="it left the source"))
            self.spread((module, target))
            self.spread(behaviour((module, target)))

    def refuse(self, reason: Reason) -> None:
        """Only a restart can do it."""
        self.restart.append(reason)

    def star_names(self, module: str, facts: Facts) -> set[str]:
        """What the star imports of a statement have brought."""
        return star_names(self.index.modules[module], facts)

    def memberwise(self, module: str, source: Source, path: StatementPath) -> bool:
        """Whether the statements of a class body can run one by one."""
        return self.affected.memberwise(module, source, path)

    # ------------------------------------------------------------------ drafts

    def draft_alone(self, module: str, path: StatementPath, reason: str) -> None:
        """Have a statement run that stands behind all others about its names: they need not run with it."""
        source = self.affected.source(module)
        assert source is not None
        self.drafts[module, path] = Draft(reason, always=True)
        self.consequences(module, source, path)
        self.binders_around(module, source, path, always=True, when=None)

    def draft(
        self, module: str, path: StatementPath, reason: str, *, always: bool = False, when: Name | None = None
    ) -> None:
        """Have a statement run, and look at what follows from that."""
        source = self.affected.source(module)
        if source is None:
            return
        if when is not None and module == "__main__" and is_main_program(source.statement(path)):
            return  # the script's own course is not run twice
        key = module, path
        draft = self.drafts.get(key)
        if draft is not None:
            if always and not draft.always:
                draft.always, draft.reason = True, reason
            elif when is not None:
                draft.when.add(when)
            return
        self.drafts[key] = Draft(reason, always, {when} if when else set())
        self.consequences(module, source, path)
        self.group(module, source, path, always=always, when=when)

    def consequences(self, module: str, source: Source, path: StatementPath) -> None:
        """Note what may change when a statement runs."""
        node, facts = source.statement(path), source.facts(path)
        prefix = prefix_of(source, path)
        for name in facts.binds:
            self.spread((module, prefix + name))
            if name in facts.defines:
                self.spread(behaviour((module, prefix + name)))
                self.spread(described((module, prefix + name)))
        for name in facts.mutates - facts.binds:
            self.spread((module, prefix + name))
        if isinstance(node, ast.ClassDef):
            for number in range(len(node.body)):
                for name in source.facts((*path, number)).binds:
                    self.spread((module, f"{prefix}{node.name}.{name}"))
        tracked = self.index.modules.get(module)
        if tracked is not None and any(each.name == "*" for each in facts.imports):
            for name in star_names(tracked, facts) | supplied_by_stars(tracked, facts):
                self.spread((module, name))
        if tracked is not None and not prefix:
            for called in self.graph.footprint(tracked, node, facts).called:
                code = self.graph.code_facts(called)
                for name in code.writes if code else ():
                    self.spread((called[0], name))

    def group(self, module: str, source: Source, path: StatementPath, *, always: bool, when: Name | None) -> None:
        """If one binding or mutation of a name runs again, its other binders and mutators do too."""
        facts = source.facts(path)
        mine = (facts.binds | facts.mutates) - UNGROUPED
        if when is not None and is_plain_store(source.statement(path)):
            return
        if not is_function(source.statement(path)):
            self.binders_around(module, source, path, always=always, when=when)
        for other, theirs in siblings(source, path):
            if other != path and mine & (theirs.binds | theirs.mutates) - UNGROUPED:
                name = min(mine & (theirs.binds | theirs.mutates))
                self.draft(module, other, f"{name} is bound again elsewhere", always=always, when=when)
                self.readers_between(module, source, name, always=always, when=when)

    def readers_between(self, module: str, source: Source, name: str, *, always: bool, when: Name | None) -> None:
        """Who reads a name that is bound several times has to read it again, each at its place."""
        for path, facts in siblings(source, (0,)):
            if name in facts.roots and name not in facts.binds and not is_function(source.statement(path)):
                self.draft(module, path, f"it reads {name}, which is bound several times", always=always, when=when)

    def binders_around(
        self, module: str, source: Source, path: StatementPath, *, always: bool, when: Name | None
    ) -> None:
        """A name that is bound before the statement and again after it must hold its earlier value when it runs."""
        roots = source.facts(path).roots
        before = {n for other, theirs in siblings(source, path) if other < path for n in theirs.binds}
        after = {n for other, theirs in siblings(source, path) if other > path for n in theirs.binds}
        again = (roots & before & after) - UNGROUPED
        for other, theirs in siblings(source, path) if again else ():
            if other != path and again & theirs.binds:
                self.draft(module, other, "its value at another place is needed", always=always, when=when)

    # ------------------------------------------------------------------ events

    def spread(self, event: Name) -> None:
        """Note that a name may be bound to something else, or its definition may change."""
        if event not in self.known:
            self.known.add(event)
            self.queue.append(event)

    def spread_body(self, event: Name) -> None:
        """Note that only the body of a function changes: this concerns those who called it, and nobody else."""
        self.bodies.append(event)

    def close(self) -> None:
        """Follow all events to the end."""
        for event in self.bodies:
            for each in self.affected.callers_of(behaviour_of(event), event):
                self.draft(each.module, each.path, each.reason, when=event)
        while self.queue:
            event = self.queue.popleft()
            for each in self.affected.by(event):
                self.draft(each.module, each.path, each.reason, when=event)
                source = self.affected.source(each.module)
                if source is not None and any(i.name == "*" for i in source.facts(each.path).imports):
                    self.brought_by_star(each.module, source, event)

    def brought_by_star(self, module: str, source: Source, event: Name) -> None:
        """What a star brings is bound without being named; other binders of the name come to the fore if it goes."""
        self.spread((module, event[1]))
        for number, facts in source.all_facts():
            if event[1] in facts.binds or any(each.name == "*" for each in facts.imports):
                self.draft(module, (number,), f"{event[1]} is also brought by a star import", when=event)

    # ------------------------------------------------------------------ the result

    def plan(self, changes: ChangeSet) -> Plan:
        """Put the drafts in order."""
        modules = {module for module, _ in self.drafts} | set(self.edits)
        imports = {m: self.graph_imports(m) for m in modules if self.affected.source(m) is not None and m in self.edits}
        groups = self.graph.order(modules, imports)
        steps = list(self.steps)
        for group in groups:
            for module in group:
                steps += self.ordered(module)
        cycles = tuple(tuple(g) for g in groups if len(g) > 1)
        return Plan(
            changes=changes,
            modules=tuple(m for g in groups for m in g),
            steps=tuple(steps),
            groups=cycles,
            restart=tuple(self.restart),
            warnings=tuple(self.warnings),
            edits=tuple(self.edits.values()),
            created=self.created,
        )

    def graph_imports(self, module: str) -> frozenset[str]:
        """The imports of a module as it is saved now."""
        source = self.affected.source(module)
        tracked = self.index.modules[module]
        assert source is not None
        return imports_of(Tracked(module, tracked.path, source))

    def ordered(self, module: str) -> Iterator[Step]:
        """The drafts of one module in the order of its source; a class that runs whole includes its members."""
        source = self.affected.source(module)
        paths = sorted(path for m, path in self.drafts if m == module)
        for path in paths:  # what a member is to do in any case, its class does when it runs whole
            for owner in (path[:n] for n in range(1, len(path)) if path[:n] in paths):
                self.drafts[module, owner].always |= self.drafts[module, path].always
                self.drafts[module, owner].when |= self.drafts[module, path].when
        for path in paths:
            if source is None or any(path[:n] in paths for n in range(1, len(path))):
                continue
            draft, node = self.drafts[module, path], source.statement(path)
            yield Step(
                action=Action.RUN,
                module=module,
                target=prefix_of(source, path) + name_of(node),
                line=first_line(node),
                statement=path,
                reason=draft.reason,
                when=frozenset() if draft.always else frozenset(draft.when),
            )


def is_function(node: ast.stmt) -> bool:
    """Whether the statement is a `def` without decorators."""
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.decorator_list


def is_plain_store(node: ast.stmt) -> bool:
    """`x[k] = v` and `x.a = v`: running it again overwrites what it did before."""
    return isinstance(node, ast.Assign) and all(isinstance(t, ast.Subscript | ast.Attribute) for t in node.targets)


def _bound(source: Source) -> set[str]:
    """All names that a source binds at its top level."""
    return {name for _, facts in source.all_facts() for name in facts.binds} - UNGROUPED
