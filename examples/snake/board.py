"""The state of the game: a snake, its food, and what has happened.  Made once; it lives through all edits."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import TypeAlias

from rules import BITES, GROWTH, HEIGHT, WIDTH

Cell: TypeAlias = tuple[int, int]


class Board:
    """One game."""

    def __init__(self) -> None:
        self.tick = 0
        self.eaten = 0
        self.chance = Random(3)
        self.body: deque[Cell] = deque([(WIDTH // 2, HEIGHT // 2)])
        self.heading: Cell = (1, 0)
        self.owed = GROWTH
        self.food: set[Cell] = set()

    @property
    def head(self) -> Cell:
        """Where it bites."""
        return self.body[0]

    def step(self, wish: Cell | None) -> None:
        """One tick: turn, move, eat."""
        self.tick += 1
        if wish is not None and wish != (-self.heading[0], -self.heading[1]):
            self.heading = wish
        self.body.appendleft(self.next_cell())
        if self.owed:
            self.owed -= 1
        else:
            self.body.pop()
        self.eat()
        self.lay_out()

    def next_cell(self) -> Cell:
        """Where the head goes; the right edge leads to the left one."""
        (x, y), (dx, dy) = self.head, self.heading
        return (x + dx) % WIDTH, (y + dy) % HEIGHT

    def eat(self) -> None:
        """Food makes it longer; its own tail makes it short again."""
        if self.head in self.food:
            self.food.remove(self.head)
            self.eaten += 1
            self.owed += GROWTH
        if self.head in list(self.body)[1:]:
            self.body = deque(list(self.body)[:3])

    def lay_out(self) -> None:
        """Put out as much food as there should be."""
        while len(self.food) < BITES:
            self.food.add((self.chance.randrange(WIDTH), self.chance.randrange(HEIGHT)))
