"""The table that the job prints."""

from __future__ import annotations

import policy
from market import Market

HEAD = "day | served | wait today | wait so far | policy"


def row(market: Market) -> str:
    """One day."""
    cells = [f"{market.days}", f"served {market.served}", f"{market.today.mean:.1f}", f"{market.waits.mean:.1f}"]
    return " | ".join([*cells, str(policy.choose.__doc__)])
