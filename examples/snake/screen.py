"""The board as text: drawn in place on a terminal, one line per tick anywhere else."""

from __future__ import annotations

from typing import TextIO

from board import Board
from rules import HEIGHT, WIDTH

HOME_AND_CLEAR, GREEN, RED, RESET = "\x1b[H\x1b[J", "\x1b[32m", "\x1b[31m", "\x1b[0m"
HEAD, PART, BITE = "@", "o", "*"


def show(board: Board, news: str, out: TextIO) -> None:
    """Draw one tick."""
    out.write(HOME_AND_CLEAR + picture(board, news) if out.isatty() else line(board))
    out.flush()


def line(board: Board) -> str:
    """The tick for a log."""
    return f"tick {board.tick} eaten {board.eaten} long {len(board.body)} {HEAD}{board.head}\n"


def picture(board: Board, news: str) -> str:
    """The tick for a terminal."""
    rows = [["."] * WIDTH for _ in range(HEIGHT)]
    for x, y in board.food:
        rows[y][x] = f"{RED}{BITE}{RESET}"
    for x, y in board.body:
        rows[y][x] = f"{GREEN}{PART}{RESET}"
    x, y = board.head
    rows[y][x] = f"{GREEN}{HEAD}{RESET}"
    hint = "Arrow keys or wasd.  Edit a file of this folder and save it: GROWTH in rules.py, HEAD in screen.py."
    return "\n".join([*map("".join, rows), f"eaten {board.eaten}  long {len(board.body)}", hint, news, ""])
