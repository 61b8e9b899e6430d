"""What is done about a round that needs a restart."""

from __future__ import annotations

import sys

import pytest

from hotswap import handover
from hotswap.errors import RestartRefused
from hotswap.model import Change, Reason, RestartRequired
from hotswap.policy import Policy


@pytest.fixture
def restarts(monkeypatch):
    """The restarts that were asked for: reason and files."""
    monkeypatch.setattr(handover, "notes", {})
    monkeypatch.setattr(sys, "stdin", None)
    return []


@pytest.fixture
def policy(restarts):
    """A policy whose restarts are only noted."""
    return Policy(lambda reason, files: restarts.append((reason, list(files))))


def outcome():
    reason = Reason(code="HS000", what="it must", where="a.py", why="because", remedy="restart")
    changes = Change(path="/a.py", kind="edited"), Change(path="/b.py", kind="deleted")
    return RestartRequired(changes=changes, reasons=(reason,))


def test_exec_restarts_over_the_files_that_are_there(policy, restarts):
    """The reasons are named; files that are gone need not compile."""
    policy.answer(outcome(), "exec", told=True)
    assert restarts == [("it must", ["/a.py"])]


def test_an_outcome_is_answered_once(policy, restarts):
    """A `sync()` that has nothing new returns the same outcome, which is no new reason."""
    same = outcome()
    policy.answer(same, "exec", told=True)
    policy.answer(same, "exec", told=True)
    policy.answer(outcome(), "exec", told=True)
    assert len(restarts) == 2


@pytest.mark.parametrize(
    ("told", "said"), [(True, "hotswap: hotswap.restart() does it, and hands over what is kept\n"), (False, "")]
)
@pytest.mark.parametrize("on_restart", ["never", "ask"])
def test_never_and_ask_without_a_terminal_tell_the_command(policy, restarts, capsys, on_restart, told, said):
    """Where reports are wanted; nothing is restarted."""
    policy.answer(outcome(), on_restart, told=told)
    assert (restarts, capsys.readouterr().err) == ([], said)


def test_a_function_decides_and_may_raise(policy, restarts, capsys):
    """It is called with the outcome; what it raises is told."""
    seen, one = [], outcome()
    policy.answer(one, lambda outcome: seen.append(outcome) or 1 / 0, told=True)
    assert (seen, restarts) == ([one], [])
    assert capsys.readouterr().err == "hotswap: on_restart: ZeroDivisionError: division by zero\n"


def test_a_refusal_is_told(restarts, capsys):
    """The session goes on."""

    def refuse(reason, files):
        raise RestartRefused(("the interpreter is gone",))

    Policy(refuse).answer(outcome(), "exec", told=True)
    assert capsys.readouterr().err == "hotswap: not restarted: the interpreter is gone\n"
