"""An asyncio server under load while it is edited: does a request fail, is a response made of two versions.

python -m tests.benchmarks.server [--edits 300] [--clients 8] [--uvloop]

The server runs in a process of its own, with `hotswap.watch()` called inside of its running loop; this one sends
requests over open connections without a pause and saves edits meanwhile.  A response holds the version six times: as
a constant, derived from it in the same and in another module, as a default, as an attribute of a class, and in the body
of a method of an object that is never made again.  Nothing is asserted about time; the exit status is 1 when a request
failed, a response was of two versions, or a version came back.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.body_edit import CHECKOUT

PATIENCE = 60.0

PAGE = '''"""What is served, version {n}."""

VERSION = {n}
LABEL = f"v{{VERSION}}"


class Page:
    number = VERSION

    def render(self, stamp, label=LABEL):
        return f"{n} {{VERSION}} {{LABEL[1:]}} {{label[1:]}} {{self.number}} {{stamp}}"
'''

STAMP = '''"""Derived in another module."""

from page import VERSION

STAMP = VERSION


def stamp():
    return STAMP
'''

SERVER = '''"""The server: its page is made once, and its count never goes back."""

import asyncio
import json
import sys

import hotswap
import stamps
from page import Page

page, served = Page(), 0


def respond(line):
    global served
    served += 1
    return f"{served} {page.render(stamps.stamp())}\\n".encode()


async def handle(reader, writer):
    while line := await reader.readline():
        writer.write(respond(line))
        await writer.drain()
    writer.close()


def report(outcome):
    print(json.dumps({"kind": outcome.kind, "ms": outcome.duration * 1000, "text": str(outcome)}), flush=True)


async def main():
    hotswap.watch(report=report)
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if sys.argv[1:] == ["uvloop"]:
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
'''


@dataclass
class Load:
    """What the clients saw."""

    requests: int = 0
    failed: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    versions: set[int] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)
    outcomes: list[dict[str, object]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    is_over: bool = False

    @property
    def is_good(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.failed or self.mixed or self.back or self.wrong)


class Client:
    """One connection that is kept, and one request after the other."""

    def __init__(self, port: int, load: Load) -> None:
        self.port, self.load = port, load
        self.version = self.count = -1

    async def run(self) -> None:
        """Send requests."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                await self.ask(reader, writer)
            finally:
                writer.close()
                await writer.wait_closed()
        except Exception as error:  # noqa: BLE001  whatever it is, a request failed
            self.load.failed.append(repr(error))

    async def ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request after the other, until it is over."""
        while not self.load.is_over:
            began = time.perf_counter()
            writer.write(b"get\n")
            async with asyncio.timeout(PATIENCE):
                line = await reader.readline()
            self.load.seconds.append(time.perf_counter() - began)
            self.judge(line.decode())

    def judge(self, line: str) -> None:
        """Look at one response."""
        self.load.requests += 1
        if not line.endswith("\n"):
            raise ConnectionError(f"the response was cut: {line!r}")
        count, *versions = map(int, line.split())
        if len(versions) != 6 or len(set(versions)) != 1:
            self.load.mixed.append(line)
        if versions[0] < self.version or count <= self.count:
            self.load.back.append(f"{line} after version {self.version}, count {self.count}")
        self.version, self.count = versions[0], count
        self.load.versions.add(versions[0])


@asynccontextmanager
async def serving(*, uvloop: bool) -> AsyncIterator[tuple[Path, asyncio.StreamReader]]:
    """The server in a folder of its own; yields that, and what it prints (its port first)."""
    with tempfile.TemporaryDirectory(prefix="hotswap-server-") as temporary:
        folder = Path(temporary)
        for name, text in {"page.py": PAGE.format(n=0), "stamps.py": STAMP, "server.py": SERVER}.items():
            (folder / name).write_text(text)
        env = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
        command = [sys.executable, "server.py", *(["uvloop"] if uvloop else [])]
        process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=env, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        try:
            yield folder, process.stdout
        finally:
            process.kill()
            await process.communicate()


async def run(edits: int, clients: int, *, uvloop: bool) -> Load:
    """Serve, ask, and edit."""
    load = Load()
    async with serving(uvloop=uvloop) as (folder, output):
        port = int(await asyncio.wait_for(output.readline(), PATIENCE))
        tasks = [asyncio.create_task(Client(port, load).run()) for _ in range(clients)]
        for number in range(1, edits + 1):
            text, expected = text_of(number)
            save(folder / "page.py", text)
            outcome = json.loads(await asyncio.wait_for(output.readline(), PATIENCE))
            load.outcomes.append(outcome)
            if outcome["kind"] != expected:
                load.wrong.append(str(outcome["text"]))
            await asyncio.sleep(0.01)
        load.is_over = True
        await asyncio.gather(*tasks)
    return load


def text_of(number: int) -> tuple[str, str]:
    """The text of an edit, and how its round has to end: mostly a new version, now and then a comment or a slip."""
    text = PAGE.format(n=number)
    if number % 10 == 5:
        return f"{text}\n\ndef broken(:\n", "rolled_back"
    if number % 10 == 6:
        return f"# moved by a line\n{text}", "swapped"
    return text, "swapped"


def save(path: Path, text: str) -> None:
    """As editors do."""
    beside = path.with_name(path.name + "~")
    beside.write_text(text)
    beside.replace(path)


def main() -> None:
    """Print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=300)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--uvloop", action="store_true")
    options = parser.parse_args()
    load = asyncio.run(run(options.edits, options.clients, uvloop=options.uvloop))
    rounds = sorted(float(str(outcome["ms"])) for outcome in load.outcomes if outcome["kind"] == "swapped")
    waits = sorted(load.seconds)
    print(f"{options.edits} edits: {dict(Counter(str(outcome['kind']) for outcome in load.outcomes))}")
    print(
        f"{load.requests} requests of {options.clients} clients, {len(load.versions)} versions seen: {len(load.failed)} "
        f"failed, {len(load.mixed)} of two versions, {len(load.back)} went back"
    )
    print(
        f"round: median {statistics.median(rounds):.2f} ms, longest {rounds[-1]:.1f} ms; response: median "
        f"{statistics.median(waits) * 1000:.2f} ms, 99 % below {waits[len(waits) * 99 // 100] * 1000:.1f} ms, longest "
        f"{waits[-1] * 1000:.1f} ms"
    )
    for line in (*load.wrong, *load.failed, *load.mixed[:5], *load.back[:5]):
        print(f"WRONG: {line}")
    sys.exit(0 if load.is_good else 1)


if __name__ == "__main__":
    main()
