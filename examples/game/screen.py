"""The world as text: drawn in place on a terminal, one line per frame anywhere else."""

from __future__ import annotations

from typing import TextIO

from settings import GRAVITY, HEIGHT, SURFACE, WIDTH
from world import World

TITLE = f"The pond, gravity {GRAVITY}"
HOME_AND_CLEAR = "\x1b[H\x1b[J"
WATER, RESET = "\x1b[34m", "\x1b[0m"


def show(world: World, news: str, out: TextIO) -> None:
    """Draw one frame."""
    out.write(HOME_AND_CLEAR + picture(world, news) if out.isatty() else line(world))
    out.flush()


def line(world: World) -> str:
    """The frame for a log."""
    birds = " ".join(f"{bird.glyph}{bird.x},{bird.y}" for bird in world.birds)
    return f"{TITLE}: frame {world.frame} caught {world.caught} birds {birds}\n"


def picture(world: World, news: str) -> str:
    """The frame for a terminal."""
    rows = [[" "] * WIDTH for _ in range(HEIGHT)]
    rows[SURFACE] = ["~"] * WIDTH
    for creature in world.creatures:
        for offset, sign in enumerate(creature.glyph):
            rows[creature.y % HEIGHT][(creature.x + offset) % WIDTH] = sign
    drawn = ["".join(row) for row in rows]
    drawn[SURFACE] = WATER + drawn[SURFACE] + RESET
    head = f"{TITLE}   frame {world.frame}   caught {world.caught}"
    hint = "Edit a file of this folder and save it: a glyph in creatures.py, GRAVITY in settings.py.  Ctrl-C ends."
    return "\n".join([head, *drawn, hint, news, ""])
