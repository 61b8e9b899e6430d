"""A small network in plain Python: two inputs, one hidden layer, one output.  It is made once, and kept."""

from __future__ import annotations

import math
from random import Random

HIDDEN = 12


class Network:
    """Weights, and what they say."""

    def __init__(self, chance: Random) -> None:
        self.inner = [[chance.gauss(0, 1) for _ in range(3)] for _ in range(HIDDEN)]
        self.outer = [chance.gauss(0, 1) for _ in range(HIDDEN + 1)]

    def hidden(self, point: tuple[float, float]) -> list[float]:
        """The hidden layer."""
        return [math.tanh(a * point[0] + b * point[1] + c) for a, b, c in self.inner]

    def output(self, hidden: list[float]) -> float:
        """Between 0 and 1."""
        total = sum(w * h for w, h in zip(self.outer, [*hidden, 1.0], strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))

    def learn(self, point: tuple[float, float], target: float, rate: float) -> float:
        """One step down the slope; returns the loss before it."""
        hidden = self.hidden(point)
        said = self.output(hidden)
        slope = said - target
        for number, value in enumerate(hidden):
            back = slope * self.outer[number] * (1 - value * value)
            self.outer[number] -= rate * slope * value
            for place, part in enumerate((*point, 1.0)):
                self.inner[number][place] -= rate * back * part
        self.outer[-1] -= rate * slope
        return -math.log(max(1e-9, said if target else 1 - said))
