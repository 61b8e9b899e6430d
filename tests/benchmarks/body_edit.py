"""What the edit of a function's body costs, in programs of 20, 200 and 2,000 modules.

python -m tests.benchmarks.body_edit [--modules 20 200 2000] [--rounds 15]

Prints ratios: a whole round (`sync()` after the save) divided by reading and compiling the changed file alone, measured
in turns in one run, so that the speed of the machine cancels out.  The last column is the round in the smallest program
divided into this one: a round should cost no more in a large program than in a small one.  Nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

CHECKOUT = Path(__file__).resolve().parents[2]
HUB = '''"""What every module of the program uses."""

LIMIT = 100


def clamp(value, low=0, high=LIMIT):
    """The value, or the nearest bound."""
    return max(low, min(high, value))
'''
FUNCTION = '''
def function_{n}(value, factor={n}):
    """Step {n} of the work."""
    total = value * factor
    for item in range(3):
        total += clamp(item)
    return total
'''
CLASS = '''
class Worker:
    """Holds on to what it has done."""

    def __init__(self, name):
        self.name = name
        self.done = []

    def work(self, value):
        """Do one thing."""
        self.done.append(function_0(value))
        return self.done[-1]
'''
FUNCTIONS = 7  # with the two methods of the class that is nine a module


def sources(count: int) -> Iterator[tuple[str, str]]:
    """Name and text of each module: a hub, and modules that import it and up to two earlier ones."""
    chance = Random(count)
    yield "hub", HUB
    for n in range(count - 1):
        others = sorted(chance.sample(range(n), min(n, chance.randint(0, 2))))
        imports = [f"from big import module_{other}" for other in others]
        constants = [
            f"BASE_{n} = LIMIT * {n}",
            f"USES = [{', '.join(f'module_{other}.function_1' for other in others)}]",
        ]
        head = ['"""A module as others are."""', "", "from big.hub import LIMIT, clamp", *imports, "", *constants, ""]
        yield f"module_{n}", "\n".join(head) + "".join(FUNCTION.format(n=i) for i in range(FUNCTIONS)) + CLASS


def write_program(folder: Path, count: int) -> Path:
    """The package `big`; returns the file that is going to be edited."""
    package = folder / "big"
    package.mkdir()
    (package / "__init__.py").touch()
    for name, text in sources(count):
        (package / f"{name}.py").write_text(text)
    return package / f"module_{count // 2}.py"


def measured(action: Callable[[], object]) -> float:
    """The seconds that it took."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def measure(count: int, rounds: int) -> dict[str, float]:
    """Median milliseconds of reading and compiling alone, and of whole rounds, in this process."""
    import importlib

    import hotswap

    with tempfile.TemporaryDirectory(prefix="hotswap-benchmark-") as temporary:
        folder = Path(temporary).resolve()
        path = write_program(folder, count)
        sys.path.insert(0, str(folder))
        with hotswap.watch(folder, apply="manual", on_restart="never") as reloader:
            for name, _ in sources(count):
                importlib.import_module(f"big.{name}")
            module = sys.modules[f"big.{path.stem}"]
            alone, whole = [], []
            for number in range(rounds):
                text = path.read_text()
                path.write_text(text.replace("total = value * factor", f"total = {number} + value * factor", 1))
                alone.append(measured(lambda: compile(path.read_bytes(), str(path), "exec", dont_inherit=True)))
                whole.append(measured(lambda: swapped(reloader.sync())))
                check(module.function_0(1, 0) == 3 + number, "the edit is not live")
                path.write_text(text)
                swapped(reloader.sync())
    # The first rounds meet cold caches, in us and in the machine.
    kept = slice(min(3, rounds - 1), None)
    return {"alone": statistics.median(alone[kept]) * 1000, "whole": statistics.median(whole[kept]) * 1000}


def swapped(outcome: object) -> None:
    """A figure for anything else would mean nothing."""
    check(getattr(outcome, "kind", None) == "swapped", f"not swapped: {outcome}")


def check(holds: bool, otherwise: str) -> None:
    """Stop the measurement unless it measures what it says."""
    if not holds:
        sys.exit(otherwise)


def in_process(count: int, rounds: int) -> dict[str, float]:
    """The same in a process of its own, so that no program is measured in the company of another."""
    command = [sys.executable, "-m", "tests.benchmarks.body_edit", "--measure", str(count), "--rounds", str(rounds)]
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    told: dict[str, float] = json.loads(subprocess.check_output(command, cwd=CHECKOUT, env=env, text=True))
    return told


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", type=int, nargs="+", default=[20, 200, 2000])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.rounds)))
        return
    print("| modules | read and compile alone | whole round | round ÷ alone | ÷ that of the smallest |")
    print("|---|---|---|---|---|")
    smallest = 0.0
    for count in options.modules:
        told = in_process(count, options.rounds)
        ratio = told["whole"] / told["alone"]
        smallest = smallest or ratio
        row = (f"{told['alone']:.2f} ms", f"{told['whole']:.2f} ms", f"{ratio:.1f}", f"{ratio / smallest:.2f}")
        print(f"| {count} | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
