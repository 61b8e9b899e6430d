"""The level, from level.json: it is read again when that file is saved, and a broken one changes nothing."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from enemies import kinds

FILE = Path(__file__).with_name("level.json")


class Level:
    """What the level asks for."""

    def __init__(self) -> None:
        self.title = ""
        self.enemies: Counter[str] = Counter()
        self.is_saved = False
        self.read()

    def saved(self, _changes: object) -> bool:
        """The file was saved: called in the round, before the modules that were saved with it."""
        self.is_saved = True
        return True

    def follow(self) -> None:
        """Read the file if it was saved; one that cannot be read changes nothing."""
        if self.is_saved:
            self.is_saved = False
            try:
                self.read()
            except (ValueError, KeyError, AttributeError, OSError) as error:
                print(f"kept the old level, {FILE.name}: {error}", flush=True)

    def read(self) -> None:
        """Read the file; raises what is wrong with it, with the level as it was."""
        told = json.loads(FILE.read_text("utf-8"))
        wanted = Counter({str(name): int(number) for name, number in told["enemies"].items()})
        unknown = wanted.keys() - kinds().keys()
        if unknown:
            raise ValueError(f"there is no enemy called {', '.join(sorted(unknown))}")
        self.title, self.enemies = str(told["title"]), wanted
