"""Which functions a module's statements really called while they ran."""

from __future__ import annotations

import sys
import threading
import types
from contextlib import closing

import pytest

from hotswap.trace import Footprint, Tracer

FILE = "/prog/a.py"


def observed(text, tracked=(FILE,), before=None):
    """Run a module's text under observation: by line, what was called."""
    space = {"__name__": "a", **(before or {})}
    code = compile(text, FILE, "exec", dont_inherit=True)
    with closing(Tracer(lambda file: file in tracked)) as tracer, tracer.recording(code) as lines:
        exec(code, space)
    return {line: found for line, found in lines.items() if found != Footprint()}


def called(text):
    return {line: {name for _, name in found.called} for line, found in observed(text).items()}


def test_calls_are_noted_at_the_statement_that_made_them():
    """Direct and indirect calls belong to the line of the module on which they began."""
    assert called("def f(): return g()\ndef g(): return 1\nx = 1\ny = f()\nz = g()\n") == {4: {"f", "g"}, 5: {"g"}}


def test_hidden_calls_are_seen():
    """Decorators, partials, aliases, lambdas, closures and operators hide nothing."""
    text = (
        "from functools import partial\n"
        "def deco(f): return f\n"
        "class V:\n"
        " def __add__(self, o): return 1\n"
        "def make():\n"
        " def inner(): return 1\n"
        " return inner\n"
        "g = make()\n"
        "x = partial(g)()\n"
        "@deco\n"
        "def h(): pass\n"
        "y = V() + 1\n"
        "z = [*map(lambda v: v, [1])]\n"
    )
    found = called(text)
    assert found[9] == {"make.<locals>.inner"}
    assert {"deco"} in (found.get(10), found.get(11))
    assert found[12] == {"V.__add__"}
    assert found[13] == {"<lambda>"}


def test_who_asks_an_enumeration_for_members_is_noted():
    """By value, by name, going through it; not of one that is no part of the program."""
    text = (
        "import enum, re\n"
        "class E(enum.Enum):\n"
        " A = 1\n"
        "def ask(kind): return kind(1)\n"
        "a = ask(E)\n"
        "b = E['A'], [*E]\n"
        "c = re.RegexFlag(2)\n"
        "d = E.A.value\n"
    )
    module = types.ModuleType("a")
    module.__file__ = FILE
    sys.modules["a"] = module
    try:
        found = observed(text)
    finally:
        del sys.modules["a"]
    assert {line: each.enums for line, each in found.items() if each.enums} == {
        5: {("a", "E.__members__.1")},
        6: {("a", "E.__members__.'A'"), ("a", "E.__members__")},
    }


def test_routes_are_noted_at_the_statement_that_added_them():
    """By an application that is made, by a decorator, by a call in a loop."""
    pytest.importorskip("flask")
    text = (
        "from flask import Flask\n"
        "app = Flask('a')\n"
        "@app.route('/f')\n"
        "def f(): return 'f'\n"
        "for name in 'gh':\n"
        "    app.add_url_rule('/' + name, name, f)\n"
    )
    found = {line: {(r.endpoint, r.path) for r in each.routes} for line, each in observed(text).items() if each.routes}
    static = {("static", "/static/<path:filename>")}
    assert found == {2: static, 3: {("f", "/f")}, 6: {("g", "/g"), ("h", "/h")}}


def test_what_a_constructor_calls_is_kept_apart():
    """A statement that makes an instance did not call the constructor, in the sense of running again after its edit."""
    text = "def helper(): return 1\nclass C:\n def __init__(self): self.x = helper()\nc = C()\n"
    (found,) = (f for line, f in observed(text).items() if line == 4)
    assert found.called == set()
    assert found.constructing == {("a", "C"): {("a", "C.__init__"), ("a", "helper")}}


def test_code_outside_of_the_program_is_passed_over():
    """Functions of other files are not noted, but what they call back is."""
    space: dict = {"__name__": "library"}
    exec(compile("def apply(f): return f()\n", "/lib/l.py", "exec"), space)
    found = observed("def f(): return 1\nx = apply(f)\n", before={"apply": space["apply"]})
    assert {line: f.called for line, f in found.items()} == {2: {("a", "f")}}


def test_modules_imported_by_name_are_noted():
    """`importlib.import_module(name)` is an import that the text does not show."""
    found = observed("import importlib\nx = importlib.import_module('json')\n")
    assert found[2].imported == {"json"}


def test_nothing_is_observed_outside_of_a_recording():
    """Observation is on only while a module of the program runs."""
    code = compile("def f(): return 1\n", FILE, "exec")
    space: dict = {"__name__": "a"}
    with closing(Tracer(lambda file: file == FILE)) as tracer:
        with tracer.recording(code) as lines:
            exec(code, space)
        space["f"]()
        assert dict(lines) == {}
        assert sys.getprofile() is None


def test_a_module_that_raises_ends_its_recording():
    """An exception switches the observation off like an ordinary end."""
    code = compile("1 / 0\n", FILE, "exec")
    with closing(Tracer(lambda _: True)) as tracer:
        with pytest.raises(ZeroDivisionError), tracer.recording(code):
            exec(code, {"__name__": "a"})
        assert sys.getprofile() is None


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in Python 3.12")
def test_the_place_for_tools_is_given_back():
    """After `close()` another tool may take the place, and a second tracer as well."""
    before = [sys.monitoring.get_tool(n) for n in range(6)]
    for _ in range(3):
        observed("x = 1\n")
    assert [sys.monitoring.get_tool(n) for n in range(6)] == before


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in Python 3.12")
def test_without_a_place_it_says_that_it_does_not_work():
    """When all places are taken nothing is observed, and this is known rather than taken for no calls."""
    taken = [n for n in (3, 4) if sys.monitoring.get_tool(n) is None]
    for number in taken:
        sys.monitoring.use_tool_id(number, "another")
    try:
        with closing(Tracer(lambda _: True)) as tracer:
            code = compile("x = 1\n", FILE, "exec")
            with tracer.recording(code):
                assert not tracer.observes
            assert not tracer.works
    finally:
        for number in taken:
            sys.monitoring.free_tool_id(number)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python 3.11 observes by a profile function")
def test_a_profiler_of_the_programs_own_goes_first():
    """A profile function that is there stays, and nothing is observed."""
    events: list = []

    def profile(*_):
        events.append(1)

    sys.setprofile(profile)
    try:
        tracer = Tracer(lambda _: True)
        with tracer.recording(compile("x = 1\n", FILE, "exec")):
            assert sys.getprofile() is profile
            assert not tracer.observes
    finally:
        sys.setprofile(None)


def test_footprints_add_up():
    """What several lines of one statement called is one footprint."""
    one = Footprint(called={("a", "f")}, constructing={("a", "C"): {("a", "g")}})
    one.add(Footprint(called={("a", "h")}, constructing={("a", "C"): {("a", "i")}}, imported={"json"}))
    assert one == Footprint({("a", "f"), ("a", "h")}, {("a", "C"): {("a", "g"), ("a", "i")}}, {"json"})


def test_a_wrapped_constructor_is_that_of_the_class():
    """Whoever wraps `__init__`, or generates it, makes an instance of the class whose instance it is given."""
    text = (
        "def wrap(cls):\n"
        " inner = cls.__init__\n"
        " def __init__(*a): inner(*a)\n"
        " cls.__init__ = __init__\n"
        " return cls\n"
        "@wrap\n"
        "class A:\n"
        " def __init__(self): f()\n"
        "def f(): pass\n"
        "a = A()\n"
    )
    made = observed(text)[10]
    assert made.called == set()
    assert made.constructing == {("a", "A"): {("a", "wrap.<locals>.__init__"), ("a", "A.__init__"), ("a", "f")}}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="a profile function sees its own thread only")
def test_calls_in_other_threads_belong_to_the_statement_that_waits_for_them():
    """What a pool calls for a statement is noted at it; a thread that is still busy goes its own way."""
    text = (
        "import threading\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def f(): return 1\n"
        "def loop(): f(); started.set(); go_on.wait()\n"
        "started, go_on = threading.Event(), threading.Event()\n"
        "pool = ThreadPoolExecutor(1)\n"
        "x = pool.submit(f).result()\n"
        "t = threading.Thread(target=loop); t.start()\n"
        "started.wait()\n"
        "y = 1\n"
    )
    ends = threading.Event()
    text = text.replace("threading.Event(), threading.Event()", "threading.Event(), ends")
    found = observed(text, before={"ends": ends})
    ends.set()
    assert {line: {name for _, name in each.called} for line, each in found.items()} == {7: {"f"}}
