"""Handlers that are told of each saved file, and may say that they have dealt with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from hotswap.files import read
from hotswap.handover import explain
from hotswap.report import say

handlers: list[Callable[[Path], object]] = []


class Verdicts:
    """What the handlers said of the newest content of each file."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[bytes | None, bool]] = {}

    def not_handled(self, changed: Iterable[str]) -> frozenset[str]:
        """Those of the files that no handler has dealt with.  Tells each content once."""
        if not handlers and not self._told:
            return frozenset(changed)
        return frozenset(path for path in changed if not self._is_handled(path))

    def _is_handled(self, path: str) -> bool:
        content = read(path)
        before = self._told.get(path)
        if before is None or before[0] != content:
            before = self._told[path] = content, _verdict(path)
        return before[1]


def _verdict(path: str) -> bool:
    """Tell all of them, also behind one that has said yes."""
    return True in [_says_yes(handler, path) for handler in list(handlers)]


def _says_yes(handler: Callable[[Path], object], path: str) -> bool:
    try:
        return bool(handler(Path(path)))
    except Exception as error:  # noqa: BLE001  a hook may raise anything, and breaks nothing
        say(f"file_changed: {getattr(handler, '__qualname__', handler)} raised {explain(error)}")
        return False
