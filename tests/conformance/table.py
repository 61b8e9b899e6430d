"""Markdown tables from the JSON files of run.py: `python -m tests.conformance.table results/*.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.conformance.scenario import EXPECTS

FLOORS = ("nothing", "says_restart")  # these do nothing: they measure the corpus, not a tool


def cell(results: list[dict[str, Any]]) -> str:
    """passed/ran."""
    ran = [result for result in results if result["status"] != "SKIP"]
    return f"{sum(result['status'] == 'PASS' for result in ran)}/{len(ran)}" if ran else "-"


def table(runs: list[dict[str, Any]], key: str, values: list[str]) -> list[str]:
    """One row a run, one column a value of `key`."""
    lines = ["| adapter | tool | settle | " + " | ".join(values) + " | all |", "|---" * (len(values) + 4) + "|"]
    for run in runs:
        results = run["results"]
        cells = [cell([result for result in results if result[key] == value]) for value in values]
        shown = [run["adapter"], run["tool"], f"{run['settle']:g} s", *cells, cell(results)]
        lines.append("| " + " | ".join(shown) + " |")
    return [*lines, ""]


def names_with(run: dict[str, Any], *statuses: str) -> set[str]:
    """The scenarios of the run that ended so."""
    return {result["name"] for result in run["results"] if result["status"] in statuses}


def report(runs: list[dict[str, Any]]) -> str:
    """The whole page."""
    runs = sorted(runs, key=lambda run: (run["adapter"] in FLOORS, run["settle"], run["adapter"]))
    known = {result["name"]: result for run in runs for result in run["results"]}
    tools = [run for run in runs if run["adapter"] not in FLOORS]
    by_tools = set().union(*(names_with(run, "PASS", "SKIP") for run in tools))
    by_nothing = set().union(*(names_with(run, "PASS") for run in runs if run["adapter"] == "nothing"))
    newest = max(run["when"] for run in runs)
    lines = [
        "# Conformance of hot reloaders",
        "",
        f"{len(known)} scenarios, newest run {newest}; passed/ran, SKIP is not counted.",
        "",
    ]
    lines += ["## By promise", "", *table(runs, "promise", sorted({result["promise"] for result in known.values()}))]
    lines += ["## By what is expected", "", *table(runs, "expects", list(EXPECTS))]
    for title, names in (
        ("Passed by no tool", known.keys() - by_tools),
        ("Passed by doing nothing at all", by_nothing),
    ):
        lines += [f"## {title}", ""]
        lines += [f"- `{name}` ({known[name]['expects']}): {known[name]['title']}" for name in sorted(names)]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report([json.loads(Path(path).read_text()) for path in sys.argv[1:]]))
