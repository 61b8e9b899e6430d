"""What the check before a cell costs in an IPython session, beside that of `%autoreload 2`, when nothing was saved.

python -m tests.benchmarks.cell_check [--modules 50 500 2000] [--rounds 200]

Both are called as the shell calls them before each cell, in turns and in one process, so that the speed of the machine
cancels out: the last column is theirs divided by ours.  `one save` is a cell before which one module was edited, as
hotswap does it (the round included).  Nothing is asserted.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.body_edit import CHECKOUT, check, measured, sources, write_program


def measure(count: int, rounds: int) -> dict[str, float]:
    """Median milliseconds of both checks, and of a cell's check after one save, in this process."""
    with tempfile.TemporaryDirectory(prefix="hotswap-benchmark-") as temporary:
        folder = Path(temporary).resolve()
        path = write_program(folder, count)
        sys.path.insert(0, str(folder))
        shell = new_shell()
        for name, _ in sources(count):
            importlib.import_module(f"big.{name}")
        theirs, info = shell.magics_manager.registry["AutoreloadMagics"], cell_info()
        found: dict[str, list[float]] = {"ours": [], "theirs": [], "one save": []}
        for _ in range(rounds):
            found["theirs"].append(measured(lambda: theirs.pre_run_cell(info)))
            found["ours"].append(measured(lambda: before_cell(shell, info)))
            after_cell(shell)
        shell.run_line_magic("autoreload", "0")
        module = sys.modules[f"big.{path.stem}"]
        for number in range(15):
            text = path.read_text()
            path.write_text(text.replace("total = value * factor", f"total = {number} + value * factor", 1))
            found["one save"].append(measured(lambda: before_cell(shell, info)))
            after_cell(shell)
            check(module.function_0(1, 0) == 3 + number, "the edit is not live")
            path.write_text(text)
            before_cell(shell, info)
            after_cell(shell)
    return {name: statistics.median(times[3:]) * 1000 for name, times in found.items()}


def new_shell() -> Any:
    """A shell with both extensions at work."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    shell.run_line_magic("load_ext", "hotswap")
    shell.run_line_magic("hotswap", "silent")
    shell.run_line_magic("load_ext", "autoreload")
    shell.run_line_magic("autoreload", "2")
    return shell


def cell_info() -> Any:
    """What the shell tells of a cell."""
    from IPython.core.interactiveshell import ExecutionInfo

    return ExecutionInfo("pass", True, False, True, None, transformed_cell="pass")


def before_cell(shell: Any, info: Any) -> None:
    """What hotswap does before a cell (before that it is asked by `pre_execute`, and leaves cells to this)."""
    for function in ours(shell, "pre_run_cell"):
        function(info)


def after_cell(shell: Any) -> None:
    """And after it."""
    for function in ours(shell, "post_run_cell"):
        function(None)


def ours(shell: Any, event: str) -> list[Any]:
    """The functions that hotswap has registered for an event."""
    return [f for f in shell.events.callbacks[event] if f.__module__.startswith("hotswap.")]


def in_process(count: int, rounds: int) -> dict[str, float]:
    """The same in a process of its own, so that no program is measured in the company of another."""
    command = [sys.executable, "-m", "tests.benchmarks.cell_check", "--measure", str(count), "--rounds", str(rounds)]
    with tempfile.TemporaryDirectory() as private:
        env = {**os.environ, "PYTHONPATH": str(CHECKOUT), "IPYTHONDIR": private}
        output = subprocess.check_output(command, cwd=CHECKOUT, env=env, text=True)
    told: dict[str, float] = json.loads(output.splitlines()[-1])
    return told


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", type=int, nargs="+", default=[50, 500, 2000])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.rounds)))
        return
    print("| modules | `%autoreload 2` | hotswap | times cheaper | hotswap, one save |")
    print("|---|---|---|---|---|")
    for count in options.modules:
        told = in_process(count, options.rounds)
        row = (f"{told['theirs']:.2f} ms", f"{told['ours']:.3f} ms", f"{told['theirs'] / told['ours']:.0f}",
               f"{told['one save']:.1f} ms")  # fmt: skip
        print(f"| {count} | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
