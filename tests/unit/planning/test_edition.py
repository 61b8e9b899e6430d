"""One edition of a module's text: what its statements bind, read and change, by full names."""

from __future__ import annotations

import pytest

from hotswap.planning.edition import covers, span
from hotswap.planning.live_names import value_of


def told(bindings):
    """In words: "a.x", "a.x?" maybe, "-a.x" deletes, "def a.x" defines."""
    return {
        f"{'-' if b.deletes else ''}{'def ' if b.defines else ''}{b.name[0]}.{b.name[1]}{'?' if b.maybe else ''}"
        for b in bindings
    }


LIB = "class C:\n n = 1\n class D: k = 1\ndef f():\n global G\n G = 1\nG = 0\nX = 1\nT = []\ndef add(): T.append(1)\n"
BINDINGS = {
    "x = y = 1": "a.x a.y",
    "if lib.X: x = 1": "a.x?",
    "def f(): pass": "def|a.f",
    "del q": "-a.q",
    "x: int = 1": "a.x a.__annotations__.x",
    "x: int": "a.__annotations__.x",
    "_ = 1": "a._",
    "@staticmethod\nclass C:\n y = 1\n def m(self): pass\n __z = 2": "def|a.C a.C.y a.C.m a.C._C__z",
    "lib.C.n = 2": "lib.C.n",
    "lib.C.D.k = 2": "lib.C.D.k",
    "lib.X = 2": "lib.X",
    "lib.X += 2": "lib.X",
    "for lib.X in (): pass": "lib.X?",
    "setattr(lib.C, 'n', 2)": "lib.C.n",
    "x = lib.f()": "a.x lib.G?",
    "lib.T.append(1)": "",
    "json.x = 1": "",
    "from lib import *": "a.C a.f a.G a.X a.T a.add",
    "from lib import X as Y": "a.Y",
}  # fmt: skip


def test_the_name_of_what_is_not_wanted_is_bound_by_nobody(edition):
    """`_` of several statements: they have nothing to do with each other."""
    found = edition("_ = 1\n_ = 2\n")
    assert told(found.bindings((1,))) == set()


@pytest.mark.parametrize("text", BINDINGS)
def test_bindings_are_full_names(edition, text):
    """Of the module itself, members of classes that run whole, attributes of other definitions and modules."""
    found = edition(f"import json, lib\nq = 1\n{text}\n", lib=LIB)
    assert told(found.bindings((2,))) == {name.replace("|", " ") for name in BINDINGS[text].split()}


def test_members_that_run_one_by_one_have_places_of_their_own(edition):
    """Then the class statement binds its own name only, and each member its own."""
    found = edition("class C:\n x = 1\n class D:\n  __y: int = 2\n")
    assert found.paths == [(0, 0), (0, 1, 0), (0, 1), (0,)]
    assert [told(found.bindings(path)) for path in found.paths] == [
        {"a.C.x"},
        {"a.C.D._D__y", "a.C.D.__annotations__._D__y"},
        {"def a.C.D"},
        {"def a.C"},
    ]


def test_the_place_on_a_line(edition):
    """The innermost one; between statements there is none."""
    found = edition("x = 1\n\nclass C:\n    x = 1\n\n    y = 2\n")
    assert [found.path_at(line) for line in range(1, 7)] == [(0,), None, (2 - 1,), (1, 0), (1,), (1, 1)]


def test_the_places_that_mention_a_word(edition):
    """The members of a class before the class; words read alone do not count on the way to an attribute."""
    found = edition("import math as m\nz = 1\nclass C:\n y = z\nx = z.real\nu = m.pi\nv = m\n")
    assert found.mentioning(["z"], ["m"]) == [(2, 0), (2,), (3,), (5,)]


def test_a_class_that_runs_as_a_whole_is_one_place(edition):
    """What its members mention, it mentions."""
    found = edition("z = 1\nclass C:\n y = z\n vars()\n")
    assert found.mentioning(["z"]) == [(1,)]


def test_spans_are_lines(edition):
    """Decorators included, both ends too."""
    source = edition("@staticmethod\ndef f():\n    pass\n").source
    assert (span(source, (0,)), [covers(source, (0,), line) for line in (0, 1, 3, 4)]) == (
        (1, 3),
        [False, True, True, False],
    )


def reads_of(edition, path=(2,)):
    return {f"{module}.{name}{'!' if used else ''}" for (module, name), used in edition.reads(path).items()}


READS = {
    "x = q": "a.q",
    "x = q + []": "a.q!",
    "x = lib.X": "a.lib! lib.X!",
    "x = lib.X + 1": "a.lib! lib.X!",
    "x = lib.C.n": "a.lib! lib.C! lib.C.n!",
    "if lib.X: x = 1": "a.lib! lib.X! a.x",
    "from lib import X": "lib.X",
    "q[0] = 1": "a.q",
    "lib.T.append(1)": "a.lib! lib.T!",
    "x: int = q": "a.q a.int",
}


@pytest.mark.parametrize("text", READS)
def test_reads_are_full_names(edition, text):
    """Along the dotted name; "!" marks those that are looked into rather than referred to."""
    found = edition(f"import lib\nq = [1]\n{text}\n", lib=LIB)
    assert reads_of(found) - {"a.list"} == set(READS[text].split())


def test_what_a_called_function_reads_is_read(edition):
    """As it was seen when the statement ran."""
    found = edition("K = 1\nT = []\ndef f(): return K + len(T)\nx = f()\n")
    assert {("a", "K"), ("a", "T")} <= found.reads((3,)).keys()


def test_what_a_called_function_imports_is_read(edition):
    """By name, or the module as a whole."""
    text = "def f():\n from lib import X\n import lib\n return X\nx = f()\n"
    assert {("lib", "X"), ("lib", "*")} <= edition(text, lib=LIB).reads((1,)).keys()


def test_a_name_in_a_class_body_may_be_a_member(edition):
    """One that was bound before, surely or perhaps; else it is a global."""
    text = "x = y = z = 1\nclass C:\n x = 2\n if x: y = 3\n q = x, y, z\n"
    found = edition(text)
    roots = [found.roots(name, (1, 2)) for name in "xyz"]
    assert roots == [[("a", "C.x")], [("a", "C.y"), ("a", "y")], [("a", "z")]]


def test_members_are_looked_into(edition):
    """`I.k` in the body of a class is an attribute of the class that stands there."""
    found = edition("class C:\n class I:\n  k = 1\n x = I.k\n")
    assert reads_of(found, (0, 1)) >= {"a.C.I!", "a.C.I.k!"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("q.append(1)", {("a", "q")}),
        ("q[0] = 1", {("a", "q")}),
        ("T.append(1)", {("lib", "T")}),
        ("lib.T[:] = [1]", {("lib", "T")}),
        ("lib.C.n = 1", set()),
        ("lib.X = 1", set()),
        ("box.items.append(1)", {("a", "box")}),
        ("x = lib.add()", set()),
    ],
)
def test_mutates_are_the_holders_of_what_changes(edition, text, expected):
    """At home, where it was only imported; what is set on definitions is bound instead."""
    prelude = (
        "import lib; from lib import T; from types import SimpleNamespace\nq = [1]; box = SimpleNamespace(items=[])\n"
    )
    found = edition(prelude + text, lib=LIB)
    assert found.mutates(found.paths[-1]) == expected


def test_functions_that_are_called_may_change_containers(edition):
    """Those of the program that their code writes to."""
    assert edition("import lib\nx = lib.add()\n", lib=LIB).may_mutate((1,)) == {("lib", "T")}


@pytest.mark.parametrize(
    ("text", "imported", "asked"),
    [
        ("import p.q", ["p", "p.q"], {"p", "p.q"}),
        ("from p import q", ["p", "p.q"], {"p", "p.q"}),
        ("from p import *", ["p"], {"p"}),
        ("x = 1", [], set()),
    ],
)
def test_modules_are_asked_for_in_order(edition, text, imported, asked):
    """Packages before what is in them."""
    found = edition(f"{text}\n", p__q="", p__="")
    assert (found.imported((0,)), found.asked((0,))) == (imported, asked)


def test_what_an_import_must_find(edition):
    """Each name that it takes; a star, or an import that may fail, needs none."""
    found = edition("from lib import X, C as D\nfrom lib import *\ntry: from lib import T\nexcept E: pass\n", lib=LIB)
    assert [list(found.taken((n,))) for n in range(3)] == [[("lib", "X"), ("lib", "C")], [], []]


def test_names_that_no_statement_names(edition):
    """Made by `globals()[…] = …`: any opaque statement may have bound them."""
    found = edition("x = 1\nfor k in 'pq': globals()[k] = 1\n")
    assert (found.made_up, told(found.bindings((1,)))) == ({"p", "q"}, {"a.k?", "a.p?", "a.q?"})


def test_where_imported_names_come_from(edition):
    """The module that each is taken from, and its name there."""
    found = edition("from lib import X as Y\nfrom lib import *\nimport lib\n", lib="X = 1\nZ = 2\n")
    assert found.origins == {"Y": ("lib", "X"), "X": ("lib", "X"), "Z": ("lib", "Z")}


def test_a_package_gets_its_submodule_as_an_attribute(edited):
    """The first time that a module of it imports it."""
    found = edited(p__=("from p.q import X\n", "from p.q import X\n"), p__q=("X = 1\n", "X = 1\n"))
    assert told(found.editions().new("p").bindings((0,))) == {"p.X", "p.q?"}


def test_values_of_names(edition):
    """None when it cannot be told."""
    found = edition("class C: n = 5\n")
    graph = found.graph
    assert [value_of(name, graph) for name in (("a", "C.n"), ("a", "gone"), ("json", "dumps"))] == [5, None, None]
