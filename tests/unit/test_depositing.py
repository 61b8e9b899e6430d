"""Which statement put what where: seen while a module runs."""

from __future__ import annotations

import sys
from contextlib import closing
from types import ModuleType

import pytest

from hotswap.trace import Tracer

FILE = "/prog/deposits_a.py"


@pytest.fixture
def deposits(monkeypatch):
    """Run a text as a module: by line, what was put somewhere."""

    def run(text):
        module = ModuleType("deposits_a")
        module.__file__ = FILE
        monkeypatch.setitem(sys.modules, module.__name__, module)
        code = compile(text, FILE, "exec", dont_inherit=True)
        with closing(Tracer(lambda file: file == FILE)) as tracer, tracer.recording(code, text.encode()) as lines:
            exec(code, module.__dict__)
        told = {n: [(e.key, e.after.thing()) for d in f.deposits for e in d.entries] for n, f in lines.items()}
        return {line: entries for line, entries in told.items() if entries}

    return run


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L = []\nL.append(1)\nL.append(2)\n", {2: [(None, 1)], 3: [(None, 2)]}),
        ("D = {}\nfor n in 'ab':\n    D[n] = 1\nX = 1\n", {2: [("a", 1), ("b", 1)]}),
        ("L = []\ndef add(n): L.append(n)\nif L == []:\n    add(1)\nelse:\n    add(2)\n", {3: [(None, 1)]}),
        ("class B: pass\nfor n in ('p',):\n    setattr(B, n, 1)\n", {2: [("p", 1)]}),
        ("class B: pass\nb = B()\nb.debug = True\n", {3: [("debug", True)]}),
        ("def note(n, seen=[]): seen.append(n)\nnote(1)\n", {2: [(None, 1)]}),
        ("import heapq\nH = []\nheapq.heappush(H, 1)\n", {3: [(None, 1)]}),
        ("D = {'k': []}\nD['k'].append(1)\n", {2: [(None, 1)]}),
        ("def name(n): globals()['g_' + n] = n\nname('a')\nX = 1\n", {2: [("g_a", "a")]}),
        ("class K: pass\ndef equip(c): c.limit = 1\nequip(K)\n", {3: [("limit", 1)]}),
        (
            "class K: pass\nk = K()\nk.c = None\ndef once(k):\n    if not k.c: k.c = 1.5\nonce(k)\n",
            {3: [("c", None)], 6: [("c", 1.5)]},
        ),
    ],
)
def test_statements(deposits, text, expected):
    """Of the module itself, in blocks and loops, by functions of the program or of a library."""
    assert deposits(text) == expected


def test_a_decorated_definition_begins_with_its_decorators(deposits):
    """Whatever the order in which the lines are reached."""
    text = (
        "L = []\n"
        "def deco(n):\n"
        "    def inner(f):\n"
        "        L.append(n)\n"
        "        return f\n"
        "    return inner\n"
        "@deco(1)\n"
        "@deco(2)\n"
        "def f(): pass\n"
        "@deco(3)\n"
        "class C: pass\n"
    )
    assert deposits(text) == {7: [(None, 2), (None, 1)], 10: [(None, 3)]}


def test_what_a_statement_makes_is_left_out(deposits):
    """An instance, a class: they go with their names."""
    text = (
        "REG = []\n"
        "class Base:\n"
        "    def __init_subclass__(cls):\n"
        "        cls.tags.append(1)\n"
        "        REG.append(cls.__name__)\n"
        "class A(Base):\n"
        "    tags = []\n"
        "class Box:\n"
        "    def __init__(self):\n"
        "        self.items = []\n"
        "        self.fill()\n"
        "    def fill(self):\n"
        "        self.items.append(1)\n"
        "b = Box()\n"
    )
    assert deposits(text) == {6: [(None, "A")]}


def test_the_body_of_a_class_has_statements_of_its_own(deposits):
    """What is done when the class is made is noted with the class."""
    text = (
        "L = []\n"
        "def deco(n):\n"
        "    def inner(f):\n"
        "        L.append(n)\n"
        "        return f\n"
        "    return inner\n"
        "class Base:\n"
        "    def __init_subclass__(cls):\n"
        "        L.append(cls.__name__)\n"
        "@deco(1)\n"
        "class C(Base):\n"
        "    @deco(2)\n"
        "    def f(self):\n"
        "        pass\n"
        "    class In(Base):\n"
        "        @deco(\n"
        "            3,\n"
        "        )\n"
        "        def g(self):\n"
        "            pass\n"
        "    L.append(4)\n"
        "L.append(5)\n"
    )
    expected = {10: ["C", 1], 12: [2], 15: ["In"], 16: [3], 21: [4], 22: [5]}
    assert deposits(text) == {line: [(None, value) for value in values] for line, values in expected.items()}


def test_names_that_statements_bind_are_none_that_functions_set(deposits):
    """Also when a function that sets names of its module is called from the body of a class."""
    text = (
        "def name(f):\n"
        "    globals()['g_' + f.__name__] = 1\n"
        "    return f\n"
        "class C:\n"
        "    @name\n"
        "    def f(self):\n"
        "        pass\n"
        "X = name(C)\n"
    )
    assert deposits(text) == {5: [("g_f", 1)], 8: [("g_C", 1)]}
