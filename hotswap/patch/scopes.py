"""What is known of the names around a statement that is to run: whose they are, what they keep."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from hotswap.diff import header
from hotswap.editions import Editions
from hotswap.events import behaviour, content
from hotswap.facts import facts_of
from hotswap.graph import resolve_value
from hotswap.imprint import Imprint, take
from hotswap.index import Tracked
from hotswap.model import Name, Place
from hotswap.source import StatementPath, first_line, mangled
from hotswap.trace import Footprint


def kept_members(node: ast.stmt, path: StatementPath, editions: Editions, module: str, changed: set[Name]) -> frozenset[str]:
    """Which members of a class that is built anew keep their live values: those whose statements are as they were."""
    if not isinstance(node, ast.ClassDef):
        return frozenset()
    edition, before = editions.new(module), editions.matching(module).old(path)
    old = edition.tracked.source.statement(before) if before is not None else None
    unchanged = {ast.dump(s) for s in old.body} if isinstance(old, ast.ClassDef) else set()
    kept: set[str] = set()
    anew: set[str] = set()
    for number, statement in enumerate(node.body):
        member = (*path, number)
        facts, reads = edition.source.facts(member), edition.reads(member)
        named = {behaviour((home, f"{name}.__set_name__")) for home, name in reads}
        seen = reads.keys() | {event(r) for r in reads for event in (behaviour, content)}
        stale = (seen | named | {behaviour(called) for called in edition.called(member)}) & changed
        if ast.dump(statement) in unchanged and not stale and not facts.defines and not facts.roots & anew:
            kept |= facts.binds
        else:
            anew |= facts.binds | facts.mutated
    return frozenset(kept - anew - {"__doc__", "__annotations__", "__slots__"})


def set_from_outside(node: ast.stmt, tracked: Tracked) -> set[str]:
    """Attributes that the program gave to a class after its statement had run."""
    if not isinstance(node, ast.ClassDef):
        return set()
    cls = resolve_value(tracked.namespace, (node.name,))
    if not isinstance(cls, type):
        return set()
    if tracked.imprint is not None:
        built = tracked.imprint.names.get(cls.__qualname__, frozenset(vars(cls)))
    else:
        built = _stated(node, tracked) or frozenset(vars(cls))
    return {n for n in vars(cls) if n not in built and not (n.startswith("__") and n.endswith("__"))}


def _stated(node: ast.ClassDef, tracked: Tracked) -> frozenset[str] | None:
    """The members that the body of the class names, if its own line is as it was."""
    old = next((s for s in tracked.source.statements if isinstance(s, ast.ClassDef) and s.name == node.name), None)
    if old is None or header(old) != header(node):
        return None
    names = {name for s in old.body for name in facts_of(s, postponed=True, first=False).binds}
    return frozenset(mangled(node.name, name) for name in names)


def carry_imprint(module: str, editions: Editions, bound: Mapping[str, set[str]]) -> Imprint | None:
    """What the module looks like now that some of its statements ran again and bound names."""
    tracked = editions.index.modules[module]
    if tracked.imprint is None:
        return None
    now = take(tracked.namespace, module)
    names = {
        owner: (tracked.imprint.names.get(owner, present) | bound.get(owner, set())) & present
        for owner, present in now.names.items()
    }
    changed = {f"{owner}.{name}".lstrip(".") for owner, found in bound.items() for name in found}
    kept = {blank for blank in tracked.imprint.blanks if blank[0] not in changed}
    return Imprint(names, frozenset(kept | {blank for blank in now.blanks if blank[0] in changed}))


def carry_calls(module: str, editions: Editions, seen: Mapping[Place, Footprint]) -> dict[int, Footprint] | None:
    """What each statement of the newest source called: seen in this round, or as before; by the line it begins on."""
    tracked, edition, before = editions.index.modules[module], editions.find_new(module), editions.find_old(module)
    if tracked.calls is None or edition is None or before is None:
        return None
    found: dict[int, Footprint] = {}
    old: dict[StatementPath, Footprint] = {}
    for line, footprint in tracked.calls.items():
        path = before.path_at(line)
        if path is not None:
            old.setdefault(path, Footprint()).add(footprint)
    for path in edition.paths:
        was = editions.matching(module).old(path)
        footprint_now = seen.get((module, path)) or (old.get(was) if was is not None else None)
        if footprint_now is not None:
            found[first_line(edition.source.statement(path))] = footprint_now
    return found
