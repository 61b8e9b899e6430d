"""`__hotswap__`: how a module wants to be treated."""

from __future__ import annotations

import pytest

TEXT = "__hotswap__ = {!r}\nimport other\nSTATE = []\nTWICE = other.X * 2\n\n\ndef f():\n    return 1\n"


@pytest.fixture
def wishing(program):
    """A function that makes a module with a wish, which imports another one, and has a state."""

    def make(wish):
        program.load("other.py", "X = 1\n")
        module = program.load("wish.py", TEXT.format(wish))
        module.STATE.append("kept")
        return module

    return make


@pytest.mark.parametrize(
    ("wish", "kind", "state", "result"),
    [
        ("off", "unchanged", ["kept"], 1),
        ("reload", "swapped", [], 2),
        ("restart", "restart_required", ["kept"], 1),
        ("relaod", "swapped", ["kept"], 2),
    ],
)
def test_an_edit_of_the_module(program, wishing, wish, kind, state, result):
    """Left alone, run whole in place, asked for a new process; a wish that does not exist is none."""
    module = wishing(wish)
    function = module.f
    outcome = program.sync("wish.py", TEXT.format(wish).replace("return 1", "return 2"))
    assert (outcome.kind, module.STATE, function(), module.f is function) == (kind, state, result, True)


def test_reload_runs_every_statement(program, wishing):
    """Also those that are as they were."""
    wishing("reload")
    outcome = program.sync("wish.py", TEXT.format("reload") + "Y = 1\n")
    assert {"wish.other", "wish.STATE", "wish.TWICE", "wish.Y"} <= set(outcome.ran)


@pytest.mark.parametrize("wish", ["off", "reload", "restart"])
def test_edits_of_what_the_module_imports(program, wishing, wish):
    """They are followed as always: the wish is about its own file."""
    module = wishing(wish)
    outcome = program.sync("other.py", "X = 5\n")
    assert (outcome.kind, module.TWICE, module.STATE) == ("swapped", 10, ["kept"])


def test_the_wish_that_runs_counts(program, wishing):
    """An edit that sets it is applied as before, and the next one as it says."""
    module = wishing("reload")
    program.sync("wish.py", TEXT.format("off").replace("return 1", "return 2"))
    outcome = program.sync("wish.py", TEXT.format("off").replace("return 1", "return 3"))
    assert (outcome.kind, module.f()) == ("unchanged", 2)
