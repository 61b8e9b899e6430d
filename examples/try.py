"""Try hotswap: runs one of the examples.

    python examples/try.py [game|arcade|chat|repl|simulation|sketch|snake|training]

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
from importlib.util import find_spec
from pathlib import Path

from catalogue import EXAMPLES, Example, Save

HERE = Path(__file__).resolve().parent
LIMIT_S = 30
PACKAGES = {"pygame": "pygame-ce"}


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
            reported = re.search(r"swapped \d+ of|kept the old code|needs a restart|raised|saved as", line)
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
def started(example: Example, folder: Path, shots: Path) -> Iterator[Running]:
    """The program, ended at the end."""
    process = subprocess.Popen(
        command_of(example, shots),
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **dict(example.headless), "PYTHONUNBUFFERED": "1"},
        text=True,
    )
    with process:
        try:
            yield Running(process, example.counter)
        finally:
            process.kill()


def command_of(example: Example, shots: Path) -> list[str]:
    """How it is started; the pictures that it may take of itself go to a folder."""
    return [sys.executable, *(word.format(shots=shots) for word in example.command)]


def edit_by_itself(example: Example, folder: Path, shots: Path) -> None:
    """Run the copy of the example in the folder, save what is to be saved, look at what it prints.

    Raises NotSwapped unless every save went live and the state was kept.
    """
    with started(example, folder, shots) as running:
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
    parser.add_argument(
        "--shots", type=Path, metavar="FOLDER", help="where an example with a window puts pictures of itself"
    )
    options = parser.parse_args()
    example = EXAMPLES[options.example]
    folder = HERE / options.example
    if example.needs and find_spec(example.needs) is None:
        print(f"{options.example} needs {example.needs}: pip install {PACKAGES[example.needs]}", file=sys.stderr)
        return 2
    shots = (options.shots or Path(tempfile.gettempdir(), "hotswap-shots")).resolve()
    shots.mkdir(parents=True, exist_ok=True)
    if not options.self_edit:
        print(f"running {folder}; edit its files while it runs")
        return subprocess.run(command_of(example, shots), cwd=folder, check=False).returncode
    with tempfile.TemporaryDirectory(prefix="hotswap-example-", ignore_cleanup_errors=True) as temporary:
        copy = Path(temporary, options.example)
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
        try:
            edit_by_itself(example, copy, shots)
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
