"""A game and a server that run while they are edited.

The full numbers: `python -m tests.benchmarks.frames`, `python -m tests.benchmarks.server`.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections import Counter

import pytest

from tests.benchmarks import frames, server

EDITS = 42


@pytest.mark.skipif(importlib.util.find_spec("pygame") is None, reason="pygame-ce is not installed")
def test_a_game_keeps_its_state_through_edits_of_all_kinds():
    """No round ends otherwise than it should, no exception escapes, and the same world has counted every frame."""
    played = frames.play(EDITS, seed=1)
    kinds = Counter(outcome["kind"] for outcome in played.outcomes)
    assert (played.wrong, frames.kept(played), set(kinds)) == ([], True, {"swapped", "rolled_back"})
    assert len(played.edits) >= 10


@pytest.mark.parametrize("uvloop", [False, True], ids=["asyncio", "uvloop"])
def test_a_server_fails_no_request_through_edits(uvloop):
    """Each response is of one version, no connection ever sees an older one again, and the count of requests goes on."""
    if uvloop and importlib.util.find_spec("uvloop") is None:
        pytest.skip("uvloop is not installed")
    load = asyncio.run(server.run(20, 4, uvloop=uvloop))
    assert (load.wrong, load.failed, load.mixed, load.back) == ([], [], [], [])
    assert load.requests > len(load.versions) > 10
