"""The runner itself: what passes, fails and is refused, shown with the adapters that do nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conformance.forks import Forks
from tests.conformance.run import run_one
from tests.conformance.scenario import ParseError, lint, parse

HEAD = "# title: a function runs its new body\n# expects: live\n"
STEPS = """--- file app.py
def f():
    return 1
--- run
import app
assert app.f() == 1
--- edit app.py
def f():
    value = 2
    return value
--- check
assert app.f() == 2, "the old body runs"
"""


@pytest.fixture
def scenario(tmp_path: Path):
    """Writes a scenario file, returns its path."""

    def write(text: str) -> Path:
        path = tmp_path / "held" / "it.scn"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write


def test_a_cell_that_fails_after_a_reload_is_a_failure(scenario) -> None:
    """A check that does not hold ends in FAIL, with the line of the scenario and the message."""
    result = run_one(scenario(HEAD + STEPS), adapter="nothing")
    assert (result.status, result.line, result.message) == (
        "FAIL",
        14,
        'assert app.f() == 2, "the old body runs"',
    )


def test_a_scenario_whose_checks_hold_passes(scenario) -> None:
    """A scenario passes with a tool that does what it asks for."""
    result = run_one(scenario(HEAD + STEPS), adapter="purge")
    assert (result.status, result.message) == ("FAIL", 'assert app.f() == 2, "the old body runs"')
    fresh = STEPS.replace("--- check\n", "--- check\nimport app\n")
    assert run_one(scenario(HEAD + fresh), adapter="purge").status == "PASS"


def test_a_cell_that_fails_before_any_reload_is_an_error_of_the_scenario(scenario) -> None:
    """A program that does not even start is no failure of the tool."""
    result = run_one(scenario(HEAD + STEPS.replace("app.f() == 1", "app.g() == 1")), adapter="nothing")
    assert (result.status, result.line) == ("ERROR", 8)


def test_a_missing_need_skips(scenario) -> None:
    """A scenario whose packages or Python are not there is left out, not failed."""
    result = run_one(scenario("# needs: py9.9\n" + HEAD + STEPS), adapter="nothing")
    assert (result.status, result.message) == ("SKIP", "needs Python 9.9")


def test_a_process_that_dies_is_an_error(scenario) -> None:
    """A program that ends the process is an error, not a pass."""
    result = run_one(scenario(HEAD + STEPS.replace("import app\n", "import os; os._exit(3)\n", 1)), adapter="nothing")
    assert (result.status, result.message) == ("ERROR", "the process died with status 3")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork()")
def test_a_fork_does_what_a_new_interpreter_does(scenario) -> None:
    """One that does not end is stopped and said to be endless; the next one has nothing to do with it."""
    forks = Forks()
    try:
        path = scenario(HEAD + STEPS.replace("import app\n", "while True: pass\n"))
        stuck = run_one(path, adapter="hotswap_", start=lambda job, root, limit: forks(job, root, 0.5))
        done = run_one(scenario(HEAD + STEPS), adapter="hotswap_", start=forks)
    finally:
        forks.close()
    assert (stuck.status, stuck.message, done.status) == ("ERROR", "no end after 0 s", "PASS")


def test_the_tools_word_reaches_the_cells(scenario) -> None:
    """A check sees what the tool said as `outcome`."""
    told = STEPS.replace("assert app.f() == 2", "assert outcome == 'restart'")
    assert run_one(scenario(HEAD + told), adapter="says_restart").status == "PASS"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# title: x\n# expects: luck\n--- check\n", "is 'luck', not one of live, rollback, restart"),
        ("# expects: live\n--- check\n", "'# title: ...' is missing"),
        (HEAD + "--- edit ../x.py\n", "not inside the scenario's root"),
        (HEAD + "--- pray\n", "unknown section 'pray'"),
        (HEAD + "--- run\n--- file a.py\n--- check\n", "after the program started"),
        (HEAD + "--- run\n", "there is no 'check' section"),
    ],
    ids=["expects", "title", "outside", "unknown", "late-file", "no-check"],
)
def test_a_file_that_does_not_follow_the_format_is_refused(scenario, text: str, why: str) -> None:
    """The parser says what is wrong and where."""
    with pytest.raises(ParseError, match=why.replace("(", "\\(").replace("...", r"\.\.\.")):
        parse(scenario(text))


def test_a_check_that_asserts_nothing_is_a_slip(scenario) -> None:
    """The linter finds what the parser lets pass."""
    path = scenario(HEAD + STEPS.replace('assert app.f() == 2, "the old body runs"', "app.f()"))
    assert list(lint(path)) == [f"{path}:13: check without an assert"]
