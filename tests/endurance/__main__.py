"""The full runs: `python -m tests.endurance [threads] [growth] [faults] [--rounds N]`.  Exit status 1 when one fails."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.endurance import faults, growth, threads


@contextmanager
def importable_folder() -> Iterator[Path]:
    """A folder of its own on `sys.path`."""
    with tempfile.TemporaryDirectory(prefix="hotswap-endurance-") as name:
        folder = Path(name).resolve()
        sys.path.insert(0, str(folder))
        try:
            yield folder
        finally:
            sys.path.remove(str(folder))


def run_threads(rounds: int) -> tuple[str, list[str]]:
    """2,000 rounds that only patch, beside threads."""
    with importable_folder() as folder:
        seen, wrong = threads.run(folder, rounds or 2000)
    return f"{rounds or 2000} rounds, {seen.looks} looks, {len(seen.versions)} versions seen", wrong + seen.faults


def run_growth(rounds: int) -> tuple[str, list[str]]:
    """10,000 rounds that come round again; the thousand outcomes that are kept are full before counting begins."""
    turn = len(growth.TURN)
    turns, warm = max(1, (rounds or 10_000) // turn), 1200 // turn if rounds == 0 else 4
    with importable_folder() as folder:
        more, wrong = growth.run(folder, turns, warm=warm, history=None if rounds == 0 else turn)
    grown = [f"{kind}: {number} more" for kind, number in more.items() if kind not in growth.OWN]
    return f"{turns * turn} rounds after {warm * turn}", wrong + grown


def run_faults(_: int) -> tuple[str, list[str]]:
    """Each write and each statement of one round fails once."""
    told, left = [], []
    for name, fail in (("writes", faults.failing_write), ("statements", faults.failing_statement)):
        with importable_folder() as folder:
            number, found = faults.try_all(folder, fail, count(1))
        told.append(f"{number - 1} {name}")
        left += found
    return f"{' and '.join(told)} failed, one after the other", left


RUNS: dict[str, Callable[[int], tuple[str, list[str]]]] = {
    "threads": run_threads,
    "growth": run_growth,
    "faults": run_faults,
}


def main() -> int:
    """Run what is asked for; tell each figure and each fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance", description=__doc__)
    parser.add_argument("runs", nargs="*", choices=[*RUNS], metavar="RUN", help="which (all)")
    parser.add_argument("--rounds", type=int, default=0, help="fewer, or more, than the full run has")
    options = parser.parse_args()
    failed = False
    for name in options.runs or RUNS:
        began = time.monotonic()
        told, faults_found = RUNS[name](options.rounds)
        print(f"{name}: {told}, in {time.monotonic() - began:.0f} s", flush=True)
        for fault in faults_found[:20]:
            print(f"    {fault}", flush=True)
        failed = failed or bool(faults_found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
