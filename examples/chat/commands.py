"""What guests can do by a line that begins with a slash: each function of the table."""

from __future__ import annotations

from collections.abc import Callable

from room import Guest, Room


def who(room: Room, _guest: Guest) -> str:
    """Who is here."""
    return "here are " + ", ".join(sorted(guest.name for guest in room.guests))


COMMANDS: dict[str, Callable[[Room, Guest], str]] = {"/who": who}


def answer(room: Room, guest: Guest, text: str) -> str:
    """What the guest alone is told."""
    command = COMMANDS.get(text)
    return command(room, guest) if command is not None else f"unknown: {text} (there are {', '.join(COMMANDS)})"
