"""Scenarios of the conformance corpus, with their cells run by an IPython shell that has loaded the extension.

A sample: the whole corpus is run by `python -m tests.conformance.run --with hotswap_ipython tests/conformance/scenarios`.
"""

from __future__ import annotations

import pytest

pytest.importorskip("IPython")
from tests.conformance import test_scenarios as corpus
from tests.conformance.run import run_one
from tests.conformance.scenario import parse

EACH = 25
OF_SHELLS = [path for path in corpus.SCENARIOS if "shell" in parse(path).needs[1]]
NOT_IN_A_SHELL = {"honest/extension-of-builtin-singleton-state"}  # the shell itself needs what the scenario replaces
SAMPLE = [
    path
    for path in corpus.SCENARIOS[::EACH]
    if corpus.name_of(path) not in corpus.known_failures().keys() | NOT_IN_A_SHELL and path not in OF_SHELLS
]


@pytest.mark.parametrize("path", [*OF_SHELLS, *SAMPLE], ids=corpus.name_of)
def test_a_scenario_through_ipython(path):
    """The process behaves as the scenario says; those that are about shells can be run in no other way."""
    result = run_one(path, adapter="hotswap_ipython")
    if result.status == "SKIP":
        pytest.skip(result.message)
    assert result.status == "PASS", f"{result.title}\n{path}:{result.line}: {result.message}\n{result.output}"
