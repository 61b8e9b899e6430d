"""The world as a picture."""

from __future__ import annotations

import pygame
from settings import BACKGROUND, PLAYER_COLOUR
from world import World

INK = (235, 235, 235)


def draw(world: World, screen: pygame.Surface, font: pygame.font.Font) -> None:
    """Draw one frame."""
    screen.fill(BACKGROUND)
    for enemy in world.enemies:
        pygame.draw.circle(screen, enemy.colour, (enemy.x, enemy.y), enemy.radius)
    pygame.draw.circle(screen, PLAYER_COLOUR, (world.player.x, world.player.y), world.player.radius)
    write(screen, font, f"{world.level.title}   frame {world.frame}   hits {world.hits}", 8)


def overlay(text: str, screen: pygame.Surface, font: pygame.font.Font) -> None:
    """Show an error over the picture that was drawn last."""
    lines = text.strip().splitlines()[-8:]
    pygame.draw.rect(screen, (120, 20, 30), (0, 30, screen.get_width(), 12 + 18 * len(lines)))
    for number, line in enumerate(lines):
        write(screen, font, line[:70], 36 + 18 * number)


def write(screen: pygame.Surface, font: pygame.font.Font, line: str, y: int) -> None:
    """One line of text."""
    screen.blit(font.render(line, True, INK), (8, y))  # noqa: FBT003  pygame's own order of arguments
