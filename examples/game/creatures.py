"""Who lives in and over the pond."""

from __future__ import annotations

from dataclasses import dataclass

from settings import GRAVITY, HEIGHT, SURFACE, WIDTH

TOP_SPEED = GRAVITY * 3


@dataclass
class Creature:
    """Something at a place, with a speed."""

    x: int
    y: int
    dx: int

    glyph = "?"

    def step(self) -> None:
        """Move on; the right edge leads to the left one."""
        self.x = (self.x + self.dx) % WIDTH


@dataclass
class Fish(Creature):
    """Swims to and fro, below the surface."""

    depth: int = 0

    glyph = "><>"

    def step(self) -> None:
        """Rise and sink while it swims."""
        super().step()
        self.depth = (self.depth + 1) % 4
        self.y = SURFACE + 2 + self.depth // 2


@dataclass
class Bird(Creature):
    """Falls, and flaps up again when it comes to the water."""

    dy: int = 0

    glyph = "v"

    def step(self) -> None:
        """Fall a little faster."""
        super().step()
        self.dy = min(self.dy + GRAVITY, TOP_SPEED)
        self.y += self.dy
        if self.y > SURFACE + 1:
            self.flap()

    def flap(self) -> None:
        """Up into the air."""
        self.y = min(self.y, HEIGHT - 1)
        self.dy = -TOP_SPEED
