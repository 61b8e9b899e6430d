"""Arrow keys and wasd from the terminal; where there is none, the snake finds its way by itself."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from board import Board, Cell

with suppress(ImportError):  # Windows: it finds its way by itself
    import termios
    import tty

TURNS = {"w": (0, -1), "s": (0, 1), "a": (-1, 0), "d": (1, 0), "A": (0, -1), "B": (0, 1), "D": (-1, 0), "C": (1, 0)}


@contextmanager
def unbuffered() -> Iterator[bool]:
    """Within the block keys come one by one, if there is a terminal; yields whether there is."""
    if not sys.stdin.isatty() or "termios" not in globals():
        yield False
        return
    before = termios.tcgetattr(0)
    tty.setcbreak(0)
    try:
        yield True
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def wish(board: Board, *, played: bool) -> Cell | None:
    """Where the snake is to turn."""
    return typed() if played else look_for_food(board)


def typed() -> Cell | None:
    """The last turn that was typed since the last call (the last letter of an arrow key's code is A, B, C or D)."""
    found = None
    while select.select([0], [], [], 0)[0] and (text := os.read(0, 64).decode(errors="replace")):
        for sign in text:
            found = TURNS.get(sign, found)
    return found


def look_for_food(board: Board) -> Cell:
    """Towards the nearest bite."""
    (x, y), (fx, fy) = board.head, min(board.food or {(0, 0)}, key=lambda bite: distance(bite, board.head))
    if fx != x:
        return (1 if fx > x else -1), 0
    return 0, (1 if fy > y else -1)


def distance(one: Cell, other: Cell) -> int:
    """Steps between two cells."""
    return abs(one[0] - other[0]) + abs(one[1] - other[1])
