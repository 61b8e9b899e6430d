"""Edits + graph → Plan: which statements run again, in which order, and why.

Takes what the index and the graph know; returns a `Plan`.  Never imports, executes or patches anything.  What is only
known once a statement ran (whether its value really changed) becomes the condition of the steps that depend on it.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from hotswap.codes import pair_codes
from hotswap.diff import Diff, Match
from hotswap.facts import Facts
from hotswap.graph import DESCRIPTION, Graph, behaviour, described
from hotswap.index import Tracked, resolve
from hotswap.model import Action, ChangeSet, Edit, Name, Plan, Reason, Step
from hotswap.codes import docstring
from hotswap.source import Source, StatementPath, first_line, name_of, siblings

IsPlain = Callable[[str, str], bool]
"""Whether the class of that module and qualified name can be edited member by member."""

UNGROUPED = frozenset(("__doc__", "__annotations__", "_"))


def make_plan(changes: ChangeSet, edits: Sequence[Edit], created: Iterable[str], graph: Graph, is_plain: IsPlain) -> Plan:
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
        self.graph, self.index, self.is_plain = graph, graph.index, is_plain
        self.drafts: dict[tuple[str, StatementPath], Draft] = {}
        self.steps: list[Step] = []
        self.restart: list[Reason] = []
        self.warnings: list[Reason] = []
        self.queue: deque[Name] = deque()
        self.known: set[Name] = set()
        self.created: tuple[str, ...] = ()
        self.bodies: list[Name] = []

    def source(self, module: str) -> Source | None:
        """The newest source of a module; None when its file is gone."""
        edit = self.edits.get(module)
        return edit.new if edit else self.index.modules[module].source

    # ------------------------------------------------------------------ the edits themselves

    def edit(self, edit: Edit) -> None:
        """Draft what the edit of one file asks for."""
        if edit.new is None:
            self.steps.append(Step(action=Action.REMOVE, module=edit.module, target="*", reason="its file is gone"))
            self.spread((edit.module, "*"))
        elif edit.whole or edit.diff is None:
            self.whole(edit, edit.new)
        else:
            scope = _Scope(self, edit, (), "", edit.old.statements, edit.new.statements)
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

    # ------------------------------------------------------------------ drafts

    def draft(
        self, module: str, path: StatementPath, reason: str, *, always: bool = False, when: Name | None = None
    ) -> None:
        """Have a statement run, and look at what follows from that."""
        source = self.source(module)
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
        self.consequences(module, source, path, always, when)

    def consequences(
        self, module: str, source: Source, path: StatementPath, always: bool, when: Name | None
    ) -> None:
        node, facts = source.statement(path), source.facts(path)
        prefix = self.prefix(source, path)
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
        if tracked is not None and not prefix:
            for called in self.graph.footprint(tracked, node, facts).called:
                code = self.graph.code_facts(called)
                for name in code.writes if code else ():
                    self.spread((called[0], name))
        self.group(module, source, path, facts, always, when)

    def group(
        self, module: str, source: Source, path: StatementPath, facts: Facts, always: bool, when: Name | None
    ) -> None:
        """If one binding or mutation of a name runs again, its other binders and mutators do too."""
        mine = (facts.binds | facts.mutates) - UNGROUPED
        if not mine or when is ALONE or (when is not None and is_plain_store(source.statement(path))):
            return
        for other, theirs in siblings(source, path):
            if other != path and mine & (theirs.binds | theirs.mutates) - UNGROUPED:
                if theirs.imports and facts.imports:
                    continue
                name = min(mine & (theirs.binds | theirs.mutates))
                self.draft(module, other, f"{name} is bound again elsewhere", always=always, when=when)

    def prefix(self, source: Source, path: StatementPath) -> str:
        """The qualified name of the classes around a statement, with a dot."""
        names = [source.statement(path[:n]).name for n in range(1, len(path))]  # type: ignore[attr-defined]  # classes
        return "".join(f"{n}." for n in names)

    # ------------------------------------------------------------------ what may be affected

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
        for module, name in self.bodies:
            self.callers_of((module, name.removesuffix("()")), (module, name))
        while self.queue:
            self.follow(self.queue.popleft())

    def follow(self, event: Name) -> None:
        module, name = event
        if name.endswith("()"):
            self.callers_of((module, name[:-2]), event)
            self.readers_of(event, module, name[:-2], touched=True)
        elif name == "*":
            self.importers_of(event)
        elif name.endswith(DESCRIPTION):
            self.readers_of(event, module, name.removesuffix(DESCRIPTION), touched=True)
        else:
            self.functions_reading(event)
            self.readers_of(event, module, name, touched=False)

    def callers_of(self, function: Name, event: Name) -> None:
        """Statements that called the function when they ran."""
        for module, line in self.graph.callers(function):
            path = self.statement_at(module, line)
            if path is not None:
                self.draft_affected(module, path, f"it calls {function[0]}.{function[1]}", event, function)

    def statement_at(self, module: str, line: int) -> StatementPath | None:
        """Where the statement that stood on a line of the running source stands in the newest one."""
        tracked = self.index.modules[module]
        number = next(
            (n for n, s in enumerate(tracked.source.statements) if first_line(s) <= line <= (s.end_lineno or line)), None
        )
        edit = self.edits.get(module)
        if number is None or edit is None or edit.diff is None:
            return None if number is None or (edit and edit.new is None) else (number,)
        return next(((m.new,) for m in edit.diff.matches if m.old == number), None)

    def draft_affected(
        self, module: str, path: StatementPath, reason: str, event: Name, function: Name | None = None
    ) -> None:
        """Draft a statement for an event; in a class that can be edited by members, only the member's statement."""
        source = self.source(module)
        if source is None:
            return
        node = source.statement(path)
        if isinstance(node, ast.ClassDef) and self.memberwise(module, source, path):
            header, tracked = source.header_facts(path), self.index.modules[module]
            if self.refers(tracked, header, event, touched=event[1].endswith("()"), path=path):
                self.draft(module, path, reason, when=event)
                return
            for number in range(len(node.body)):
                if self.member_is_affected(module, source, (*path, number), event, function):
                    self.draft_affected(module, (*path, number), reason, event, function)
            return
        self.draft(module, path, reason, when=event)

    def memberwise(self, module: str, source: Source, path: StatementPath) -> bool:
        """Whether the statements of a class body can run one by one."""
        node = source.statement(path)
        assert isinstance(node, ast.ClassDef)
        prefix = self.prefix(source, path)
        simple = not node.decorator_list and not node.keywords and not getattr(node, "type_params", None)
        return simple and self.is_plain(module, prefix + node.name)

    def member_is_affected(
        self, module: str, source: Source, path: StatementPath, event: Name, function: Name | None
    ) -> bool:
        facts, tracked = source.facts(path), self.index.modules[module]
        if isinstance(source.statement(path), ast.ClassDef):
            return True  # looked at in turn
        if function is None:
            return self.refers(tracked, facts, event, touched=event[1].endswith("()"), path=path)
        if facts.runs_code and self.refers(tracked, facts, function, touched=False, path=path):
            return True
        return facts.runs_code and function in self.graph.estimate(tracked, facts).called

    def functions_reading(self, event: Name) -> None:
        """Functions that read the name, and from them the statements that called such a function."""
        module, name = event
        leaf = name.rpartition(".")[2]
        for reader in {module, *self.graph.importers(module)} & self.index.modules.keys():
            tracked = self.index.modules[reader]
            if reader != module and leaf not in tracked.source.text:
                continue
            for qualname in sorted(tracked.source.function_mentions.get(leaf, ())):
                code = tracked.source.functions[qualname]
                if "." in name:
                    reads = leaf in code.attributes
                else:
                    chains = [c for c in code.reads if c[-1] == name or c[0] == name or name in c]
                    reads = any(event in self.graph.references(tracked, c) for c in chains)
                if reads:
                    for at, line in self.graph.callers((reader, qualname)):
                        path = self.statement_at(at, line)
                        if path is not None:
                            reason = f"it calls {reader}.{qualname}, which reads {name}"
                            self.draft_affected(at, path, reason, event, (reader, qualname))

    def readers_of(self, event: Name, module: str, name: str, *, touched: bool) -> None:
        """Statements that read the name."""
        root = name.partition(".")[0]
        leaf = name.rpartition(".")[2]
        for reader in {module, *self.aliases(module, root)} & self.index.modules.keys():
            tracked, source = self.index.modules[reader], self.source(reader)
            if source is None:
                continue
            for number in sorted(source.mentions.get(leaf, set()) | source.mentions.get("*", set())):
                facts = source.facts((number,))
                if self.refers(tracked, facts, event, touched=touched, path=(number,)):
                    self.draft_affected(reader, (number,), f"it reads {name}", event)
                    if any(each.name == "*" for each in facts.imports):
                        self.spread((reader, name))  # what a star brings is bound without being named
            if reader == module and "." in name:
                self.readers_in_class(event, source, name, touched=touched)

    def readers_in_class(self, event: Name, source: Source, name: str, *, touched: bool) -> None:
        """Statements of the same class body."""
        owner, _, leaf = name.rpartition(".")
        path = class_path(source, owner)
        if path is None or not self.memberwise(event[0], source, path):
            return
        for other, facts in siblings(source, (*path, 0)):
            chains = facts.shapes if touched else facts.reads
            if any(chain[0] == leaf for chain in chains) and leaf not in facts.binds:
                self.draft(event[0], other, f"it reads {name}", when=event)

    def aliases(self, module: str, root: str) -> set[str]:
        """Modules that may know the name: importers of its module, and of packages that hand it on."""
        found: set[str] = set()
        todo = [module]
        while todo:
            for importer in self.graph.importers(todo.pop()) - found:
                found.add(importer)
                source = self.source(importer)
                if source is not None and (root in source.text or "*" in source.text):
                    todo.append(importer)
        return found

    def refers(self, tracked: Tracked, facts: Facts, event: Name, *, touched: bool, path: StatementPath) -> bool:
        """Whether what the event means for the name makes a difference to a statement with these facts."""
        name = (event[0], event[1].removesuffix("()").removesuffix(DESCRIPTION))
        if not touched and self.imports_name(tracked, facts, name):
            return True
        if event[1].endswith(DESCRIPTION):
            chains = facts.arguments if facts.binds else frozenset()
        elif touched:
            chains = facts.shapes | (facts.arguments if facts.binds - facts.defines else frozenset())
        else:
            chains = facts.reads
        own = name[1].partition(".")[0]
        if not touched and tracked.name == name[0] and own in facts.binds and own not in facts.roots:
            return False
        return any(name in set(self.graph.references(tracked, chain)) for chain in chains)

    def imports_name(self, tracked: Tracked, facts: Facts, name: Name) -> bool:
        """Whether one of the statement's imports takes the name from its module."""
        for each in facts.imports:
            base = resolve(tracked, "." * each.level + each.module)
            if base == name[0] and each.name in (name[1], "*"):
                return True
        return False

    def importers_of(self, event: Name) -> None:
        """A module came or went: the statements that import it, or read anything through it, run again."""
        gone = event[0]
        for reader in self.graph.importers(gone):
            tracked, source = self.index.modules[reader], self.source(reader)
            if source is None:
                continue
            for number, facts in source.all_facts():
                if any(gone in imported_modules(tracked, each) for each in facts.imports):
                    self.draft_affected(reader, (number,), f"it imports {gone}", event)

    # ------------------------------------------------------------------ the result

    def plan(self, changes: ChangeSet) -> Plan:
        """Put the drafts in order."""
        modules = {module for module, _ in self.drafts} | set(self.edits)
        imports = {
            m: self.graph_imports(m) for m in modules if self.source(m) is not None and m in self.edits
        }
        groups = self.graph.order(modules, imports)
        steps = list(self.steps)
        for group in groups:
            for module in group:
                steps += self.ordered(module)
        cycles = tuple(tuple(g) for g in groups if len(g) > 1)
        return Plan(
            changes=changes, modules=tuple(m for g in groups for m in g), steps=tuple(steps), groups=cycles,
            restart=tuple(self.restart), warnings=tuple(self.warnings), edits=tuple(self.edits.values()),
            created=self.created,
        )  # fmt: skip

    def graph_imports(self, module: str) -> frozenset[str]:
        from hotswap.index import imports_of

        source = self.source(module)
        tracked = self.index.modules[module]
        assert source is not None
        return imports_of(Tracked(module, tracked.path, source))

    def ordered(self, module: str) -> Iterator[Step]:
        """The drafts of one module in the order of its source; a class that runs whole includes its members."""
        source = self.source(module)
        paths = sorted(path for m, path in self.drafts if m == module)
        for path in paths:
            if source is None or any(path[:n] in paths for n in range(1, len(path))):
                continue
            draft, node = self.drafts[module, path], source.statement(path)
            yield Step(
                action=Action.RUN, module=module, target=self.prefix(source, path) + name_of(node),
                line=first_line(node), statement=path, reason=draft.reason,
                when=frozenset() if draft.always else frozenset(draft.when),
            )  # fmt: skip


class _Scope:
    """The statements of a module or class body before and after."""

    def __init__(
        self, planner: Planner, edit: Edit, path: StatementPath, prefix: str,
        old: Sequence[ast.stmt], new: Sequence[ast.stmt], old_path: StatementPath = (),
    ) -> None:  # fmt: skip
        self.planner, self.edit, self.path, self.prefix = planner, edit, path, prefix
        self.old, self.new, self.old_path = old, new, old_path
        assert edit.new is not None
        self.source: Source = edit.new

    def facts(self, number: int) -> Facts:
        return self.source.facts((*self.path, number))

    def old_facts(self, number: int) -> Facts:
        return self.edit.old.facts((*self.old_path, number))

    def draft(self, diff: Diff) -> None:
        """Draft what was edited, added, removed or moved in this body."""
        self.removed(diff)
        for match in diff.matches:
            if match.kind == "members":
                self.members(match)
            elif match.kind in ("edited", "added"):
                self.changed(match)
            elif match.moved and self.order_matters(match):
                self.run(match.new, "it was moved")

    def run(self, number: int, reason: str) -> None:
        self.planner.draft(self.edit.module, (*self.path, number), reason, always=True)

    def changed(self, match: Match) -> None:
        """An edited or added statement."""
        node = self.new[match.new]
        if self.edit.module == "__main__" and not self.path and is_main_program(node):
            self.planner.restart.append(main_program_reason(self.edit, node, "was edited"))
        elif match.kind == "added" and self.comes_last(match.new):
            self.planner.drafts[self.edit.module, (*self.path, match.new)] = Draft("it is new", always=True)
            self.planner.consequences(self.edit.module, self.source, (*self.path, match.new), True, ALONE)
        else:
            self.run(match.new, "it was edited" if match.kind == "edited" else "it is new")

    def comes_last(self, number: int) -> bool:
        """Whether no later statement binds or changes the same names (so that earlier ones need not run again)."""
        mine = self.facts(number)
        names = (mine.binds | mine.mutates) - UNGROUPED
        later = range(number + 1, len(self.new))
        return not any(names & (self.facts(n).binds | self.facts(n).mutates) for n in later)

    def members(self, match: Match) -> None:
        """A class of which only the body was edited."""
        old, new = self.old[match.old or 0], self.new[match.new]
        assert isinstance(old, ast.ClassDef) and isinstance(new, ast.ClassDef) and match.inner is not None
        path = (*self.path, match.new)
        if not self.planner.memberwise(self.edit.module, self.source, path):
            self.run(match.new, "its body was edited")
            return
        inner = _Scope(
            self.planner, self.edit, path, f"{self.prefix}{new.name}.", old.body, new.body,
            (*self.old_path, match.old or 0),
        )  # fmt: skip
        inner.draft(match.inner)

    def removed(self, diff: Diff) -> None:
        """Statements that left the source: their names go, and other binders of those names run again."""
        bound_now = frozenset[str]().union(*(self.facts(n).binds for n in range(len(self.new))))
        before = [*diff.removed, *(m.old for m in diff.matches if m.old is not None and m.kind in ("edited", "members"))]
        annotated = frozenset[str]().union(*(self.facts(n).annotates for n in range(len(self.new))))
        gone: set[str] = set()
        unannotated: set[str] = set()
        for number in before:
            facts = self.old_facts(number)
            gone |= facts.binds - bound_now
            unannotated |= facts.annotates - annotated
            if number in diff.removed:
                self.regroup(facts)
                if self.edit.module == "__main__" and not self.path and is_main_program(self.old[number]):
                    reason = main_program_reason(self.edit, self.old[number], "was removed")
                    self.planner.restart.append(reason)
        owner = self.prefix.rstrip(".").rpartition(".")[2]
        self.planner.remove(self.edit.module, self.prefix, sorted(mangled(owner, n) for n in gone))
        if unannotated and "__annotations__" not in gone:
            names = (f"__annotations__.{mangled(owner, n)}" for n in unannotated)
            self.planner.remove(self.edit.module, self.prefix, sorted(names))

    def regroup(self, facts: Facts) -> None:
        names = (facts.binds | facts.mutates) - UNGROUPED
        for number in range(len(self.new)):
            theirs = self.facts(number)
            if names & (theirs.binds | theirs.mutates) and not (theirs.imports and facts.imports):
                self.run(number, "another statement about the same name was removed")

    def order_matters(self, match: Match) -> bool:
        """Whether a moved statement shares a name with another one."""
        mine = self.facts(match.new)
        names = (mine.binds | mine.mutates) - UNGROUPED
        others = (self.facts(n) for n in range(len(self.new)) if n != match.new)
        return any(names & (o.binds | o.mutates) for o in others)


ALONE: Name = ("", "alone")
"""The cause of an added statement behind all others about its names: they need not run with it."""


def class_path(source: Source, qualname: str) -> StatementPath | None:
    """Where a class stands, by qualified name."""
    path: StatementPath = ()
    body: Sequence[ast.stmt] = source.statements
    for part in qualname.split("."):
        number = next((n for n, s in enumerate(body) if isinstance(s, ast.ClassDef) and s.name == part), None)
        if number is None:
            return None
        path = (*path, number)
        body = body[number].body  # type: ignore[attr-defined]  # a class, as was just asked
    return path


def mangled(owner: str, name: str) -> str:
    """The name under which a class keeps it (`__x` becomes `_Owner__x`)."""
    private = owner and name.startswith("__") and not name.endswith("__")
    return f"_{owner.lstrip('_')}{name}" if private else name


def is_plain_store(node: ast.stmt) -> bool:
    """`x[k] = v` and `x.a = v`: running it again overwrites what it did before."""
    return isinstance(node, ast.Assign) and all(isinstance(t, ast.Subscript | ast.Attribute) for t in node.targets)


def is_main_program(node: ast.stmt) -> bool:
    """Whether a statement of a script is part of its course rather than a definition or a constant."""
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    return isinstance(node, ast.For | ast.While | ast.With | ast.AsyncFor | ast.AsyncWith | ast.If | ast.Try | ast.Match)


def main_program_reason(edit: Edit, node: ast.stmt, what: str) -> Reason:
    return Reason(
        code="HS101",
        what="a statement of the running script " + what,
        where=f"{edit.path}:{first_line(node)}",
        why="the main program runs once and cannot be run a second time in the same process",
        remedy="restart",
    )


def imported_modules(tracked: Tracked, each: object) -> Iterator[str]:
    """The modules that one import may load."""
    from hotswap.facts import ImportOf

    assert isinstance(each, ImportOf)
    base = resolve(tracked, "." * each.level + each.module)
    yield base
    if each.name:
        yield f"{base}.{each.name}"


def _bound(source: Source) -> set[str]:
    """All names that a source binds at its top level."""
    return {name for _, facts in source.all_facts() for name in facts.binds} - UNGROUPED
