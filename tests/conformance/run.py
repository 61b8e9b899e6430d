"""Runs conformance scenarios against one reloader, each in a process and a folder of its own.

python -m tests.conformance.run --with ADAPTER [--python PY] [--jobs N] [--settle S] [--json OUT] PATHS...

ADAPTER is a file of adapters/ without .py.  PASS: every cell held.  FAIL: a cell failed after the first reload.
ERROR: it failed before one, or the adapter broke, or the time ran out.  SKIP: a need is missing.
The exit status is 0 when nothing failed.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from tests.conformance.scenario import EXPECTS, ParseError, Scenario, find, parse

HERE = Path(__file__).resolve().parent
LIMIT_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one scenario ended.  `line` is a line of its file; `outcomes` is what the tool said of each round."""

    name: str
    promise: str
    status: Literal["PASS", "FAIL", "ERROR", "SKIP"]
    expects: str | None = None
    title: str = ""
    message: str = ""
    line: int | None = None
    outcomes: tuple[str | None, ...] = ()
    tool: str = ""
    python: str = ""
    seconds: float = 0.0
    output: str = ""

    @property
    def failed(self) -> bool:
        return self.status in ("FAIL", "ERROR")

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{self.status:5} {self.name:50} {where}{self.message}"[:220].rstrip()


Start: TypeAlias = Callable[[dict[str, Any], Path, float], tuple[str | None, str]]
"""Does a job in a new process in a folder, for so many seconds; returns why that came to no end, and what it printed."""


def run_one(
    path: Path, *, adapter: str, python: str = sys.executable, settle: float = 0.0, start: Start | None = None
) -> Result:
    """Carry out the scenario in a new process.  Never raises for what is wrong with the scenario or the tool."""
    start = start or functools.partial(in_new_interpreter, python)
    try:
        scenario = parse(path)
    except (ParseError, UnicodeDecodeError, OSError) as error:
        promise = path.resolve().parent.name
        return Result(name=f"{promise}/{path.stem}", promise=promise, status="ERROR", message=str(error))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="conform-", ignore_cleanup_errors=True) as work:
        told, output = _in_process(scenario, Path(work).resolve(), adapter=adapter, start=start, settle=settle)
    return Result(
        name=scenario.name,
        promise=scenario.promise,
        expects=scenario.head["expects"],
        title=scenario.head["title"],
        seconds=round(time.monotonic() - began, 2),
        output=output[-4000:],
        **told,
    )


def _in_process(
    scenario: Scenario, work: Path, *, adapter: str, start: Start, settle: float
) -> tuple[dict[str, Any], str]:
    """What the child told, and what it printed."""
    root, answer = work / "root", work / "answer.json"
    root.mkdir()
    job = {
        "adapter": adapter,
        "root": str(root),
        "answer": str(answer),
        "settle": settle,
        "needs": scenario.needs,
        "sections": [asdict(section) for section in scenario.sections],
    }
    obstacle, output = start(job, root, LIMIT_S + settle * len(scenario.sections))
    if obstacle is not None or not answer.exists():
        return {"status": "ERROR", "message": obstacle or "the process left no answer"}, output
    return json.loads(answer.read_text()), output


def in_new_interpreter(python: str, job: dict[str, Any], root: Path, limit: float) -> tuple[str | None, str]:
    """A `Start`: with a Python that nothing has been imported into."""
    child = subprocess.Popen(
        [python, str(HERE / "child.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd=root,
        env={**environment(), **settings_in(root)},
        start_new_session=True,
    )
    try:
        output, _ = child.communicate(json.dumps(job), timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)  # with whatever the scenario started
        output, _ = child.communicate()
        return f"no end after {limit:.0f} s", output
    return f"the process died with status {child.returncode}" if child.returncode else None, output


def environment() -> dict[str, str]:
    """Byte code is written as for a user: a tool that trusts it has to show it."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "COVERAGE_PROCESS_START")
    return {key: value for key, value in os.environ.items() if key not in unwanted}


def settings_in(root: Path) -> dict[str, str]:
    """What a scenario in this folder is to have besides."""
    return {"IPYTHONDIR": str(root.parent / "ipython")}


def print_totals(results: Iterable[Result]) -> None:
    """How many passed, by promise and by what is expected."""
    results = list(results)
    for key, values in (("promise", sorted({result.promise for result in results})), ("expects", EXPECTS)):
        print(f"\n{key:12} {'pass':>5} {'fail':>5} {'error':>5} {'skip':>5}")
        for value in (*values, "all"):
            count = Counter(result.status for result in results if value in ("all", getattr(result, key)))
            print(f"{value:12} {count['PASS']:5} {count['FAIL']:5} {count['ERROR']:5} {count['SKIP']:5}")


def write_json(path: Path, adapter: str, settle: float, results: list[Result]) -> None:
    """What table.py reads."""
    tool = next((result.tool for result in results if result.tool), adapter)
    facts = {"adapter": adapter, "tool": tool, "settle": settle, "when": time.strftime("%F %T")}
    path.write_text(json.dumps({**facts, "results": [asdict(result) for result in results]}, indent=1))


def options_from(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--with", dest="adapter", required=True, metavar="ADAPTER")
    parser.add_argument("--python", default=sys.executable, help="the Python that runs the scenarios")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--settle", type=float, default=0, help="seconds to wait before edits (default 0)")
    parser.add_argument("--json", type=Path, metavar="OUT")
    parser.add_argument("-v", "--verbose", action="store_true", help="show what failing scenarios printed")
    parser.add_argument("-q", "--quiet", action="store_true", help="no rows for PASS and SKIP")
    parser.add_argument("paths", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    if not (HERE / "adapters" / f"{options.adapter}.py").is_file():
        parser.error(f"no adapter {options.adapter!r}")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Run the scenarios that the command line names."""
    options = options_from(arguments)
    chosen = {"adapter": options.adapter, "python": options.python, "settle": options.settle}
    results = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for result in pool.map(lambda path: run_one(path, **chosen), find(options.paths)):
            results.append(result)
            if result.failed or not options.quiet:
                print(result, flush=True)
            if result.failed and options.verbose:
                print("      | " + result.output.rstrip().replace("\n", "\n      | "))
    print_totals(results)
    if options.json:
        write_json(options.json, options.adapter, options.settle, results)
    return any(result.failed for result in results)


if __name__ == "__main__":
    sys.exit(main())
