"""What `hotswap.poll()` costs when nothing was saved, beside a call of an empty function.

python -m tests.benchmarks.poll [--calls 1000000] [--turns 7]

Both are called in turns in one process; the figures are those of the fastest turn, the loop around the call left out.
Nothing is asserted.
"""

from __future__ import annotations

import argparse
import sys
import time
import tracemalloc
from collections.abc import Callable
from itertools import repeat

import hotswap


def empty() -> None:
    """What is called for comparison."""


def nanoseconds(function: Callable[[], object], calls: int) -> float:
    """For one call."""
    began = time.perf_counter()
    for _ in repeat(None, calls):
        function()
    whole = time.perf_counter() - began
    began = time.perf_counter()
    for _ in repeat(None, calls):
        pass
    return (whole - (time.perf_counter() - began)) / calls * 1e9


def allocated(function: Callable[[], object], calls: int = 1000) -> int:
    """The bytes that were allocated at one time by so many calls, also if they are free again."""
    function()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        for _ in repeat(None, calls):
            function()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=7)
    options = parser.parse_args()
    with hotswap.watch() as reloader:
        functions: dict[str, Callable[[], object]] = {
            "an empty function": empty,
            "hotswap.poll()": hotswap.poll,
            "reloader.poll()": reloader.poll,
            "hotswap.poll(budget=0.002)": lambda: hotswap.poll(budget=0.002),
        }
        turns = [{name: nanoseconds(f, options.calls) for name, f in functions.items()} for _ in range(options.turns)]
        bytes_of = {name: allocated(f) for name, f in functions.items()}
    print(f"Python {sys.version.split()[0]}")
    print("| call | ns | ÷ empty | bytes allocated by 1,000 calls |")
    print("|---|---|---|---|")
    least = min(turn["an empty function"] for turn in turns)
    for name in functions:
        ns = min(turn[name] for turn in turns)
        print(f"| {name} | {ns:.0f} | {ns / least:.1f} | {bytes_of[name]} |")


if __name__ == "__main__":
    main()
