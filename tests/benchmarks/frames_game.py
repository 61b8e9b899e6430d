"""The game of examples/arcade, started in its folder, telling what it does in lines of JSON.  See frames.py."""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
from typing import Any

import hotswap


class Busy:
    """How long `poll()` kept the processor for the frame: on a loaded machine the clock says more than that.

    And whether a round was prepared on the watcher's thread meanwhile.
    """

    def __init__(self, reloader: hotswap.Reloader) -> None:
        self._poll, self._prepare = reloader.poll, reloader._preparing.run
        self.seconds = 0.0
        self.preparations: list[float] = []
        self._is_preparing = self._has_prepared = False
        reloader.poll = self.poll  # type: ignore[method-assign,assignment]  # it is measured
        reloader._preparing.run = self.prepare  # type: ignore[method-assign]  # as above

    def prepare(self) -> None:
        """Prepare, and note it."""
        self._is_preparing = self._has_prepared = True
        began = time.thread_time()
        try:
            self._prepare()
        finally:
            self.preparations.append(time.thread_time() - began)
            self._is_preparing = False

    def has_prepared(self) -> bool:
        """Whether that went on at any time since the last call."""
        found, self._has_prepared = self._has_prepared, self._is_preparing
        return found

    def poll(self, *, budget: float | None) -> hotswap.Outcome | None:
        """Poll, and measure it."""
        began = time.thread_time()
        outcome = self._poll(budget=budget)
        self.seconds = time.thread_time() - began
        return outcome


def tell(told: str, **facts: object) -> None:
    """One line."""
    print(json.dumps({"told": told, **facts}), flush=True)


def report(outcome: hotswap.Outcome) -> None:
    """A round that went live, or did not."""
    tell("outcome", kind=outcome.kind, ms=outcome.duration * 1000, text=str(outcome), did=what(outcome))


def what(outcome: hotswap.Outcome) -> str:
    """What kind of round it was."""
    fields = ("patched", "ran", "reloaded", "imported", "removed")
    return " and ".join(name for name in fields if getattr(outcome, name, ())) or "relocated"


def until_closed(over: threading.Event) -> None:
    """Wait for the end of the standard input."""
    sys.stdin.read()
    over.set()


def main() -> None:
    """Play until the standard input ends."""
    sys.path.insert(0, os.getcwd())
    game = importlib.import_module("game").Game(None)
    game.tell = lambda: None
    over = threading.Event()
    threading.Thread(target=until_closed, args=(over,), daemon=True).start()
    world, player, title = game.world, game.world.player, ""
    frames: list[dict[str, Any]] = []
    errors: list[str] = []

    def show_error(text: str) -> bool:
        errors.append(text)
        tell("error", text=text.strip().splitlines()[-1])
        game.show_error(text)
        return True

    with hotswap.session(report=report) as reloader:
        busy = Busy(reloader)
        reloader.watch_directory(os.getcwd(), "level.json", world.level.saved)
        tell("ready")
        for frame in hotswap.loop(fps=60, on_error=show_error, idle=game.answer_events, budget=0.0):
            if over.is_set():
                break
            kind = None if frame.outcome is None else frame.outcome.kind
            with frame:
                game.update()
            frames.append(
                {"seconds": frame.seconds, "outcome": kind, "busy": busy.seconds, "prepared": busy.has_prepared()}
            )
            if title != world.level.title:
                title = world.level.title
                tell("level", title=title)
    same = game.world is world and world.player is player
    drawn = len(frames) - len(errors)
    tell(
        "end",
        frames=frames,
        prepared=busy.preparations,
        same=same,
        counted=world.frame,
        drawn=drawn,
        raised=len(errors),
    )


if __name__ == "__main__":
    main()
