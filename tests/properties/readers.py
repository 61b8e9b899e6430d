"""Random modules that read files: after each round their values are those of a module that is run anew."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

LOADERS = (
    "f", "g", "h", "load", "lib.load", "lambda path: int(path.read_text()) + LOCAL", "lambda path: f(path) * 2",
)  # fmt: skip
FORMS = {
    "plain": "{name} = {call}\n",
    "by a function": "\n\ndef get_{name}():\n    return {call}\n\n\n{name} = get_{name}()\n",
    "at run time": "\n\ndef {name}():\n    return {call}\n\n\n",
    "two": "{name} = [{call}, {call} + 1]\n",
    "in a class": "\n\nclass {name}:\n    VALUE = {call}\n\n\n",
}


@dataclass
class Module:
    """What a module that reads files says at one time, and the module of which it takes a loader."""

    chance: random.Random
    readers: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("LOCAL", "f", "g", "SCALE", "load"), 1))
    pad: int = 0

    @property
    def text(self) -> str:
        """Its source."""
        numbers = self.numbers
        return "".join((
            "from pathlib import Path\n\nimport hotswap\nimport lib\nfrom lib import SCALE, load\n",
            "# a line more\n" * self.pad,
            f"HERE = Path(__file__).parent\nLOCAL = {numbers['LOCAL']}\n\n\n",
            f"def f(path):\n    return int(path.read_text()) + {numbers['f']}\n\n\n",
            f"def g(path):\n    return int(path.read_text()) * LOCAL + {numbers['g']}\n\n\n",
            "def h(path):\n    return int(path.read_text()) * SCALE\n\n\n",
            *(
                FORMS[form].format(name=name, call=f"hotswap.asset(HERE / {file!r}, {loader})")
                for name, (file, loader, form) in self.readers.items()
            ),
            *(f"D_{name} = {name} * 10\n" for name, (_, _, form) in self.readers.items() if form == "plain"),
        ))  # fmt: skip

    @property
    def lib(self) -> str:
        """The source of the other module."""
        scale, load = self.numbers["SCALE"], self.numbers["load"]
        return f"SCALE = {scale}\n\n\ndef load(path):\n    return int(path.read_text()) - {load}\n"

    def add(self) -> None:
        """One more value that is read from a file."""
        name = f"V{len(self.readers)}"
        self.readers[name] = (self.chance.choice(["a.txt", "b.txt"]), *self._manner())

    def _manner(self) -> tuple[str, str]:
        return self.chance.choice(LOADERS), self.chance.choice(list(FORMS))

    def edit(self, save: Callable[[str, str], object]) -> None:
        """One edit; files are saved by `save(name, text)`."""
        kind = self.chance.randrange(5)
        if kind == 0:
            content = str(self.chance.randrange(100)) if self.chance.random() < 0.85 else "no number"
            save(self.chance.choice(["a.txt", "b.txt"]), content)
        elif kind == 1:
            self.numbers[self.chance.choice(list(self.numbers))] += 1
        elif kind == 2:
            self.add()
        elif kind == 3:
            name = self.chance.choice(list(self.readers))
            file, _, form = self.readers[name]
            self.readers[name] = file, self.chance.choice(LOADERS), form
        else:
            self.pad = self.chance.randrange(3)


def values_of(space: dict[str, Any]) -> dict[str, Any]:
    """What was read, by name; functions are called.  Raises what a loader raises."""
    found = {name: value for name, value in space.items() if name.startswith(("V", "D_V"))}
    return {
        name: value.VALUE if isinstance(value, type) else value() if callable(value) else value
        for name, value in found.items()
    }


def run_anew(folder: Path) -> dict[str, Any]:
    """What the modules of the folder read when they are run by themselves, with files that are read each time."""
    others = {name: ModuleType(name) for name in ("hotswap", "lib")}
    others["hotswap"].asset = lambda path, load: load(path)  # type: ignore[attr-defined]  # a stand-in
    exec((folder / "lib.py").read_text(), others["lib"].__dict__)
    text = (folder / "reader.py").read_text()
    for line in ("import hotswap\n", "import lib\n", "from lib import SCALE, load\n"):
        text = text.replace(line, "\n", 1)
    names = {"SCALE": others["lib"].SCALE, "load": others["lib"].load}
    space: dict[str, Any] = {"__file__": str(folder / "reader.py"), "__name__": "reader", **others, **names}
    exec(text, space)
    return values_of(space)
