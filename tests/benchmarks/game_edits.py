"""Edits of all kinds for the game in examples/arcade, and what each should lead to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random


@dataclass(frozen=True, slots=True)
class Edited:
    """What was saved: the kind of edit, and how its round has to end.

    "raises": swapped, and then a frame raises.  "together": swapped, but on a machine that makes a pause between the two
    saves the first one may be found to be not enough.  "level": no round but that of the level's handler.
    """

    kind: str
    ends: str


class Author:
    """Saves one edit after the other in a copy of the game."""

    def __init__(self, folder: Path, seed: int = 0) -> None:
        self.folder, self.chance = folder, Random(seed)
        self.number = 0
        self.texts = {path.name: path.read_text() for path in sorted(folder.glob("*.py"))}
        self.level = json.loads((folder / "level.json").read_text())

    def edits(self, count: int) -> Iterator[Edited]:
        """Save so many edits, each when the next one is asked for; all kinds come in turn."""
        kinds: tuple[Callable[[], Iterator[Edited]], ...] = (
            self.body, self.constant, self.method, self.enemy_class, self.level_file, self.broken, self.comment,
            self.raising, self.default, self.two_files,
        )  # fmt: skip
        left = count
        while left:
            for kind in kinds:
                for edited in kind():
                    yield edited
                    left -= 1
                    if not left:
                        return

    # ------------------------------------------------------------------ the kinds

    def body(self) -> Iterator[Edited]:
        """The body of a method that each body on the screen calls in each frame."""
        self.replace("physics.py", "        self.x += ", f"        self.x += (self.dx, {self.next()})[0]\n")
        yield Edited("body", "swapped")

    def constant(self) -> Iterator[Edited]:
        """A constant from which another module has computed one."""
        self.replace("settings.py", "ENEMY_SPEED = ", f"ENEMY_SPEED = 1.5 + {self.next()} / 1000\n")
        yield Edited("constant", "swapped")

    def method(self) -> Iterator[Edited]:
        """A new method, and a call of it in one that lives."""
        name, text = f"lean_{self.next()}", self.texts["enemies.py"]
        head = f"    def {name}(self) -> float:\n        return {self.number} * 0.0\n\n"
        place = text.index("    def think", text.index("class Drifter"))
        self.save("enemies.py", f"{text[:place]}{head}{text[place:]}")
        self.replace("enemies.py", "        self.dy += ", f"        self.dy += self.{name}()\n")
        yield Edited("new method", "swapped")

    def enemy_class(self) -> Iterator[Edited]:
        """A new class of enemies, and a level that asks for one; the one before leaves both."""
        before, now = f"Guest{self.number}", f"Guest{self.next()}"
        text, self.number = self.texts["enemies.py"], self.number
        begin = text.find("class Guest")
        if begin >= 0:
            before = text[begin:].split("(")[0].removeprefix("class ")
            text = text[:begin] + text[text.index("def kinds") :]
            del self.level["enemies"][before]
        cls = f'class {now}(Enemy):\n    """Came late."""\n\n    colour = (120, {self.number % 200}, 120)\n\n\n'
        self.level["enemies"][now] = 1
        self.save("enemies.py", text.replace("def kinds", f"{cls}def kinds"))
        self.save_level()
        yield Edited("new class and level", "swapped")

    def level_file(self) -> Iterator[Edited]:
        """The level alone."""
        self.level["title"], self.level["enemies"]["Drifter"] = f"Level {self.next()}", 4 + self.number % 3
        self.save_level()
        yield Edited("level file", "level")

    def broken(self) -> Iterator[Edited]:
        """A file that does not compile; then what it was to be."""
        text = self.texts["world.py"]
        self.save("world.py", text + f"def broken_{self.next()}(:\n")
        yield Edited("syntax error", "rolled_back")
        self.save("world.py", f"{text.rstrip()}\n\n\nMENDED = {self.number}\n")
        yield Edited("its mending", "swapped")
        self.save("world.py", text)
        yield Edited("a name removed", "swapped")

    def comment(self) -> Iterator[Edited]:
        """Lines move, and nothing else."""
        self.save("world.py", f"# {self.next()}\n{self.texts['world.py']}")
        yield Edited("comment", "swapped")

    def raising(self) -> Iterator[Edited]:
        """Code that compiles, and raises in the next frame; then it is taken back."""
        text = self.texts["drawing.py"]
        self.save("drawing.py", text.replace("    screen.fill(", f"    missing_{self.next()}\n    screen.fill("))
        yield Edited("frame that raises", "raises")
        self.save("drawing.py", text)
        yield Edited("its mending", "swapped")

    def default(self) -> Iterator[Edited]:
        """The default of an argument."""
        text = self.texts["drawing.py"]
        place = text.index("def write(")
        line = f"def write(screen: pygame.Surface, font: pygame.font.Font, line: str, y: int, at: int = {self.next()})"
        self.save("drawing.py", text[:place] + line + text[text.index(" -> None", place) :])
        yield Edited("default", "swapped")

    def two_files(self) -> Iterator[Edited]:
        """Two files saved together, of which neither makes sense without the other."""
        name = f"pace_{self.next()}"
        physics = self.texts["physics.py"].split("\n\n\ndef pace")[0].rstrip()
        world = "".join(line for line in self.texts["world.py"].splitlines(keepends=True) if "pace_" not in line)
        self.texts["physics.py"] = f"{physics}\n\n\ndef {name}() -> float:\n    return 1.0\n"
        self.texts["world.py"] = world.replace(
            "from physics import Body\n", f"from physics import Body\nfrom physics import {name}\n"
        )
        for file in ("physics.py", "world.py"):
            self.save(file, self.texts[file])
        yield Edited("two files", "together")

    # ------------------------------------------------------------------ saving

    def next(self) -> int:
        """A number that was not used before."""
        self.number += 1
        return self.number

    def replace(self, file: str, begin: str, line: str) -> None:
        """Put a line in the place of the first one that begins so."""
        text = self.texts[file]
        at = text.index(begin)
        self.save(file, text[:at] + line + text[text.index("\n", at) + 1 :])

    def save(self, file: str, text: str) -> None:
        """As editors do: write beside it, rename onto it."""
        self.texts[file] = text
        beside = self.folder / f"{file}~"
        beside.write_text(text)
        beside.replace(self.folder / file)

    def save_level(self) -> None:
        """The same for the level."""
        beside = self.folder / "level.json~"
        beside.write_text(json.dumps(self.level))
        beside.replace(self.folder / "level.json")
