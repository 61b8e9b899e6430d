"""Registries of the program that refuse a key that is taken: `if name in REGISTRY: raise ValueError(name)`.

A definition that runs again then meets its own entry, or that of another one that runs again after it.  Such a round is
tried once more, and the entries of all definitions that run again are taken out before.
"""

from __future__ import annotations

import ast
import traceback

from hotswap.facts import Facts
from hotswap.graph import Graph
from hotswap.index import Index, Tracked
from hotswap.journal import Journal
from hotswap.patch.registries import (
    DEFINITIONS,
    containers,
    definitions_of,
    entries,
    foreign_decorators,
    of_decorators,
    withdraw,
)


def is_refused(error: Exception, node: ast.stmt, index: Index) -> bool:
    """Whether a definition raised in the program's own code, in a decorator say."""
    frames = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = {tracked.path for tracked in index.modules.values()}
    return isinstance(node, DEFINITIONS) and len(frames) > 1 and frames[-1] in ours


def free(node: ast.stmt, facts: Facts, tracked: Tracked, graph: Graph, journal: Journal) -> None:
    """Take out what a definition has in the program's registries; with objects of libraries that cannot be done."""
    if not isinstance(node, DEFINITIONS):
        return
    places = containers(graph.footprint(tracked, node, facts), graph)
    if not any(True for _ in foreign_decorators(node, tracked, graph)):
        places += of_decorators(node, tracked, graph)
    definitions = definitions_of(node, node, tracked, places)
    withdraw(entries(definitions, places), definitions, journal)
