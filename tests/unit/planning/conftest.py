"""A program whose files were edited, as the planning sees it."""

from __future__ import annotations

import pytest

from hotswap.model import Findings
from hotswap.plan import Planner
from hotswap.planning.drafts import RunsWhole
from hotswap.planning.editions import Editions
from hotswap.planning.prepared import Beside


class Edited:
    """A program that is loaded, and newer files that nobody has taken in yet."""

    def __init__(self, program, files):
        self.program, self.rounds = program, program.reloader._rounds
        for name, (old, _) in files.items():
            program.write(f"{name.replace('.', '/')}.py", old)
        for name in files:
            program.import_(name.removesuffix(".__init__"))
        paths = [str(program.write(f"{name.replace('.', '/')}.py", new)) for name, (_, new) in files.items()]
        self.edits = self.rounds._edits(self.rounds.changes(paths))

    def editions(self, *, whole=(), calls=()):
        return Editions({e.module: e for e in self.edits}, self.rounds.graph, self.rounds._is_plain, set(whole), calls)

    def planner(self):
        whole: set = set()
        while True:
            planner = Planner(self.edits, self.rounds.graph, self.rounds._is_plain, whole, Findings())
            try:
                planner.work(Beside(), ())
            except RunsWhole as divided:
                whole |= divided.places
            else:
                return planner


@pytest.fixture
def edited(program):
    """Give (old, new) texts by module ("p__q" is p.q, "p__" the package p itself); imported in that order."""

    def full(name):
        return f"{name[:-2]}.__init__" if name.endswith("__") else name.replace("__", ".")

    return lambda **files: Edited(program, {full(name): texts for name, texts in files.items()})


@pytest.fixture
def edition(edited):
    """The edition of a module `a` with this text; `others` are modules beside it."""

    def make(text, **others):
        found = edited(**{name: (other, other) for name, other in others.items()}, a=(text, text))
        return found.editions().new("a")

    return make
