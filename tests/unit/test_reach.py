"""All functions that a call of an object may run."""

from __future__ import annotations

import functools

import pytest

from hotswap.reach import Reach, cached_definitions, is_cache, wrapped_by

TEXT = """
import functools
def leaf(): return 1
def f(): return leaf()
def other(): return 1
class C:
    def m(self): return leaf()
    def unused(self): return other()
    def __call__(self): return f()
    @property
    def p(self): return other()
def makes(): return C().m()
def reads(): return C().p
def closure():
    table = {'k': f}
    def inner(): return table['k']()
    return inner
inner = closure()
part = functools.partial(f)
bound = C().m
cached = functools.lru_cache(f)
def lazy(): return late()
late = f
wrapped = functools.wraps(f)(lambda *a: f(*a))
callable_object = C()
"""
REACHED = {
    "leaf": "leaf",
    "f": "f leaf",
    "makes": "makes C.m C.__call__ f leaf",
    "reads": "reads C.p C.__call__ f leaf other",
    "inner": "closure.<locals>.inner f leaf",
    "part": "f leaf",
    "bound": "C.m leaf",
    "cached": "f leaf",
    "lazy": "lazy f leaf",
    "wrapped": "<lambda> f leaf",
    "callable_object": "C.__call__ f leaf",
}


@pytest.fixture
def reached(program):
    module = program.load("a.py", TEXT)
    graph = program.reloader._graph

    def ask(value):
        root = getattr(module, value) if isinstance(value, str) else value
        return {name for _, name in Reach(graph.index, graph.code_facts).functions([root])}

    return ask


@pytest.mark.parametrize("name", REACHED)
def test_what_a_call_may_run(reached, name):
    """Through globals, wrappers, closures and tables in them; methods when an attribute of their name is read."""
    assert reached(name) == set(REACHED[name].split())


@pytest.mark.parametrize("value", [1, None, [], len, functools])
def test_foreign_objects_reach_nothing(reached, value):
    """Only functions of the program count."""
    assert reached(value) == set()


def test_what_is_wrapped():
    """The functions in wrappers of the standard library, and what says `__wrapped__`."""

    def f(): ...

    class Named:
        __wrapped__ = None

    named = Named()
    named.__wrapped__ = f  # type: ignore[assignment]
    wrappers = [
        property(f, None, f),
        functools.partial(f),
        functools.cached_property(f),
        functools.cache(f),
        named,
        f,
        Named,
    ]
    assert [list(wrapped_by(each)) for each in wrappers] == [[f, f], [f], [f], [f], [f], [], []]


def test_caches_are_told_apart():
    """Calls of them may be answered without running anything."""
    assert (is_cache(functools.cache(len)), is_cache(functools.partial(len))) == (True, False)


def test_caches_are_found_in_namespaces():
    """As values, in classes of the module, and within wrappers."""

    @functools.cache
    def f(): ...

    @functools.wraps(f)
    def wrapper(): ...

    cls = type("C", (), {"__module__": "m", "own": staticmethod(functools.cache(len))})
    found = cached_definitions({"__name__": "m", "wrapper": wrapper, "C": cls, "n": 1})
    assert {(owner, name) for owner, name, _ in found} == {(None, "wrapper"), (cls, "own")}
