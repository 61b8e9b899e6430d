"""Which statements a change of a name concerns: those that read it, call it, subclass it, import it.  Pure."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from hotswap.facts import Facts, ImportOf
from hotswap.graph import DESCRIPTION, Graph, behaviour_of
from hotswap.index import Tracked, resolve
from hotswap.model import Edit, Name
from hotswap.source import Source, StatementPath, class_path, first_line, prefix_of, siblings

IsPlain: TypeAlias = Callable[[str, str], bool]
"""Whether the class of that module and qualified name can be edited member by member."""


METADATA = frozenset(
    "__doc__ __annotations__ __defaults__ __kwdefaults__ __code__ __dict__ __name__ __qualname__ __signature__".split()
)
"""Attributes that tell of a definition itself."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """A statement that an event concerns, and how."""

    module: str
    path: StatementPath
    reason: str


class Affected:
    """Answers, for one round, which statements an event concerns."""

    def __init__(self, edits: Mapping[str, Edit], graph: Graph, is_plain: IsPlain) -> None:
        self.edits, self.graph, self.index, self.is_plain = edits, graph, graph.index, is_plain

    def source(self, module: str) -> Source | None:
        """The newest source of a module; None when its file is gone."""
        edit, tracked = self.edits.get(module), self.index.modules[module]
        if edit is not None:
            return edit.new
        return tracked.source if tracked.away is None else None

    def by(self, event: Name) -> Iterator[Concerned]:
        """All statements that may have to run when this name is bound to something else, or changed in place."""
        module, name = event
        if name.endswith("()"):
            yield from self.callers_of(behaviour_of(event), event)
            yield from self.readers_of(event, module, name[:-2], touched=True)
        elif name == "*":
            yield from self.importers_of(event)
        elif name.endswith(DESCRIPTION):
            yield from self.readers_of(event, module, name.removesuffix(DESCRIPTION), touched=True)
        else:
            yield from self.functions_reading(event)
            yield from self.readers_of(event, module, name, touched=False)

    def callers_of(self, function: Name, event: Name) -> Iterator[Concerned]:
        """Statements that called the function when they ran."""
        for module, line in sorted(self.graph.callers(function)):
            path = self.statement_at(module, line)
            if path is not None:
                yield from self.concerned(module, path, f"it calls {function[0]}.{function[1]}", event, function)

    def statement_at(self, module: str, line: int) -> StatementPath | None:
        """Where the statement that stood on a line of the running source stands in the newest one."""
        tracked = self.index.modules[module]
        number = next(
            (n for n, s in enumerate(tracked.source.statements) if first_line(s) <= line <= (s.end_lineno or line)),
            None,
        )
        edit = self.edits.get(module)
        if number is None or edit is None:
            return None if number is None else (number,)
        if edit.diff is None:
            return None  # the file is gone, or all of its statements run anyway
        return next(((m.new,) for m in edit.diff.matches if m.old == number), None)

    def concerned(
        self, module: str, path: StatementPath, reason: str, event: Name, function: Name | None = None
    ) -> Iterator[Concerned]:
        """The statement itself; of a class that can be edited by members, only the members' statements."""
        source = self.source(module)
        if source is None:
            return
        node = source.statement(path)
        if isinstance(node, ast.ClassDef) and self.memberwise(module, source, path):
            header, tracked = source.header_facts(path), self.index.modules[module]
            if not self.refers(tracked, header, event, touched=event[1].endswith("()")):
                members = [
                    each
                    for number in range(len(node.body))
                    if self.member_is_affected(module, source, (*path, number), event, function)
                    for each in self.concerned(module, (*path, number), reason, event, function)
                ]
                if members or function is None:
                    yield from members
                    return  # a call that no member is seen to make: by the building of the class itself
        yield Concerned(module, path, reason)

    def memberwise(self, module: str, source: Source, path: StatementPath) -> bool:
        """Whether the statements of a class body can run one by one."""
        node = source.statement(path)
        assert isinstance(node, ast.ClassDef)
        simple = not node.decorator_list and not node.keywords and not getattr(node, "type_params", None)
        return simple and self.is_plain(module, prefix_of(source, path) + node.name)

    def member_is_affected(
        self, module: str, source: Source, path: StatementPath, event: Name, function: Name | None
    ) -> bool:
        """Whether an event, or a call of a function, concerns one statement of a class body."""
        facts, tracked = source.facts(path), self.index.modules[module]
        if isinstance(source.statement(path), ast.ClassDef):
            return True  # looked at in turn
        if function is None:
            return self.refers(tracked, facts, event, touched=event[1].endswith("()"))
        if facts.runs_code and self.refers(tracked, facts, function, touched=False):
            return True
        return facts.runs_code and function in self.graph.estimate(tracked, facts).called

    def functions_reading(self, event: Name) -> Iterator[Concerned]:
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
                            yield from self.concerned(at, path, reason, event, (reader, qualname))

    def readers_of(self, event: Name, module: str, name: str, *, touched: bool) -> Iterator[Concerned]:
        """Statements that read the name."""
        root = name.partition(".")[0]
        leaf = name.rpartition(".")[2]
        for reader in {module, *self.aliases(module, root)} & self.index.modules.keys():
            tracked, source = self.index.modules[reader], self.source(reader)
            if source is None:
                continue
            for number in sorted(source.mentions.get(leaf, set()) | source.mentions.get("*", set())):
                facts = source.facts((number,))
                if self.refers(tracked, facts, event, touched=touched):
                    yield from self.concerned(reader, (number,), f"it reads {name}", event)
            if reader == module and "." in name:
                yield from self.readers_in_class(event, source, name, touched=touched)

    def readers_in_class(self, event: Name, source: Source, name: str, *, touched: bool) -> Iterator[Concerned]:
        """Statements of the same class body."""
        owner, _, leaf = name.rpartition(".")
        path = class_path(source, owner)
        if path is None or not self.memberwise(event[0], source, path):
            return
        for other, facts in siblings(source, (*path, 0)):
            chains = facts.shapes if touched else facts.reads
            if any(chain[0] == leaf for chain in chains) and leaf not in facts.binds:
                yield Concerned(event[0], other, f"it reads {name}")

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

    def refers(self, tracked: Tracked, facts: Facts, event: Name, *, touched: bool) -> bool:
        """Whether what the event means for the name makes a difference to a statement with these facts."""
        name = (event[0], event[1].removesuffix("()").removesuffix(DESCRIPTION))
        if not touched and self.imports_name(tracked, facts, name):
            return True
        if event[1].endswith(DESCRIPTION):
            chains = frozenset(c[:-1] for c in facts.reads if c[-1] in METADATA)
            chains |= facts.arguments if facts.binds else frozenset()
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

    def importers_of(self, event: Name) -> Iterator[Concerned]:
        """A module came or went: the statements that import it, or read anything through it, run again."""
        gone = event[0]
        for reader in self.graph.importers(gone):
            tracked, source = self.index.modules[reader], self.source(reader)
            if source is None:
                continue
            for number, facts in source.all_facts():
                if any(gone in imported_modules(tracked, each) for each in facts.imports):
                    yield from self.concerned(reader, (number,), f"it imports {gone}", event)


def imported_modules(tracked: Tracked, each: ImportOf) -> Iterator[str]:
    """The modules that one import may load."""
    base = resolve(tracked, "." * each.level + each.module)
    yield base
    if each.name:
        yield f"{base}.{each.name}"
