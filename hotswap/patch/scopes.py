"""What is known of the names around a statement that is to run: whose they are, what they keep."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping

from hotswap.diff import Diff, header
from hotswap.facts import facts_of
from hotswap.graph import Graph, behaviour, resolve_value, star_names, supplied_by_stars
from hotswap.index import Index, Tracked
from hotswap.model import Action, Name, Step
from hotswap.source import Source, StatementPath, first_line, name_of, siblings
from hotswap.trace import Footprint

BRANCHING = (ast.If, ast.Try, ast.For, ast.While, ast.With, ast.Match)
"""Statements that need not bind all the names that stand in them."""


def own_names(source: Source, path: StatementPath, tracked: Tracked, from_star: set[str]) -> set[str]:
    """The names of the module that no statement but this one binds, if it may bind fewer of them when it runs again."""
    mine = set(source.facts(path).binds) if isinstance(source.statement(path), BRANCHING) else set()
    mine |= from_star
    for other, theirs in siblings(source, path) if mine else ():
        if other != path:
            mine -= theirs.binds | supplied_by_stars(tracked, theirs)
    return mine


def hidden_names(source: Source, path: StatementPath, tracked: Tracked) -> set[str]:
    """Names that the statement reads, but that only later ones bind: a fresh process does not have them yet."""
    facts = source.facts(path)
    earlier: set[str] = set(facts.binds)
    later: set[str] = set()
    for other, theirs in siblings(source, path):
        if other > path:
            later |= theirs.binds
        else:
            earlier |= theirs.binds | supplied_by_stars(tracked, theirs)
    return {n for n in facts.roots if n in later and n not in earlier}


def later_names(source: Source, path: StatementPath) -> set[str]:
    """Names of the statement that a later one of the same body binds as well."""
    mine = source.facts(path).binds
    found: set[str] = set()
    for other, theirs in siblings(source, path):
        if other > path:
            found |= mine & theirs.binds
    return found


def brought_by_stars(
    steps: Iterable[Step], source_of: Callable[[str], Source], index: Index
) -> dict[tuple[str, StatementPath], set[str]]:
    """What each star import that may run again brought, before anything changes."""
    found: dict[tuple[str, StatementPath], set[str]] = {}
    for step in steps:
        if step.action is Action.RUN and len(step.statement) == 1:
            facts = source_of(step.module).facts(step.statement)
            found[step.module, step.statement] = star_names(index.modules[step.module], facts)
    return found


def shadowed_names(source: Source, path: StatementPath) -> set[str]:
    """For a star import: names that a later statement binds, which it must not take away from that one."""
    if not any(each.name == "*" for each in source.facts(path).imports):
        return set()
    later = (theirs.binds for other, theirs in siblings(source, path) if other > path)
    return set().union(*later)


def kept_members(
    node: ast.stmt, path: StatementPath, source: Source, tracked: Tracked, graph: Graph, changed: set[Name]
) -> frozenset[str]:
    """Which members of a class that is built anew keep their live values: those whose statements are as they were."""
    if not isinstance(node, ast.ClassDef):
        return frozenset()
    old = next((s for s in tracked.source.statements if isinstance(s, ast.ClassDef) and s.name == node.name), None)
    unchanged = {ast.dump(s) for s in old.body} if old is not None else set()
    kept: set[str] = set()
    anew: set[str] = set()
    for number, statement in enumerate(node.body):
        facts = source.facts((*path, number))
        reads = {r for c in facts.reads for r in graph.references(tracked, c)}
        named = {behaviour((module, f"{name}.__set_name__")) for module, name in reads}
        stale = (reads | {behaviour(r) for r in reads} | named) & changed
        if ast.dump(statement) in unchanged and not stale and not facts.defines and not facts.roots & anew:
            kept |= facts.binds
        else:
            anew |= facts.binds | facts.mutates
    return frozenset(kept - anew - {"__doc__", "__annotations__", "__slots__"})


def set_from_outside(node: ast.stmt, tracked: Tracked) -> set[str]:
    """Attributes that the class has, but not from its body (if its own line is as it was)."""
    old = next((s for s in tracked.source.statements if isinstance(s, ast.ClassDef) and s.name == name_of(node)), None)
    if not isinstance(node, ast.ClassDef):
        return set()
    cls = resolve_value(tracked.namespace, (node.name,))
    if old is None or not isinstance(cls, type) or header(old) != header(node):
        return set()
    bound = {name for s in old.body for name in facts_of(s, postponed=True, first=False).binds}
    return {n for n in vars(cls) if n not in bound and not (n.startswith("__") and n.endswith("__"))}


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
