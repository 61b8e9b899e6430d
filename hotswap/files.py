"""The content of modules' files, in folders and in archives, and what tells one version from another."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hotswap import archives


def stamp(path: str) -> tuple[int, int] | None:
    """What tells one version of a file that is not text from another."""
    status = status_of(path)
    if status is not None:
        return status.st_mtime_ns, status.st_size
    data = archives.read_member(path)
    return None if data is None else (hash(data), len(data))


def status_of(path: str) -> os.stat_result | None:
    """The status of a file; None when there is none."""
    try:
        return os.stat(path)
    except OSError:
        return None


def same_status(before: os.stat_result | None, after: os.stat_result) -> bool:
    """Whether nothing was done to a file between two looks."""

    def told(status: os.stat_result) -> tuple[int, ...]:
        return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino

    return before is not None and told(before) == told(after)


class _Held(threading.local):
    texts: Mapping[str, bytes | None] = {}


_held = _Held()


@contextmanager
def held(texts: Mapping[str, bytes | None]) -> Iterator[None]:
    """Within the block, on this thread, these files have these contents: all parts of a round see the same ones."""
    before, _held.texts = _held.texts, texts
    try:
        yield
    finally:
        _held.texts = before


def read(path: str) -> bytes | None:
    """The file's content; None when there is no readable file."""
    return _held.texts[path] if path in _held.texts else read_with_status(path)[0]


def read_with_status(path: str) -> tuple[bytes | None, os.stat_result | None]:
    """The file's content and its status after it was read; no status for what lies in an archive."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(), os.fstat(file.fileno())
    except _INSIDE_A_FILE:
        return archives.read_member(path), None
    except OSError:
        return None, None


_INSIDE_A_FILE = NotADirectoryError if os.sep == "/" else FileNotFoundError


def text_of(path: str) -> bytes:
    """The module's text, empty when there is none.  Raises SyntaxError when it is in an archive that cannot be read."""
    data = read(path)
    if isinstance(data, archives.Unreadable):
        raise SyntaxError(  # noqa: TRY004  it is about the text
            f"the archive cannot be read ({data.decode()})", (path, 1, 0, "")
        )
    return data or b""
