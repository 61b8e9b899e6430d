"""Entries that a statement put into the program's registries as it ran, and that must go when it does.

A registering decorator or call leaves no trace in the module that it stands in.  But it is known which functions it
called, so the containers that those functions read are known, and in them the entries that hold the definition.
"""

from __future__ import annotations

import ast
import weakref
from collections.abc import Iterable, Iterator
from types import FunctionType, MethodType, ModuleType
from typing import Any

from hotswap.containers import drop, fill, items_of, keys_of, values_of
from hotswap.facts import Facts
from hotswap.graph import Graph
from hotswap.holders import cell_content
from hotswap.index import Tracked
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_a, is_any, is_instance, look_up
from hotswap.patch.live import functions_within
from hotswap.patch.within import Follows, containers_within
from hotswap.reach import CodeOf, Reach
from hotswap.resolving import owner_of, resolve_value
from hotswap.source import first_line
from hotswap.syntax import chain_of
from hotswap.trace import Footprint

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


Entry = tuple[Any, Any]
"""A container, and the key under which it holds a definition (None for lists and sets)."""


def read_on_the_way(node: ast.stmt, facts: Facts, tracked: Tracked, graph: Graph, code_of: CodeOf) -> Iterator[Any]:
    """What the functions read that a statement may call, as far as that can be told before it runs."""
    if not facts.runs_code and not isinstance(node, ast.ClassDef):
        return
    roots = [resolve_value(tracked.namespace, chain) for chain in facts.calls | facts.arguments]
    for called in Reach(graph.index, code_of).functions([*roots, *deriving(node, tracked)], facts.attributes):
        home, code = graph.index.modules.get(called[0]), code_of(called)
        space = home.namespace if home is not None else {}
        for chain in code.reads if code is not None else ():
            yield from (resolve_value(space, chain[:n]) for n in range(1, len(chain) + 1))


def containers(footprint: Footprint, graph: Graph, code_of: CodeOf | None = None) -> list[Any]:
    """The lists, dicts and sets that the called functions may have written to, with the code that they had or have."""
    code_of = code_of or graph.code_facts
    roots: list[Any] = []
    for called in footprint.called.union(*footprint.constructing.values()):
        tracked, code = graph.index.modules.get(called[0]), code_of(called)
        if tracked is None:
            continue
        owner, function = owner_of(tracked, called[1]), resolve_value(tracked.namespace, tuple(called[1].split(".")))
        read = list(vars(owner).values()) if owner else []
        chains = code.reads if code else ()
        read += [resolve_value(tracked.namespace, chain[:n]) for chain in chains for n in range(1, len(chain) + 1)]
        roots += [value for value in read if not is_a(value, FunctionType)]
        roots.append(getattr(function, "__func__", function))
    return containers_within(roots, _follows(graph))


def _follows(graph: Graph) -> Follows:
    """Instances of the program's own classes are looked into wherever they stand."""
    return lambda cls: cls.__module__ in graph.index.modules


def written_by(node: ast.stmt, facts: Facts, tracked: Tracked, graph: Graph) -> list[Any]:
    """The containers that a definition which has not run yet may register itself in."""
    footprint = graph.estimate(tracked, facts)
    footprint.called |= Reach(graph.index, graph.code_facts).functions(deriving(node, tracked))
    return [*containers(footprint, graph), *of_decorators(node, tracked, graph)]


def deriving(node: ast.stmt, tracked: Tracked) -> Iterator[Any]:
    """The functions that a class statement runs: of its bases, and of their metaclasses."""
    keywords = [each.value for each in getattr(node, "keywords", ()) if each.arg == "metaclass"]
    for expression in (*getattr(node, "bases", ()), *keywords):
        chain = chain_of(expression)
        value = resolve_value(tracked.namespace, chain) if chain else None
        if is_instance(value, type):
            found = (look_up(cls, name) for cls in (value, type(value)) for name in _WHEN_DERIVED)
            yield from (each for each in found if is_any(each, FunctionType, staticmethod, classmethod))


_WHEN_DERIVED = ("__init_subclass__", "__new__", "__init__")


def of_decorator(decorator: Any) -> list[Any]:
    """The containers that a foreign decorator keeps: in its closure, or in the object that it belongs to."""
    return containers_within([decorator], lambda _: False)


def entries(definitions: Iterable[Any], places: Iterable[Any]) -> list[Entry]:
    """Where in the containers the definitions stand."""
    wanted = {id(d) for d in definitions}
    found: list[Entry] = []
    for place in places:
        if is_a(place, dict):
            items = items_of(place)
            found += [(place, k) for k, v in items if any(id(p) in wanted or holds(p, wanted) for p in (k, v))]
        elif any(id(v) in wanted or holds(v, wanted) for v in keys_of(place)):
            found.append((place, None))
    return found


def holds(value: Any, wanted: set[int]) -> bool:
    """Whether an entry is a tuple with one of the objects (ids) in it, or a weak reference to one, or both."""
    if is_a(value, weakref.ref):
        return id(weakref.ref.__call__(value)) in wanted
    if not is_a(value, tuple):
        return False
    return any(id(v) in wanted or holds(v, wanted) for v in tuple.__iter__(value))


def withdraw(found: Iterable[Entry], definitions: Iterable[Any], journal: Journal) -> None:
    """Take the entries out."""
    wanted = {id(d) for d in definitions}
    for place, key in found:
        journal.remember(place)  # whole, because a key that is put back would stand at the end
        if is_a(place, dict):
            drop(place, key)
        else:
            fill(place, [v for v in keys_of(place) if id(v) not in wanted and not holds(v, wanted)])


def foreign_decorators(node: ast.stmt, tracked: Tracked, graph: Graph) -> Iterator[Any]:
    """The decorators of a definition that keep what they decorate: `x.register` of singledispatch, `app.route`."""
    for decorator in getattr(node, "decorator_list", ()):
        chain = chain_of(decorator.func if isinstance(decorator, ast.Call) else decorator)
        value = resolve_value(tracked.namespace, chain) if chain and len(chain) > 1 else None
        owner = resolve_value(tracked.namespace, chain[:-1]) if chain and len(chain) > 1 else None
        if is_instance(value, FunctionType) and value.__closure__ and chain and chain[-1] == "register":
            yield value
        elif is_instance(value, FunctionType) and not is_instance(owner, type | ModuleType | property):
            if value.__module__ not in graph.index.modules:
                yield MethodType(value, owner)


def is_dispatch_cache(place: Any, decorator: Any) -> bool:
    """Whether a container is where `functools.singledispatch` remembers which implementation a class gets."""
    closure = getattr(decorator, "__closure__", None) or ()
    names = getattr(getattr(decorator, "__code__", None), "co_freevars", ())
    cells = dict(zip(names, closure, strict=False))
    cache = cell_content(cells.get("dispatch_cache"))
    return cache is place or getattr(cache, "data", None) is place


def with_inner(value: Any, module: str) -> list[Any]:
    """A definition and the functions that it wraps."""
    return [value, *functions_within(value, module, set())]


def of_decorators(node: ast.stmt, tracked: Tracked, graph: Graph) -> list[Any]:
    """The containers in which the decorators of a definition may keep what they decorate."""
    roots: list[Any] = []
    for decorator in getattr(node, "decorator_list", ()):
        chain = chain_of(decorator.func if isinstance(decorator, ast.Call) else decorator)
        value = resolve_value(tracked.namespace, chain) if chain else None
        roots += [value] if not is_any(value, type, ModuleType) else []
        roots += [resolve_value(tracked.namespace, chain[:-1])] if chain and len(chain) > 1 else []
        roots += _subjects(decorator, tracked)
    return containers_within(roots, _follows(graph))


def _subjects(decorator: ast.expr, tracked: Tracked) -> Iterator[Any]:
    """What a decorator is told to register something with: `saved` in `@receiver(saved)`, each of several in a list."""
    given = [*decorator.args, *(k.value for k in decorator.keywords)] if isinstance(decorator, ast.Call) else []
    for argument in given:
        given += argument.elts if isinstance(argument, ast.List | ast.Tuple) else []  # grows on the way
        chain = chain_of(argument)
        value = resolve_value(tracked.namespace, chain) if chain else None
        if not is_any(value, type, ModuleType, FunctionType):
            yield value


def definitions_of(
    node: ast.stmt, old: ast.stmt, tracked: Tracked, places: Iterable[Any], made: Any = MISSING
) -> list[Any]:
    """What a definition has made: the object that its name stands for, or one that stands in a container.

    Of a class also the functions of its body that stand there.  `made` is what the name holds, where that is known
    better than by the namespace.
    """
    assert isinstance(node, DEFINITIONS)
    named = with_inner(tracked.namespace.get(node.name) if made is MISSING else made, tracked.name)
    if isinstance(node, ast.ClassDef):
        inner = [d for place in places for v in values_in(place) for d in with_inner(v, tracked.name)]
        return named + [d for d in inner if any(_is_made_in(d, each, tracked) for each in (node, old))]
    for each in (node, old):  # its code is patched already, unless the module runs whole
        if any(_is_made_by(value, each, tracked) for value in named):
            return named
        values = [v for place in places for v in values_in(place)]
        parts = [d for v in values for d in with_inner(v, tracked.name) if _is_made_by(d, each, tracked)]
        if parts:
            return parts
    return []


def values_in(place: Any) -> Iterator[Any]:
    """What stands in a container, also in tuples."""
    for value in values_of(place):
        if is_a(value, tuple):
            yield from value
        else:
            yield value


def _is_made_in(value: Any, node: ast.stmt, tracked: Tracked) -> bool:
    """Whether a function was defined in the body of the class."""
    if not is_a(value, FunctionType) or value.__globals__ is not tracked.namespace:
        return False
    is_member = value.__code__.co_qualname.startswith(f"{getattr(node, 'name', '')}.")
    return is_member and first_line(node) <= value.__code__.co_firstlineno <= (node.end_lineno or 0)


def _is_made_by(value: Any, node: ast.stmt, tracked: Tracked) -> bool:
    if not is_a(value, FunctionType) or value.__globals__ is not tracked.namespace:
        return False
    code = value.__code__
    return code.co_name == getattr(node, "name", "") and code.co_firstlineno == first_line(node)
