"""Random programs under random edits, for as long as one likes.

    python -m tests.properties.fuzz --seeds 0:1000 --jobs 2
    python -m tests.properties.fuzz --seeds 0: --minutes 60

Each seed is one program and a few rounds of edits.  A difference is made small and printed as a scenario.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.properties.cases import Laboratory, Session, Verdict, Version, blocks_of, carry_out
from tests.properties.edits import break_program, random_edit
from tests.properties.judge import Difference, judge
from tests.properties.process import Look
from tests.properties.programs import Module, Program, Unfit
from tests.properties.scenario import as_scenario
from tests.properties.shrink import shrink
from tests.properties.temper import Temper
from tests.properties.writer import random_program

ROUNDS = 12
"""Rounds of edits for each program."""

BACK = 0.07
"""How often the sources go back to what they were."""


@dataclass
class Tally:
    """What was done so far."""

    rounds: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        self.rounds += other.rounds
        for name in ("outcomes", "reasons", "findings"):
            getattr(self, name).update(getattr(other, name))


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference, as small as it could be made."""

    seed: int
    kind: str
    scenario: str
    versions: list[Version]


# ---------------------------------------------------------------------- one program


def importable(laboratory: Laboratory, program: Program) -> tuple[Program, Look] | None:
    """The program without the statements that cannot run; None when that does not help."""
    for _ in range(12):
        look = laboratory.fresh(program.sources)
        if look.kind == "imported":
            return program, look
        program = without_culprit(program, look)
    return None


def without_culprit(program: Program, look: Look) -> Program:
    """The program without the statement at which its import failed."""
    for file, line in reversed(look.lines):
        for module in program.modules:
            if file.endswith("/" + module.path):
                at = statement_at(module, line)
                if at:
                    kept = module.statements[:at] + module.statements[at + 1 :]
                    return program.replaced(Module(module.path, kept))
    return program


def statement_at(module: Module, line: int) -> int:
    """The number of the statement that covers a line."""
    end = 0
    for number, statement in enumerate(module.statements):
        end += statement.text.count("\n") + 1
        if line <= end:
            return number
    return 0


class Fuzzer:
    """One program on its way through its rounds."""

    def __init__(self, laboratory: Laboratory, seed: int) -> None:
        self.laboratory, self.seed = laboratory, seed
        self.random = random.Random(seed)
        self.temper = Temper(rebinds=seed % 5 == 3, cycles=seed % 5 == 4, fills=seed % 5 == 2)
        self.tally = Tally()
        self.versions: list[Version] = []
        self.past: list[Program] = []
        """What has been live before."""

    def run(self) -> Finding | None:
        """All rounds, up to the first difference."""
        found = self.first_version()
        if found is None:
            return None
        program, fresh = found
        self.versions = [blocks_of(program)]
        with self.laboratory.live() as session:
            before = session.give(program.sources)
            if before.facts != fresh.facts:
                return None  # not deterministic
            return self.rounds(session, program, before)

    def first_version(self) -> tuple[Program, Look] | None:
        """A program of the temper that can be imported."""
        for _ in range(20):
            program = random_program(self.random, cycles=self.temper.cycles, fills=self.temper.fills)
            if self.temper.allows(program.sources) and (found := importable(self.laboratory, program)):
                return found
        return None

    def rounds(self, session: Session, program: Program, before: Look) -> Finding | None:
        for _ in range(ROUNDS):
            edited, fresh = self.next_version(session, program)
            if fresh is None:
                continue
            self.versions.append(blocks_of(edited))
            live = session.give(edited.sources)
            self.count(live)
            differences = judge(fresh, live, before, program.sources, edited.sources)
            if differences:
                return self.finding(differences[0].kind, live)
            if live.kind in ("swapped", "unchanged"):
                self.past.append(program)
                program = edited
            before = live
        return None

    def next_version(self, session: Session, program: Program) -> tuple[Program, Look | None]:
        """An edited program, and what a fresh process makes of it: broken ones are rare."""
        broken = self.random.random() < 0.08
        for _ in range(8):
            try:
                edited = self.edit(program)
            except Unfit:
                continue
            if broken:
                edited = break_program(self.random, edited)
            look = self.laboratory.fresh(edited.sources, session.modules)
            if look.kind == "imported" or (look.kind == "failed" and (broken or self.random.random() < 0.1)):
                return edited, look
        return program, None

    def edit(self, program: Program) -> Program:
        """The program after an edit, or as it was some time ago: somebody has switched branches."""
        if self.past and self.random.random() < BACK:
            return self.random.choice(self.past)
        return random_edit(self.random, program, self.temper)

    def count(self, live: Look) -> None:
        self.tally.rounds += 1
        self.tally.outcomes[live.kind + (" with warnings" if live.warnings else "")] += 1
        if live.kind == "restart_required":
            self.tally.reasons[live.told.partition("because ")[2][:100]] += 1

    def finding(self, kind: str, live: Look) -> Finding | None:
        if live.warnings:
            self.tally.findings[f"{kind} (warned)"] += 1
            return None
        self.tally.findings[kind] += 1
        versions, verdict = shrink(self.laboratory, self.versions, kind, self.temper)
        if not verdict.differences:
            verdict = Verdict(live.kind, live.told, (not_reproduced(live, kind),))
        return Finding(self.seed, kind, as_scenario(versions, verdict, f"seed {self.seed}: {kind}"), versions)


def not_reproduced(live: Look, kind: str) -> Difference:
    """A difference that a second run of the same case did not show."""
    return Difference(f"{kind} (not reproduced)", "outcome", "the same each time", live.told)


# ---------------------------------------------------------------------- many programs


def fuzz(seeds: Iterable[int], deadline: float) -> Iterator[tuple[Tally, Finding | None]]:
    """What each seed comes to."""
    with Laboratory() as laboratory:
        for seed in seeds:
            if time.monotonic() > deadline:
                return
            fuzzer = Fuzzer(laboratory, seed)
            finding = fuzzer.run()
            yield fuzzer.tally, finding


def _end_tidily(*_: object) -> None:
    raise SystemExit(1)


def _work(job: int, jobs: int, first: int, last: int | None, seconds: float, results: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    signal.signal(signal.SIGTERM, _end_tidily)  # its folders and children go with it
    seeds = itertools.count(first + job, jobs) if last is None else range(first + job, last, jobs)
    for result in fuzz(seeds, time.monotonic() + seconds):
        results.put(result)
    results.put(None)


def run_jobs(
    jobs: int, first: int, last: int | None, seconds: float
) -> Generator[tuple[Tally, Finding | None], None, None]:
    """The results of all jobs as they come."""
    results = multiprocessing.Queue()  # type: ignore[var-annotated]
    workers = [
        multiprocessing.Process(target=_work, args=(j, jobs, first, last, seconds, results)) for j in range(jobs)
    ]
    for worker in workers:
        worker.start()
    left = jobs
    try:
        while left:
            result = results.get()
            if result is None:
                left -= 1
            else:
                yield result
    finally:  # also when the caller has seen enough
        for worker in workers:
            worker.terminate() if left else worker.join()


def save(finding: Finding, folder: Path | None) -> None:
    """Keep the case in a file."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{finding.seed}.json").write_text(json.dumps(finding.versions))


def again(files: list[Path]) -> int:
    """Carry out saved cases; returns 1 when one still shows a difference."""
    wrong = 0
    with Laboratory() as laboratory:
        for file in files:
            versions: list[Version] = [{p: tuple(b) for p, b in v.items()} for v in json.loads(file.read_text())]
            verdict = carry_out(laboratory, versions)
            bad = verdict is not None and bool(verdict.differences)
            wrong += bad
            print("still" if bad else "good ", file.name, verdict.differences[0] if bad and verdict else "", flush=True)
    return 1 if wrong else 0


def main(arguments: list[str] | None = None) -> int:
    """The command; returns 1 when there was a difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0:100", help="FIRST:LAST (without the last), or FIRST: without an end")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--save", type=Path, help="a folder for the small cases, to be carried out again with --again")
    parser.add_argument("--again", type=Path, nargs="+", help="carry out saved cases instead")
    parser.add_argument("--first", action="store_true", help="end at the first difference")
    options = parser.parse_args(arguments)
    if options.again:
        return again(options.again)
    first, _, last = options.seeds.partition(":")
    began, total, programs = time.monotonic(), Tally(), 0
    results = run_jobs(options.jobs, int(first), int(last) if last else None, options.minutes * 60)
    for tally, finding in results:
        total.add(tally)
        programs += 1
        if finding is not None:
            print(f"======== seed {finding.seed}: {finding.kind}\n{finding.scenario}", flush=True)
            save(finding, options.save)
            if options.first:
                break
    results.close()
    seconds = time.monotonic() - began
    print(f"{programs} programs, {total.rounds} rounds in {seconds:.0f} s ({total.rounds / seconds:.1f} rounds/s)")
    for title in ("outcomes", "reasons", "findings"):
        for what, count in getattr(total, title).most_common():
            print(f"  {title[:-1]}: {count:5} {what}")
    return 1 if total.findings else 0


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    sys.exit(main())
