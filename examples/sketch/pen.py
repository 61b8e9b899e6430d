"""How the pen moves: this is the file to play with."""

from __future__ import annotations

import math
from dataclasses import dataclass

STEP = 6.0
TURN = 0.31
WIDEN = 0.0007


@dataclass
class Pen:
    """Where it is, and where it points to.  It is made once."""

    x: float = 200.0
    y: float = 200.0
    angle: float = 0.0
    strokes: int = 0

    def move(self) -> None:
        """One stroke further, in a spiral that opens."""
        self.strokes += 1
        self.angle += TURN / (1 + WIDEN * self.strokes)
        self.x += STEP * math.cos(self.angle)
        self.y += STEP * math.sin(self.angle)
