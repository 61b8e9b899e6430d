"""What tells one content of a file from another, for files that are not read as text."""

from __future__ import annotations

import hashlib
import os

from hotswap.model import Change

# Of larger files (pictures, sound, models) the status decides: a mere touch then counts as a change.
_LARGEST_READ = 1_000_000


def mark_of(path: str) -> object:
    """What tells one content of a file from another; None when there is no such file."""
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_size > _LARGEST_READ:
                return status.st_mtime_ns, status.st_size, status.st_ino
            return hashlib.blake2b(file.read(), digest_size=16).digest()
    except OSError:
        return None


class Marks:
    """The contents of some files as they were last taken note of."""

    def __init__(self) -> None:
        self._known: dict[str, object] = {}
        self._seen: dict[str, object] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._known

    def note(self, path: str, mark: object) -> None:
        """This is the content that is known of the file."""
        self._known[path] = mark

    def change(self, path: str) -> Change | None:
        """How the file differs from what is known of it; None when it does not."""
        before, now = self._known.get(path), mark_of(path)
        if now == before:
            return None
        self._seen[path] = now
        kind = "added" if before is None else "deleted" if now is None else "edited"
        return Change(path=path, kind=kind)  # type: ignore[arg-type]  # one of the three

    def accept(self, path: str) -> None:
        """What `change` saw last is known from now on; nothing happens if it saw nothing."""
        if path in self._seen:
            self._known[path] = self._seen.pop(path)
