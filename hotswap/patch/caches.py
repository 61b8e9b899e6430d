"""Results that functions and properties cached before they, or what they call, were edited."""

from __future__ import annotations

import functools
import gc
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from types import CellType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any

from hotswap.events import BY_NAME, IN_FOLDERS, bare, behaviour, content, described, is_content, is_loaded, member
from hotswap.graph import Graph, events_in
from hotswap.index import Tracked
from hotswap.journal import Journal
from hotswap.looking import classes_in, family, is_a, is_any, is_instance
from hotswap.model import Name
from hotswap.patch.instances import forget_cached
from hotswap.patch.libraries import django_urls
from hotswap.patch.libraries.templates import Templates
from hotswap.planning.live_names import value_of
from hotswap.reach import Reach, cached_definitions


class Known:
    """The caches of the program, looked for once while the statements of a round run."""

    def __init__(self) -> None:
        self._standing: dict[str, list[tuple[type | None, str, Any]]] = {}
        self._elsewhere: list[Any] | None = None
        self._templates: Templates | None = None
        self._classes: dict[str, list[type]] = {}

    def standing(self, tracked: Tracked) -> list[tuple[type | None, str, Any]]:
        """Those that stand in a module and in its classes."""
        if tracked.name not in self._standing:
            self._standing[tracked.name] = list(cached_definitions(tracked.namespace))
        return self._standing[tracked.name]

    def elsewhere(self, graph: Graph) -> list[Any]:
        """Those that stand in no namespace."""
        if self._elsewhere is None:
            self._elsewhere = scattered(graph)
        return self._elsewhere

    def templates(self, graph: Graph) -> Templates:
        """What template engines keep."""
        if self._templates is None:
            self._templates = Templates(graph)
        return self._templates

    def classes(self, module: str, graph: Graph) -> list[type]:
        """Those whose instances its functions may be given: the module's own, and those of all that it imports."""
        if module not in self._classes:
            spaces = [graph.index.modules[name].namespace for name in sorted({module} | graph.dependencies(module))]
            self._classes[module] = [cls for space in spaces for cls in classes_in(space)]
        return self._classes[module]

    def ran(self, modules: Iterable[str]) -> None:
        """Names of these modules may hold other caches now."""
        for module in modules:
            self._standing.pop(module, None)
        self._classes.clear()


def clear(changed: set[Name], graph: Graph, journal: Journal, known: Known | None = None) -> None:
    """Forget what may be another result now.

    Clears the `functools.cache` and `lru_cache` of every tracked function whose result may differ, and drops the values
    that such a `cached_property` left in living instances.  Of libraries it knows what Django remembers of URLs,
    and which templates are kept compiled.
    """
    known = known or Known()
    django_urls.forget(changed, graph)
    known.templates(graph).forget(changed, Stale(changed, graph).answers)
    if not graph.index.caching:
        return
    changed = changed | {member(name.rpartition(".")[2]) for _, name in changed if "." in name}
    known_elsewhere = [event for event in changed if is_content(event) or _is_lambda(event, graph)]
    changed |= {alias for event in known_elsewhere for alias in aliases(event, graph)}
    changed |= {BY_NAME} if not graph.asked_by_name().isdisjoint(name for name, _ in changed) else set()
    changed |= {IN_FOLDERS} if any(map(is_loaded, changed)) else set()
    stale = Stale(changed, graph)
    for name in list(graph.index.caching):
        tracked = graph.index.modules.get(name)
        if tracked is None or not changed:
            continue
        for owner, attribute, cached in known.standing(tracked):
            function = cached.func if is_instance(cached, functools.cached_property) else cached.__wrapped__
            around = [*(family(owner) if owner is not None else ()), *known.classes(name, graph)]
            if not stale.answers(function, around):
                continue
            if is_instance(cached, functools.cached_property):
                assert owner is not None
                forget_cached(owner, [attribute], journal)
            else:
                cached.cache_clear()
    for cached in known.elsewhere(graph) if changed else ():
        function = cached.__wrapped__
        if stale.answers(function, known.classes(_home(function), graph)):
            cached.cache_clear()


def scattered(graph: Graph) -> list[Any]:
    """The caches of the program's functions wherever they are: in instances, in tables, around local functions.

    Each refers to its type, so one pass over the heap finds them; where no source makes such ones, nothing is searched.
    """
    modules = graph.index.modules
    if not any(modules[name].source.makes_caches for name in list(graph.index.caching) if name in modules):
        return []
    found = []
    for cached in gc.get_referrers(functools._lru_cache_wrapper):
        if not is_a(cached, functools._lru_cache_wrapper):
            continue
        wrapped = getattr(cached, "__wrapped__", None)
        function = wrapped.__func__ if is_a(wrapped, MethodType) else wrapped
        if is_any(function, FunctionType, type, functools.partial) and _home(function) in modules:
            found.append(cached)
    return found


def _home(function: Any) -> str:
    while is_a(function, functools.partial):
        function = function.func
    return str(getattr(function, "__module__", ""))


def _is_lambda(event: Name, graph: Graph) -> bool:
    """Whether a name stands for a lambda: that is no definition, by the name of which others would know it."""
    value = value_of(bare(event), graph)
    return is_a(value, FunctionType) and value.__code__.co_name == "<lambda>"


def aliases(event: Name, graph: Graph) -> Iterator[Name]:
    """The same event of a container for the modules that have imported it, which know it by names of their own."""
    name = bare(event)
    value = value_of(name, graph)
    for module in graph.dependents(name[0]) & graph.index.modules.keys() if value is not None else ():
        for own, held in list(graph.index.modules[module].namespace.items()):
            if held is value:
                yield content((module, own))


def clear_about(functions: Collection[FunctionType]) -> None:
    """Forget what functions of libraries have cached of these, whose signatures or kinds are others now.

    They still are the same objects, with which the caches would answer: "no coroutine function".
    """
    holders = gc.get_referrers(*functions) if functions else []
    # A key may wrap the function in an object of its own, which refers to it by a slot, or without a dictionary as yet.
    wrappers = [each for each in holders if not is_any(each, *_NO_KEYS)]
    keys = [each for each in (*holders, *_referrers(wrappers)) if type(each) is tuple]
    tables = [each for each in _referrers(keys) if type(each) is dict]
    for each in _referrers(tables):
        if is_a(each, functools._lru_cache_wrapper):
            each.cache_clear()


_NO_KEYS = (dict, list, tuple, set, type, FunctionType, MethodType, ModuleType, CellType, FrameType)


def _referrers(objects: list[Any]) -> list[Any]:
    return gc.get_referrers(*objects) if objects else []


class Stale:
    """Which results may be others after what has changed.

    For one look at all caches, during which nothing else does: what stands behind several of them is looked up once.
    """

    def __init__(self, changed: AbstractSet[Name], graph: Graph) -> None:
        self.changed, self.graph = changed, graph
        self._reach = Reach(graph.index, graph.code_facts)
        self._concerned: dict[Name, bool] = {}

    def answers(self, function: Any, classes: Iterable[type] = ()) -> bool:
        """Those of a cached function, or of a class behind a cache.

        `classes` are those of objects that it may be given: methods of theirs count whose name is read on the way.
        """
        if is_instance(function, type):
            return not events_of_class(function, self.graph).isdisjoint(self.changed)
        roots = [function, *classes]
        return any(self._is_concerned(name) for leg in self._reach.walk(roots) for name in leg.functions)

    def _is_concerned(self, function: Name) -> bool:
        if function not in self._concerned:
            self._concerned[function] = not events_in(function, self.graph).isdisjoint(self.changed)
        return self._concerned[function]


def events_of_class(cls: type, graph: Graph) -> set[Name]:
    """What would change the instances that a cache around a class keeps."""
    found = set()
    for each in cls.__mro__:
        if each.__module__ in graph.index.modules:
            names = [each.__qualname__, *(f"{each.__qualname__}.{member}" for member in vars(each))]
            found |= {event((each.__module__, name)) for name in names for event in (bare, behaviour, described)}
    return found
