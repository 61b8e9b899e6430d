"""The state of the server: who is here, and what was said.  Made once; connections live through all edits."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from style import line


@dataclass(eq=False)
class Guest:
    """Somebody who is connected."""

    name: str
    out: asyncio.StreamWriter
    said: int = 0


@dataclass
class Room:
    """All who are connected."""

    guests: list[Guest] = field(default_factory=list)
    messages: int = 0
    recent: deque[str] = field(default_factory=lambda: deque(maxlen=20))

    def say(self, guest: Guest, text: str) -> None:
        """Tell everybody."""
        self.messages += 1
        guest.said += 1
        self.recent.append(text)
        told = line(self.messages, guest.name, text)
        for other in self.guests:
            other.out.write(f"{told}\n".encode())
