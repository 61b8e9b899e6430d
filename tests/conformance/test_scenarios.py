"""hotswap keeps its promises in every scenario, each in a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.forks import Forks
from tests.conformance.run import Start, run_one
from tests.conformance.scenario import find, lint

HERE = Path(__file__).resolve().parent
SCENARIOS = find([HERE / "scenarios"])


def name_of(path: Path) -> str:
    """PROMISE/short-name."""
    return f"{path.parent.name}/{path.stem}"


def known_failures() -> dict[str, str]:
    """The reason why a scenario does not pass yet, by its name (`name>=3.12`: on that Python and newer ones)."""
    lines = (HERE / "known-failures.txt").read_text("utf-8").splitlines()
    found = {}
    for line in lines:
        if line.strip() and not line.startswith("#"):
            marked, reason = line.split(maxsplit=1)
            name, _, floor = marked.partition(">=")
            if sys.version_info >= tuple(map(int, floor.split(".") if floor else ())):
                found[name] = reason
    return found


def parameters() -> list[object]:
    """One a scenario; one that is known to fail is a strict xfail, so that it is noticed as soon as it passes."""
    known = known_failures()
    return [
        pytest.param(
            path,
            id=name_of(path),
            marks=[pytest.mark.xfail(reason=known[name_of(path)])] if name_of(path) in known else [],
        )
        for path in SCENARIOS
    ]


@pytest.fixture(scope="module")
def start() -> Iterator[Start | None]:
    """Forks are quicker; where there are none, each scenario has a new interpreter."""
    forks = Forks() if hasattr(os, "fork") else None
    yield forks
    if forks is not None:
        forks.close()


@pytest.mark.parametrize("path", parameters())
def test_scenario(path: Path, start: Start | None) -> None:
    """The process behaves as the scenario says that a fresh one with the old state would."""
    result = run_one(path, adapter="hotswap_", start=start)
    if result.status == "SKIP":
        pytest.skip(result.message)
    assert result.status == "PASS", f"{result.title}\n{path}:{result.line}: {result.message}\n{result.output}"


def test_the_scenarios_have_no_slips() -> None:
    """Every scenario follows FORMAT.md, and none deletes what is not there or checks nothing."""
    assert [fault for path in SCENARIOS for fault in lint(path)] == []


def test_a_known_failure_names_a_scenario() -> None:
    """Every name in known-failures.txt is that of a scenario."""
    assert known_failures().keys() <= {name_of(path) for path in SCENARIOS}
