"""Guests who talk by themselves, over real connections, so that there is something to see."""

from __future__ import annotations

import asyncio

ASKED = ["/who", "/stats"]


async def talk(port: int, name: str, *, listens: bool) -> None:
    """Say something again and again; one of them prints all that it hears."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{name}\n".encode())
    for number in range(10**9):
        text = ASKED[number % 6 // 4] if number % 3 == 2 else f"thought {number}"
        writer.write(f"{text}\n".encode())
        await asyncio.sleep(0.05)
        heard = await drain(reader)
        if listens:
            print(heard, flush=True)


async def drain(reader: asyncio.StreamReader) -> str:
    """What has come until now."""
    try:
        async with asyncio.timeout(0.05):
            return (await reader.read(65536)).decode().rstrip("\n")
    except TimeoutError:
        return ""
