"""Names that hold something made from a module: modules, definitions, instances, and containers of those."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from hotswap.integrations.stale import modules_of, stale_names


@pytest.fixture
def game(tmp_path, monkeypatch):
    """A module with a function, a class and a file."""
    module = ModuleType("game_of_a_session")
    module.__file__ = str(tmp_path / "game.py")
    (tmp_path / "game.py").touch()
    exec("def play(): pass\nclass Hero:\n    def run(self): pass\n", vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_everything_that_was_made_of_the_module_is_named(game):
    """With what it is; what has nothing to do with the module is not."""

    class Mine(game.Hero):
        pass

    hero = game.Hero()
    names = {
        "game": game, "play": game.play, "Hero": game.Hero, "hero": hero, "run": hero.run, "mine": Mine(),
        "team": [1, hero], "by_name": {"a": hero}, "other": 1, "_private": hero, "hidden": hero, "sys": sys,
    }  # fmt: skip
    assert stale_names(names, {game.__name__}, hidden={"hidden"}) == [
        "game: the module",
        "play: the function game_of_a_session.play",
        "Hero: the class game_of_a_session.Hero",
        "hero: an instance of game_of_a_session.Hero",
        "run: a bound method, Hero.run",
        "mine: an instance of game_of_a_session.Hero",
        "team: a list that holds an instance of game_of_a_session.Hero",
        "by_name: a dict that holds an instance of game_of_a_session.Hero",
    ]


def test_many_names_are_counted(game):
    """A dozen are shown; of more it is said how many."""
    found = stale_names({f"hero{n}": game.Hero() for n in range(20)}, {game.__name__})
    assert (len(found), found[-1]) == (13, "and 8 more")


def test_modules_are_found_by_their_files(game, tmp_path):
    """Also by another path to the same file."""
    (tmp_path / "link.py").symlink_to(tmp_path / "game.py")
    assert modules_of([str(tmp_path / "link.py"), "/nowhere.py"]) == {"game_of_a_session"}
