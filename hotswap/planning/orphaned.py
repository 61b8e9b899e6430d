"""Modules that nobody imports any more, but that have put something into others as they ran."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from types import ModuleType

from hotswap.events import bare
from hotswap.imports import imports_of
from hotswap.index import Tracked
from hotswap.looking import is_instance
from hotswap.model import Edit, Name, Reason
from hotswap.planning.editions import Editions
from hotswap.source import StatementPath, first_line


def left_behind(edit: Edit, path: StatementPath, editions: Editions) -> Iterator[Reason]:
    """Why a removed import cannot be made true: a fresh process would not load the module at all."""
    edition = editions.find_old(edit.module)
    for module in dict.fromkeys(edition.imported(path)) if edition is not None else ():
        if module == edit.module or not _is_orphan(module, editions):
            continue
        changed = sorted({bare(name) for name in editions.changes_elsewhere(module) if name[0] != module})
        if changed:
            yield _reason(edit, path, module, changed[0])


def _is_orphan(module: str, editions: Editions) -> bool:
    """Whether a loaded module of the program is imported by no other one, and held by nobody."""
    index, live = editions.index, sys.modules.get(module)
    if module not in index.modules or editions.source(module) is None or not is_instance(live, ModuleType):
        return False
    if any(name.startswith(f"{module}.") for name in index.modules):
        return False  # a package is there for what is in it
    importers = editions.graph.importers(module) - {module}
    return not any(_imports(name, module, editions) for name in importers) and not _is_held(live, importers, editions)


def _imports(name: str, module: str, editions: Editions) -> bool:
    source = editions.source(name)
    if source is None:
        return False
    if name not in editions.edits:
        return True
    if module in imports_of(Tracked(name, source.path, source)):
        return True
    return editions.graph.asks_by_name(name) and _may_ask_for(source.text, module, name, editions)


def _may_ask_for(text: str, module: str, importer: str, editions: Editions) -> bool:
    """Whether a source may ask for a module by a name that is computed, as the one before it did.

    Its name is still written there, or comes from a look into a folder.
    """
    seen = (editions.index.modules[importer].calls or {}).values()
    if not any(module in each.imported for each in seen):
        return False
    return module.rpartition(".")[2] in text or any(each.listed for each in seen)


def _is_held(live: ModuleType, importers: set[str], editions: Editions) -> bool:
    """Whether a namespace that is no importer's has it: the one in which a shell runs its cells, say."""
    modules = editions.index.modules
    known = {id(sys.modules)} | {id(modules[name].namespace) for name in importers}
    parent = sys.modules.get(live.__name__.rpartition(".")[0])
    known |= {id(vars(parent))} if parent is not None else set()
    spaces = (each for each in gc.get_referrers(live) if is_instance(each, dict) and id(each) not in known)
    named = (space for space in spaces if "__builtins__" in space or "__name__" in space)
    # One that only bears a module's name is a copy, which a round has made and garbage still holds.
    return any(_name(space) not in modules or modules[_name(space)].namespace is space for space in named)


def _name(space: dict[str, object]) -> str:
    name = space.get("__name__")
    return name if type(name) is str else ""


def _reason(edit: Edit, path: StatementPath, module: str, name: Name) -> Reason:
    return Reason(
        code="HS401",
        what=f"the import of {module} was removed, which has changed {name[0]}.{name[1]} as it ran",
        where=f"{edit.path}:{first_line(edit.old.statement(path))} (before the edit)",
        why="a fresh process would not load it at all; what it did cannot be taken back",
        remedy="restart",
    )
