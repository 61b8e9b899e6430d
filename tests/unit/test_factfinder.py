"""What a statement binds, reads, calls and mutates; what a function's code refers to."""

from __future__ import annotations

import ast

import pytest

from hotswap.factfinder import facts_of
from hotswap.facts import ImportOf, code_facts, root_of
from hotswap.syntax import chain_of


def facts(text, *, postponed=False, first=False):
    (node,) = ast.parse(text).body
    return facts_of(node, postponed=postponed, first=first)


def chains(text, part="reads"):
    return {".".join(chain) for chain in getattr(facts(text), part)}


READS = [
    ("x = a.b.c", "a.b.c"),
    ("x = f'{a} {b.c!r:{d}}'", "a b.c d"),
    ("x = (lambda p=a: b)", "a"),
    ("def f(p=a, *, k=b): return c", "a b"),
    ("def f(p: a, *q: b, **r: c) -> d: pass", "a b c d"),
    ("@a.b(c)\ndef f(): pass", "a.b c"),
    ("class C(a.b, metaclass=c):\n x = d\n y = x\n def f(self, p=e): return g", "a.b c d e"),
    ("x = [a for a in b if a.c]", "b"),
    ("x = [a for p in b for a in p]", "b"),
    ("x: a = b", "a b"),
    ("x: a", "a"),
    ("for x in a: b(x)", "a b x"),
    ("if a: b\nelse: c", "a b c"),
    ("try: a()\nexcept b: c()", "a b c"),
    ("with a() as x: b", "a b"),
    ("x += a", "x a"),
    ("a[b].c = d", "a b d"),
    ("match a:\n case {'k': b.C, **rest}: c", "a b.C c"),
    ("assert a, b", "a b"),
    ("del a.b", "a"),
]


@pytest.mark.parametrize(("text", "names"), READS)
def test_reads_are_what_is_evaluated_when_the_statement_runs(text, names):
    """Defaults, decorators, bases, annotations and class bodies are evaluated; bodies of functions are not."""
    assert chains(text) == set(names.split())


BINDS = [
    ("x = y = 1", "x y"),
    ("x, (y, *z) = 1, (2, 3)", "x y z"),
    ("def f(): inner = 1", "f"),
    ("class C: inner = 1", "C"),
    ("import a.b, c as d", "a d"),
    ("from a import b, c as d", "b d"),
    ("for x in (): y = 1", "x y"),
    ("with a as (x, y): pass", "x y"),
    ("x = [(y := 1) for z in ()]", "x y"),
    ("x = [i for i in ()]", "x"),
    ("match a:\n case [b, *c] as d: e = 1", "b c d e"),
    ("try: pass\nexcept E as error: pass", "error"),
    ("del x", "x"),
    ("x: int", "__annotations__"),
    ("class C:\n global G\n G = 1", "C G"),
    ("x.a = 1", ""),
    ("x[0] = 1", ""),
]


@pytest.mark.parametrize(("text", "names"), BINDS)
def test_binds_are_the_names_of_the_scope_itself(text, names):
    """Names of comprehensions, functions and class bodies belong to those."""
    assert facts(text).binds == set(names.split())


MUTATES = [
    ("x[k] = 1", "x"),
    ("x[k][j] = 1", "x"),
    ("x.a.b = 1", "x"),
    ("del x[k]", "x"),
    ("x += [1]", "x"),
    ("x.a += 1", "x"),
    ("x.append(1)", "x"),
    ("x.y.update({})", "x"),
    ("setattr(x, 'a', 1)", "x"),
    ("delattr(x.y, 'a')", "x"),
    ("@x.setter\ndef y(self, v): pass", "x"),
    ("@x.register(int)\ndef _(v): pass", "x"),
    ("x.look()", ""),
    ("y = x", ""),
]


@pytest.mark.parametrize(("text", "names"), MUTATES)
def test_mutates_are_objects_that_change_in_place(text, names):
    """Items, attributes, in-place operators and the methods of containers that write."""
    assert facts(text).mutates == set(names.split())


def test_calls_and_shapes_and_arguments_are_kept_apart():
    """What is called, what gives its shape to the result, and what is only handed over."""
    text = "@deco\nclass C(Base):\n x = make(thing)\n y = [*parts]"
    assert chains(text, "calls") == {"deco", "Base", "make", "parts"}
    assert chains(text, "shapes") == {"deco", "Base", "parts"}
    assert chains(text, "arguments") == {"thing"}


def test_a_mere_reference_is_no_call():
    """A registry entry or callback reads the function and neither calls nor shapes by it."""
    found = facts("table = {'a': handler}")
    assert (found.reads, found.calls, found.shapes, found.arguments) == ({("handler",)}, set(), set(), set())


@pytest.mark.parametrize("text", ["exec('x = 1')", "globals()['x'] = 1", "x = eval('1')", "vars().update(x=1)"])
def test_what_may_bind_anything_is_opaque(text):
    """`exec`, `globals()` and their like cannot be analysed."""
    assert facts(text).opaque


def test_opaque_calls_in_a_function_body_do_not_count():
    """Only what runs when the statement runs makes it opaque."""
    assert not facts("def f(): exec('x = 1')").opaque


def test_postponed_annotations_are_not_read():
    """With `from __future__ import annotations` nothing of an annotation is evaluated."""
    for text in ("x: a", "def f(p: a) -> a: pass"):
        assert facts(text, postponed=True).reads == set()


def test_a_first_string_is_the_docstring():
    """A string that stands first binds `__doc__`; anywhere else it does nothing."""
    assert facts("'words'", first=True).binds == {"__doc__"}
    assert facts("'words'").binds == set()


def test_definitions_within_branches_are_definitions():
    """A `def` under `if` or `try` defines its name; an assignment never does."""
    assert facts("if a:\n def f(): pass\nelse:\n f = None").defines == {"f"}
    assert facts("f = lambda: 0").defines == set()


def test_imports_are_listed_one_by_one():
    """Each imported name with its module, level and the name that it is bound to."""
    assert facts("from ..a import b as c, d").imports == (ImportOf("a", 2, "b", "c"), ImportOf("a", 2, "d", "d"))
    assert facts("import a.b, c as d").imports == (ImportOf("a.b", 0, "", ""), ImportOf("c", 0, "", "d"))


def test_the_name_of_a_handler_is_deleted_again():
    """`except E as error` binds the name and takes it away."""
    assert facts("try: pass\nexcept E as error: pass").deletes == {"error"}


def test_annotated_names_are_known():
    """Names that are only annotated get an entry of `__annotations__`."""
    assert facts("x: int = 1").annotates == {"x"}


def test_dotted_names_and_roots():
    """`a.b` is a chain; anything with a call or subscript has only a root."""
    expression = ast.parse("a.b[0].c()", mode="eval").body
    assert (chain_of(expression), root_of(expression)) == (None, "a")
    assert chain_of(ast.parse("a.b.c", mode="eval").body) == ("a", "b", "c")
    assert root_of(ast.parse("1 .real", mode="eval").body) is None


def test_the_facts_of_code_are_those_of_the_compiler():
    """Globals with attributes, global stores and imports, of nested functions too; locals are none of them."""
    space: dict = {}
    text = "def f(local):\n global W\n import lib\n W = G.a.b\n def g(): return H\n return local.attribute"
    exec(text, space)
    found = code_facts(space["f"].__code__)
    assert {("G",), ("G", "a"), ("G", "a", "b"), ("H",)} <= found.reads
    assert not any(chain[0] == "local" for chain in found.reads)
    assert (found.writes, found.imports) == ({"W"}, {"lib"})
    assert {"a", "b", "attribute"} <= found.attributes
