"""What to do about a round that needs a restart: do it, ask, tell, or leave it to a function."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Literal, TypeAlias

from hotswap import handover, leaving, startup
from hotswap.errors import RestartRefused
from hotswap.losses import restart_plan
from hotswap.model import RestartRequired
from hotswap.report import say
from hotswap.storm import held_back

OnRestart: TypeAlias = Literal["exec", "ask", "never"] | Callable[[RestartRequired], object]


REACH = 0.5
"""Seconds that the main thread has to come and ask."""


class Policy:
    """Answers rounds that need a restart.  `restart(reason, files)` replaces the process, or raises RestartRefused."""

    def __init__(self, restart: Callable[[str, Iterable[str]], object]) -> None:
        self._restart = restart
        self._last: RestartRequired | None = None

    def answer(self, outcome: RestartRequired, on_restart: OnRestart, *, told: bool) -> None:
        """Do what the policy says, once for each outcome.  Returns when the process goes on.

        `told`: the outcome itself was reported.
        """
        if outcome is self._last:  # a `sync()` without a new save
            return
        self._last = outcome
        if callable(on_restart):
            try:
                on_restart(outcome)
            except Exception as error:  # noqa: BLE001  a function of the program's; the round is over whatever it does
                say(f"on_restart: {handover.explain(error)}")
        elif on_restart == "exec":
            if not held_back(change.path for change in outcome.changes):
                self._go(outcome)
        elif on_restart == "ask" and _can_ask():
            if _agreed(outcome, told=told):
                self._go(outcome)
        elif told:
            say("hotswap.restart() does it, and hands over what is kept")

    def _go(self, outcome: RestartRequired) -> None:
        files = [change.path for change in outcome.changes if change.kind != "deleted"]
        try:
            self._restart("; ".join(reason.what for reason in outcome.reasons), files)
        except RestartRefused as refused:
            say(str(refused))


def _can_ask() -> bool:
    return bool(sys.stdin) and sys.stdin.isatty()


def _agreed(outcome: RestartRequired, *, told: bool) -> bool:
    """Show the person at the terminal why, and what would be lost, and ask.

    On the main thread, as far as it can be reached: the program may be waiting for a line there, and two readers of one
    terminal would take each other's.
    """
    if not told:
        say(str(outcome))
    plan = restart_plan()
    for line in (*(f"it would be refused: {problem}" for problem in plan.refusals), *plan.losses):
        say(line)
    answers: list[str] = []
    if not leaving.on_main_thread(lambda: answers.append(_ask()), REACH):
        answers.append(_ask())
    return answers[-1].strip().lower() in ("y", "yes")


def _ask() -> str:
    """Read one line from the terminal; not with input(), which may be in the middle of its work."""
    with startup.terminals_as_at_start(), suppress(OSError):
        os.write(2, b"hotswap: restart now? [y/N] ")
        return os.read(0, 1024).decode(errors="replace")
    return ""
