"""A small arcade game that goes on while you edit it.  Arrow keys steer.

    python game.py [--shots FOLDER]

Needs pygame-ce.  With --shots, pictures are saved there: one at the start, and one after each edit that went live.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import drawing
import pygame
from level import FILE, Level
from settings import FPS, HEIGHT, PLAYER_SPEED, WIDTH
from world import World

import hotswap

TELL_EVERY, SHOT_AFTER = 15, 10
"""Frames between two lines on the terminal, and from an edit to its picture."""


class Game:
    """The window, and what is in it."""

    def __init__(self, shots: Path | None) -> None:
        pygame.display.init()
        pygame.font.init()
        self.screen = pygame.display.set_mode((WIDTH, HEIGHT))
        pygame.display.set_caption("edit me while I run")
        self.font = pygame.font.Font(None, 20)
        self.world = World(Level())
        self.shots, self.next_shot, self.taken = shots, SHOT_AFTER, 0

    def update(self) -> None:
        """One frame."""
        self.answer_events()
        self.world.step(self.steer())
        drawing.draw(self.world, self.screen, self.font)
        pygame.display.flip()
        self.tell()

    def answer_events(self) -> None:
        """Close when the window is closed."""
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                sys.exit()

    def steer(self) -> tuple[float, float]:
        """Where the arrow keys point to."""
        keys = pygame.key.get_pressed()
        right, down = keys[pygame.K_RIGHT] - keys[pygame.K_LEFT], keys[pygame.K_DOWN] - keys[pygame.K_UP]
        return right * PLAYER_SPEED, down * PLAYER_SPEED

    def tell(self) -> None:
        """A line on the terminal now and then, and pictures."""
        if self.world.frame % TELL_EVERY == 0:
            kinds = " ".join(f"{number} {kind}" for kind, number in sorted(self.world.level.enemies.items()))
            print(
                f"frame {self.world.frame} hits {self.world.hits} level {self.world.level.title}: {kinds}", flush=True
            )
        if self.shots is not None and self.world.frame == self.next_shot:
            self.taken += 1
            path = self.shots / f"arcade-{self.taken}.png"
            pygame.image.save(self.screen, path)
            print(f"frame {self.world.frame} saved as {path}", flush=True)

    def show_error(self, text: str) -> None:
        """Over the picture; it is printed too."""
        drawing.overlay(text, self.screen, self.font)
        pygame.display.flip()


def main() -> None:
    """Play until the window is closed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shots", type=Path, metavar="FOLDER")
    game = Game(parser.parse_args().shots)
    with hotswap.session() as reloader:
        reloader.watch_directory(FILE.parent, FILE.name, game.world.level.saved)
        for frame in hotswap.loop(fps=FPS, on_error=game.show_error, idle=game.answer_events, budget=0.0):
            if frame.outcome is not None:
                game.next_shot = game.world.frame + SHOT_AFTER
            with frame:
                game.update()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("bye")
