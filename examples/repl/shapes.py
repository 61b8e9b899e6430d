"""Shapes to play with at the prompt."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

questions = count(1)


@dataclass
class Square:
    """A square."""

    side: float

    def area(self) -> float:
        """How much it covers."""
        return self.side * 2  # wrong, and you find it out while you play


def ask(square: Square) -> str:
    """Ask a square for its area; the questions are counted."""
    return f"question {next(questions)}: area {square.area()}"
