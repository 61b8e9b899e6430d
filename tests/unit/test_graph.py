"""The name-level module graph, read from the live modules."""

from __future__ import annotations

import pytest

from hotswap.events import behaviour, content
from hotswap.graph import dynamic_imports_of, lines_of, reachable_functions, statement_at
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
    """The order of a round: what is imported before who imports it, also by way of modules that are not in it."""
    program.load("c.py", "X = 1\n")
    program.load("b.py", "import c\n")
    program.load("a.py", "import b\n")
    orders = [graph.order(names, graph.eager_imports) for names in (["a", "b", "c"], ["a", "c"], ["c", "a"])]
    assert orders == [["c", "b", "a"], ["c", "a"], ["c", "a"]]


def test_eager_imports_are_those_of_the_module_itself(program, graph):
    """Not those of its functions; nothing for what is not tracked."""
    program.load("b.py", "")
    program.load("c.py", "")
    program.load("a.py", "import b\ndef f():\n    import c\n")
    assert (graph.eager_imports("a"), graph.eager_imports("json")) == ({"b"}, frozenset())


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


def test_the_statement_on_a_line():
    """Decorators belong to their statement; between statements there is none."""
    source = Source("/prog/a.py", b"x = 1\n\n@deco\ndef f():\n    pass\n")
    assert [statement_at(source, line) for line in (1, 2, 3, 5, 9)] == [0, None, 1, 1, None]


def test_the_lines_of_a_statement():
    """Its decorators included."""
    source = Source("/prog/a.py", b"@deco\ndef f():\n    pass\n")
    assert lines_of(source.statements[0]) == (1, 3)


def test_attributes_of_functions_and_instances_have_names(program, graph):
    """Those of a function are its own, those of an instance are looked up in its class."""
    program.load("a.py", "class C:\n x = 1\ndef f(): pass\nf.n = 1\nc = C()\n")
    tracked = program.tracked("a")
    assert [list(graph.references(tracked, chain))[-1] for chain in (("f", "n"), ("c", "x"))] == [
        ("a", "f.n"),
        ("a", "C.x"),
    ]


def test_what_a_statement_called_is_told_for_a_part_of_it(program, graph):
    """The members of a class that are looked at by themselves are left out."""
    program.load("a.py", "def f(): pass\ndef g(): pass\nclass C:\n x = f()\n y = g()\n")
    tracked = program.tracked("a")
    node = tracked.source.statements[2]
    called = graph.called(tracked, tracked.source, (2,)), graph.called(tracked, tracked.source, (2,), [node.body[0]])
    assert called == ({("a", "f"), ("a", "g")}, {("a", "g")})


def test_the_constructor_of_an_instance_that_is_kept_is_not_called(program, graph):
    """An edit of it must not make the instance anew; what was only derived from an instance follows."""
    program.load("a.py", "class C:\n def __init__(self): self.n = 1\nc = C()\nn = C().n\n")
    tracked = program.tracked("a")
    called = [graph.called(tracked, tracked.source, (number,)) for number in (1, 2)]
    assert called == [set(), {("a", "C.__init__")}]


def test_modules_that_were_asked_for_by_name(program, graph):
    """`import_module("b")` leaves its trace in the calls, or in what the module holds."""
    program.write("b.py", "")
    program.write("c.py", "")
    program.load("a.py", "import importlib\nimportlib.import_module('b')\nheld = importlib.import_module('c')\n")
    assert {"b", "c", "importlib"} <= dynamic_imports_of(program.tracked("a"))


def test_what_a_cached_function_reads_is_reached(program, graph):
    """Bound to something else, changed in place, filled: each would be another result."""
    a = program.load("a.py", "T = {}\ndef f(): return T\n")
    assert {("a", "T"), behaviour(("a", "T")), content(("a", "T"))} <= reachable_functions(a.f, graph)
