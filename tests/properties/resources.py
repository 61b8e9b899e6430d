"""Random modules that hold resources, with hooks that close them: after each round the open ones are those that are held."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

# Resources tell a list that no round looks at: it is an attribute of a function.
RESOURCE = """
class Resource:
    def __init__(self, *about):
        self.about, self.is_open = about, True
        ledger().append(self)

    def use(self, *_):
        assert self.is_open, "used when closed"

    def close(self):
        assert self.is_open, "closed twice"
        self.is_open = False
        ledger().remove(self)


def ledger():
    import sys

    return sys.modules["tests.properties.resources"].open_resources
"""
open_resources: list[Any] = []

CONSTANTS = "ABC"
ARGUMENTS = {"helper": "helper()", "other": "other.V", "nothing": ""} | {name: name for name in CONSTANTS}
KINDS = ("plain", "loop", "table", "factory", "method")


@dataclass
class Held:
    """One resource, or some: how they are made, from what, and what is called with them."""

    name: str
    kind: str
    argument: str
    use: int | None = None

    @property
    def made(self) -> str:
        """The statements that make them."""
        name, make = self.name, f"Resource({ARGUMENTS[self.argument]})"
        text = {
            "plain": f"{name} = {make}\n",
            "loop": f"{name} = []\nfor i in range(2):\n    {name}.append({make})\n",
            "table": f"{name} = {{'a': {make}}}\n{name}['b'] = {make}\n",
            "factory": f"def make_{name}():\n    return {make}\n\n\n{name} = make_{name}()\n",
            "method": f"{name} = {make}\nhotswap.on_dispose({name}.close)\n",
        }[self.kind]
        can_be_used = self.use is not None and self.kind in ("plain", "factory", "method")
        return text + (f"{name}.use({self.use})\n" if can_be_used else "")

    @property
    def closed(self) -> str:
        """The statements of a hook that close them."""
        if self.kind == "loop":
            return f"    for each in {self.name}:\n        each.close()\n"
        if self.kind == "table":
            return f"    for each in {self.name}.values():\n        each.close()\n"
        return f"    {self.name}.close()\n"


@dataclass
class Module:
    """What a module says at one time."""

    chance: random.Random
    constants: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CONSTANTS, 0))
    helper: int = 0
    held: list[Held] = field(default_factory=list)
    hooks: list[list[Held]] = field(default_factory=list)
    doc: int = 0
    count: int = 0
    is_broken: bool = False

    @property
    def text(self) -> str:
        """Its source."""
        hooks = [
            f"\n\n@hotswap.on_dispose\ndef close_{number}():\n    '''{self.doc}'''\n" + "".join(h.closed for h in hook)
            for number, hook in enumerate(self.hooks)
            if hook
        ]
        return "".join((
            "import hotswap\nimport other\nfrom resource_ import Resource\n\n",
            *(f"{name} = {value}\n" for name, value in self.constants.items()),
            f"\n\ndef helper():\n    return {self.helper}\n\n\n",
            *(held.made for held in self.held),
            *hooks,
            "1 / 0\n" if self.is_broken else "",
        ))  # fmt: skip

    def add(self) -> None:
        """One more resource; its hook is a new one in a round that fails, which takes back what it made by new hooks."""
        self.count += 1
        chance = self.chance
        held = Held(f"r{self.count}", chance.choice(KINDS), chance.choice(list(ARGUMENTS)), chance.choice([None, 0, 1]))
        self.held.append(held)
        if held.kind != "method":
            if self.hooks and not self.is_broken and chance.random() < 0.5:
                chance.choice(self.hooks).append(held)
            else:
                self.hooks.append([held])

    def edit(self) -> None:
        """One edit."""
        edits = [self._constant, self._helper, self._remove, self._doc, self._use, self._order, self._argument]
        self.chance.choice(edits)()

    def _constant(self) -> None:
        self.constants[self.chance.choice(CONSTANTS)] = self.chance.randrange(5)

    def _helper(self) -> None:
        self.helper += 1

    def _remove(self) -> None:
        if self.held:
            gone = self.chance.choice(self.held)
            self.held.remove(gone)
            self.hooks = [[held for held in hook if held is not gone] for hook in self.hooks]

    def _doc(self) -> None:
        self.doc += 1

    def _use(self) -> None:
        if self.held:
            self.chance.choice(self.held).use = self.chance.choice([None, 0, 1, 2])

    def _order(self) -> None:
        self.chance.shuffle(self.held)

    def _argument(self) -> None:
        if self.held:
            self.chance.choice(self.held).argument = self.chance.choice(list(ARGUMENTS))


def held_by(module: ModuleType) -> list[Any]:
    """The resources that a module holds."""
    values = [value for name, value in vars(module).items() if not name.startswith("__")]
    parts = [list(v.values()) if type(v) is dict else v if type(v) is list else [v] for v in values]
    return [each for part in parts for each in part if type(each).__name__ == "Resource"]
