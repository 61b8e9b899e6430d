"""Dotted names, private names, and what a block binds on every way through it."""

from __future__ import annotations

import ast

import pytest

from hotswap.syntax import assigned, chain_of, is_type_checking, mangled, names_in_order, surely_bound


def expression(text):
    return ast.parse(text, mode="eval").body


CHAINS = {
    "a": ("a",),
    "a.b.c": ("a", "b", "c"),
    "a().b": None,
    "a[0]": None,
    "1 .real": None,
    "a + b": None,
    "(a).b": ("a", "b"),
}


@pytest.mark.parametrize("text", CHAINS)
def test_a_chain_is_a_dotted_name(text):
    """Whatever has a call, a subscript or an operator in it is none."""
    assert chain_of(expression(text)) == CHAINS[text]


CONDITIONS = {
    "TYPE_CHECKING": True,
    "typing.TYPE_CHECKING": True,
    "not TYPE_CHECKING": False,
    "not not TYPE_CHECKING": True,
    "TYPE_CHECKING or x": None,
    "x": None,
    "not x": None,
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_what_only_type_checkers_read(text):
    """`TYPE_CHECKING` under any module's name, negated too; a condition that has more in it is like any other."""
    assert is_type_checking(expression(text)) is CONDITIONS[text]


NAMES = [
    ("C", "__x", "_C__x"),
    ("_C", "__x", "_C__x"),
    ("__C", "__x", "_C__x"),
    ("_", "__x", "__x"),
    ("", "__x", "__x"),
    ("C", "__x__", "__x__"),
    ("C", "_x", "_x"),
    ("C", "_C__x", "_C__x"),
    ("C", "__x.y", "__x.y"),
]


@pytest.mark.parametrize(("owner", "name", "expected"), NAMES)
def test_private_names_are_mangled_as_the_compiler_does(owner, name, expected):
    """Two leading underscores and not two trailing ones, in a class whose name is more than underscores."""
    assert mangled(owner, name) == expected


@pytest.mark.parametrize("owner", ["C", "_C", "__C", "_", "C_"])
def test_the_compiler_agrees(owner):
    """What a class really has."""
    space: dict = {}
    exec(f"class {owner}:\n __x = 1", space)
    assert mangled(owner, "__x") in vars(space[owner])


SURELY = {
    "x = 1\ny = 2": "x y",
    "raise E": None,
    "x = 1\nraise E": None,
    "if a: x = 1\nelse: raise E": "x",
    "if a: raise E\nelse: raise F": None,
    "if (x := a): y = 1": "x",
    "if a and (x := b): pass": "",
    "if a or (x := b): pass": "",
    "if TYPE_CHECKING: x = 1\nelse: y = 1": "y",
    "if not TYPE_CHECKING: x = 1": "x",
    "if a:\n if b: x = 1\n else: x = 2\nelse: x = 3": "x",
    "try: x = 1\nexcept E: x = 2\nfinally: y = 3": "x y",
    "try: x = 1\nexcept E: raise": "x",
    "try: x = 1\nfinally: raise E": None,
    "try: raise E\nexcept E: x = 1": "x",
    "try: x = 1\nexcept* E: x = 2": "x",
    "with a as (x, y.z): w = 1": "x",
    "match a:\n case 1: x = 1\n case _: x = 2": "x",
    "match a:\n case 1: x = 1\n case y: x = 2": "x",
    "match a:\n case 1: x = 1": "",
    "for x in a: y = 1": "",
    "while True: x = 1": "",
    "def f(): x = 1": "f",
    "class C: x = 1": "C",
    "@(d := e)\ndef f(): pass": "f d",
    "import a.b, c as d": "a d",
    "from a import b as c": "c",
    "x = (y := 1) + (z := 2)": "x y z",
    "x = [(y := 1) for z in (w := [])]": "x w",
    "x = a < (y := 1) < (z := 2)": "x y",
    "x = (y := 1) if (z := a) else 2": "x z",
    "assert (x := a), (y := b)": "x",
    "x: int": "__annotations__",
    "x: int = 1": "x __annotations__",
    "x.y = z[0] = 1": "",
    "lambda: (x := 1)": "",
    "x += 1": "x",
    "del x": "",
    "pass": "",
}  # fmt: skip


@pytest.mark.parametrize("text", SURELY)
def test_what_a_block_binds_on_every_way_through_it(text):
    """None when no way leads to its end; what may be left out on one of them is not counted."""
    expected = SURELY[text]
    assert surely_bound(ast.parse(text).body) == (None if expected is None else set(expected.split()))


PATTERNS = {
    "case [x, *y]: pass": "x y",
    "case {'k': x, **rest}: pass": "x rest",
    "case P(x, k=y) as z: pass": "x y z",
    "case [_, *_]: pass": "",
    "case a.B: pass": "",
}


@pytest.mark.parametrize("text", PATTERNS)
def test_patterns_bind_their_captures(text):
    """Wildcards and values that are compared bind nothing."""
    (match,) = ast.parse(f"match v:\n {text}").body
    assert assigned(match.cases[0].pattern) == set(PATTERNS[text].split())


IN_ORDER = {
    "b, a = 1, 2": ["b", "a"],
    "import b, c.d as a, e.f": ["b", "a", "e"],
    "for b in x: a = 1": ["b", "a"],
    "def b(c): a = 1": ["b"],
    "if x: b = lambda: (a := 1)": ["b"],
    "try: b = 1\nexcept E: a = 1": ["b", "a"],
}


@pytest.mark.parametrize("text", IN_ORDER)
def test_names_in_the_order_in_which_a_statement_binds_them(text):
    """Not those that functions in it bind."""
    assert list(names_in_order(ast.parse(text).body[0])) == IN_ORDER[text]
