"""A program that runs while another process edits it thousands of times: at each barrier it equals the disk.

python -m tests.process.torture [--edits 5000] [--seed 1] [--poll SECONDS]

Asserted after each burst of edits, at `sync()`: every module that is on the disk runs its newest text, and nothing else
is loaded.  Asserted throughout, also while the writer is in the middle of its edits: no text runs twice, and none runs
that is not whole.  Prints what happened.
"""

from __future__ import annotations

import argparse
import importlib
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import ModuleType

import hotswap

ROOT = Path(hotswap.__file__).parents[1]
NAMES = [
    *(f"m{i}.py" for i in range(8)),
    *(f"{pkg}/{name}.py" for pkg in ("pkg", "lib") for name in ("__init__", "a", "b", "c")),
]
MOST_AT_ONCE = 12


class Ledger(ModuleType):
    """What the modules tell when they run; not a file of the program's."""

    def __init__(self) -> None:
        super().__init__("ledger")
        self.running: dict[str, int] = {}
        self.ended: dict[str, int] = {}
        self.runs: Counter[tuple[str, int]] = Counter()
        self.total = 0
        self.wrong: list[str] = []

    def begin(self, name: str, value: int, number: int) -> None:
        """The first line of a module ran."""
        self.runs[name, number] += 1
        self.total += 1
        if value != number or self.runs[name, number] > 1:
            self.wrong.append(f"{name} began {number} with {value}, for the {self.runs[name, number]}. time")
        self.running[name] = number

    def end(self, name: str, value: int, number: int) -> None:
        """The last line of a module ran."""
        if value != number or self.running.get(name) != number:
            self.wrong.append(f"{name} ended {number} with {value}, and had begun {self.running.get(name)}")
        self.ended[name] = number

    def round_over(self) -> None:
        """What ran must have run to its last line."""
        for name, number in self.running.items():
            if self.ended.get(name) != number:
                self.wrong.append(f"{name} is live in part: {number} has no end")

    def forget(self, name: str) -> None:
        """The module was removed; should the same text come back, it runs again."""
        for key in [key for key in self.runs if key[0] == name]:
            del self.runs[key]


class Program:
    """The modules, the reloader, and the process that edits."""

    def __init__(self, folder: Path, writer: subprocess.Popen[str], ledger: Ledger, poll: float) -> None:
        self.folder, self.writer, self.ledger = folder, writer, ledger
        self.outcomes: Counter[str] = Counter()
        self.syncs: list[float] = []
        self.present: list[int] = []
        sys.path.insert(0, str(folder))
        self.reloader = hotswap.watch(folder, apply="thread", on_restart="never", poll=poll, report=self._note)
        for name in NAMES:
            importlib.import_module(module_of(name))

    def _note(self, outcome: hotswap.Outcome) -> None:
        self.outcomes[outcome.kind] += 1
        if isinstance(outcome, hotswap.Swapped):
            self.ledger.round_over()
            for name in outcome.removed:
                self.ledger.forget(name)

    def edit(self, edits: int, *, restless: bool) -> None:
        """Let the writer work, look in between if `restless`, and bring the program up to date."""
        done = threading.Event()
        threading.Thread(target=self._write, args=(edits, done), daemon=True).start()
        while restless and not done.wait(0.003):
            self.reloader.sync()
        check(done.wait(60), "the writer hangs")
        began = time.perf_counter()
        outcome = self.reloader.sync()
        self.syncs.append(time.perf_counter() - began)
        self.present.append(len(self.disk()))
        check(outcome.kind in ("swapped", "unchanged"), str(outcome))
        check(not self.ledger.wrong, "; ".join(self.ledger.wrong))
        check(self.live() == self.disk(), f"live {self.live()}\ndisk {self.disk()}\n{outcome}")

    def _write(self, edits: int, done: threading.Event) -> None:
        assert self.writer.stdin is not None
        assert self.writer.stdout is not None
        self.writer.stdin.write(f"{edits}\n")
        self.writer.stdin.flush()
        if self.writer.stdout.readline() == "done\n":
            done.set()

    def live(self) -> dict[str, tuple[int, int, int]]:
        """What the loaded modules run: the numbers of their first and last line, and of their function."""
        found = {name: sys.modules.get(module_of(name)) for name in NAMES}
        modules = {name: module for name, module in found.items() if module and module.__file__}  # else a mere folder
        return {name: (module.BEGIN, module.get(), module.END) for name, module in modules.items()}

    def disk(self) -> dict[str, tuple[int, int, int]]:
        """What a fresh process would run."""
        found = {}
        for name in NAMES:
            try:
                number = int(re.findall(r"BEGIN = (\d+)", (self.folder / name).read_text("ascii"))[0])
            except OSError:
                continue
            found[name] = (number, number, number)
        return found


def module_of(name: str) -> str:
    """The module of a file."""
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def check(holds: bool, otherwise: str) -> None:
    """Stop unless it holds."""
    if not holds:
        sys.exit(otherwise)


@contextmanager
def writing(folder: Path, seed: int, pause: float) -> Iterator[subprocess.Popen[str]]:
    """The other process, ready to edit."""
    command = [sys.executable, "-m", "tests.process.writer", str(folder), str(seed), str(pause), *NAMES]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        check(writer.stdout.readline() == "ready\n", "the writer did not start")
        try:
            yield writer
        finally:
            writer.kill()


def main() -> None:
    """Torture, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--poll", type=float, default=0.0)
    options = parser.parse_args()
    chance = Random(options.seed)
    ledger = sys.modules["ledger"] = Ledger()
    # By looking alone nobody can tell a writer that pauses from one that is done.
    pause = 0.0 if options.poll else 0.01
    with (
        tempfile.TemporaryDirectory(prefix="hotswap-torture-") as folder,
        writing(Path(folder), options.seed, pause) as writer,
    ):
        program = Program(Path(folder).resolve(), writer, ledger, options.poll)
        began, left = time.perf_counter(), options.edits
        while left:
            edits = min(left, chance.randint(1, MOST_AT_ONCE))
            left -= edits
            program.edit(edits, restless=chance.random() < 0.5)
        seconds = time.perf_counter() - began
        status = program.reloader.status()
        program.reloader.stop()
    check(status.missed == 0, f"{status.missed} changes without an event")
    check(status.error is None, str(status.error))
    syncs = sorted(program.syncs)
    print(
        f"{options.edits} edits in {seconds:.0f} s, {len(syncs)} barriers: always equal to the disk; "
        f"{ledger.total} texts ran, none twice, none in part; "
        f"{sum(program.present) / len(program.present):.0f} of {len(NAMES)} modules there on average; rounds: {dict(program.outcomes)}; "
        f"sync() after edits: median {syncs[len(syncs) // 2] * 1000:.1f} ms, longest {syncs[-1] * 1000:.1f} ms; "
        f"{status.missed} changes missed by events ({status.backend})"
    )


if __name__ == "__main__":
    main()
