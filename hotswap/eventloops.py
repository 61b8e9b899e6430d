"""Event loops: rounds between two of their callbacks, and outcomes for `async for`.  asyncio, its kin (uvloop), trio.

None of them is imported here; a loop that runs has been imported by the program.
"""

from __future__ import annotations

import logging
import math
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, Self

from hotswap.errors import UsageError
from hotswap.model import Outcome
from hotswap.safepoint import on_main_thread

LOOK_EVERY = 0.05
"""Seconds between two looks whether a loop that has not come round yet still runs."""

Take = Callable[[], None]

_log = logging.getLogger("hotswap")


@dataclass(frozen=True, slots=True)
class Queue:
    """Put in on the loop's thread, without waiting; taken out by a coroutine."""

    put: Callable[[Outcome | None], object]
    get: Callable[[], Awaitable[Outcome | None]]


class Loop(Protocol):
    """What is needed of an event loop."""

    def post(self, function: Take) -> None:
        """Have it called between two callbacks; raises RuntimeError when the loop has ended.  From any thread."""

    def is_running(self) -> bool:
        """Whether it comes round."""

    def queue(self) -> Queue:
        """An endless queue for its coroutines."""


class AsyncioLoop:
    """A loop of asyncio, or of its make."""

    def __init__(self, loop: Any) -> None:
        self._loop = loop

    def post(self, function: Take) -> None:
        """See `Loop`."""
        self._loop.call_soon_threadsafe(function)

    def is_running(self) -> bool:
        """See `Loop`."""
        return bool(self._loop.is_running())

    def queue(self) -> Queue:
        """See `Loop`."""
        found = sys.modules["asyncio"].Queue()
        return Queue(found.put_nowait, found.get)


class TrioLoop:
    """A run of trio."""

    def __init__(self, token: Any) -> None:
        self._token = token
        self._has_ended = False

    def post(self, function: Take) -> None:
        """See `Loop`."""

        def called() -> None:
            try:
                function()
            except Exception:  # noqa: BLE001  trio would end the program over it
                _log.exception("a round was applied, and its report raised")

        try:
            self._token.run_sync_soon(called)
        except RuntimeError:
            self._has_ended = True
            raise

    def is_running(self) -> bool:
        """See `Loop`."""
        with suppress(RuntimeError):
            self.post(lambda: None)
        return not self._has_ended

    def queue(self) -> Queue:
        """See `Loop`."""
        send, receive = sys.modules["trio"].open_memory_channel(math.inf)
        return Queue(send.send_nowait, receive.receive)


def running_here() -> Loop | None:
    """The event loop that runs on this thread."""
    asyncio: Any = sys.modules.get("asyncio")
    trio: Any = sys.modules.get("trio")
    loop = asyncio._get_running_loop() if hasattr(asyncio, "_get_running_loop") else None  # or it is half imported
    if loop is not None:
        return AsyncioLoop(loop)
    if hasattr(trio, "lowlevel"):
        with suppress(RuntimeError):  # none runs here
            return TrioLoop(trio.lowlevel.current_trio_token())
    return None


# ---- applying


def at_best_moment(take: Take) -> None:
    """Call it between two callbacks if the main thread runs an event loop, else between two of its bytecodes.

    Here, if the main thread does not answer.  It is called exactly once.
    """
    found: list[Loop] = []

    def on_the_spot() -> None:
        loop = running_here()
        if loop is None:
            take()
        else:
            found.append(loop)

    on_main_thread(on_the_spot)
    if found:
        Between(found[0])(take)


class Between:
    """Calls what applies a round between two callbacks of a loop."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()

    def __call__(self, take: Take) -> None:
        """Call it once, when the loop comes round; at the best moment of the process if the loop has ended.

        Not at all if nobody watches any more.
        """
        claim, done = threading.Lock(), threading.Event()

        def once() -> None:
            if claim.acquire(blocking=False):
                try:
                    take()
                except SystemExit:
                    # A restart was begun.  It calls the main thread away by itself, when the tasks say that they are
                    # not busy; raised here, it would end the loop at once.
                    pass
                finally:
                    done.set()

        with suppress(RuntimeError):
            self._loop.post(once)
            while not done.wait(LOOK_EVERY) and self._loop.is_running():
                if not is_wanted(take):
                    return
        if claim.acquire(blocking=False):
            at_best_moment(take)


def is_wanted(take: Take) -> bool:
    """Whether the reloader whose method it is still watches: whoever stops it waits for the thread that waits here."""
    return bool(getattr(getattr(take, "__self__", None), "watching", True))


# ---- telling


class Outcomes:
    """The outcomes of a reloader's rounds from now on, in order, until it is stopped.  For one `async for`."""

    def __init__(self) -> None:
        """Raises UsageError where no event loop runs."""
        loop = running_here()
        if loop is None:
            raise UsageError("reloader.rounds() is for coroutines: call it where an event loop runs")
        self._loop = loop
        self._queue = loop.queue()

    def tell(self, outcome: Outcome | None) -> None:
        """One more; None: there will be no more.  From any thread."""
        with suppress(RuntimeError):  # the loop has ended, and nobody listens
            self._loop.post(lambda: self._put(outcome))

    def _put(self, outcome: Outcome | None) -> None:
        self._queue.put(outcome)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Outcome:
        outcome = await self._queue.get()
        if outcome is None:
            raise StopAsyncIteration
        return outcome
