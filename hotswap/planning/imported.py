"""What the statements of one edition of a module import.  Pure."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from hotswap.facts import Facts
from hotswap.graph import Graph
from hotswap.imports import parents, resolve
from hotswap.index import Tracked
from hotswap.journal import MISSING
from hotswap.looking import own_space
from hotswap.model import Name
from hotswap.planning.flow import Binding
from hotswap.reach import CodeOf
from hotswap.source import Source, StatementPath

BroughtByStar = dict[str, bool]
"""The names that a star import brings, and whether it surely does."""


MANY = 4
"""So few names may all be new ones."""


class Importing:
    """The part of an edition that is about imports."""

    module: str
    tracked: Tracked
    source: Source
    graph: Graph
    code: CodeOf
    called: Callable[[StatementPath], Iterable[Name]]
    facts: Callable[[StatementPath], Facts]
    by_name: Callable[[StatementPath], Iterable[str]]
    by_new: Callable[[StatementPath], Iterable[str]]
    _star: Callable[[str], BroughtByStar]

    def __init__(self, is_at_rest: Callable[[], bool]) -> None:
        """`is_at_rest`: what was found once can be kept, because the program does not change meanwhile."""
        self._is_at_rest = is_at_rest
        self._imported: dict[StatementPath, frozenset[Name]] = {}

    def brought(self, path: StatementPath) -> BroughtByStar:
        """What the star imports of a statement bring."""
        found: BroughtByStar = {}
        for origin in self.stars(self.source.facts(path)) if len(path) == 1 else ():
            found |= self._star(origin)
        return found

    def _submodules(self, path: StatementPath) -> Iterator[Binding]:
        """A package that imports a module of its own gets an attribute of that name, the first time."""
        if self.tracked.is_package:
            for name in self.imported(path):
                parent, _, leaf = name.rpartition(".")
                if parent == self.module and leaf not in self.facts(path).binds:
                    yield Binding((self.module, leaf), maybe=True)

    @cached_property
    def origins(self) -> dict[str, Name]:
        """By each imported name, the module that it is taken from and its name there."""
        found: dict[str, Name] = {}
        for number in range(len(self.source.statements)):
            for each in self.source.facts((number,)).imports:
                base = resolve(self.tracked, "." * each.level + each.module)
                if each.name == "*":
                    found |= {name: (base, name) for name in self._star(base)}
                elif each.name:
                    found[each.bound] = base, each.name
        return found

    @cached_property
    def not_imported(self) -> frozenset[str]:
        """The names to which a statement of the module gives a value otherwise than by an import."""
        return frozenset().union(
            *(facts.binds - {each.bound for each in facts.imports} for _, facts in self.source.all_facts())
        )

    def _lazily(self, function: Name) -> Iterator[Name]:
        """What a function imports when it is called."""
        code, tracked = self.code(function), self.graph.index.modules.get(function[0])
        if code is not None and tracked is not None:
            yield from self.graph.imported_by(tracked, code)

    def imported(self, path: StatementPath) -> list[str]:
        """The modules that a statement asks for, in order, packages before what is in them."""
        found: dict[str, None] = {}
        skipped = self._skipped(self.source.statement(path))
        for each in self.facts(path).imports:
            if each.bound in skipped:
                continue
            base = resolve(self.tracked, "." * each.level + each.module)
            found |= dict.fromkeys([*reversed(list(parents(base))), base])
            if each.name and each.name != "*":
                found[f"{base}.{each.name}"] = None
        return [*found, *(name for name in (*self.by_name(path), *self.by_new(path)) if name not in found)]

    def _skipped(self, node: ast.stmt) -> set[str]:
        """The names that blocks under `if` import which did not run, as the live module tells by what it lacks.

        A package whose names are imported when they are asked for lists them in such a block for type checkers.
        """
        skipped: set[str] = set()
        for block in (node.body, node.orelse) if isinstance(node, ast.If) else ():
            imports = [each for each in block if isinstance(each, ast.ImportFrom)]
            names = {alias.asname or alias.name for each in imports for alias in each.names}
            if len(names) >= MANY and len(names & self.tracked.namespace.keys()) * 2 < len(names):
                skipped |= names
        return skipped

    def asked(self, path: StatementPath) -> set[str]:
        """The modules that a statement asks for when it runs, packages around this one aside unless it names them."""
        facts, own = self.facts(path), set(parents(self.module))
        found = set(self.by_new(path))
        for each in facts.imports:
            base = resolve(self.tracked, "." * each.level + each.module)
            found |= {base, *(set(parents(base)) - own)}
            if each.name and each.name != "*":
                found.add(f"{base}.{each.name}")
        for called in self.called(path):
            found |= {module for module, _ in self._lazily(called)}
        return found

    def stars(self, facts: Facts) -> Iterator[str]:
        """The modules of which a statement imports all names."""
        for each in facts.imports:
            if each.name == "*":
                yield resolve(self.tracked, "." * each.level + each.module)

    def asked_names(self, path: StatementPath) -> Iterator[Name]:
        """The modules that a statement imports, each with the name that it takes from it (empty: none)."""
        for each in self.facts(path).imports:
            yield resolve(self.tracked, "." * each.level + each.module), each.name
        for called in self.called(path):
            yield from self._lazily(called)

    def taken(self, path: StatementPath) -> Iterator[Name]:
        """The names that a statement must find in other modules, or it fails."""
        if isinstance(self.source.statement(path), ast.ImportFrom):
            for each in self.facts(path).imports:
                if each.name != "*":
                    yield resolve(self.tracked, "." * each.level + each.module), each.name

    def would_bring(self, path: StatementPath, bound: str) -> Any:
        """What a statement that only imports from a loaded module would give a name; MISSING when that is not known."""
        node = self.source.statement(path)
        for alias in node.names if isinstance(node, ast.Import) else ():
            first = alias.name.partition(".")[0]
            if bound == (alias.asname or first):
                return sys.modules.get(alias.name if alias.asname else first, MISSING)
        for each in self.facts(path).imports:
            if each.bound == bound and isinstance(node, ast.ImportFrom):
                home = sys.modules.get(resolve(self.tracked, "." * each.level + each.module))
                return own_space(home).get(each.name, MISSING)
        return MISSING

    def has_imported(self, path: StatementPath) -> bool:
        """Whether a name that the statement imports stands for what it would be imported from."""
        for each in self.facts(path).imports:
            home = sys.modules.get(resolve(self.tracked, "." * each.level + each.module))
            value = own_space(home).get(each.name)
            if value is not None and self.tracked.namespace.get(each.bound) is value:
                return True
        return False

    def imported_names(self, path: StatementPath) -> frozenset[Name]:
        """The names that a statement takes out of other modules."""
        if not self._is_at_rest():
            return frozenset(self._find_imported_names(path))
        if path not in self._imported:
            self._imported[path] = frozenset(self._find_imported_names(path))
        return self._imported[path]

    def _find_imported_names(self, path: StatementPath) -> Iterator[Name]:
        for each in self.facts(path).imports:
            base = resolve(self.tracked, "." * each.level + each.module)
            if each.name == "*":
                for name in (*self._star(base), "__all__"):
                    yield base, name
            elif each.name:
                yield base, each.name
