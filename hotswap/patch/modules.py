"""What belongs to a module as a whole: its place, its import attributes, its names, the lines that tracebacks show."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib import invalidate_caches
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from types import FunctionType, ModuleType
from typing import Any

from hotswap.codes import CodePair, docstring
from hotswap.graph import Graph
from hotswap.index import Index, Tracked
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_a, is_instance, own_space
from hotswap.model import Edit, Name, Place
from hotswap.patch import abstract, classes, layout, mapped
from hotswap.patch.given import given
from hotswap.patch.instances import forget_cached
from hotswap.planning.editions import Editions
from hotswap.resolving import definition_of, resolve_value


def show_source(edit: Edit, journal: Journal) -> None:
    """Tracebacks and inspect.getsource show the text that runs, whatever is on disk meanwhile."""
    if edit.new is not None:
        entry = (len(edit.new.data), None, edit.new.lines, edit.path)
        journal.set_item(linecache.cache, edit.path, entry)


def revive(edit: Edit, journal: Journal) -> None:
    """A module whose file was away and is back: the same module object takes its place again."""
    present = sys.modules.get(edit.module)
    if edit.revived is not None and (present is None or getattr(present, "__file__", None) is None):
        journal.set_item(sys.modules, edit.module, edit.revived)
        parent, _, child = edit.module.rpartition(".")
        if parent in sys.modules:
            journal.set_item(vars(sys.modules[parent]), child, edit.revived)


def move(edit: Edit, tracked: Tracked, journal: Journal) -> None:
    """A module that became a package, or the reverse: its import attributes follow."""
    if edit.new is None or edit.path == tracked.path:
        return
    folders = [os.path.dirname(edit.path)] if os.path.basename(edit.path) == "__init__.py" else None
    spec = spec_from_file_location(edit.module, edit.path, submodule_search_locations=folders)
    assert spec is not None
    values = {
        "__file__": edit.path,
        "__spec__": spec,
        "__loader__": spec.loader,
        "__cached__": spec.cached,
        "__package__": spec.parent,
        "__path__": folders,
    }
    for name, value in values.items():
        if value is None:
            journal.delete_item(tracked.namespace, name)
        else:
            journal.set_item(tracked.namespace, name, value)
    sys.path_importer_cache.pop(os.path.dirname(edit.path), None)
    invalidate_caches()


def definitions(tracked: Tracked, index: Index) -> list[tuple[Name, Any]]:
    """The classes and functions that stand at their own names in a module."""
    named = (((tracked.name, name), value) for name, value in list(tracked.namespace.items()))
    return [(name, value) for name, value in named if definition_of(value, index) == name]


def remove(tracked: Tracked, graph: Graph, journal: Journal) -> None:
    """Take a module out of the program; whoever holds it keeps it."""
    name = tracked.name
    module = sys.modules[name]
    journal.call((setattr, tracked, "around", graph.texts_around(name)), (setattr, tracked, "around", {}))
    journal.call((setattr, tracked, "away", module), (setattr, tracked, "away", None))
    journal.delete_item(sys.modules, name)
    parent, _, child = name.rpartition(".")
    if parent in sys.modules and vars(sys.modules[parent]).get(child) is module:
        journal.delete_item(vars(sys.modules[parent]), child)
    _become_namespace(name, journal)


def _become_namespace(name: str, journal: Journal) -> None:
    """A package that lost its `__init__`, but not what else is in it, is one without a file from now on."""
    children = {n.rpartition(".")[2]: m for n, m in list(sys.modules.items()) if n.rpartition(".")[0] == name}
    invalidate_caches()
    spec = find_spec(name) if children else None
    if spec is None or spec.origin is not None or not spec.submodule_search_locations:
        return
    package = module_from_spec(spec)
    vars(package).update(children)
    journal.set_item(sys.modules, name, package)
    parent, _, child = name.rpartition(".")
    if parent in sys.modules:
        journal.set_item(vars(sys.modules[parent]), child, package)


def remove_name(tracked: Tracked, target: str, journal: Journal) -> None:
    """Take a name out of a module or class ("Enemy.update", "__annotations__.x")."""
    owner, _, name = target.rpartition(".")
    if owner.endswith("__annotations__"):
        annotations = resolve_value(tracked.namespace, tuple(owner.split(".")))
        if is_instance(annotations, dict):
            journal.delete_item(annotations, name)
    elif owner:
        made = {"__module__": tracked.name, "__name__": owner.rpartition(".")[2], "__qualname__": owner}
        _remove_member(resolve_value(tracked.namespace, tuple(owner.split("."))), name, made, journal)
    else:
        _remove_global(tracked, name, journal)


def _remove_member(owner: object, name: str, made: dict[str, str], journal: Journal) -> None:
    """`made` are attributes that a class cannot be without, as its statement gives them."""
    if is_instance(owner, FunctionType):
        _remove_attribute(owner, name, journal)
    elif is_instance(owner, type):
        mapped.check_removed(owner, name)
        if is_a(own_space(owner).get(name), cached_property):
            forget_cached(owner, [name], journal)
        if name == "__doc__":
            journal.set_attribute(owner, name, None)
        elif name in layout.OWN_OF_TYPE and name in own_space(owner):
            layout.drop_member(owner, name, journal)
        elif name in made:
            journal.set_attribute(owner, name, made[name])
        else:
            journal.delete_attribute(owner, name)
        classes.refresh(owner, journal)
        abstract.forget_answers(journal)


def _remove_attribute(function: FunctionType, name: str, journal: Journal) -> None:
    """What a statement has set goes; what every function has is again as its `def` makes it."""
    code = function.__code__
    made: dict[str, Any] = {
        "__name__": code.co_name, "__qualname__": code.co_qualname, "__doc__": docstring(code),
        "__module__": function.__globals__.get("__name__"),
    }  # fmt: skip
    if name in made:
        journal.set_attribute(function, name, made[name])
    else:
        journal.delete_item(vars(function), name)


def _remove_global(tracked: Tracked, name: str, journal: Journal) -> None:
    value, own = tracked.namespace.get(name), given(tracked.name, tracked.namespace, name)
    if own is not MISSING:
        journal.set_item(tracked.namespace, name, own)
    elif not is_instance(value, ModuleType) or sys.modules.get(f"{tracked.name}.{name}") is not value:
        journal.delete_item(tracked.namespace, name)  # a submodule stays an attribute of its package


def move_classes(tracked: Tracked, pairs: Iterable[CodePair], journal: Journal) -> None:
    """Classes know the line that they begin on since Python 3.13."""
    for pair in pairs:
        cls = resolve_value(tracked.namespace, tuple(pair.qualname.split(".")))
        if is_instance(cls, type) and "__firstlineno__" in vars(cls):
            journal.set_attribute(cls, "__firstlineno__", pair.new.co_firstlineno)


def is_folder(module: object) -> bool:
    """Whether it is a package without a file of its own."""
    return is_instance(module, ModuleType) and vars(module).get("__file__") is None and "__path__" in vars(module)


@contextmanager
def not_yet_in_packages(editions: Editions, place: Place) -> Iterator[None]:
    """While a statement star-imports a package, modules that are loaded later, and its own, are no attributes of it."""
    hidden, edition = [], editions.new(place[0])
    for origin in edition.stars(edition.facts(place[1])):
        package = sys.modules.get(origin)
        if is_instance(package, ModuleType) and "__all__" not in vars(package):
            modules = [leaf for leaf in list(vars(package)) if _is_submodule(package, leaf)]
            hidden += [(package, leaf) for leaf in modules if not editions.is_loaded_at(f"{origin}.{leaf}", place)]
    values = [vars(package).pop(leaf) for package, leaf in hidden]
    try:
        yield
    finally:
        for (package, leaf), value in zip(hidden, values, strict=True):
            setattr(package, leaf, value)


def _is_submodule(package: ModuleType, leaf: str) -> bool:
    """Whether an attribute is a module in the package."""
    return vars(package)[leaf] is sys.modules.get(f"{package.__name__}.{leaf}", package)
