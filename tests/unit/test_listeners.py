"""`on_swap` and `accept`: who is told of rounds, and boundaries."""

from __future__ import annotations

import pytest

import hotswap
from hotswap import UsageError

LOG = "LOG = []\n"
LISTENERS = """
import hotswap
from log import LOG

@hotswap.on_swap
def first(outcome):
    LOG.append(("first", outcome.kind))

@hotswap.on_swap(phase="caches")
def caches(outcome):
    LOG.append(("caches", outcome.kind))

@hotswap.on_swap(phase="update")
def last(outcome):
    LOG.append(("last", outcome.kind))
"""


@pytest.fixture
def listening(program):
    """A program with hooks, a module to edit, and the list that the hooks write to."""
    program.log = program.load("log.py", LOG).LOG
    program.load("a.py", "X = 1\n")
    program.load("told.py", LISTENERS)
    return program


# ---------------------------------------------------------------------- on_swap


def test_caches_are_told_before_all_others(listening):
    """Two phases; within one, in the order of registration."""
    listening.sync("a.py", "X = 2\n")
    assert listening.log == [("caches", "swapped"), ("first", "swapped"), ("last", "swapped")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("X = 1 / 0\n", "rolled_back"), ("X =", "rolled_back"), ("X = 1\n", None), ("# a comment\nX = 1\n", "swapped")],
)
def test_every_round_but_an_unchanged_one_is_told_once(listening, text, kind):
    """A round that failed is told once, however often it is asked for again."""
    listening.write("a.py", text)
    for _ in range(3):
        listening.sync()
    assert listening.log == [(phase, kind) for phase in ("caches", "first", "last") if kind]


def test_a_round_that_needs_a_restart_is_told(listening):
    """Before the policy is asked what to do about it."""
    listening.load("b.py", "__hotswap__ = 'restart'\n")
    listening.sync("b.py", "__hotswap__ = 'restart'\nX = 1\n")
    assert listening.log == [(phase, "restart_required") for phase in ("caches", "first", "last")]


def test_what_one_raises_is_a_warning(listening):
    """The others are called, the round stands, and history and report have the warning."""
    reported = []
    listening.reloader.report = reported.append
    listening.load("bad.py", "import hotswap\n\n@hotswap.on_swap(phase='caches')\ndef bad(_):\n    1 / 0\n")
    outcome = listening.sync("a.py", "X = 2\n")
    assert [w.code for w in outcome.warnings] == ["HS505"]
    assert "bad.bad raised ZeroDivisionError" in str(outcome)
    assert (len(listening.log), reported, listening.reloader.history) == (3, [outcome], (outcome,))


def test_what_one_raises_after_a_round_that_failed(listening):
    """It is among the warnings too, and the same outcome is returned the second time."""
    listening.load("bad.py", "import hotswap\n\n@hotswap.on_swap\ndef bad(_):\n    1 / 0\n")
    outcome = listening.sync("a.py", "X = 1 / 0\n")
    again = listening.sync()
    assert ([w.code for w in outcome.warnings], again is outcome, len(listening.log)) == (["HS505"], True, 3)


def test_what_one_raises_when_a_restart_is_needed_is_said(listening, capsys):
    """That outcome has no warnings."""
    listening.load("bad.py", "import hotswap\n\n@hotswap.on_swap\ndef bad(_):\n    raise SystemExit(3)\n")
    listening.load("b.py", "__hotswap__ = 'restart'\n")
    listening.sync("b.py", "__hotswap__ = 'restart'\nX = 1\n")
    assert "hotswap: [HS505] on_swap: bad.bad raised SystemExit: 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (('LOG.append(("first"', 'LOG.append(("edited"'), ["caches", "edited", "last"]),
        (("@hotswap.on_swap\n", "@hotswap.on_swap(phase='caches')\n"), ["caches", "first", "last"]),
        (("@hotswap.on_swap\n", ""), ["caches", "last"]),
        (("first", "renamed"), ["caches", "last", "renamed"]),
        ((LISTENERS, "import hotswap\nfrom log import LOG\n"), []),
    ],
    ids=["its body", "its phase", "its decorator goes", "its name", "all go"],
)
def test_a_hook_is_what_the_newest_source_says(listening, edit, expected):
    """The round that edits a hook is told to the new one, and only to that; never twice."""
    listening.sync("told.py", LISTENERS.replace(*edit))
    listening.log.clear()
    listening.sync("a.py", "X = 2\n")
    assert sorted(name for name, _ in listening.log) == sorted(expected)


def test_hooks_that_a_failed_round_registered_are_not_told(listening):
    """The hooks are those of before; lines that moved on the way do no harm."""
    listening.sync("told.py", "# moved\n\n" + LISTENERS.replace("first", "renamed") + "\n1 / 0\n")
    listening.sync("told.py", "# moved\n\n" + LISTENERS)
    listening.log.clear()
    listening.sync("a.py", "X = 2\n")
    assert [name for name, _ in listening.log] == ["caches", "first", "last"]


def test_hooks_without_a_name_are_told_once_however_often_the_statement_runs(program):
    """A lambda is another object each time; what its statement asked for before is forgotten."""
    log = program.load("log.py", LOG).LOG
    text = "import hotswap\nfrom log import LOG\nN = 1\nhotswap.on_swap(lambda outcome, n=N: LOG.append(n))\n"
    program.load("a.py", text)
    program.sync("a.py", text.replace("N = 1", "N = 2"))
    log.clear()
    program.sync("a.py", text.replace("N = 1", "N = 3"))
    assert log == [3]


def test_a_module_that_runs_whole_registers_anew(listening):
    """None of its hooks is left behind, and none is there twice."""
    text = LISTENERS + "\n__hotswap__ = 'reload'\n"
    listening.sync("told.py", text)
    listening.sync("told.py", text.replace("first", "renamed"))
    listening.log.clear()
    listening.sync("a.py", "X = 2\n")
    assert [name for name, _ in listening.log] == ["caches", "renamed", "last"]


def test_a_module_that_goes_is_told_no_more(listening):
    """Its hooks go with its file."""
    (listening.folder / "told.py").unlink()
    listening.sync()
    listening.sync("a.py", "X = 2\n")
    assert listening.log == []


def test_a_hook_may_ask_for_a_round(listening):
    """What was saved meanwhile goes live within."""
    text = "import hotswap\nfrom pathlib import Path\n\n@hotswap.on_swap\ndef more(outcome):\n    if 'first' in outcome.ran[0]:\n        Path(__file__).with_name('a.py').write_text('second = 2\\n')\n        reloader.sync()\n"
    listening.load("more.py", text).reloader = listening.reloader
    listening.sync("a.py", "first = 1\n")
    assert (vars(listening.import_("a"))["second"], len(listening.reloader.history)) == (2, 2)


@pytest.mark.parametrize(("use", "message"), [
    (lambda: hotswap.on_swap(phase="late"), "has to be 'caches' or 'update'"),
    (lambda: hotswap.on_swap("text"), "has to be a function"),
    (lambda: hotswap.accept("no_such_module", print), "there is no module of that name"),
    (lambda: hotswap.accept("..above", print), "there is no module of that name"),
    (lambda: hotswap.accept(5, print), "has to be a module, or the name"),
    (lambda: hotswap.accept("os", 5), "the handler has to be a function"),
], ids=["phase", "no function", "no module", "no package", "no name", "no handler"])  # fmt: skip
def test_what_makes_no_sense_is_refused(use, message):
    """With what would make sense."""
    with pytest.raises(UsageError, match=message):
        use()


# ---------------------------------------------------------------------- accept

LEVEL = "SPEED = 1\n\n\ndef make():\n    return SPEED\n"
GAME = """
import hotswap
import level
from level import SPEED, make

MADE = [make()]
DOUBLE = SPEED * 2
TOLD = []


def on_level(module):
    TOLD.append((module.__name__, module.SPEED))


hotswap.accept("level", on_level)
"""


@pytest.fixture
def game(program):
    """An importer that accepts what it imports."""
    program.load("level.py", LEVEL)
    program.game = program.load("game.py", GAME)
    program.load("main.py", "import game\nfrom game import DOUBLE, MADE\nSHOWN = DOUBLE, MADE[0]\n")
    return program


def test_the_handler_is_called_instead_of_the_statements(game):
    """Nothing of the importer is derived again, imports follow, propagation stops; the module is new by then."""
    made = game.game.MADE
    outcome = game.sync("level.py", LEVEL.replace("SPEED = 1", "SPEED = 5"))
    assert outcome.ran == ("level.SPEED", "game.SPEED")
    assert (game.game.TOLD, game.game.DOUBLE, game.game.SPEED) == ([("level", 5)], 2, 5)
    assert (game.game.MADE is made, game.import_("main").SHOWN) == (True, (2, 1))


def test_definitions_follow(game):
    """Default arguments and class bodies are as new as all other code; what is derived from them is not derived again."""
    text = (
        GAME
        + "\n\ndef move(by=SPEED):\n    return by\n\n\nclass Ball:\n    speed = level.SPEED\n\n\nMOVED = move(), Ball.speed\n"
    )
    game.sync("game.py", text)
    move, ball = game.game.move, game.game.Ball
    game.sync("level.py", LEVEL.replace("SPEED = 1", "SPEED = 5"))
    assert (game.game.move is move, move(), game.game.Ball is ball, ball.speed) == (True, 5, True, 5)
    assert game.game.MOVED == (1, 1)


@pytest.mark.parametrize("first", ["LEVEL", "OTHER"])
def test_what_comes_from_elsewhere_too_is_derived_again(game, first):
    """A definition that follows two modules, of which one is accepted: the other one's change goes on."""
    game.load("other.py", "STEP = 1\n")
    names = ["by=SPEED", "step=STEP"][:: 1 if first == "LEVEL" else -1]
    text = (
        GAME + f"\nfrom other import STEP\n\n\ndef move({', '.join(names)}):\n    return by, step\n\n\nMOVED = move()\n"
    )
    game.sync("game.py", text)
    game.write("level.py", LEVEL.replace("SPEED = 1", "SPEED = 5"))
    game.sync("other.py", "STEP = 2\n")
    assert (game.game.MOVED, game.game.DOUBLE) == ((5, 2), 2)


def test_the_body_of_a_function_that_was_called_while_importing(game):
    """The function is new in place; what the importer made with it before is the handler's business."""
    outcome = game.sync("level.py", LEVEL.replace("return SPEED", "return SPEED + 1"))
    assert (outcome.patched, outcome.ran) == (("level.make",), ())
    assert (game.game.TOLD, game.game.MADE, game.game.make()) == ([("level", 1)], [1], 2)


def test_lines_that_moved_are_nothing_to_be_told(game):
    """The handler is not called when the accepted module only looks different."""
    game.sync("level.py", "# a comment\n" + LEVEL)
    assert game.game.TOLD == []


def test_a_module_that_did_not_change_is_nothing_to_be_told(game):
    """Nor when another module did."""
    game.load("other.py", "X = 1\n")
    game.sync("other.py", "X = 2\n")
    assert game.game.TOLD == []


def test_changes_of_what_the_accepted_module_depends_on_are_told(game):
    """The handler is told when the accepted module derived something anew."""
    game.write("settings.py", "PACE = 1\n")
    game.sync("level.py", "from settings import PACE\nSPEED = PACE\n\n\ndef make():\n    return SPEED\n")
    game.game.TOLD.clear()
    game.sync("settings.py", "PACE = 7\n")
    assert (game.game.TOLD, game.game.DOUBLE) == ([("level", 7)], 2)


def test_other_importers_are_not_protected(game):
    """A boundary is one importer's."""
    other = game.load("other.py", "from level import SPEED\nTWICE = SPEED * 2\n")
    game.sync("level.py", LEVEL.replace("SPEED = 1", "SPEED = 5"))
    assert other.TWICE == 10


def test_the_importers_own_edits_count(game):
    """What is edited in the importer itself runs as always."""
    game.write("level.py", LEVEL.replace("SPEED = 1", "SPEED = 5"))
    game.sync("game.py", GAME.replace("SPEED * 2", "SPEED * 3"))
    assert (game.game.DOUBLE, game.game.MADE, game.game.TOLD) == (15, [1], [("level", 5)])


def test_without_its_statement_there_is_no_boundary(game):
    """From the round on in which the call leaves the source."""
    game.write("level.py", LEVEL.replace("SPEED = 1", "SPEED = 5"))
    game.sync("game.py", GAME.replace('hotswap.accept("level", on_level)\n', ""))
    assert (game.game.DOUBLE, game.game.TOLD) == (10, [])


def test_a_handler_that_raises_is_a_warning(game):
    """The round stands."""
    game.sync("game.py", GAME.replace("    TOLD.append", "    1 / 0\n    TOLD.append"))
    outcome = game.sync("level.py", LEVEL.replace("SPEED = 1", "SPEED = 5"))
    assert (outcome.kind, [w.code for w in outcome.warnings]) == ("swapped", ["HS506"])
    assert "game.on_level raised ZeroDivisionError" in str(outcome)


def test_a_round_that_is_rolled_back_calls_no_handler(game):
    """There is nothing new to take care of."""
    outcome = game.sync("level.py", LEVEL.replace("SPEED = 1", "SPEED = 1 / 0"))
    assert (outcome.kind, game.game.TOLD) == ("rolled_back", [])


def test_relative_names_and_modules(program):
    """A name with dots begins at the package of the caller; the module itself will do."""
    program.write("pkg/__init__.py", "")
    level = program.load("pkg/level.py", "SPEED = 1\n")
    text = "import hotswap\nfrom . import level\nTOLD = []\nhotswap.accept({}, TOLD.append)\nDOUBLE = level.SPEED * 2\n"
    one = program.load("pkg/one.py", text.format("'.level'"))
    two = program.load("pkg/two.py", text.format("level"))
    program.sync("pkg/level.py", "SPEED = 3\n")
    assert ([level], 2, [level], 2) == (one.TOLD, one.DOUBLE, two.TOLD, two.DOUBLE)
