"""What statements computed of objects of libraries, into which decorators and calls of methods put something.  Pure.

`NAMES = sorted(cli.commands)` behind `@cli.command()`.  Statements that call a method of such an object, or hand it on,
may do anything (log in, add a job): they are left alone unless its name says that it only looks, and so are those
that keep more than plain data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hotswap.containers import items_of, values_of
from hotswap.index import Index
from hotswap.looking import is_a, is_any, own_space
from hotswap.model import Name, Place
from hotswap.planning.edition import Edition
from hotswap.planning.editions import Editions
from hotswap.planning.live_names import DEFINITIONS, value_of
from hotswap.resolving import resolve_value
from hotswap.source import StatementPath, prefix_of
from hotswap.syntax import Chain
from hotswap.targets import ATOMS, CONTAINERS, LARGEST

_COLLECTIONS = (tuple, frozenset, *CONTAINERS)
_LOOKING = re.compile(r"(iter|list)(_\w+)?|keys|values|items|copy")
"""Methods of libraries' objects that are taken by their name to change nothing."""
_DEEPEST = 4


def addressed(edition: Edition, path: StatementPath) -> set[Name]:
    """The names, at home, of the objects of libraries of which a statement calls methods."""
    facts, space, index = edition.facts(path), edition.tracked.namespace, edition.graph.index
    owners = {chain[:-1] for chain in facts.calls | facts.shapes if len(chain) > 1}
    found = {edition.holder(owner, path) for owner in owners if _is_of_library(resolve_value(space, owner), index)}
    return {name for name in found if name is not None}


def computed_of(name: Name, editions: Editions) -> Iterator[Place]:
    """The statements whose names hold plain data that was read out of the object which this name stands for."""
    value, leaf = value_of(name, editions.graph), name[1].rpartition(".")[2].encode()
    if not _is_of_library(value, editions.index):
        return
    known = {name[0], *editions.graph.dependents(name[0])} & editions.index.modules.keys()
    for module in sorted(known):
        edition = editions.find_new(module) if editions.mentions(module, leaf) else None
        for path in edition.paths if edition is not None else ():
            assert edition is not None
            if _looks_into(edition, path, value) and _keeps_data(edition, path):
                yield module, path


def _is_of_library(value: Any, index: Index) -> bool:
    if type(value) in ATOMS or is_any(value, *DEFINITIONS, *_COLLECTIONS) or not own_space(value):
        return False
    return type.__getattribute__(type(value), "__module__") not in index.modules


def _looks_into(edition: Edition, path: StatementPath, value: Any) -> bool:
    """Whether a statement, or functions that it calls, read attributes of the object, and do nothing else with it."""
    facts, space = edition.facts(path), edition.tracked.namespace
    if not facts.binds or facts.defines:
        return False
    read = {(chain, end) for chain in facts.reads if (end := _end_of(chain, space, value))}
    called = {chain for chain in facts.calls if _end_of(chain, space, value)}
    does_other = any(len(chain) == end for chain, end in read) or not all(_is_lookup(chain, space) for chain in called)
    for function in edition.called(path):
        code, tracked = edition.code(function), edition.graph.index.modules.get(function[0])
        if code is not None and tracked is not None:
            inside = {(chain, end) for chain in code.reads if (end := _end_of(chain, tracked.namespace, value))}
            read |= inside
            handed_on = any(chain in code.whole and len(chain) == end for chain, end in inside)
            does_other |= bool(inside) and (code.alters or handed_on)
            does_other |= not all(_is_lookup(chain, tracked.namespace) for chain, _ in inside)
    return bool(read) and not does_other


def _is_lookup(chain: Chain, space: dict[str, Any]) -> bool:
    """Whether it is no method, one that only looks, or one of a plain collection or text."""
    if len(chain) == 1 or _LOOKING.fullmatch(chain[-1]) or not callable(resolve_value(space, chain)):
        return True
    return is_any(resolve_value(space, chain[:-1]), *_COLLECTIONS, str)


def _end_of(chain: Chain, space: dict[str, Any], value: Any) -> int:
    """How many parts of a dotted name lead to the object; 0 if none do."""
    return next((n for n in range(1, len(chain) + 1) if resolve_value(space, chain[:n]) is value), 0)


def _keeps_data(edition: Edition, path: StatementPath) -> bool:
    prefix = prefix_of(edition.source, path)
    values = (value_of((edition.module, prefix + name), edition.graph) for name in edition.facts(path).binds)
    return all(_is_data(value) for value in values)


def _is_data(value: Any, depth: int = _DEEPEST) -> bool:
    if type(value) in ATOMS:
        return True
    if not depth or type(value) not in _COLLECTIONS or len(value) > LARGEST:
        return False
    parts = [part for pair in items_of(value) for part in pair] if is_a(value, dict) else values_of(value)
    return all(_is_data(part, depth - 1) for part in parts)
