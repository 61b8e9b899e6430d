"""Threads that call functions at full speed while rounds patch them."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hotswap.model import Swapped
from hotswap.reloader import Reloader
from tests.endurance.programs import versioned

NAMES = ("one", "two", "three")


@dataclass(slots=True)
class Seen:
    """What the threads saw: how often they looked, and every look that was no whole version."""

    looks: int = 0
    versions: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


def calls_of() -> list[Callable[[], int]]:
    """Functions of all kinds in three modules: held ones, bound ones, decorated ones, closures, those in a table."""
    one, two, three = (sys.modules[name] for name in NAMES)
    base, child = one.Base(), three.child

    def made_now() -> int:
        return int(three.make()())

    def decorated_now() -> int:
        return int(one.wrapped(one.plain)())

    return [
        one.plain, base.method, lambda: base.value, two.decorated, child.method, two.Child.made, two.Child.static,
        three.held, three.table["lambda"], three.defaults, made_now, decorated_now,
    ]  # fmt: skip


class Caller(threading.Thread):
    """Calls all functions in turn, in an order of its own, again and again.

    Versions only go up, and a round that only patches is one step: whoever calls one function after the other must
    never get an older answer than before.
    """

    def __init__(self, calls: list[Callable[[], int]], shift: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.calls, self.stop, self.seen = calls[shift:] + calls[:shift], stop, Seen()

    def run(self) -> None:
        newest = -1
        while not self.stop.is_set():
            try:
                answers = [call() for call in self.calls]
            except BaseException as error:  # noqa: BLE001  whatever it is, it is a fault
                self.seen.faults.append(repr(error))
                return
            if any(later < earlier for earlier, later in zip([newest, *answers], answers, strict=False)):
                self.seen.faults.append(f"{newest} then {answers}")
            newest = answers[-1]
            self.seen.looks += 1
            self.seen.versions.update(answers)


def run(root: Path, rounds: int, *, threads: int = 3) -> tuple[Seen, list[str]]:
    """Patch the program so many times beside busy threads; what they saw, and what was wrong with a round."""
    save(root, 0)
    importlib.invalidate_caches()
    interval, stop = sys.getswitchinterval(), threading.Event()
    callers: list[Caller] = []
    wrong: list[str] = []
    try:
        with Reloader(root, apply="manual") as reloader:
            for name in NAMES:
                importlib.import_module(name)
            calls = calls_of()
            callers += [Caller(calls, shift, stop) for shift in range(threads)]
            sys.setswitchinterval(1e-5)
            for caller in callers:
                caller.start()
            for number in range(1, rounds + 1):
                wrong += one_round(reloader, root, number, calls)
    finally:
        stop.set()
        sys.setswitchinterval(interval)
        for caller in callers:
            caller.join()
        for name in NAMES:
            sys.modules.pop(name, None)
    return together(callers), wrong


def one_round(reloader: Reloader, root: Path, number: int, calls: list[Callable[[], int]]) -> list[str]:
    """Save the next version; right behind the round every call answers with it."""
    save(root, number)
    outcome = reloader.sync()
    answers = {call() for call in calls}
    if not isinstance(outcome, Swapped) or outcome.ran:
        return [f"round {number}: {outcome}"]
    return [] if answers == {number} else [f"round {number}: {answers}"]


def together(callers: list[Any]) -> Seen:
    """What all of them saw."""
    seen = Seen()
    for caller in callers:
        seen.looks += caller.seen.looks
        seen.versions |= caller.seen.versions
        seen.faults += caller.seen.faults
    return seen


def save(root: Path, number: int) -> None:
    for name, text in versioned(number).items():
        (root / name).write_text(text)
