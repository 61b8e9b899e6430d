"""A round of a whole program in which one thing fails: each write in turn, each statement in turn."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

from hotswap import transaction
from hotswap.journal import Journal
from hotswap.model import Outcome, RolledBack
from hotswap.reloader import Reloader
from hotswap.trace import Tracer
from tests.endurance.programs import EVERY, NEW, OLD
from tests.endurance.state import differences, state_of

NAMES = [name.removesuffix(".py") for name in EVERY]


class Injected(Exception):
    """Raised in the place that is to fail."""


class Attempt:
    """The old program, loaded, with references that somebody holds; rounds to the new one fail as they are told to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = [str(root / name) for name in EVERY]
        for name, text in OLD.items():
            (root / name).write_text(text)
        importlib.invalidate_caches()
        self.reloader = Reloader(root, apply="manual").start()
        self.app: Any = importlib.import_module("app")
        self.held = self._held()
        self.before = self._state()

    def _held(self) -> list[Any]:
        app, base = self.app, sys.modules["base"]
        base.priced(3)
        member = base.Color.RED
        return [
            app.square_.area, app.square_.friend, app.run, app.step, app.square, app.Square.Inner.deep, member,
            member.shown, base.Pair(1), app.ITEM.text, app.SIZES, sys.modules["tables"].NAMES,
            type("Made", (app.Square,), {})(), sys.modules["old"].helper,
        ]  # fmt: skip

    def _state(self) -> Any:
        return state_of(NAMES, self.files, self.held)

    def round(self, number: int) -> tuple[Outcome, list[str]]:
        """Save the new program, in a wording of its own, and bring it in; what the round left behind if it failed."""
        for name in OLD.keys() - NEW.keys():
            (self.root / name).unlink(missing_ok=True)
        for name, text in NEW.items():
            (self.root / name).write_text(f"{text}# attempt {number}\n")
        outcome = self.reloader.sync()
        return outcome, differences(self.before, self._state()) if isinstance(outcome, RolledBack) else []

    def close(self) -> None:
        """Forget the program."""
        self.reloader.stop()
        for name in NAMES:
            sys.modules.pop(name, None)


@contextmanager
def failing_write(number: int) -> Iterator[None]:
    """Within the block the write of that number fails, in every transaction that gets so far."""

    class Failing(Journal):
        def __init__(self) -> None:
            super().__init__()
            self.before_write = failing_from(number)

    transaction.Journal = Failing  # type: ignore[misc]
    try:
        yield
    finally:
        transaction.Journal = Journal  # type: ignore[misc]


def failing_from(number: int) -> Callable[[], None]:
    """A function that raises when it is called for the n-th time, and each time after that."""
    before = iter(range(1, number))

    def count() -> None:
        if next(before, None) is None:
            raise Injected(f"number {number}")

    return count


@contextmanager
def failing_statement(number: int) -> Iterator[None]:
    """Within the block the n-th statement or module fails, right before or right behind its run, and so do all others."""
    count = failing_from(number)
    original = Tracer.recording

    @contextmanager
    def recording(tracer: Tracer, code: CodeType, text: bytes) -> Iterator[Any]:
        count()
        with original(tracer, code, text) as lines:
            yield lines
        count()

    Tracer.recording = recording  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        Tracer.recording = original  # type: ignore[method-assign]


Fail = Callable[[int], Any]


def try_all(root: Path, fail: Fail, numbers: Iterable[int]) -> tuple[int, list[str]]:
    """Let one thing after the other fail; how many there were, and what any failure left behind.

    Ends with the round that succeeded because it had no such thing any more.
    """
    attempt = Attempt(root)
    try:
        for number in numbers:
            with fail(number):
                outcome, left = attempt.round(number)
            if left:
                return number, [f"{number}: {each}" for each in left]
            if not isinstance(outcome, RolledBack):
                return number, [] if outcome.kind == "swapped" else [str(outcome)]
            if not isinstance(outcome.error, Injected):
                return number, [f"{number}: {outcome.error!r}"]
        return number, []
    finally:
        attempt.close()
