"""Names that were imported at a prompt follow their modules, and nothing of the user's is written over."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from hotswap.integrations.imported_names import Followed, ImportedNames


class Session:
    """A namespace in which cells run, and a module `lib` that changes."""

    def __init__(self) -> None:
        self.space: dict[str, object] = {"__package__": None}
        self.lib = sys.modules["lib_of_a_session"] = ModuleType("lib_of_a_session")
        self.names = ImportedNames(lambda: self.space)
        self.set(speed=3, limit=9)

    def set(self, **values):
        vars(self.lib).update(values)

    def cell(self, text):
        cell = self.names.read(text.replace("lib", "lib_of_a_session"))
        exec(text.replace("lib", "lib_of_a_session"), self.space)
        self.names.learn(cell)

    def line(self, text):
        code = compile(text.replace("lib", "lib_of_a_session"), "<stdin>", "exec")
        line = self.names.read(code)
        exec(code, self.space)
        self.names.learn(line)


@pytest.fixture
def session():
    yield Session()
    del sys.modules["lib_of_a_session"]


@pytest.fixture(params=["cell", "line"])
def run(request, session):
    """Each claim holds for cells, whose text is known, and for lines, of which only the code is."""
    return getattr(session, request.param)


def test_imported_names_follow(session, run):
    """With and without `as`, once the module's value is another one."""
    run("from lib import speed, limit as most")
    session.set(speed=8, limit=10)
    assert session.names.follow() == Followed(followed=("speed", "most"))
    assert (session.space["speed"], session.space["most"]) == (8, 10)


def test_a_name_that_the_user_bound_is_left_alone(session, run):
    """Also when it is bound to the very object that the module had."""
    run("from lib import speed")
    run("speed = 3")
    session.set(speed=8)
    assert (session.names.follow(), session.space["speed"]) == (Followed(), 3)


def test_a_name_that_was_bound_unseen_is_left_alone(session, run):
    """By `globals()`, or a function: it is another object than the import's."""
    run("from lib import speed")
    session.space["speed"] = 7
    session.set(speed=8)
    assert (session.names.follow(), session.space["speed"]) == (Followed(), 7)


def test_a_branch_that_was_not_taken_imports_nothing(session, run):
    """A value of the user's that happens to be the module's is not taken for the import."""
    run("speed = 3")
    run("if False:\n    from lib import speed")
    session.set(speed=8)
    assert (session.names.follow(), session.space["speed"]) == (Followed(), 3)


def test_a_branch_that_was_taken_imports(session, run):
    """What the name holds afterwards tells."""
    run("if True:\n    from lib import speed")
    session.set(speed=8)
    assert (session.names.follow(), session.space["speed"]) == (Followed(followed=("speed",)), 8)


def test_a_star_brings_new_names_and_takes_away_old_ones(session, run):
    """The namespace is what the star import would make of it now."""
    run("from lib import *")
    del session.lib.limit
    session.set(speed=8, fresh=1, _private=2)
    assert session.names.follow() == Followed(followed=("speed", "fresh"))
    assert session.space.keys() & {"speed", "limit", "fresh", "_private"} == {"speed", "fresh"}


def test_a_new_name_of_a_star_hides_nothing(session, run):
    """A name that the user has is the user's."""
    run("from lib import *")
    run("fresh = 'mine'")
    session.set(fresh=1)
    assert (session.names.follow(), session.space["fresh"]) == (Followed(), "mine")


def test_a_name_that_left_the_module_stays_and_is_told(session, run):
    """What was asked for by name is not taken away."""
    run("from lib import speed")
    del session.lib.speed
    assert (session.names.follow(), session.space["speed"]) == (Followed(gone=("speed",)), 3)


def test_one_can_be_told_instead(session, run):
    """`offer` changes nothing and says what to type; it says so once for each change."""
    session.names.policy = "offer"
    run("from lib import speed as quick")
    session.set(speed=8)
    told = session.names.follow()
    assert (told.offered, session.space["quick"]) == (("quick (from lib_of_a_session import speed as quick)",), 3)
    assert session.names.follow() == Followed()


def test_one_can_keep_them(session, run):
    """`keep` changes nothing and says nothing."""
    session.names.policy = "keep"
    run("from lib import speed")
    session.set(speed=8)
    assert (session.names.follow(), session.space["speed"]) == (Followed(), 3)


def test_names_are_bound_again_elsewhere(session):
    """What is known of the imports is enough to repeat them in another process."""
    session.cell("from lib import speed as quick, limit")
    session.cell("limit = 1")
    origins = session.names.origins()
    assert origins == {"quick": ("lib_of_a_session", "speed", False)}
    later = Session()
    later.set(speed=8)
    later.names.bind("quick", origins["quick"])
    later.set(speed=9)
    assert (later.names.follow(), later.space["quick"]) == (Followed(followed=("quick",)), 9)
