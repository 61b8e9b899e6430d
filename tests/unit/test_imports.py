"""The imports of a module, read from its text."""

from __future__ import annotations

from textwrap import dedent

import pytest

from hotswap.imports import imports_of, is_lazy, parents, resolve
from hotswap.index import Tracked
from hotswap.source import Source


def module(text, name="pkg.mod", path="/prog/pkg/mod.py"):
    return Tracked(name, path, Source(path, dedent(text).encode()))


IMPORTS = {
    "import a": "a",
    "import a.b.c": "a a.b a.b.c",
    "import a as x, b.c as y": "a b b.c",
    "import  a ,b": "a b",
    "from a import b": "a a.b",
    "from a.b import c as d, e": "a a.b a.b.c a.b.e",
    "from a import *": "a a.*",
    "from a import (\n    b,  # why\n    c,\n)": "a a.b a.c",
    "from a import (  # (all of them)\n    b, c  # and why\n)": "a a.b a.c",
    "from a import b, \\\n    c": "a a.b a.c",
    "import a, \\\n    b": "a b",
    "from a \\\n    import b": "a a.b",
    "from a import(b)": "a a.b",
    "from . import b": "pkg pkg.b",
    "from.b import c": "pkg pkg.b pkg.b.c",
    "from .import b": "pkg pkg.b",
    "from .b import c": "pkg pkg.b pkg.b.c",
    "from .. import b": " .b",
    "x = 1; import a": "a",
    "if x: import a": "a",
    "try:\n    import a\nexcept ImportError: a = None": "a",
    "def f():\n    import a": "a",
    "async def f(): from a import b": "a a.b",
    "x = 1": "",
    "important = 1\nfrom_ = 2": "",
}  # fmt: skip


@pytest.mark.parametrize("text", IMPORTS)
def test_every_module_that_the_text_may_import(text):
    """With the packages around it, and each imported name, which may be a module itself."""
    expected = {"", ".b"} if text == "from .. import b" else set(IMPORTS[text].split())
    assert imports_of(module(text)) - {""} == expected - {""}


EAGER = {
    "import a": "a",
    "def f():\n    import a": "",
    "class C:\n    import a": "a",
    "class C:\n    def m(self):\n        import a": "",
    "if x:\n    import a": "a",
    "if TYPE_CHECKING:\n    import a": "",
    "if typing.TYPE_CHECKING:\n    import a": "",
    "try:\n    import a\nfinally: pass": "a",
    "def f(): pass\nimport a": "a",
    "def f():\n    pass\n\nif x:\n    import a": "a",
    "with x:\n    def f():\n        import a\n    import b": "b",
    "import pkg.other": "pkg.other",
    "from pkg import other": "pkg pkg.other",
    '"""Told.\n\n    import a\n"""\nimport b': "b",
    'x = """\nimport a\n"""': "a",
    'exec(\n    """\nimport a\n"""\n)': "a",
    "class C:\n    r'''\"\"\"\n    import a\n    '''\n    import b": "b",
    '# """\nimport a\n# """': "a",
    'x = \'"""\'\nimport a\nx = \'"""\'': "a",
}


@pytest.mark.parametrize("text", EAGER)
def test_eager_imports_run_when_the_module_does(text):
    """Not those in functions or for type checkers; the packages around the module are there before it."""
    assert imports_of(module(text), eager=True) == set(EAGER[text].split())


def test_a_text_that_cannot_be_decoded_imports_nothing():
    """Whoever needs the source learns of its error, not who asks for imports."""
    assert imports_of(Tracked("a", "/prog/a.py", Source("/prog/a.py", b"# coding: nothing\nimport b"))) == frozenset()


LAZY = [
    ("def f():\n    >import a", True),
    ("async  def f():\n    if x:\n        >import a", True),
    ("def f():\n    x\n    # words\n    >import a", True),
    ("def f():\n    pass\n>import a", False),
    ("class C:\n    def m(self):\n        pass\n    >import a", False),
    ("if TYPE_CHECKING:\n    >import a", True),
    ("if t.TYPE_CHECKING :\n    if x:\n        >import a", True),
    ("if TYPE_CHECKING_NOT:\n    >import a", False),
    (">import a", False),
    ("def f(): >import a", True),
    ("def f():\n    x = 1; >import a", True),
    ("if x: >import a", False),
    ("if TYPE_CHECKING: >import a", True),
    ("x = 1; >import a", False),
    ("if x:\n    >import a", False),
]


@pytest.mark.parametrize(("text", "expected"), LAZY)
def test_what_stands_in_a_function_is_lazy(text, expected):
    """Told by the lines above that are indented less; blocks that only type checkers read are as lazy."""
    place = text.index(">")
    assert is_lazy(text.replace(">", ""), place) is expected


@pytest.mark.parametrize(("name", "expected"), [("a", []), ("a.b.c", ["a.b", "a"])])
def test_the_packages_around_a_module(name, expected):
    """The innermost first."""
    assert list(parents(name)) == expected


RELATIVE = [
    ("x.y", "pkg.mod", "mod.py", "x.y"),
    (".x", "pkg.mod", "mod.py", "pkg.x"),
    (".", "pkg.mod", "mod.py", "pkg"),
    ("..x", "pkg.sub.mod", "mod.py", "pkg.x"),
    (".x", "pkg.sub", "__init__.py", "pkg.sub.x"),
    ("..x", "pkg.sub", "__init__.py", "pkg.x"),
    (".x", "mod", "mod.py", "x"),
]


@pytest.mark.parametrize(("name", "home", "file", "expected"), RELATIVE)
def test_relative_names_are_resolved_as_the_import_system_does(name, home, file, expected):
    """From the package that the module is, or stands in."""
    assert resolve(module("", home, f"/prog/{file}"), name) == expected
