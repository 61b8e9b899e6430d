"""Who imports and who uses what."""

from __future__ import annotations

import pytest

from hotswap.uses import Use, cycles, read_off


@pytest.fixture
def drawing(program):
    """A constant, a class, a re-export, a star import and a function that imports when it is called."""
    program.load("level.py", "SPEED = 1\nHIDDEN = 2\n")
    program.load(
        "enemy.py", "from level import SPEED\nclass Enemy:\n    step = SPEED\n    def move(self): return SPEED\n"
    )
    program.load("all_.py", "from enemy import *\nclass Boss(Enemy): pass\n")
    program.load(
        "app.py", "import all_ as a\ndef f():\n    from level import HIDDEN\n    return a.Boss().move(), HIDDEN\n"
    )
    return read_off(program.reloader._graph)


def test_edges_carry_names(drawing):
    """Importer → imported, with the names; those of functions too."""
    assert drawing.edges == {
        "all_": {"enemy": {"*"}},
        "app": {"all_": set(), "level": {"HIDDEN"}},
        "enemy": {"level": {"SPEED"}},
        "level": {},
    }


def test_uses_lead_to_the_definition(drawing):
    """Through aliases, named and star imports; an import itself is no use."""
    assert [use for use in drawing.uses if use.name.startswith(("level", "enemy"))] == [
        Use("all_.Boss", 2, "enemy.Enemy"),
        Use("app.f", 2, "level.HIDDEN"),
        Use("enemy.Enemy.move", 4, "level.SPEED"),
        Use("enemy.Enemy.step", 3, "level.SPEED"),
    ]


def test_circles_are_found_once():
    """Also those by way of others; a module that only imports one is not in it."""
    edges = {"a": {"b": frozenset()}, "b": {"c": frozenset()}, "c": {"a": frozenset()}, "d": {"a": frozenset()}}
    assert cycles(edges) == [["a", "b", "c"]]
