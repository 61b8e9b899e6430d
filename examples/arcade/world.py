"""The state of the game: it is made once and lives through all edits."""

from __future__ import annotations

from collections import Counter
from random import Random

from enemies import Enemy, spawn
from level import Level
from physics import Body
from settings import HEIGHT, WIDTH


class World:
    """One game."""

    def __init__(self, level: Level) -> None:
        self.level = level
        self.frame = 0
        self.hits = 0
        self.chance = Random(7)
        self.player = Body(WIDTH / 2, HEIGHT / 2, radius=12)
        self.enemies: list[Enemy] = []

    def step(self, steer: tuple[float, float]) -> None:
        """One frame passes."""
        self.frame += 1
        self.level.follow()
        self.people()
        self.player.dx, self.player.dy = steer
        self.player.move()
        for enemy in self.enemies:
            enemy.think(self.player)
            enemy.move()
        self.collide()

    def people(self) -> None:
        """As many enemies of each kind as the level asks for; those that are there already stay."""
        there = Counter(type(enemy).__name__ for enemy in self.enemies)
        for kind, number in (self.level.enemies - there).items():
            self.enemies += [spawn(kind, self.chance) for _ in range(number)]
        for kind, number in (there - self.level.enemies).items():
            surplus = [enemy for enemy in self.enemies if type(enemy).__name__ == kind][:number]
            self.enemies = [enemy for enemy in self.enemies if enemy not in surplus]

    def collide(self) -> None:
        """Whoever meets the player is thrown back, and counts."""
        for enemy in self.enemies:
            if enemy.touches(self.player):
                self.hits += 1
                enemy.x, enemy.y = self.chance.uniform(20, WIDTH - 20), 20.0
