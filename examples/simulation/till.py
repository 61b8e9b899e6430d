"""Where customers wait."""

from __future__ import annotations

from collections import deque


class Till:
    """A queue of the minutes in which its customers came."""

    def __init__(self) -> None:
        self.queue: deque[int] = deque()
        self.busy_until = 0

    def __len__(self) -> int:
        return len(self.queue)
