"""A server whose socket is kept: its clients notice nothing of restarts."""

from __future__ import annotations

import http.client
import re
import threading
from collections import Counter

import pytest

from tests.process.running import save, started

RUN = ("-m", "hotswap", "run", "--quiet")
RESTARTS = 20

HANDLER = """\
import os, socket, sys, threading, time
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
import hotswap


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        text = (f"generation {generation[0]} " * 2000).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text[:1000])
        time.sleep(0.005)
        self.wfile.write(text[1000:])

    def log_message(self, *_):
        pass


generation = hotswap.keep("generation", lambda: [0])
generation[0] += 1
listener = hotswap.keep("listener", lambda: socket.create_server(("127.0.0.1", 0)))
"""
SERVE = """\
class Server(BASE):
    def __init__(self):
        super().__init__(listener.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener


with Server() as server:
    print("serving", generation[0], listener.getsockname()[1], flush=True)
    server.serve_forever(poll_interval=30)
"""
ASYNC = """\
import asyncio


async def serve(reader, writer):
    with hotswap.busy("request"):
        await reader.readuntil(b"\\r\\n\\r\\n")
        text = (f"generation {generation[0]} " * 2000).encode()
        writer.write(b"HTTP/1.0 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(text))
        await asyncio.sleep(0.005)
        writer.write(text)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


async def main():
    server = await asyncio.start_server(serve, sock=listener.dup())
    print("serving", generation[0], listener.getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
"""
SERVERS = {
    "one thread": SERVE.replace("BASE", "HTTPServer"),
    "threads": SERVE.replace("BASE", "ThreadingHTTPServer"),
    "asyncio": ASYNC,
}


class Client(threading.Thread):
    """Sends one request after the other until it is told to stop; `answers` counts what came back whole, by what it said."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.port, self.answers, self.faults, self.is_over = port, Counter(), [], threading.Event()
        self.news = threading.Condition()

    def run(self) -> None:
        while not self.is_over.is_set():
            answer = self.ask()
            with self.news:
                self.answers[answer] += 1
                self.news.notify_all()

    def ask(self) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", "/")
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self.faults.append(repr(error))
            return "fault"
        finally:
            connection.close()
        word = text[: text.index(" ", 11) + 1]
        if (response.status, text) != (200, word * 2000):
            self.faults.append(text[:100])
        return word.strip()

    def wait_for(self, answer: str) -> bool:
        with self.news:
            return self.news.wait_for(lambda: self.answers[answer] or self.faults, 60)


CASES = {
    "threads": (SERVERS["threads"], "exec", RESTARTS),
    "one thread": (SERVERS["one thread"], "exec", 8),
    "asyncio": (SERVERS["asyncio"], "exec", 8),
    "threads, supervised": (SERVERS["threads"], "supervise", 5),
}


@pytest.mark.parametrize(("server", "strategy", "count"), CASES.values(), ids=CASES)
def test_no_request_is_refused_or_broken(tmp_path, server, strategy, count):
    """Under a client that asks without a pause, through twenty restarts, every request has its whole answer."""
    program = tmp_path / "program.py"
    program.write_text(HANDLER + server)
    with started(*RUN, "--strategy", strategy, "program.py", cwd=tmp_path) as run:
        client = Client(int(run.expect(r"serving 1 (\d+)")[1]))
        client.start()
        for number in range(1, count + 1):
            assert client.wait_for(f"generation {number}")
            save(program, HANDLER + server + f"# the end\nprint({number})\n")
            run.expect(f"serving {number + 1} ")
        assert client.wait_for(f"generation {count + 1}")
        client.is_over.set()
        client.join(60)
        assert client.faults == [], run.text
        assert set(client.answers) == {f"generation {number + 1}" for number in range(count + 1)}
        assert len(set(re.findall(r"serving \d+ (\d+)", run.text))) == 1
