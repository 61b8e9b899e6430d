"""What makes a program hard in ways that are known: names bound twice, imports in a circle.

A fuzzer that allows everything finds the same few causes again and again; most seeds leave these out.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

Trees = Mapping[str, ast.Module]
"""Module name → syntax tree; modules that cannot be parsed are left out."""


@dataclass(frozen=True, slots=True)
class Temper:
    """What the programs of a seed may do."""

    rebinds: bool = True
    cycles: bool = True
    fills: bool = False
    """Much of it is about containers that statements here and there fill and look into."""

    def allows(self, sources: Mapping[str, str]) -> bool:
        """Whether the program keeps to it."""
        if self.rebinds and self.cycles:
            return True
        trees = parse(sources)
        if not self.cycles and has_cycle(trees):
            return False
        return self.rebinds or not any(binds_twice(trees, name) for name in trees)


def parse(sources: Mapping[str, str]) -> dict[str, ast.Module]:
    """The trees of all modules that have one."""
    trees = {}
    for path, text in sources.items():
        try:
            trees[path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")] = ast.parse(text)
        except SyntaxError:
            continue
    return trees


# ---------------------------------------------------------------------- names


@dataclass
class _Bound(ast.NodeVisitor):
    """Collects the names that a block binds; the branches of one statement count as one."""

    trees: Trees
    module: str
    seen: frozenset[str]
    names: set[str] = field(default_factory=set)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.names.add(node.name)

    visit_AsyncFunctionDef = visit_FunctionDef
    visit_ClassDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        return

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_Lambda  # type: ignore[assignment]  # none of them binds a name outside

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.names.add(node.id)

    def visit_Import(self, node: ast.Import) -> None:
        self.names |= {a.asname for a in node.names if a.asname}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        target = imported_from(self.module, node)
        for alias in node.names:
            if alias.name != "*":
                self.names.add(alias.asname or alias.name)
            elif target in self.trees and target not in self.seen:
                self.names |= names_of(self.trees, target, self.seen | {self.module})


def bound_by(trees: Trees, module: str, statement: ast.stmt, seen: frozenset[str] = frozenset()) -> set[str]:
    """The names that one statement of a module or a class binds (or deletes)."""
    visitor = _Bound(trees, module, seen)
    visitor.visit(statement)
    return visitor.names


def names_of(trees: Trees, module: str, seen: frozenset[str]) -> set[str]:
    """All names that a module binds."""
    return {n for statement in trees[module].body for n in bound_by(trees, module, statement, seen)}


def binds_twice(trees: Trees, module: str) -> bool:
    """Whether two statements of a module, or of a class in it, bind the same name; augmenting is binding again."""
    bodies = [trees[module].body, *(n.body for n in ast.walk(trees[module]) if isinstance(n, ast.ClassDef))]
    for body in bodies:
        count = Counter(n for statement in body for n in bound_by(trees, module, statement))
        for statement in body:
            if isinstance(statement, ast.FunctionDef) and any(is_setter(d) for d in statement.decorator_list):
                count[statement.name] -= 1
        if any(times > 1 and name != "_" for name, times in count.items()):
            return True
        if any(isinstance(s, ast.AugAssign | ast.Delete) for s in body):
            return True
    return False


def is_setter(decorator: ast.expr) -> bool:
    """Whether it is the second half of a property."""
    return isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "deleter", "register")


# ---------------------------------------------------------------------- imports


def imported_from(module: str, node: ast.ImportFrom) -> str:
    """The module that an import takes from; relative ones occur in packages of one level only."""
    if not node.level:
        return node.module or ""
    package = module.partition(".")[0]
    return f"{package}.{node.module}" if node.module else package


def imports_of(module: str, tree: ast.Module, modules: frozenset[str]) -> set[str]:
    """The modules of the program that one imports, lazily or not, and the packages around these."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = imported_from(module, node)
            found |= {base, *(f"{base}.{a.name}" for a in node.names)}
    own = module.rpartition(".")[0]
    found |= {parent for name in list(found) if (parent := name.rpartition(".")[0]) and parent != own}
    return found & modules


def has_cycle(trees: Trees) -> bool:
    """Whether a module imports itself, by way of others or at once."""
    edges = {name: imports_of(name, tree, frozenset(trees)) for name, tree in trees.items()}
    for name, imported in edges.items():
        todo, seen = list(imported), set()
        while todo:
            at = todo.pop()
            if at == name:
                return True
            if at not in seen:
                seen.add(at)
                todo += edges[at]
    return False
