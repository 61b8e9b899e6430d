"""How a customer chooses a till.  The docstring is what the table calls it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from till import Till


def choose(tills: Sequence[Till], chance: Random) -> Till:
    """Any till."""
    return chance.choice(tills)
