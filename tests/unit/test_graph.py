"""The name-level module graph, read from the live modules."""

from __future__ import annotations

import pytest

from hotswap.events import behaviour
from hotswap.graph import behaviour_of, reachable_functions, statement_at
from hotswap.planning.groups import strongly_connected
from hotswap.resolving import exports, holds_instance, resolve_value
from hotswap.source import Source


@pytest.fixture
def graph(program):
    return program.reloader._graph


def test_edges_run_from_importer_to_imported(program, graph):
    """`import`, `from … import` and imports within functions are edges; the index of importers is their reverse."""
    program.load("b.py", "X = 1\n")
    program.load("c.py", "Y = 1\n")
    program.load("a.py", "import b\ndef f():\n from c import Y\n")
    assert {"b", "c"} <= graph.imports(program.tracked("a"))
    assert (graph.importers("b"), graph.importers("c"), graph.importers("a")) == ({"a"}, {"a"}, set())


def test_edges_follow_the_saved_source(program, graph):
    """After a round the importers are those of the new text."""
    program.load("b.py", "X = 1\n")
    program.load("a.py", "import b\n")
    program.sync("a.py", "Y = 1\n")
    assert graph.importers("b") == set()


def test_dependents_are_transitive(program, graph):
    """B ← a ← main; c stands aside."""
    program.load("b.py", "X = 1\n")
    program.load("a.py", "from b import X\n")
    program.load("c.py", "X = 1\n")
    program.load("top.py", "import a\n")
    assert graph.dependents("b") == {"a", "top"}


def test_relative_imports_are_edges(program, graph):
    """`from . import x` and `from ..y import z` are resolved as the import system does."""
    program.write("pkg/__init__.py", "")
    program.write("pkg/one.py", "X = 1\n")
    program.write("pkg/sub/__init__.py", "from ..one import X\n")
    program.load("pkg/two.py", "from . import one\nfrom .sub import X\n")
    assert graph.importers("pkg.one") >= {"pkg.two", "pkg.sub"}
    assert "pkg.two" in graph.importers("pkg.sub")


def test_dependencies_come_first(program, graph):
    """The order of a round: what is imported before who imports it."""
    program.load("c.py", "X = 1\n")
    program.load("b.py", "import c\n")
    program.load("a.py", "import b\n")
    assert graph.order(["a", "b", "c"]) == [["c"], ["b"], ["a"]]


GRAPHS = [
    ({"a": ["b"], "b": ["c"], "c": []}, [["c"], ["b"], ["a"]]),
    ({"a": ["b"], "b": ["a"], "c": ["a"]}, [["a", "b"], ["c"]]),
    ({"a": ["a"]}, [["a"]]),
    ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["b"]}, [["b", "d"], ["c"], ["a"]]),
    ({}, []),
]


@pytest.mark.parametrize(("edges", "groups"), GRAPHS)
def test_cycles_are_groups(edges, groups):
    """Strongly connected components, dependencies before dependents."""
    assert strongly_connected(list(edges), edges) == groups


def test_a_long_chain_is_no_recursion():
    """A deep graph does not exhaust the stack."""
    edges = {str(n): [str(n + 1)] for n in range(1200)} | {"1200": []}
    assert strongly_connected(list(edges), edges)[0] == ["1200"]


def test_callers_are_those_that_really_called(program, graph):
    """Observed while importing: a statement that only refers to the function is none of them."""
    program.load("lib.py", "def f(): return 1\ndef deco(g): return g\n")
    program.load("a.py", "import lib\nX = lib.f()\nY = lib.f\n@lib.deco\ndef g(): pass\n")
    assert graph.callers(("lib", "f")) == {("a", 2)}
    assert [m for m, _ in graph.callers(("lib", "deco"))] == ["a"]


def test_callers_are_estimated_for_modules_that_nobody_saw(unwatched):
    """Modules imported before watching began: rather too many callers than too few."""
    unwatched.load("lib.py", "def f(): return g()\ndef g(): return 1\ndef h(): pass\n")
    unwatched.load("a.py", "import lib\nX = lib.f()\nY = lib.h\n")
    graph = unwatched.watch()._graph
    assert graph.callers(("lib", "f")) == {("a", 2)}
    assert graph.callers(("lib", "g")) == {("a", 2)}
    assert graph.callers(("lib", "h")) == set()


def test_a_dotted_name_stands_for_what_is_on_its_way(program, graph):
    """`lib.C.x` refers to the name in the module, the class, and the attribute where it is defined."""
    program.load("lib.py", "class B:\n x = 1\nclass C(B): pass\n")
    program.load("a.py", "import lib\n")
    found = set(graph.references(program.tracked("a"), ("lib", "C", "x")))
    assert {("a", "lib"), ("lib", "C"), ("lib", "B.x")} <= found


def test_a_from_import_refers_to_its_home(program, graph):
    """A definition that was imported is also known under the name of its own module."""
    program.load("lib.py", "def f(): pass\n")
    program.load("a.py", "from lib import f as g\n")
    assert ("lib", "f") in set(graph.references(program.tracked("a"), ("g",)))


def test_what_a_function_may_run_is_reached(program, graph):
    """Through globals, other modules, methods and closures; used to tell which cached results are stale."""
    program.load("lib.py", "K = 1\ndef deep(): return K\n")
    a = program.load("a.py", "import lib\nclass C:\n def m(self): return lib.deep()\ndef f(): return C().m()\n")
    found = reachable_functions(a.f, graph)
    assert {behaviour(("a", "f")), behaviour(("a", "C.m")), behaviour(("lib", "deep")), ("lib", "K")} <= found


def test_values_are_resolved_without_running_anything():
    """Properties and `__getattr__` of the program are not called."""

    class Trap:
        x = property(lambda _: 1 / 0)

        def __getattr__(self, name):
            raise ZeroDivisionError

    assert resolve_value({"t": Trap()}, ("t", "nothing")) is None
    assert isinstance(resolve_value({"t": Trap()}, ("t", "x")), property)
    assert resolve_value({}, ("t", "x")) is None


def test_the_two_events_of_a_name():
    """Bound to something else, and changed in place: these are told apart."""
    assert behaviour(("a", "f")) == ("a", "f()")
    assert behaviour_of(("a", "f()")) == ("a", "f")


def test_the_statement_on_a_line():
    """Decorators belong to their statement; between statements there is none."""
    source = Source("/prog/a.py", b"x = 1\n\n@deco\ndef f():\n    pass\n")
    assert [statement_at(source, line) for line in (1, 2, 3, 5, 9)] == [0, None, 1, 1, None]


def test_instances_are_found_in_containers():
    """State may be an instance, or a container or object that holds one."""

    class Held:
        pass

    class Box:
        def __init__(self, inner):
            self.inner = inner

    name = Held.__module__, Held.__qualname__
    assert all(holds_instance(v, name) for v in (Held(), [Held()], {"k": (Held(),)}, Box(Held())))
    assert not any(holds_instance(v, name) for v in (Held, 1, [1], Box(2)))


def test_a_star_import_brings_what_all_says(program):
    """`__all__` if there is one, else all names without an underscore."""
    assert exports(program.load("b.py", "__all__ = ['_x']\n_x = 1\ny = 2\n")) == ["_x"]
    assert exports(program.load("c.py", "_x = 1\ny = 2\n")) == ["y"]
