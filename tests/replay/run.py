"""Replay real edits into a live process and compare it with a fresh one ("reload equivalence").

python -m tests.replay.run --repo GITDIR --package SRC:PKG[,PKG] [--from REV] --commits N --with ADAPTER --python PY --json OUT

Walks the N newest first-parent commits up to REV that touch modules of the package, oldest first.  README.md says how
each is judged.  --chain K keeps one process for K commits instead of one.  The exit status is 1 when one was wrong or
crashed.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from tests.replay.history import Commit, History
from tests.replay.judge import differing, judge

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
SKIP = r"(^|\.)(tests?|conftest|__main__|examples?|benchmarks?|experimental|vendor)(\.|$)"
VERDICTS = ("equal", "state", "wrong", "loud", "refused", "rollback", "crash")
MEASURE = ("signature.py", "describe.py", "flow.py", "child.py")
ASK_VERSION = "import sys; print('%d.%d.%d' % sys.version_info[:3])"


class Replay:
    """One walk with one tool."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        src, _, names = options.package.partition(":")
        self.history = History(os.path.abspath(options.repo), src, names.split(","), options.skip)
        self.name = options.name or self.history.packages[0]
        self.version = subprocess.check_output([options.python, "-c", ASK_VERSION], text=True).strip()
        self.cache = options.cache / self.name
        self.cache.mkdir(parents=True, exist_ok=True)

    def run(self) -> dict[str, Any]:
        """Walk and judge; the result is what report.py reads."""
        options = self.options
        records: list[dict[str, Any]] = []
        commits = self.history.commits(options.rev, options.commits)
        with tempfile.TemporaryDirectory(prefix=f"replay-{self.name}-", ignore_cleanup_errors=True) as work:
            self.work = Path(work).resolve()
            while len(records) < len(commits):
                records += self._chain(commits[len(records) : len(records) + options.chain])
        return {
            "name": self.name,
            "package": options.package,
            "adapter": options.adapter,
            "python": self.version,
            "chain": options.chain,
            "summary": summary(records),
            "commits": records,
        }

    def _chain(self, commits: list[Commit]) -> list[dict[str, Any]]:
        """One process through these commits, or as many as it lived through."""
        fresh = [self._fresh(commits[0].a), *(self._fresh(commit.b) for commit in commits)]
        root = self._checkout(commits[0].a, "live")
        steps = [
            {"source": str(self._checkout(commit.b, f"b{n}")), "changes": commit.changes}
            for n, commit in enumerate(commits)
        ]
        told, log = self._child(root=str(root), adapter=self.options.adapter, steps=steps)
        records, good = [], 0  # the revision the process really is at: a rollback keeps it where it was
        for n, step in enumerate(told.get("steps") or [{"crash": told.get("crash")}]):
            record = facts_of(commits[n]) | judge(step, fresh[good], fresh[n + 1], told.get("before", {}), fresh[0])
            good = good if record["verdict"] == "rollback" else n + 1
            if record["verdict"] not in ("equal", "state", "refused"):
                record["log"] = log
            records.append(record)
            self._show(record)
        return records

    def _show(self, record: dict[str, Any]) -> None:
        counts = {key: len(record.get(key, ())) for key in ("stale_names", "missing", "different")}
        shown = " ".join(f"{key}={count}" for key, count in counts.items())
        print(
            f"{self.name:12} {self.options.adapter:18} {record['b'][:9]} {record['verdict']:8} "
            f"{record.get('apply_ms', ''):>9} ms edited={record.get('edited')} {shown} "
            f"held={record.get('held_edited')}  {record['subject'][:50]}",
            flush=True,
        )

    # ------------------------------------------------------------------ processes

    def _checkout(self, rev: str, name: str) -> Path:
        return self.history.checkout(rev, self.work / name, name=self.name, age=self.options.age)

    def _child(self, *, seed: str = "1", **job: Any) -> tuple[dict[str, Any], str]:
        """What a process answered, and the end of what it printed."""
        job |= {"src": self.history.src, "packages": self.history.packages, "skip": self.options.skip}
        ask, answer, log = (self.work / f"{name}.json" for name in ("job", "answer", "log"))
        ask.write_text(json.dumps(job))
        answer.unlink(missing_ok=True)
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(CHECKOUT), "TERM": "dumb"}
        env["IPYTHONDIR"] = str(self.work / "ipython")
        command = [self.options.python, "-P", "-m", "tests.replay.child", str(ask), str(answer)]
        with log.open("w") as out:
            try:
                code: object = subprocess.run(
                    command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd=self.work,
                    timeout=self.options.limit, check=False,
                ).returncode  # fmt: skip
            except subprocess.TimeoutExpired:
                code = f"over {self.options.limit} s"
        tail = log.read_text(errors="replace")[-1500:]
        return (json.loads(answer.read_text()) if answer.exists() else {"crash": f"exit {code}"}), tail

    def _fresh(self, rev: str) -> dict[str, Any]:
        """A fresh process of the revision, run twice: what differs between the two is `noise`."""
        kept = self.cache / f"{self.history.tree_of(rev)}-{self.version}-{self._measure()}.json.gz"
        if not kept.exists():
            one, log = self._child(seed="1", root=str(self._checkout(rev, "fresh1")), adapter=None)
            two, _ = self._child(seed="2", root=str(self._checkout(rev, "fresh2")), adapter=None)
            if "crash" in one or "crash" in two:
                sys.exit(f"a fresh process of {rev} failed: {one.get('crash') or two.get('crash')} {log}")
            one["noise"] = sorted(differing(one["signature"], two["signature"]) | differing(one["held"], two["held"]))
            kept.write_bytes(gzip.compress(json.dumps(one).encode()))
        fresh: dict[str, Any] = json.loads(gzip.decompress(kept.read_bytes()))
        return fresh

    def _measure(self) -> str:
        """Differs when signatures are taken in another way: then those in the cache do not count."""
        sources = b"".join((HERE / name).read_bytes() for name in MEASURE) + self.options.skip.encode()
        return hashlib.sha1(sources, usedforsecurity=False).hexdigest()[:6]


def facts_of(commit: Commit) -> dict[str, Any]:
    """What a record says of its commit."""
    files = dict(Counter(status for status, _ in commit.changes))
    return {"a": commit.a[:10], "b": commit.b[:10], "subject": commit.subject[:100], "files": files}


def summary(records: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of a walk."""
    count = Counter(record["verdict"] for record in records)
    times = [record["apply_ms"] for record in records if "apply_ms" in record]
    return {
        "commits": len(records),
        "visible": sum(bool(record.get("edited")) for record in records),
        **{verdict: count[verdict] for verdict in VERDICTS},
        "whole": sum(bool(record.get("whole")) for record in records),
        "wrong_docs_only": sum(bool(record.get("behaves")) for record in records if record["verdict"] == "wrong"),
        "apply_ms_median": statistics.median(times) if times else None,
    }


def options_from(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--repo", required=True, help="git directory")
    p.add_argument("--package", required=True, help="SRC:PKG[,PKG]: source folder in the repository, '.' for its top")
    p.add_argument("--from", dest="rev", default="HEAD", help="the newest commit of the walk")
    p.add_argument("--commits", type=int, default=25)
    p.add_argument("--with", dest="adapter", required=True, help="a file of tests/conformance/adapters without .py")
    p.add_argument("--python", default=sys.executable, type=os.path.abspath)
    p.add_argument("--json", type=Path, help="write what report.py reads")
    p.add_argument("--name", help="name of the project in results")
    p.add_argument("--skip", default=SKIP, help="modules never imported or compared (regular expression)")
    p.add_argument("--chain", type=int, default=1, help="commits applied one after the other in one process")
    p.add_argument("--age", type=float, default=10, help="seconds ago that A's files were written")
    p.add_argument("--limit", type=float, default=60, help="seconds a process may take")
    p.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir(), "replay-cache"), help="of fresh signatures"
    )
    return p.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Replay what the command line names."""
    if shutil.which("git") is None:
        sys.exit("replay needs git, which is not on PATH")
    options = options_from(arguments)
    result = Replay(options).run()
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))
    print(json.dumps(result["summary"]))
    return bool(result["summary"]["wrong"] or result["summary"]["crash"])


if __name__ == "__main__":
    sys.exit(main())
