"""Which members of a class that is built anew keep their live values."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from hotswap.events import bare, behaviour, content, is_behaviour, is_loaded
from hotswap.factfinder import facts_of
from hotswap.looking import in_classes, is_a
from hotswap.model import Name, Place
from hotswap.planning.affected import Affected
from hotswap.planning.edition import Edition
from hotswap.planning.editions import Editions
from hotswap.planning.groups import Group
from hotswap.planning.live_names import value_of
from hotswap.resolving import definition_of
from hotswap.source import StatementPath, prefix_of

_NEVER = frozenset(("__doc__", "__annotations__", "__slots__"))


@dataclass(frozen=True, slots=True)
class Happened:
    """What has changed in the round so far."""

    events: AbstractSet[Name]
    functions: frozenset[Name]
    """Those called for the class that are edited, or read something that changed."""
    anew: AbstractSet[StatementPath]
    """Statements that get something else of a file."""


def happened(
    events: AbstractSet[Name], anew: AbstractSet[StatementPath], called: AbstractSet[Name], affected: Affected
) -> Happened:
    """The same, with those of the functions that are `called` which answer otherwise now."""
    functions: set[Name] = set()
    for event in events if called else ():
        if is_behaviour(event):
            functions.add(bare(event))
        elif not is_loaded(event):
            functions.update(affected.functions_that_read(event, bare(event), called))
    return Happened(events, frozenset(functions & called), anew)


def called_by(edition: Edition, path: StatementPath) -> frozenset[Name]:
    """The functions that a class statement calls, in its body, too."""
    return frozenset(name for each in edition.source.paths_within(path) for name in edition.called(each))


def kept_members(node: ast.stmt, path: StatementPath, editions: Editions, module: str, now: Happened) -> frozenset[str]:
    """Which members of a class that is built anew keep their live values: those whose statements are as they were."""
    edit = editions.edits.get(module)
    missed = edit is not None and edit.revived is not None and bool(edit.whole)  # what happened while it was away
    if not isinstance(node, ast.ClassDef) or missed:
        return frozenset()
    edition, before = editions.new(module), editions.matching(module).old(path)
    old = edition.tracked.source.statement(before) if before is not None else None
    unchanged = {ast.dump(s) for s in old.body} if isinstance(old, ast.ClassDef) else set()
    kept: set[str] = set()
    group, qualname = editions.group(module), prefix_of(edition.source, path) + node.name

    def is_from_here(name: str) -> bool:
        return group is not None and group.holds_now((module, f"{qualname}.{name}"), (module, path))

    changing = _gone(old, node) if isinstance(old, ast.ClassDef) else set()
    count = Counter(n for number in range(len(node.body)) for n in edition.source.facts((*path, number)).binds)
    changing |= {name for name, times in count.items() if times > 1}  # another one may be the last of them now
    naming = now.functions & set(edition.called(path))  # what is called as the class is made, `__set_name__` with it
    for number, statement in enumerate(node.body):
        member = (*path, number)
        facts, reads = edition.source.facts(member), edition.reads(member)
        seen = reads.keys() | {event(r) for r in reads for event in (behaviour, content)}
        stale = bool(seen & now.events or now.functions.intersection(edition.called(member)))
        stale |= before is not None and _sees_other(reads, (module, path), (module, before), group)
        is_anew = any(each[: len(member)] == member for each in now.anew)
        if (
            ast.dump(statement) in unchanged
            and not stale
            and not is_anew
            and not facts.defines
            and not facts.surveys
            and not facts.roots & changing
            and not (naming and naming.intersection(_named_by(reads, naming, edition)))
        ):
            kept |= {name for name in facts.binds if is_from_here(name)}
        else:
            changing |= facts.binds | facts.mutated
    return frozenset(kept - changing - _NEVER)


def _sees_other(reads: Mapping[Name, bool], place: Place, before: Place, group: Group | None) -> bool:
    """Whether other statements than before give one of these names its value, or fill it, ahead of the class."""
    if group is None or place not in group.new.order or before not in group.old.order:
        return False
    for name, is_used in reads.items():
        if not group.as_before(group.new.before(name, place), group.old.before(name, before)):
            return True
        filled = (group.new.filled_before(name, place), group.old.filled_before(name, before)) if is_used else ((), ())
        if not group.as_before(*filled):
            return True
    return False


def _named_by(reads: Iterable[Name], stale: AbstractSet[Name], edition: Edition) -> Iterator[Name]:
    """Of the functions that answer otherwise now those that the `__set_name__` of a member is, or calls."""
    for name in reads:
        cls = value_of(name, edition.graph)
        hook = in_classes(type.__dict__["__mro__"].__get__(cls), "__set_name__") if is_a(cls, type) else None
        home = definition_of(hook, edition.graph.index)
        code = edition.code(home) if home is not None else None
        if home is None or code is None:
            continue
        called = code.attributes | {chain[-1] for chain in code.reads}
        yield from (each for each in stale if each == home or each[1].rpartition(".")[2] in called)


def _gone(old: ast.ClassDef, new: ast.ClassDef) -> set[str]:
    """The members that statements bound which the class body does not have any more."""
    present = {ast.dump(s) for s in new.body}
    gone = (facts_of(s, postponed=True, first=False, owner=old.name) for s in old.body if ast.dump(s) not in present)
    return {name for facts in gone for name in facts.binds | facts.mutated}
