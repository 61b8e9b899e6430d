"""A drawing that goes on while you change how it is drawn.

    python sketch.py [PICTURE.svg]

Open the picture in something that shows it anew when it is saved.
"""

from __future__ import annotations

import sys
from pathlib import Path

from palette import colour
from paper import Paper
from pen import Pen

import hotswap

SAVE_EVERY = 10
pen, paper = Pen(), Paper()


def stroke(picture: Path) -> None:
    """Draw a little more."""
    begin = pen.x, pen.y
    pen.move()
    paper.draw(begin, (pen.x, pen.y), colour(pen.strokes))
    if pen.strokes % SAVE_EVERY == 0:
        paper.save(picture)
        print(f"stroke {pen.strokes} at {pen.x:.0f},{pen.y:.0f} {colour(pen.strokes)}", flush=True)


def main() -> None:
    """Draw until Ctrl-C."""
    picture = Path(sys.argv[1] if len(sys.argv) > 1 else "sketch.svg")
    hotswap.run_loop(lambda: stroke(picture), fps=60)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("bye")
