"""The state of the game: what lives, and what has happened."""

from __future__ import annotations

from creatures import Bird, Creature, Fish
from settings import HEIGHT, SURFACE, WIDTH


class World:
    """One pond.  It is made once and lives through all edits."""

    def __init__(self) -> None:
        self.frame = 0
        self.caught = 0
        self.birds = [Bird(x=x, y=1 + x % 3, dx=1) for x in range(3, WIDTH, 13)]
        self.fish = [Fish(x=x, y=HEIGHT - 2, dx=-1) for x in range(0, WIDTH, 7)]

    @property
    def creatures(self) -> list[Creature]:
        """All that is to be drawn, the birds on top."""
        return [*self.fish, *self.birds]

    def step(self) -> None:
        """One moment passes."""
        self.frame += 1
        for creature in self.creatures:
            creature.step()
        for bird in self.birds:
            self.catch(bird)

    def catch(self, bird: Bird) -> None:
        """A bird in the water takes the fish that it meets; another one comes from the right."""
        for fish in self.fish:
            if bird.y > SURFACE and abs(bird.x - fish.x) <= 1:
                self.caught += 1
                fish.x = WIDTH - 1
