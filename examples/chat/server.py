"""A chat server that goes on, with all its connections, while you edit it.

    python server.py [PORT]

Connect with `nc 127.0.0.1 8765`; the first line is your name.  Without a port a free one is taken, and two guests
come and talk by themselves.
"""

from __future__ import annotations

import asyncio
import sys

from commands import answer
from guests import talk
from room import Guest, Room

import hotswap

room = Room()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection.  What is called from here is new with the next line that comes in."""
    name = (await reader.readline()).decode(errors="replace").strip()
    guest = Guest(name or "nobody", writer)
    room.guests.append(guest)
    try:
        while text := await reader.readline():
            handle(guest, text.decode(errors="replace").strip())
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        room.guests.remove(guest)
        writer.close()


def handle(guest: Guest, text: str) -> None:
    """One line; a mistake in what answers it is told to the guest and ends no connection."""
    try:
        if text.startswith("/"):
            guest.out.write(f"{answer(room, guest, text)}\n".encode())
        else:
            room.say(guest, text)
    except Exception as error:  # noqa: BLE001  the code is being edited
        guest.out.write(f"sorry: {error!r}\n".encode())


async def main(port: int) -> None:
    """Serve until Ctrl-C."""
    server = await asyncio.start_server(serve, "127.0.0.1", port)
    real = server.sockets[0].getsockname()[1]
    print(f"listening on port {real}", flush=True)
    with hotswap.session():  # in a running loop: saved files go live between two callbacks
        tasks = [talk(real, name, listens=name == "Ada") for name in ("Ada", "Ben")] if not port else []
        await asyncio.gather(server.serve_forever(), *tasks)


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
    except KeyboardInterrupt:
        print("bye")
