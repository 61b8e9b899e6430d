"""Containers that other statements fill now, of which just what these had put there, or put there now, is exchanged.

That can be done when it was seen who put what where, and when all of them do nothing but add.  What the program has
put there itself stays then; otherwise the container is built again.  Pure.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hotswap.deposits import NOTHING
from hotswap.factfinder import MUTATORS
from hotswap.looking import is_a
from hotswap.model import Name, Place
from hotswap.planning.edition import Edition
from hotswap.planning.filling import deposits_of
from hotswap.planning.groups import Group
from hotswap.planning.live_names import value_of
from hotswap.source import StatementPath
from hotswap.syntax import chain_of
from hotswap.targets import CONTAINERS, LARGEST

if TYPE_CHECKING:  # it asks here
    from hotswap.planning.editions import Editions

ADDING = frozenset("append extend add update setdefault".split())
"""Methods that put something behind what a container holds, whatever that is."""


def is_exchanged(editions: Editions, name: Name) -> bool:
    """Whether what statements put into the container can be exchanged, though they are others than before."""
    value = value_of(name, editions.graph)
    home = editions.group(name[0])
    if home is None or type(value) not in CONTAINERS or len(value) > LARGEST:
        return False
    if not home.new.final(name) or not home.as_before(home.new.final(name), home.old.final(name)):
        return False
    if not _can_exchange(editions, home, name, home.new.content_final(name), home.old.content_final(name)):
        return False
    others = editions.fillers(name)
    if not all(_can_exchange(editions, g, name, g.new.mutators(name), g.old.mutators(name)) for g in others):
        return False
    came = [p for g in (home, *others) for p in g.new.mutators(name) if editions.old_place(p) is None]
    return not is_a(value, dict) or not any(_meets(editions, place, _kept(editions, name), name) for place in came)


def fill_again(editions: Editions, name: Name) -> list[Place]:
    """Statements that may have found in the container what they put there: one that put it there earlier is gone.

    Of lists there are none.
    """
    if type(value_of(name, editions.graph)) is list:
        return []
    gone = [p for g in _groups(editions, name) for p in g.old.mutators(name) if _new_place(editions, p) is None]
    keys = [_keys(edition, place[1], name) if (edition := editions.find_old(place[0])) else None for place in gone]
    return [p for p in _kept(editions, name) if any(_overlap(k, _keys(editions.new(p[0]), p[1], name)) for k in keys)]


def _groups(editions: Editions, name: Name) -> Iterator[Group]:
    yield from (group for group in (editions.group(name[0]), *editions.fillers(name)) if group is not None)


def _kept(editions: Editions, name: Name) -> list[Place]:
    """The statements that fill the container as they did before."""
    return [p for g in _groups(editions, name) for p in g.new.mutators(name) if editions.old_place(p) is not None]


def _meets(editions: Editions, place: Place, others: Iterable[Place], name: Name) -> bool:
    """Whether a statement may store under a key under which one of the others does."""
    keys = _keys(editions.new(place[0]), place[1], name, within=set())
    return any(_overlap(keys, _keys(editions.new(other[0]), other[1], name, within=set())) for other in others)


def _overlap(one: set[Hashable] | None, other: set[Hashable] | None) -> bool:
    return one is None or other is None or not one.isdisjoint(other)


def _keys(
    edition: Edition, path: StatementPath, name: Name, within: set[Hashable] | None = None
) -> set[Hashable] | None:
    """The keys, or members, that a statement puts into a container; None if its text does not tell them all.

    `within` is what counts for what it puts into a container in that one.
    """
    found = set[Hashable]()
    for put in _puttings(edition.source.statement(path)):
        if (chain := chain_of(put.holder)) is not None and edition.holder(chain, path) == name:
            if put.is_within:
                keys = within
            else:
                known = [key.value for key in put.keys or () if isinstance(key, ast.Constant)]
                keys = set(known) if put.keys is not None and len(known) == len(put.keys) else None
            if keys is None:
                return None
            found |= keys
    return found


@dataclass(frozen=True, slots=True)
class Putting:
    """Something is put into what an expression stands for, or into a container in that (`is_within`)."""

    holder: ast.expr
    method: ast.expr | None
    keys: Sequence[ast.expr | None] | None
    """The keys or members, if they stand there."""
    is_within: bool


def _puttings(node: ast.AST) -> Iterator[Putting]:
    """Where in a statement something is put."""
    for each in ast.walk(node):
        holder: ast.expr | None = None
        method: ast.Attribute | None = None
        keys: Sequence[ast.expr | None] | None = None
        if (
            isinstance(each, ast.Subscript)
            and isinstance(each.ctx, ast.Store)
            and not isinstance(each.slice, ast.Slice)
        ):
            holder, keys = each.value, [each.slice]
        elif isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in ADDING:
            holder, method = each.func.value, each.func
            keys = _given(each) if method.attr == "update" else each.args[:1]
        if holder is not None:
            outer = holder
            while isinstance(outer, ast.Subscript) and isinstance(outer.slice, ast.Constant):
                outer = outer.value
            yield Putting(outer, method, keys, outer is not holder)


def _given(update: ast.Call) -> list[ast.expr | None] | None:
    """What `update` is given; None in it for what the text does not tell."""
    found: list[ast.expr | None] = [ast.Constant(k.arg) if k.arg else None for k in update.keywords]
    for each in update.args:
        if isinstance(each, ast.Dict):
            found += each.keys
        elif isinstance(each, ast.List | ast.Tuple | ast.Set):
            found += each.elts
        else:
            return None
    return found


def _new_place(editions: Editions, place: Place) -> StatementPath | None:
    if editions.find_new(place[0]) is None:
        return None
    return editions.matching(place[0]).new(place[1])


def _can_exchange(editions: Editions, group: Group, name: Name, new: Sequence[Place], old: Sequence[Place]) -> bool:
    """The same for the statements of one circle of modules."""
    mapped = [group.old_place(place) for place in new]
    if mapped == list(old):
        return True
    kept = [place for place in mapped if place is not None]
    if kept != [place for place in old if place in set(kept)]:
        return False  # they change places
    first = next((n for n, (a, b) in enumerate(zip(mapped, old, strict=False)) if a != b), min(len(new), len(old)))
    return all(only_adds(editions.new(place[0]), place[1], name) for place in new[first:]) and all(
        _is_known(editions, place, name) for place in old[first:]
    )


def _is_known(editions: Editions, place: Place, name: Name) -> bool:
    """Whether it was seen what a statement of the sources that run until now put there, beside what there was."""
    edition = editions.find_old(place[0])
    if edition is None or not only_adds(edition, place[1], name):
        return False
    deposits = deposits_of(edition.tracked, place[1])
    if deposits is None:
        return False
    return all(entry.before is NOTHING for each in deposits for entry in each.entries)


def _does_more(edition: Edition, function: Name, name: Name) -> bool:
    """Whether a function may do something else with a container than put something behind what it holds."""
    read = {is_used for each, is_used in edition.read_by(function) if each == name}
    code = edition.code(function) if read else None
    return code is not None and (True in read or not code.attributes.isdisjoint(MUTATORS - ADDING))


def only_adds(edition: Edition, path: StatementPath, name: Name) -> bool:
    """Whether a statement does nothing with the container but put something there."""
    if len(path) > 1 or any(_does_more(edition, called, name) for called in edition.called(path)):
        return False
    node = edition.source.statement(path)
    adding = {id(each) for put in _puttings(node) for each in (put.holder, put.method)}
    found = set[int]()
    for each in ast.walk(node):
        if isinstance(each, ast.Name | ast.Attribute) and (chain := chain_of(each)) is not None:
            found |= {id(each)} if edition.holder(chain, path) == name else set()
    return found <= adding
