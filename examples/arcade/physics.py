"""Bodies that move and touch."""

from __future__ import annotations

from dataclasses import dataclass

from settings import HEIGHT, WIDTH

BOUNCE = 1.0


@dataclass
class Body:
    """A disc with a speed."""

    x: float
    y: float
    radius: float
    dx: float = 0.0
    dy: float = 0.0

    def move(self) -> None:
        """One frame passes; walls throw it back."""
        self.x += self.dx
        self.y += self.dy
        if not self.radius <= self.x <= WIDTH - self.radius:
            self.dx *= -BOUNCE
        if not self.radius <= self.y <= HEIGHT - self.radius:
            self.dy *= -BOUNCE
        self.x = clamp(self.x, self.radius, WIDTH - self.radius)
        self.y = clamp(self.y, self.radius, HEIGHT - self.radius)

    def touches(self, other: Body) -> bool:
        """Whether two discs overlap."""
        return (self.x - other.x) ** 2 + (self.y - other.y) ** 2 < (self.radius + other.radius) ** 2


def clamp(value: float, low: float, high: float) -> float:
    """The value, or the nearest bound."""
    return max(low, min(high, value))
