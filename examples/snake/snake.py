"""Snake on the terminal, without dependencies, that goes on while you edit it.

    python snake.py

A mistake does not end it: the error is shown in place of the news, and the next good save goes on.
"""

from __future__ import annotations

import sys

from board import Board
from keys import unbuffered, wish
from rules import FPS
from screen import show

import hotswap


class Game:
    """The board, and the line below it."""

    def __init__(self, *, played: bool) -> None:
        self.board = Board()
        self.played = played
        self.news = ""

    def report(self, outcome: hotswap.Outcome) -> None:
        """Show how a round ended, below the board or, without a terminal, as a line of its own."""
        self.news = f"hotswap: {outcome}"
        if not sys.stdout.isatty():
            print(self.news, flush=True)

    def show_error(self, text: str) -> bool:
        """Show below the board what a tick raised, rather than across it."""
        self.news = text.strip().splitlines()[-1]
        show(self.board, self.news, sys.stdout)
        return sys.stdout.isatty()

    def tick(self) -> None:
        """One frame."""
        self.board.step(wish(self.board, played=self.played))
        show(self.board, self.news, sys.stdout)


def main() -> None:
    """Play until Ctrl-C."""
    with unbuffered() as played:
        game = Game(played=played)
        with hotswap.session(report=game.report):
            hotswap.run_loop(game.tick, fps=FPS, on_error=game.show_error)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("bye")
