"""Attributes that statements give to modules of libraries, and the statements behind that read them.  Pure.

No module of the program is the home of such a name, so no flow tells who gives it its value: `parser.HTMLParser = Own`.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from hotswap.looking import is_a
from hotswap.planning.edition import Edition
from hotswap.planning.matching import Matching
from hotswap.resolving import module_at, resolve_value
from hotswap.source import StatementPath
from hotswap.syntax import Chain

Stores = dict[Chain, list[StatementPath]]
"""By dotted name the statements that give such an attribute a value, in order."""


def stores_of(edition: Edition) -> Stores:
    """What a module gives to modules of libraries."""
    found: Stores = {}
    for path in edition.paths:
        for store in edition.facts(path).stores:
            if store.attribute and is_library(resolve_value(edition.tracked.namespace, store.chain), edition):
                found.setdefault((*store.chain, store.attribute), []).append(path)
    return found


def is_library(value: object, edition: Edition) -> bool:
    """Whether it is a module that is not the program's."""
    return is_a(value, ModuleType) and vars(value).get("__name__") not in edition.graph.index.modules


def concerned(old: Edition, new: Edition, matching: Matching) -> Iterator[tuple[StatementPath, Chain]]:
    """The statements that have to run because such an attribute gets its values otherwise than before.

    These are all that give it one, for each may have the last word, and those behind that read it; what makes the new
    value out of the one that is there is left to run for its own sake.
    """
    now = stores_of(new)
    before = stores_of(old) if now else {}
    for chain, paths in now.items():
        was = before.get(chain, [])
        if [matching.old(path) for path in paths] == was and all(matching.fate(path) == "same" for path in paths):
            continue
        setters = [path for path in paths if chain not in new.facts(path).reads]
        readers = (path for path in new.paths if path > paths[0] and path not in paths and reads(new, path, chain))
        for path in (*setters, *readers):
            yield path, chain


def reads(edition: Edition, path: StatementPath, chain: Chain) -> bool:
    """Whether a statement reads the attribute, or imports it, or calls a function of its module that reads it."""
    codes = (edition.code(called) for called in edition.called(path) if called[0] == edition.module)
    told = [edition.facts(path).reads, *(code.reads for code in codes if code is not None)]
    if any(each[: len(chain)] == chain for chains in told for each in chains):
        return True
    owner = resolve_value(edition.tracked.namespace, chain[:-1])
    return any(name == chain[-1] and module_at(home) is owner for home, name in edition.asked_names(path))
