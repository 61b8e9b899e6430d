"""A long job that you can correct while it runs, without losing what it has counted.

python simulate.py [DAYS]
"""

from __future__ import annotations

import sys

from market import Market
from tables import HEAD, row

import hotswap


def main(days: int) -> None:
    """Simulate day after day."""
    market = Market()
    print(HEAD)
    for _ in range(days):
        outcome = hotswap.poll()  # between two days nothing is half done
        if outcome is not None:
            print(outcome)
        market.day()
        print(row(market), flush=True)


if __name__ == "__main__":
    with hotswap.watch():
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
