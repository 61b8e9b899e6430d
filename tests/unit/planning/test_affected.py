"""Which statements a change of a name concerns."""

from __future__ import annotations

import pytest

from hotswap.events import behaviour
from hotswap.planning.affected import Affected
from hotswap.planning.editions import Editions


@pytest.fixture
def concerned(program):
    """Asks which statements an event concerns, in words: "module:line reason"."""

    def ask(module, name):
        rounds = program.reloader._rounds
        affected = Affected(Editions({}, rounds.graph, rounds._is_plain, set()), rounds.graph)
        found = affected.by((module, name))
        return sorted({f"{c.place[0]} {c.place[1]} {c.reason}" for c in found})

    return ask


def test_readers_in_the_same_module(program, concerned):
    """Those that evaluate the name; a function's body is no evaluation, and neither is the name's own binder."""
    program.load("a.py", "X = 1\nY = X\ndef f(): return X\nZ = 1\n")
    assert concerned("a", "X") == ["a (1,) it reads X"]


def test_readers_in_other_modules(program, concerned):
    """By `from` import, through the module, and under another name."""
    program.load("b.py", "X = 1\nOTHER = 2\n")
    program.load("a.py", "import b as c\nfrom b import X as Y\nP = c.X\nQ = c.OTHER\n")
    assert concerned("b", "X") == ["a (1,) it reads X", "a (2,) it reads X"]


def test_readers_behind_a_package_that_hands_the_name_on(program, concerned):
    """The import of the package is a reader, and so are those who read through it."""
    program.write("pkg/__init__.py", "from .level import SPEED\n")
    program.write("pkg/level.py", "SPEED = 1\n")
    program.load("a.py", "import pkg\nFAST = pkg.SPEED * 2\nLOW = pkg.level.SPEED\n")
    assert concerned("pkg.level", "SPEED") == [f"{place} it reads SPEED" for place in ("a (1,)", "a (2,)", "pkg (0,)")]
    assert "a (1,) it reads SPEED" in concerned("pkg", "SPEED")


def test_a_definition_changed_in_place_concerns_who_uses_its_shape(program, concerned):
    """Subclasses and decorated functions run again; registries, callbacks and instances do not."""
    text = "class B: pass\ndef deco(f): return f\nclass C(B): pass\n@deco\ndef g(): pass\nt = [B, deco]\nb = B()\n"
    program.load("a.py", text)
    subclasses, decorated = ({c.split(" it")[0] for c in concerned(*behaviour(("a", name)))} for name in ("B", "deco"))
    assert (subclasses - {"a (0,)"}, decorated - {"a (1,)"}) == ({"a (2,)"}, {"a (3,)"})


def test_callers_are_concerned_by_what_a_function_reads(program, concerned):
    """A value that was computed by a function which reads the name is computed again."""
    program.load("b.py", "RATE = 2\ndef scaled(n): return n * RATE\n")
    program.load("a.py", "from b import scaled\nX = scaled(3)\nY = scaled\n")
    assert concerned("b", "RATE") == ["a (1,) it calls b.scaled, which reads RATE"]


def test_only_the_member_of_a_class_that_reads(program, concerned):
    """A plain class is concerned member by member."""
    program.load("a.py", "X = 1\nclass A:\n p = 1\n q = X\n class B:\n  r = X\n")
    assert concerned("a", "X") == ["a (1, 1) it reads X", "a (1, 2, 0) it reads X"]


def test_a_decorated_class_is_concerned_whole(program, concerned):
    """What the decorator made of the members cannot be told one by one."""
    program.load("a.py", "def deco(c): return c\nX = 1\n@deco\nclass A:\n q = X\n")
    assert concerned("a", "X") == ["a (2,) it reads X"]


def test_members_that_read_members(program, concerned):
    """Within a class body one statement may read another's name."""
    program.load("a.py", "class A:\n x = 1\n y = x + 1\n z = 3\n")
    assert concerned("a", "A.x") == ["a (0, 1) it reads A.x"]


def test_importers_of_a_module_that_came_or_went(program, concerned):
    """All their import statements of it, also below `try` and in packages."""
    program.load("b.py", "X = 1\n")
    program.load("a.py", "try:\n import b\nexcept ImportError:\n b = None\nY = 1\n")
    assert concerned("b", "*") == ["a (0,) it imports b"]


def test_a_star_import_reads_every_name(program, concerned):
    """What a star brings is read by the star."""
    program.load("b.py", "X = 1\n")
    program.load("a.py", "from b import *\nY = 1\n")
    assert concerned("b", "X") == ["a (0,) it reads X"]


CACHED = """
import functools
def rate(): return 1
@functools.cache
def price(n): return n + rate()
def doubled(f): return lambda n: f(n) * 2
total = doubled(price)
"""

ASKING = """
from cached import price, total
A = price(1)
B = total(1)
C = list(map(price, [1]))
def both(): return price(1) + total(1)
D = both()
"""

HANDING_ON = """
from cached import price
TABLE = {'price': price}
def create():
    def view(): return price(1)
    return view
view = create()
"""


def test_what_a_cache_answered_is_concerned_by_what_is_called_behind_it(program, concerned):
    """Nobody sees the function run when a cache answers instead; what only hands the cache on is not concerned."""
    program.load("cached.py", CACHED)
    program.load("first.py", ASKING)
    program.load("second.py", ASKING)
    program.load("third.py", HANDING_ON)
    found = {each.partition(" it")[0] for each in concerned(*behaviour(("cached", "rate")))}
    asking = {f"{module} ({number},)" for module in ("first", "second") for number in (1, 2, 3, 5)}
    assert found & {f"third ({number},)" for number in range(5)} == set()
    assert found >= asking
