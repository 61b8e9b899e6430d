"""Try hotswap: runs one of the examples.

    python examples/try.py [game|repl|simulation]

Edit a file of the example while it runs, save it, and see it go live.  With --self-edit a copy of the example is made
and edited without you; what happened is printed, and the exit status is 1 unless every edit went live and the
program's state was kept.
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIMIT_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """Files that are saved together: `old` text becomes `new` in each.  `sign` is a pattern in what is printed then.

    `typed` is what a person would type after the save, where the example is a prompt.
    """

    what: str
    edits: tuple[tuple[str, str, str], ...]
    sign: str
    typed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """How an example is started, what counts up in its output as long as its state is kept, what to save in it."""

    command: tuple[str, ...]
    counter: str
    saves: tuple[Save, ...]


GAME = Example(
    command=("-m", "hotswap", "run", "game.py"),
    counter=r"frame (\d+)",
    saves=(
        Save(
            what="another glyph for the birds that are flying",
            edits=(("creatures.py", 'glyph = "v"', 'glyph = "W"'),),
            sign=r"birds W",
        ),
        Save(
            what="a constant that other modules took by name and computed with",
            edits=(("settings.py", "GRAVITY = 1", "GRAVITY = 2"),),
            sign=r"gravity 2: .*birds W",
        ),
        Save(
            what="a slip: the old program goes on, whole",
            edits=(("world.py", "self.frame += 1", "self.frame += 1)"),),
            sign=r"kept the old code because .*world\.py",
        ),
        Save(
            what="the slip mended, and a body edited in another file",
            edits=(
                ("world.py", "self.frame += 1)", "self.frame += 10"),
                ("screen.py", "caught {world.caught} birds", "got {world.caught} fish, birds"),
            ),
            sign=r"frame \d+ got \d+ fish, birds W",
        ),
    ),
)
REPL = Example(
    command=("-q", "-i", "session.py"),
    counter=r"question (\d+)",
    saves=(
        Save(
            what="a method, while the object that was made before is held at the prompt",
            edits=(("shapes.py", "self.side * 2", "self.side**2"),),
            typed="print(hotswap.sync())\nprint(ask(square))\n",
            sign=r"area 9",
        ),
        Save(
            what="the function that the prompt took by name, and a slip",
            edits=(("shapes.py", "area {square.area()}", "area {square.area()"),),
            typed="print(hotswap.sync())\nprint(ask(square))\n",
            sign=r"question \d+: area 9$",
        ),
        Save(
            what="the slip mended",
            edits=(("shapes.py", "area {square.area()", "{square} covers {square.area()}"),),
            typed="print(hotswap.sync())\nprint(ask(square))\n",
            sign=r"Square\(side=3\) covers 9",
        ),
    ),
)
SIMULATION = Example(
    command=("simulate.py",),
    counter=r"served (\d+)",
    saves=(
        Save(
            what="a better policy, in the middle of the job",
            edits=(
                ("policy.py", '"""Any till."""', '"""The shortest queue."""'),
                ("policy.py", "chance.choice(tills)", "min(tills, key=len)"),
            ),
            sign=r"The shortest queue\.",
        ),
        Save(
            what="a method for figures that live already, and the column that calls it, saved together",
            edits=(
                (
                    "stats.py",
                    "    @property",
                    '    def summary(self) -> str:\n        return f"longest {self.most}"\n\n    @property',
                ),
                ("tables.py", "str(policy.choose.__doc__)", "str(policy.choose.__doc__), market.waits.summary()"),
            ),
            sign=r"The shortest queue\. \| longest \d+",
        ),
    ),
)
EXAMPLES = {"game": GAME, "repl": REPL, "simulation": SIMULATION}


class NotSwapped(Exception):
    """The program did not do what it should after a save."""


class Running:
    """A program that was started, and what it prints."""

    def __init__(self, process: subprocess.Popen[str], counter: str) -> None:
        self.process = process
        self.counter = re.compile(counter)
        self.counted = -1
        self.lines: queue.Queue[str | None] = queue.Queue()
        self.last: deque[str] = deque(maxlen=20)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def wait_for(self, sign: str, what: str) -> None:
        """Wait for a line that shows the sign; print it, and the reports before it.

        Raises NotSwapped when the count does not go on (the state is lost), when the program ends, or after LIMIT_S.
        """
        end = time.monotonic() + LIMIT_S
        while True:
            line = self._next_line(end, what)
            reported = re.search(r"swapped \d+ of|kept the old code|needs a restart", line)
            if reported or re.search(sign, line):
                print(f"    {line}")
            found = self.counter.search(line)
            if found:
                self._count(int(found[1]), line)
            if re.search(sign, line):
                return

    def _next_line(self, end: float, what: str) -> str:
        try:
            line = self.lines.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            raise NotSwapped(f"not seen within {LIMIT_S} s: {what}") from None
        if line is None:
            raise NotSwapped(f"the program ended with status {self.process.wait()} before this was seen: {what}")
        self.last.append(line)
        return line

    def _count(self, count: int, line: str) -> None:
        if count <= self.counted:
            raise NotSwapped(f"the state was lost, the count was {self.counted} and is now {count}: {line}")
        self.counted = count

    def type(self, text: str) -> None:
        """Type at the program's prompt."""
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.flush()


@contextmanager
def started(command: tuple[str, ...], folder: Path, counter: str) -> Iterator[Running]:
    """The program, ended at the end."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        text=True,
    )
    with process:
        try:
            yield Running(process, counter)
        finally:
            process.kill()


def edit_by_itself(example: Example, folder: Path) -> None:
    """Run the copy of the example in the folder, save what is to be saved, look at what it prints.

    Raises NotSwapped unless every save went live and the state was kept.
    """
    with started(example.command, folder, example.counter) as running:
        try:
            carry_out(example, folder, running)
        except NotSwapped:
            print("the last lines of the program:", *running.last, sep="\n    | ", file=sys.stderr)
            raise


def carry_out(example: Example, folder: Path, running: Running) -> None:
    """Save one after the other, and see each go live."""
    running.wait_for(example.counter, "the program runs")
    for save in example.saves:
        print(f"\n  {save.what}")
        for path, text in edited(folder, save).items():
            path.write_text(text, "utf-8")
        if save.typed:
            running.type(save.typed)
        running.wait_for(save.sign, save.what)


def edited(folder: Path, save: Save) -> dict[Path, str]:
    """The new texts of the files."""
    texts: dict[Path, str] = {}
    for name, old, new in save.edits:
        path = folder / name
        text = texts.get(path) or path.read_text("utf-8")
        assert text.count(old) == 1, f"{name} has {text.count(old)} times: {old}"
        print(f"    {name}: {old!r} -> {new!r}")
        texts[path] = text.replace(old, new)
    return texts


def main() -> int:
    """Run the example that was asked for; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("example", nargs="?", choices=EXAMPLES, default="game")
    parser.add_argument("--self-edit", action="store_true", help="edit a copy without you, and check what happens")
    options = parser.parse_args()
    example = EXAMPLES[options.example]
    folder = HERE / options.example
    if not options.self_edit:
        print(f"running {folder}; edit its files while it runs")
        return subprocess.run([sys.executable, *example.command], cwd=folder, check=False).returncode
    with tempfile.TemporaryDirectory(prefix="hotswap-example-", ignore_cleanup_errors=True) as temporary:
        copy = Path(temporary, options.example)
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
        try:
            edit_by_itself(example, copy)
        except NotSwapped as error:
            print(f"\nFAILED: {error}", file=sys.stderr)
            return 1
    print(f"\nall {len(example.saves)} saves went live, and the state was kept")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
