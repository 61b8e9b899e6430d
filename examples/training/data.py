"""Two spirals, one inside the other."""

from __future__ import annotations

import math
from random import Random
from typing import TypeAlias

Sample: TypeAlias = tuple[tuple[float, float], float]


def spirals(count: int, chance: Random) -> list[Sample]:
    """Points, and to which of the two they belong."""
    found: list[Sample] = []
    for number in range(count):
        kind, at = number % 2, chance.uniform(0.2, 1.0)
        angle = 8 * at + math.pi * kind
        found.append(((at * math.cos(angle), at * math.sin(angle)), float(kind)))
    return found
