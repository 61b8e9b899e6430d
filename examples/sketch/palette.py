"""Colours."""

from __future__ import annotations

import colorsys

BASE = 0.55
SPREAD = 0.1


def colour(stroke: int) -> str:
    """The colour of a stroke, as SVG writes it."""
    hue = (BASE + SPREAD * ((stroke % 100) / 100)) % 1
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.7, 0.85))
    return f"#{red:02x}{green:02x}{blue:02x}"
