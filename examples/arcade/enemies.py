"""Who is out there.  A level names the classes; a new one here can be used in level.json as it is saved."""

from __future__ import annotations

import math
from random import Random

from physics import Body
from settings import CHASE, ENEMY_COLOUR, ENEMY_SPEED, HEIGHT, WIDTH


class Enemy(Body):
    """Keeps its direction."""

    colour = ENEMY_COLOUR

    def think(self, player: Body) -> None:
        """Before each move."""


class Drifter(Enemy):
    """Floats about."""

    def think(self, player: Body) -> None:
        """Sway a little."""
        self.dy += 0.1 * math.sin(self.x / 20)


class Chaser(Enemy):
    """Comes after the player."""

    colour = (240, 140, 60)

    def think(self, player: Body) -> None:
        """Turn to the player."""
        away = math.hypot(player.x - self.x, player.y - self.y) or 1.0
        self.dx, self.dy = CHASE * (player.x - self.x) / away, CHASE * (player.y - self.y) / away


def kinds() -> dict[str, type[Enemy]]:
    """The classes that a level can name."""
    return {name: cls for name, cls in globals().items() if isinstance(cls, type) and issubclass(cls, Enemy)}


def spawn(kind: str, chance: Random) -> Enemy:
    """A new enemy somewhere.  Raises KeyError when there is no such class."""
    angle = chance.uniform(0, math.tau)
    return kinds()[kind](
        x=chance.uniform(20, WIDTH - 20),
        y=chance.uniform(20, HEIGHT - 20),
        radius=9,
        dx=ENEMY_SPEED * math.cos(angle),
        dy=ENEMY_SPEED * math.sin(angle),
    )
