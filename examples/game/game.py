"""A pond that goes on while you edit it.

    hotswap run game.py

The loop is thin on purpose: a function that is running finishes on its old code, so what is worth editing is called
from it and not written in it.
"""

from __future__ import annotations

import sys
import time

from screen import show
from settings import FRAME_SECONDS
from world import World

import hotswap


def main() -> None:
    """Show frame after frame until Ctrl-C."""
    world = World()
    news = ""
    while True:
        outcome = hotswap.poll()  # saved files go live here, between two frames
        news = str(outcome or news)
        world.step()
        show(world, news, sys.stdout)
        time.sleep(FRAME_SECONDS)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("bye")
