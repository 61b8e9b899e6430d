"""What stands inside of functions."""

from __future__ import annotations

import ast

import pytest

from hotswap.codefacts import all_codes
from hotswap.enclosed import annotations_of, codes_around, defaults_of, is_known_without, node_of
from hotswap.source import Source

TEXT = """\
class A:
    def make(self, n):
        twice = [lambda x, k=n: x, lambda y, k=2: (lambda z=3: z)]
        @twice[0]
        def inner(a: int, /, b=1, *rest, c, d=4, **more) -> str:
            class Local:
                size = 1
                def __m(self, __p=size): pass
        return inner
"""
SOURCE = Source("/prog/a.py", TEXT.encode())


def code(name, number=0):
    return [c for c in all_codes(SOURCE.code) if c.co_name == name][number]


def defaults(name, number=0):
    """In words, what the parameters have by default."""
    found = code(name, number)
    node = node_of(SOURCE, found)
    return {parameter: ast.unparse(expression) for parameter, expression in defaults_of(node, found).items()}


def test_each_code_has_its_definition():
    """Several lambdas of one line are told apart; names of parameters are those in the code."""
    said = sorted(str(defaults("<lambda>", n)) for n in range(2)), defaults("inner"), defaults("__m")
    assert said == (["{'k': '2'}", "{'k': 'n'}"], {"b": "1", "d": "4"}, {"_Local__p": "size"})


def test_a_lambda_in_a_lambda():
    """The inner one is not taken for the outer one."""
    inner = [c for c in all_codes(SOURCE.code) if c.co_qualname.endswith("<lambda>.<locals>.<lambda>")]
    assert [list(defaults_of(node_of(SOURCE, c), c)) for c in inner] == [["z"]]


def test_annotations():
    """Of parameters and of the result."""
    found = code("inner")
    assert {n: ast.unparse(e) for n, e in annotations_of(node_of(SOURCE, found), found).items()} == {
        "a": "int",
        "return": "str",
    }


CASES = {
    "1": True,
    "n": False,
    "self.x": False,
    "LIMIT + A.b[0]": True,
    "f()": False,
    "twice": False,
    "(x := 1)": False,
}


@pytest.mark.parametrize("text", CASES)
def test_what_needs_no_call(text):
    """Constants and globals do not; variables of the calls around, and calls, do."""
    around = codes_around(SOURCE, code("inner"))
    assert is_known_without(around, ast.parse(text, mode="eval").body) is CASES[text]


def test_names_of_a_class_are_variables_for_what_stands_in_it():
    """But not for what stands deeper."""
    size = ast.parse("size", mode="eval").body
    around = codes_around(SOURCE, code("__m"))
    assert [c.co_name for c in around] == ["A", "make", "inner", "Local"]
    assert (is_known_without(around, size), is_known_without((*around, code("__m")), size)) == (False, True)
