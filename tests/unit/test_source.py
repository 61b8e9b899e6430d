"""One version of one file: decoded, parsed and compiled as Python itself would."""

from __future__ import annotations

import pytest

from hotswap.source import Source, class_path, first_line, name_of, opened, prefix_of, siblings

CLASSES = "import a\n\nclass A:\n    x = 1\n    class B:\n        @deco\n        def f(self): pass\n        y = 2\n"


def source(text):
    return Source("/prog/a.py", text if isinstance(text, bytes) else text.encode())


def test_the_declared_encoding_decides():
    """The coding line and the byte order mark are honoured."""
    assert source(b"# -*- coding: latin-1 -*-\nx = '\xe4'\n").text.endswith("x = 'ä'\n")
    assert source(b"\xef\xbb\xbfx = 1\n").text == "x = 1\n"


def test_every_line_end_is_a_newline():
    """Windows and old Mac line ends are read as the compiler reads them."""
    assert source(b"x = 1\r\ny = 2\rz = 3\n").lines == ["x = 1\n", "y = 2\n", "z = 3\n"]


@pytest.mark.parametrize("data", [b"x = '\xff'\n", b"# coding: no-such-code\n", b"x = 1\0\n", b"x = = 1\n"])
def test_what_cannot_be_compiled_is_a_syntax_error(data):
    """Undecodable bytes, unknown encodings and null bytes raise SyntaxError, and only when they are needed."""
    made = source(data)
    with pytest.raises(SyntaxError):
        made.tree  # noqa: B018  reading it parses
    with pytest.raises(SyntaxError):
        made.code  # noqa: B018


def test_undecodable_text_is_a_syntax_error():
    """The text itself is not guessed at."""
    for data in (b"x = 1\n\n\ny = '\xff'\n", b"# coding: no-such-code\n"):
        with pytest.raises(SyntaxError):
            source(data).text  # noqa: B018  reading it decodes


@pytest.mark.xfail(strict=True, reason="Python's own SyntaxError about null bytes has no filename")
def test_null_bytes_name_their_file():
    """A SyntaxError always tells which file it is about."""
    with pytest.raises(SyntaxError) as caught:
        source(b"x = 1\0\n").tree  # noqa: B018  reading it parses
    assert caught.value.filename == "/prog/a.py"


def test_code_is_compiled_without_our_own_future():
    """The `from __future__` of hotswap's own files does not leak into the program."""
    space: dict = {}
    exec(source("def f(a: int): pass\n").code, space)
    assert space["f"].__annotations__ == {"a": int}


def test_future_flags_are_the_files_own():
    """Its own `from __future__` imports are known, and so whether annotations are evaluated."""
    assert (source("x: a\n").future_flags, source("x: a\n").annotations_are_postponed) == (0, False)
    assert source("'doc'\nfrom __future__ import annotations\n").annotations_are_postponed


def test_equal_bytes_have_equal_digests():
    """Contents decide whether two versions are one."""
    assert source("x = 1").digest == source("x = 1").digest != source("x = 2").digest


def test_statements_of_classes_have_paths():
    """(1, 1, 0) is the first statement of the second statement of the class that stands second."""
    made = source(CLASSES)
    assert class_path(made, "A.B") == (1, 1)
    assert class_path(made, "A.C") is None
    assert name_of(made.statement((1, 1, 0))) == "f"
    assert prefix_of(made, (1, 1, 0)) == "A.B."
    assert [path for path, _ in siblings(made, (1, 1, 0))] == [(1, 1, 0), (1, 1, 1)]
    assert [path for path, _ in siblings(made, (0,))] == [(0,), (1,)]


def test_a_statement_begins_at_its_decorators():
    """The first line is the first decorator's, the text is all of its lines."""
    node = source("@one\n@two\ndef f(): pass\n").statements[0]
    assert (node.lineno, first_line(node)) == (3, 1)
    made = source("x = 1\n@one\ndef f():\n    pass\ny = 2\n")
    assert made.text_of(made.statements[1]) == "@one\ndef f():\n    pass\n"


NAMES = [
    ("def f(): pass", "f"), ("async def f(): pass", "f"), ("class C: pass", "C"), ("x = y = 1", "x"), ("a, b = 1, 2", "a"),
    ("x: int = 1", "x"), ("x += 1", "x"), ("for i in (): pass", "i"), ("import a.b as c", "c"), ("from a import b", "b"),
    ("print()", "line 1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name"), NAMES)
def test_a_statement_is_called_by_what_it_binds(text, name):
    """Reports name the definition, the first name that is bound, or else the line."""
    assert name_of(source(text).statements[0]) == name


def test_the_header_of_a_class_has_facts_of_its_own():
    """Bases, keywords and decorators, without what stands in the body."""
    header = source("@deco\nclass C(Base, key=value):\n    x = inner\n").header_facts((0,))
    assert {chain[0] for chain in header.reads} == {"deco", "Base", "value"}


def test_mentions_lead_from_a_word_to_statements_and_functions():
    """Attributes, imported names and stars included."""
    made = source("from m import S\nfrom n import *\nx = S.speed\ndef f(): return g.speed\n")
    assert made.mentions["speed"] == {(2,)}
    assert made.mentions["S"] == {(0,), (2,)}
    assert made.mentions["*"] == {(1,)}
    assert made.function_mentions["speed"] == {"f"}


def test_trees_are_dropped_when_released():
    """A program keeps text, not trees; a released source is as good as before."""
    made = source("x = 1\n")
    before = made.tree
    assert made in opened
    made.release()
    assert "tree" not in vars(made)
    assert made.tree is not before
    assert made.facts((0,)).binds == {"x"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("__all__ = ['a', 'b']", ["a", "b"]),
        ("__all__ = ('a',)", ["a"]),
        ("__all__ = ['a'] + b", None),
        ("__all__ = ['a']\n__all__ += ['b']", None),
        ("x = 1", None),
    ],
)
def test_names_that_are_plainly_listed(text, expected):
    """By the only statement about `__all__`."""
    assert Source("/prog/a.py", text.encode()).listed_names == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import functools\n@functools.cache\ndef f(): pass\n", False),
        ("from functools import lru_cache\nclass A:\n @lru_cache(2)\n def f(self): pass\n", False),
        ("cache = {}\nx = cache\n", False),
        ("import functools as ft\ng = ft.lru_cache(f)\n", True),
        ("from functools import cache as memo\ndef make():\n @memo\n def f(): pass\n", True),
    ],
)
def test_caches_that_stand_in_no_namespace_are_told_from_the_text(text, expected):
    """Decorators of functions and methods make such as are found by name; any other use may put one anywhere."""
    assert source(text).makes_caches is expected
