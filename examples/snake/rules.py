"""What the game is like."""

WIDTH, HEIGHT = 32, 12
FPS = 15
GROWTH = 2
BITES = 4
"""Pieces of food that lie about."""
EDGES = "wrap"
