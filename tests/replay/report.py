"""Markdown tables from the JSON files of run.py: `python -m tests.replay.report results/*.json`."""

from __future__ import annotations

import json
import re
import statistics
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]

CAUSES = (  # a commit counts in every row of which it shows a kind
    (
        "old objects still held (from-import, base class, container, default)",
        r"holds an old object|base is an old class",
    ),
    ("names gone from the source linger", r"stale name"),
    ("process state diverges (registry filled twice, counters)", r"(value|dict) (mangled|wrong)"),
    (
        "edit not applied (value, code, default, new name)",
        r"(value|code|defaults|kwdefaults|closure|wrapped|bases|dict) not updated|missing name",
    ),
    (
        "patched function is not what the compiler makes",
        r"(code|closure|wrapped|globals|defaults|kwdefaults|bases) (mangled|wrong)",
    ),
    ("new function or class under a wrong __qualname__", r"wrong __qualname__"),
    ("annotations wrong or old", r"annotations (not updated|mangled|wrong)"),
    ("docstring wrong or old", r"doc (not updated|mangled|wrong)"),
)
HEAD: tuple[str, ...] = (
    "project",
    "adapter",
    "commits",
    "equal %",
    "wrong %",
    "of it only docs",
    "loud %",
    "refused %",
    "rollback %",
)
HEAD += ("crash %", "whole %", "held fresh", "instances fresh", "apply ms median", "p95")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """One Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def percent(part: int, whole: int) -> str:
    """A share, or a dash for one of nothing."""
    return f"{100 * part / whole:.0f}" if whole else "-"


def pooled(records: Sequence[Record], key: str) -> str:
    """The share over all records, each with its weight."""
    pairs = [(record[key], record[f"{key}_n"]) for record in records if record.get(key) is not None]
    weight = sum(n for _, n in pairs)
    return f"{sum(share * n for share, n in pairs) / weight:.2f}" if weight else "-"


def row(project: str, adapter: str, records: Sequence[Record]) -> list[object]:
    """The figures of one tool."""
    count = Counter(record["verdict"] for record in records)
    n = len(records)
    times = sorted(record["apply_ms"] for record in records if "apply_ms" in record)
    docs_only = sum(bool(record.get("behaves")) for record in records if record["verdict"] == "wrong")
    shares = [percent(count[verdict], n) for verdict in ("loud", "refused", "rollback", "crash")]
    return [
        *(project, adapter, n, percent(count["equal"] + count["state"], n), percent(count["wrong"], n), docs_only),
        *shares,
        percent(sum(bool(record.get("whole")) for record in records), n),
        *(pooled(records, "held_edited"), pooled(records, "instances")),
        f"{statistics.median(times):.0f}" if times else "-",
        f"{times[min(len(times) - 1, int(len(times) * 0.95))]:.0f}" if times else "-",
    ]


def report(results: Sequence[Record]) -> str:
    """The whole page."""
    adapters = sorted({result["adapter"] for result in results})
    of = {name: [c for result in results if result["adapter"] == name for c in result["commits"]] for name in adapters}
    bad = {name: [c for c in of[name] if c["verdict"] in ("wrong", "loud")] for name in adapters}
    columns = [f"{name} ({len(bad[name])})" for name in adapters]
    ordered = sorted(results, key=lambda result: (result["name"], result["adapter"]))
    parts = ["## All projects\n", table(HEAD, [row("all", name, of[name]) for name in adapters])]
    parts += ["## By project\n", table(HEAD, [row(r["name"], r["adapter"], r["commits"]) for r in ordered])]
    parts += ["## Causes, % of the commits that were wrong or loud\n"]
    parts += [table(["cause", *columns], [[cause, *shares(rule, bad)] for cause, rule in CAUSES])]
    parts += ["## Kinds of difference, % of the commits that were wrong or loud\n"]
    parts += [table(["kind", *columns], [[kind, *shares(f"^{re.escape(kind)}$", bad)] for kind in kinds_of(bad)])]
    return "\n".join(parts)


def kinds_of(bad: dict[str, list[Record]]) -> list[str]:
    """The kinds of difference, the most frequent first."""
    count = Counter(kind for records in bad.values() for record in records for kind in record.get("kinds", {}))
    return [kind for kind, _ in count.most_common(30)]


def shares(rule: str, bad: dict[str, list[Record]]) -> list[str]:
    """How often the rule fits a kind of difference, for each tool."""
    return [
        percent(sum(any(re.search(rule, kind) for kind in record.get("kinds", {})) for record in records), len(records))
        for records in bad.values()
    ]


if __name__ == "__main__":
    print(report([json.loads(Path(path).read_text()) for path in sys.argv[1:]]))
