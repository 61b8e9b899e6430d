"""Whether an object that a name held belongs to another name of the program, too, so that it is not the name's own.

`Y = X` and `Y = list(X)` give equal values, and yet it matters which of the two Y holds.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from typing import Any

from hotswap.looking import is_a, own_space
from hotswap.model import Name, Place
from hotswap.patch.equality import Parts
from hotswap.patch.values import Values
from hotswap.planning.groups import LOADED
from hotswap.resolving import resolve_value
from hotswap.syntax import assignments, chain_of, is_place


def is_shared(values: Values, place: Place, names: Collection[Name], old: Any, parts: Parts) -> bool:
    """Whether the old value is not to stand for an equal new one, because it is not that of these names alone.

    `names` are those to which the statement at the place gives the new value.  Another name may hold the old value
    if it gets it from one of them.  It must not hold the new one, which would then be two objects.
    """
    others = {one: other for one, other in parts.new_of.items() if one != other}
    if not others:
        return False
    made = set(others.values())
    for name, held in _named(values):
        if name in names:
            continue
        if id(held) in made or (id(held) in others and not _is_taken(values, name, names, place)):
            return True
    before = values.group(place[0]).old_place(place)
    edition = values.editions.find_old(before[0]) if before is not None else None
    if before is None or edition is None:
        return False
    leaves = {target.rpartition(".")[2] for _, target in names}
    space, assigned = edition.tracked.namespace, assignments(edition.source.statement(before[1]))
    taken = [each.value for each in assigned if leaves & _targets(each) and not isinstance(each.value, ast.Name)]
    return any(_value_of(value, space) is old for value in taken)


def _named(values: Values) -> Iterator[tuple[Name, Any]]:
    """What the names of all modules hold, and the attributes of the classes in them."""
    for module, tracked in list(values.index.modules.items()):
        for name, value in list(tracked.namespace.items()):
            yield (module, name), value
            if is_a(value, type) and value.__module__ == module:
                yield from _members(module, value)


def _members(module: str, cls: type) -> Iterator[tuple[Name, Any]]:
    for leaf, value in own_space(cls).items():
        yield (module, f"{cls.__qualname__}.{leaf}"), value
        if is_a(value, type) and value.__qualname__ == f"{cls.__qualname__}.{leaf}":
            yield from _members(module, value)


def _is_taken(values: Values, name: Name, names: Collection[Name], at: Place) -> bool:
    """Whether a name takes what it holds from another one, or reads one of these: it will follow them if it has to."""
    group = values.editions.group(name[0])
    final = group.new.final(name) if group is not None else ()
    if not final:
        return True  # the program itself has given it that
    for place in final:
        node = values.editions.node(place) if place[1] != LOADED else None
        leaf = name[1].rpartition(".")[2]
        nodes = node.body if isinstance(node, ast.ClassDef) else [node] if node is not None else []
        makers = [each for inner in nodes for each in assignments(inner) if leaf in _targets(each)]
        if all(each.value is None or is_place(each.value) for each in makers):
            return True
        if place != at and values.editions.new(place[0]).reads(place[1]).keys() & set(names):
            return True
    return False


def _targets(node: ast.Assign | ast.AnnAssign) -> set[str]:
    """The names that an assignment gives a value, alone or in a tuple."""
    todo: list[ast.expr] = [*node.targets] if isinstance(node, ast.Assign) else [node.target]
    for target in todo:  # grows on the way
        todo += target.elts if isinstance(target, ast.Tuple | ast.List) else ()
        todo += [target.value] if isinstance(target, ast.Starred) else ()
    return {target.id for target in todo if isinstance(target, ast.Name)}


def _value_of(node: ast.expr | None, namespace: dict[str, Any]) -> Any:
    """What an attribute or an entry is now, as far as that can be told without running anything."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        container, key = _value_of(node.value, namespace), node.slice.value
        if type(container) is dict:
            return container.get(key)
        is_place = type(container) in (list, tuple) and type(key) is int and -len(container) <= key < len(container)
        return container[key] if is_place else None
    chain = chain_of(node) if node is not None else None
    return resolve_value(namespace, chain) if chain is not None else None


Shared = Callable[[Collection[str], Any, Parts], bool]
