"""Who imports and who uses what in a loaded program, name by name.  Reads; never imports or changes anything."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from hotswap.codefacts import every_function
from hotswap.facts import ImportOf
from hotswap.graph import Graph
from hotswap.imports import imports_of, resolve
from hotswap.index import Tracked
from hotswap.model import Name
from hotswap.source import StatementPath, first_line, name_of, prefix_of
from hotswap.syntax import Chain

Edges: TypeAlias = Mapping[str, Mapping[str, frozenset[str]]]
"""Importer → imported → the names that are imported from it (none: the module as such)."""


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A statement or function of the program, and a name of the program that it reads."""

    user: str
    line: int
    name: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A program's modules with their files, what they import, and what uses what."""

    paths: Mapping[str, str]
    edges: Edges
    uses: tuple[Use, ...]

    def importers(self, module: str) -> list[str]:
        """The modules that import a module."""
        return sorted(importer for importer, imported in self.edges.items() if module in imported)

    def users(self, name: str) -> list[Use]:
        """Who reads a name, or a member of it."""
        return [use for use in self.uses if use.name == name or use.name.startswith(f"{name}.")]


def read_off(graph: Graph) -> Drawing:
    """What the graph of the tracked modules is."""
    modules = graph.index.modules
    edges = {name: edges_of(tracked, graph) for name, tracked in sorted(modules.items())}
    aliases = dict(pair for tracked in modules.values() for pair in aliases_of(tracked, modules))
    uses = {use for tracked in modules.values() for use in uses_in(tracked, graph)}
    told = {read_through(use, aliases, modules) for use in uses}
    return Drawing(
        paths={name: tracked.path for name, tracked in sorted(modules.items())},
        edges=edges,
        uses=tuple(sorted(use for use in told if use.user != use.name and home_of(use.name, modules) in modules)),
    )


def edges_of(tracked: Tracked, graph: Graph) -> dict[str, frozenset[str]]:
    """The modules of the program that a module imports, and which names of them."""
    found: dict[str, set[str]] = {}
    for each in imports_in(tracked):
        home = resolve(tracked, "." * each.level + each.module)
        if f"{home}.{each.name}" in graph.index.modules:
            found.setdefault(f"{home}.{each.name}", set())
        else:
            found.setdefault(home, set()).update({each.name} - {""})
    for name in graph.imports(tracked) - imports_of(tracked):
        if not name.startswith(f"{tracked.name}."):  # a package holds its modules, whoever imported them
            found.setdefault(name, set())
    wanted = graph.index.modules.keys() - {tracked.name}
    return {name: frozenset(names) for name, names in sorted(found.items()) if name in wanted}


def imports_in(tracked: Tracked) -> Iterator[ImportOf]:
    """All import statements of a module, those in functions too."""
    for path in statements_of(tracked):
        yield from tracked.source.facts(path).imports
    for code in tracked.source.functions.values():
        yield from code.imports


def aliases_of(tracked: Tracked, modules: Mapping[str, Tracked]) -> Iterator[tuple[Name, Name]]:
    """The names that a module only imports, and what they stand for: who reads the one reads the other."""
    bound = {name for _, facts in tracked.source.all_facts() if not facts.imports for name in facts.binds}
    for _, facts in tracked.source.all_facts():
        for each in facts.imports:
            home = resolve(tracked, "." * each.level + each.module)
            names = public_names(modules[home].namespace) if each.name == "*" and home in modules else {each.name}
            for name in names - {"", "*"}:
                here = name if each.name == "*" else each.bound
                if here not in bound and f"{home}.{name}" not in modules:
                    yield (tracked.name, here), (home, name)


def public_names(namespace: Mapping[str, object]) -> set[str]:
    """The names that `from module import *` brings."""
    stated = namespace.get("__all__")
    return set(stated) if isinstance(stated, list | tuple) else {name for name in namespace if not name.startswith("_")}


def statements_of(tracked: Tracked) -> Iterator[StatementPath]:
    """Where the statements of a module and of the classes in it stand."""
    todo: list[StatementPath] = [(number,) for number in range(len(tracked.source.statements))]
    while todo:
        path = todo.pop(0)
        yield path
        body = getattr(tracked.source.statement(path), "body", ())
        if hasattr(tracked.source.statement(path), "bases"):
            todo += [(*path, number) for number in range(len(body))]


def uses_in(tracked: Tracked, graph: Graph) -> Iterator[Use]:
    """What the statements and functions of a module read."""
    source = tracked.source
    for path in statements_of(tracked):
        node = source.statement(path)
        facts = source.header_facts(path) if isinstance(node, ast.ClassDef) else source.facts(path)
        user = f"{tracked.name}.{prefix_of(source, path)}{name_of(node)}"
        if not facts.imports:
            yield from reads_of(tracked, graph, facts.reads, user, first_line(node))
    lines = {code.co_qualname: code.co_firstlineno for code in every_function(source.code)}
    for qualname, code in source.functions.items():
        if "<locals>" not in qualname:
            user = f"{tracked.name}.{qualname}"
            yield from reads_of(tracked, graph, code.reads, user, lines[qualname])
            imported = graph.imported_by(tracked, code)
            yield from (Use(user, lines[qualname], f"{home}.{name}") for home, name in imported if name != "*")


def reads_of(tracked: Tracked, graph: Graph, chains: Iterable[Chain], user: str, line: int) -> Iterator[Use]:
    """The names of the program that these dotted names stand for."""
    modules = graph.index.modules
    for chain in chains:
        for module, name in graph.references(tracked, chain):
            if module in modules and name.partition(".")[0] in modules[module].namespace:
                yield Use(user, line, f"{module}.{name}")


def read_through(use: Use, aliases: Mapping[Name, Name], modules: Iterable[str]) -> Use:
    """The same use, of what the name stands for rather than of a name that is only imported."""
    seen: set[Name] = set()
    module = home_of(use.name, modules)
    first, _, rest = use.name[len(module) + 1 :].partition(".")
    name = module, first
    while name in aliases and name not in seen:
        seen.add(name)
        name = aliases[name]
    return Use(use.user, use.line, ".".join((*name, rest)) if rest else ".".join(name))


def home_of(name: str, modules: Iterable[str]) -> str:
    """The module that a name is in; the name itself when it is none of the program's."""
    home = name
    while home not in modules and "." in home:
        home = home.rpartition(".")[0]
    return home if home in modules else name


def cycles(edges: Edges) -> list[list[str]]:
    """The groups of modules that import each other, directly or by way of others."""
    reached = {name: reachable(name, edges) for name in edges}
    groups = {frozenset(m for m in reached[name] if name in reached[m]) for name in edges if name in reached[name]}
    return sorted(sorted(group) for group in groups)


def reachable(name: str, edges: Edges) -> set[str]:
    """All that a module imports, and what that imports."""
    found: set[str] = set()
    todo = [name]
    while todo:
        new = set(edges.get(todo.pop(), ())) - found
        found |= new
        todo += new
    return found
