"""What is known of the names around a statement that is to run: whose they are, what they keep."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType

from hotswap.diff import Diff
from hotswap.graph import Graph, behaviour
from hotswap.index import Index, Tracked, resolve
from hotswap.journal import MISSING
from hotswap.model import Action, Name, Step
from hotswap.source import Source, StatementPath, first_line, siblings
from hotswap.trace import Footprint

BRANCHING = (ast.If, ast.Try, ast.For, ast.While, ast.With, ast.Match)
"""Statements that need not bind all the names that stand in them."""


def own_names(source: Source, path: StatementPath, from_star: set[str]) -> set[str]:
    """The names of the module that no statement but this one binds, if it may bind fewer of them when it runs again."""
    mine = set(source.facts(path).binds) if isinstance(source.statement(path), BRANCHING) else set()
    mine |= from_star
    for other, theirs in siblings(source, path) if mine else ():
        if other != path:
            mine -= theirs.binds
    return mine


def later_names(source: Source, path: StatementPath) -> set[str]:
    """Names of the statement that a later one of the same body binds as well."""
    mine = source.facts(path).binds
    found: set[str] = set()
    for other, theirs in siblings(source, path):
        if other > path:
            found |= mine & theirs.binds
    return found


def star_names(
    steps: Iterable[Step], source_of: Callable[[str], Source], index: Index
) -> dict[tuple[str, StatementPath], set[str]]:
    """What each star import that may run again brought, before anything changes."""
    found: dict[tuple[str, StatementPath], set[str]] = {}
    for step in steps:
        if step.action is not Action.RUN or len(step.statement) != 1:
            continue
        tracked = index.modules[step.module]
        for each in source_of(step.module).facts(step.statement).imports:
            origin = sys.modules.get(resolve(tracked, "." * each.level + each.module))
            if each.name == "*" and isinstance(origin, ModuleType):
                space, theirs = tracked.namespace, vars(origin)
                brought = {n for n in exports(origin) if n in space and space[n] is theirs.get(n, MISSING)}
                found.setdefault((step.module, step.statement), set()).update(brought)
    return found


def exports(module: ModuleType) -> list[str]:
    """The names that `from module import *` binds."""
    named = vars(module).get("__all__")
    return [str(n) for n in named] if named is not None else [n for n in vars(module) if not n.startswith("_")]


def kept_members(
    node: ast.stmt, path: StatementPath, source: Source, tracked: Tracked, graph: Graph, changed: set[Name]
) -> frozenset[str]:
    """Which members of a class that is built anew keep their live values: those whose statements are as they were."""
    if not isinstance(node, ast.ClassDef):
        return frozenset()
    old = next((s for s in tracked.source.statements if isinstance(s, ast.ClassDef) and s.name == node.name), None)
    unchanged = {ast.dump(s) for s in old.body} if old is not None else set()
    kept: set[str] = set()
    for number, statement in enumerate(node.body):
        facts = source.facts((*path, number))
        reads = {r for c in facts.reads for r in graph.references(tracked, c)}
        stale = reads & changed or {behaviour(r) for r in reads} & changed
        if ast.dump(statement) in unchanged and not stale and not facts.defines:
            kept |= facts.binds
    return frozenset(kept - {"__doc__", "__annotations__", "__slots__"})


def carry_calls(tracked: Tracked, diff: Diff, new: Source, observed: Mapping[int, Footprint]) -> dict[int, Footprint]:
    """What each statement of the new source called: observed in this round, or as before."""
    found = dict(observed)
    for match in diff.matches:
        line = first_line(new.statements[match.new])
        if match.old is not None and line not in observed:
            node = tracked.source.statements[match.old]
            footprint = tracked.footprint(first_line(node), node.end_lineno or node.lineno)
            if footprint is not None:
                found[line] = footprint
    return found
