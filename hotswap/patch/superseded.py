"""What libraries made of a definition as it registered before: a route, a middleware.  The new ones take their place.

Such an object is no version of the old one, and both would stand in the list.  What is known of them is that they hold
the definition, and that they came, or stayed, as its statement ran again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from hotswap.containers import fill
from hotswap.errors import CannotSwap
from hotswap.graph import Graph
from hotswap.holders import cell_content
from hotswap.index import Tracked
from hotswap.journal import Journal
from hotswap.looking import is_a, is_any, own_space
from hotswap.model import Edit, Reason
from hotswap.patch.foreign import Difference, Foreign, parts_of
from hotswap.patch.live import Twins
from hotswap.patch.registries import foreign_decorators
from hotswap.patch.repeats import removed_effect
from hotswap.targets import ATOMS

DEEPEST = 3
"""As deep within an object the definition is looked for of which it was made: `kwargs` of a middleware, say."""
LARGEST = 100
"""Containers within such an object with more entries are left alone."""


def give_way(
    definitions: Sequence[Any], at_most: int, differences: Iterable[Difference], twins: Twins, journal: Journal
) -> bool:
    """Let what came into lists take the place of what stayed there from before, both made of these definitions.

    So many of a list are their own, `at_most`.  False when there are more: others may have made them.
    """
    lives = {id(each) for each in definitions}
    wanted = lives | {fresh for fresh, (_, live) in twins.items() if id(live) in lives}
    for container, before, after in differences:
        if type(container) is not list or type(before) is bytes:
            continue
        known = set(map(id, before))
        came = [each for each in after if id(each) not in known and _is_made_of(each, wanted)]
        stayed = [each for each in after if id(each) in known and _is_made_of(each, wanted)] if came else []
        if len(stayed) > at_most:
            return False
        if stayed:
            journal.remember(container)
            fill(container, _exchanged(container, stayed, came))
    return True


def _exchanged(container: list[Any], stayed: list[Any], came: list[Any]) -> list[Any]:
    """One for one; more than there were stand behind the last of these."""
    places = {id(old): came[at : at + 1] for at, old in enumerate(stayed)}
    places[id(stayed[-1])] += came[len(stayed) :]
    new = set(map(id, came))
    return [part for each in container if id(each) not in new for part in places.get(id(each), [each])]


def _is_made_of(value: Any, wanted: AbstractSet[int]) -> bool:
    """Whether an object of a library holds one of the definitions."""
    if id(value) in wanted or type(value) in ATOMS or is_a(value, type):
        return False  # the definition itself is known otherwise
    level = [value]
    for _ in range(DEEPEST):
        level = [part for each in level for part in _parts(each)]
        if any(id(part) in wanted for part in level):
            return True
    return False


def _parts(value: Any) -> list[Any]:
    if type(value) in ATOMS or is_a(value, type):
        return []
    if is_a(value, dict):
        return list(dict.values(value)) if len(value) <= LARGEST else []
    if is_any(value, list, tuple):
        return list(value) if len(value) <= LARGEST else []
    cells = [cell_content(cell) for cell in getattr(value, "__closure__", None) or ()]
    return [*cells, *own_space(value).values()]


def registered_otherwise(where: str) -> Reason:
    """Why a round cannot go on: more has been made of a definition than its decorators made."""
    return Reason(
        code="HS402",
        what="a definition that is made again stands in more objects of a library than its decorators have made",
        where=where,
        why="which of them the new ones take the place of cannot be told",
        remedy="restart",
    )


def not_forgotten(
    node: ast.stmt, old: ast.stmt, definitions: Sequence[Any], tracked: Tracked, graph: Graph, edit: Edit | None
) -> Iterator[CannotSwap]:
    """Why a decorator cannot simply go from a definition: the object it belongs to still tells of the definition."""
    now = {ast.dump(each) for each in getattr(node, "decorator_list", ())}
    owners = {id(each.__self__) for each in foreign_decorators(node, tracked, graph) if hasattr(each, "__self__")}
    lost = [each for each in getattr(old, "decorator_list", ()) if ast.dump(each) not in now]
    if not lost or edit is None:
        return
    wanted = {id(each) for each in definitions}
    for decorator in foreign_decorators(_with_decorators(old, lost), tracked, graph):
        owner = getattr(decorator, "__self__", None)
        if owner is None or id(owner) in owners:
            continue  # what it registers there now takes the place of what it had registered
        contents = (content for _, content in Foreign(Journal(), graph.index, ()).within_reach([owner]))
        if any(id(part) in wanted for content in contents for part in parts_of(content)):
            yield CannotSwap(removed_effect(edit, old))


def _with_decorators(node: ast.stmt, decorators: list[ast.expr]) -> ast.ClassDef:
    """Something that has just these."""
    of = ast.ClassDef(name=getattr(node, "name", ""), bases=[], keywords=[], body=[], decorator_list=decorators)
    return ast.copy_location(of, node)
