"""Files that were deleted although modules import what is in them: no fresh process could run.  Pure."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder

from hotswap.imports import parents, resolve
from hotswap.looking import own_space
from hotswap.model import Place
from hotswap.planning.editions import Editions


def still_needed(editions: Editions) -> Iterator[tuple[str, Place]]:
    """The modules whose files are gone, and statements that import them all the same, and catch no error."""
    for gone in [name for name, edit in editions.edits.items() if edit.new is None]:
        for reader in sorted(editions.graph.importers(gone)):
            for place in _imports_of(gone, reader, editions):
                if not _is_found_elsewhere(gone):
                    yield gone, place


def _imports_of(gone: str, reader: str, editions: Editions) -> Iterator[Place]:
    edition = editions.find_new(reader)
    for path in edition.paths if edition is not None else ():
        assert edition is not None
        if len(path) == 1 and isinstance(edition.source.statement(path), ast.Import | ast.ImportFrom):
            for each in edition.facts(path).imports:
                base = resolve(edition.tracked, "." * each.level + each.module)
                is_taken = f"{base}.{each.name}" == gone and _lacks(base, each.name, editions)
                if is_taken or gone in (base, *parents(base)):
                    yield reader, path


def _lacks(package: str, leaf: str, editions: Editions) -> bool:
    """Whether a package of the program has surely no other thing of that name than its module."""
    source = editions.source(package) if package in editions.index.modules else None
    return source is not None and leaf not in source.text and "__getattr__" not in source.text


def _is_found_elsewhere(gone: str) -> bool:
    """Whether something else stands for a module now: a folder, a file further down the path."""
    parent = gone.rpartition(".")[0]
    folders = own_space(sys.modules.get(parent)).get("__path__", ()) if parent else None
    return PathFinder.find_spec(gone, folders) is not None
