"""What the pond is like.  Others take these names by `from settings import ...` and follow when they change."""

WIDTH = 48
HEIGHT = 12
SURFACE = 6
GRAVITY = 1
FRAME_SECONDS = 0.1
