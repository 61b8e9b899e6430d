"""A fork copies everything but threads: whoever has a lock and a thread is told, so that the child finds both in order.

Nobody's lock may be held by a thread that does not exist in the child, and nothing half written may be copied: so all
locks are taken before a fork, the outer ones first, and given back after it on both sides.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from typing import Protocol

# A reloader's lock is held while code of the program runs, which may be waiting for the very thread that forks.
_PATIENCE = 5.0


class Holder(Protocol):
    """Somebody with a lock, and perhaps a thread."""

    _lock: threading.RLock

    def become_child(self) -> None:
        """In the child, with the lock held: the thread stayed behind with the parent."""


_outer: weakref.WeakSet[Holder] = weakref.WeakSet()
_inner: weakref.WeakSet[Holder] = weakref.WeakSet()
_held: list[Holder] = []
_missed: list[Holder] = []
_guard = threading.RLock()  # one fork at a time, or they would release each other's locks


def follow(holder: Holder, *, is_outer: bool = False) -> None:
    """Take this holder's lock around each fork; `is_outer`: it may be held while others are waited for."""
    (_outer if is_outer else _inner).add(holder)


def _before() -> None:
    _guard.acquire()
    for holder in (*_outer, *_inner):
        (_held if holder._lock.acquire(timeout=_PATIENCE) else _missed).append(holder)


def _in_parent() -> None:
    for holder in _emptied(_held):
        holder._lock.release()
    _missed.clear()
    _guard.release()


def _in_child() -> None:
    for holder in _emptied(_missed):
        holder._lock = threading.RLock()  # whoever had it does not exist here
        with holder._lock:
            holder.become_child()
    for holder in _emptied(_held):
        holder.become_child()
        holder._lock.release()
    _guard.release()


def _emptied(holders: list[Holder]) -> Iterator[Holder]:
    while holders:
        yield holders.pop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
