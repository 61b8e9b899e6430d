"""Another process that edits a program in every way that programs save files.  Reads how many edits to make, says when done.

python -m tests.process.writer FOLDER SEED PAUSE NAME...

Each text that it writes has a number of its own: first `ledger.begin(NAME, N)`, last `ledger.end(NAME, N)`.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress


class Writer:
    """Edits the modules in the current folder.  No two texts are the same.  Slow writes pause up to `pause` seconds."""

    def __init__(self, seed: int, pause: float, names: list[str]) -> None:
        self.random = random.Random(seed)
        self.pause = pause
        self.names = names
        self.number = 0

    def text(self, path: str) -> str:
        """A module of some length, whole only with its last line."""
        self.number += 1
        name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        filler = "".join(f"# {i} {'.' * self.random.randrange(60)}\n" for i in range(self.random.randrange(40)))
        return (
            f"import ledger\nBEGIN = {self.number}\nBEGUN = ledger.begin({name!r}, BEGIN, {self.number})\n{filler}"
            f"def get():\n    return {self.number}\n{filler}END = {self.number}\n"
            f"ENDED = ledger.end({name!r}, END, {self.number})\n"
        )

    # ------------------------------------------------------------------ ways to save

    def in_place(self, path: str) -> None:
        with open(path, "w", encoding="ascii") as file:
            file.write(self.text(path))

    def in_parts(self, path: str) -> None:
        """Several writes, and pauses in which somebody may look."""
        with open(path, "w", encoding="ascii") as file:
            for line in self.text(path).splitlines(keepends=True):
                file.write(line)
                if self.random.random() < 0.05:
                    file.flush()
                    time.sleep(self.random.random() * self.pause)

    def in_two_goes(self, path: str) -> None:
        """Closed in the middle of a statement, and gone on with."""
        text = self.text(path)
        cut = text.rindex("(") + 1
        with open(path, "w", encoding="ascii") as file:
            file.write(text[:cut])
        with open(path, "a", encoding="ascii") as file:
            file.write(text[cut:])

    def renamed_onto(self, path: str) -> None:
        self._beside(path + ".tmp", path)
        os.replace(path + ".tmp", path)

    def like_vim(self, path: str) -> None:
        with suppress(FileNotFoundError):
            os.rename(path, path + "~")
        self.in_place(path)
        with suppress(FileNotFoundError):
            os.unlink(path + "~")

    def like_pycharm(self, path: str) -> None:
        self._beside(path + "___jb_tmp___", path)
        with suppress(FileNotFoundError):
            os.rename(path, path + "___jb_old___")
        os.rename(path + "___jb_tmp___", path)
        with suppress(FileNotFoundError):
            os.unlink(path + "___jb_old___")

    def like_emacs(self, path: str) -> None:
        lock = os.path.join(os.path.dirname(path), ".#" + os.path.basename(path))
        os.symlink("somebody@somewhere.1234", lock)
        with suppress(FileNotFoundError):
            os.rename(path, path + "~")
        self.in_place(path)
        os.unlink(lock)

    def deleted_and_written(self, path: str) -> None:
        self.delete(path)
        self.in_place(path)

    def linked_into_place(self, path: str) -> None:
        self._beside(path + ".real", path)
        self.delete(path)
        os.link(path + ".real", path)
        os.unlink(path + ".real")

    def as_a_link(self, path: str) -> None:
        self._beside(path + ".target", path)
        os.symlink(os.path.basename(path) + ".target", path + ".link")
        os.replace(path + ".link", path)

    def through_the_link(self, path: str) -> None:
        if os.path.islink(path):
            self._beside(path + ".target", path)

    def formatted(self, path: str) -> None:
        """A save, and right after it another one by a formatter."""
        self.in_place(path)
        self.renamed_onto(path)

    def touched(self, path: str) -> None:
        with suppress(FileNotFoundError):
            os.utime(path)

    def same_bytes(self, path: str) -> None:
        with suppress(FileNotFoundError), open(path, "rb+") as file:
            data = file.read()
            file.seek(0)
            file.write(data)

    # ------------------------------------------------------------------ more than one file

    def delete(self, path: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(path)

    def burst(self, _path: str) -> None:
        for path in self.random.sample(self.names, len(self.names) // 2):
            self.random.choice((self.in_place, self.renamed_onto))(path)

    def exchanged(self, path: str) -> None:
        """The folder goes away, and one with the same modules comes in its place."""
        folder = os.path.dirname(path)
        if folder and os.path.isdir(folder):
            shutil.copytree(folder, "new_" + folder, symlinks=True)
            for name in self._within(folder):
                self._beside("new_" + name, name)
            os.rename(folder, "old_" + folder)
            os.rename("new_" + folder, folder)
            shutil.rmtree("old_" + folder)

    def away_and_back(self, path: str) -> None:
        folder = os.path.dirname(path)
        if folder and os.path.isdir(folder):
            os.rename(folder, "away_" + folder)
            if self.random.random() < 0.5:
                time.sleep(self.random.random() * 0.005)
            os.rename("away_" + folder, folder)

    def _within(self, folder: str) -> list[str]:
        return [name for name in self.names if os.path.dirname(name) == folder]

    def _beside(self, path: str, meant: str) -> None:
        with open(path, "w", encoding="ascii") as file:
            file.write(self.text(meant))

    # ------------------------------------------------------------------ all of it

    def edit(self) -> None:
        """One edit, of some module, in some way."""
        self.way()(self.random.choice(self.names))

    def way(self) -> Callable[[str], None]:
        often = (
            self.in_place, self.in_parts, self.in_two_goes, self.renamed_onto, self.like_vim, self.like_pycharm,
            self.like_emacs, self.deleted_and_written, self.linked_into_place, self.as_a_link, self.through_the_link,
            self.formatted, self.touched, self.same_bytes, self.delete,
        )  # fmt: skip
        seldom = (self.burst, self.exchanged, self.away_and_back)
        return self.random.choice(often if self.random.random() < 0.95 else seldom)


def main() -> None:
    """Make as many edits as each line of the standard input says."""
    folder, seed, pause, *names = sys.argv[1:]
    os.chdir(folder)
    writer = Writer(int(seed), float(pause), names)
    for name in names:
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        writer.in_place(name)
    print("ready", flush=True)
    for line in sys.stdin:
        for _ in range(int(line)):
            writer.edit()
        print("done", flush=True)


if __name__ == "__main__":
    main()
