"""Which queue of events there is on this machine."""

from __future__ import annotations

import platform
import threading

from hotswap.watching.events import Event, Native, Use


class Silent:
    """Stands in where there are no events: nothing can be armed, so everything is scanned, for the given reason."""

    name = "scan"
    prompt = False

    def __init__(self, reason: str, number: int = 0) -> None:
        self._reason, self._number = reason, number
        self._woken = threading.Event()

    def arm(self, path: str, use: Use) -> None:  # noqa: ARG002  as the protocol has it
        """Refuse, with the reason."""
        raise OSError(self._number, self._reason, path)

    def disarm(self, path: str) -> None:
        """Nothing was armed."""

    def drain(self) -> list[Event]:
        """Nothing happens here."""
        return []

    def wait(self, timeout: float | None) -> None:
        """Sleep until the time is over or `wake()` is called."""
        self._woken.wait(timeout)
        self._woken.clear()

    def wake(self) -> None:
        """Let `wait()` return."""
        self._woken.set()

    def proves(self, directory: str) -> bool:  # noqa: ARG002  as the protocol has it
        """No."""
        return False

    def close(self) -> None:
        """There is nothing to give back."""

    def abandon(self) -> None:
        """There is nothing to give back in a forked child either."""
        self._woken = threading.Event()


def open_native() -> Native:
    """The best queue of this machine.  Raises OSError when the system has none left."""
    if platform.system() == "Linux":
        from hotswap.watching.inotify import Inotify

        return Inotify()
    from hotswap.watching.observer import Observed

    return Observed()


def told_to_scan() -> Native:
    """What `poll=True` asks for."""
    return Silent("poll was asked for")
