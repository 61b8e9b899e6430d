"""Hooks and assets of programs that are edited while they run: real files, a real watcher, rounds by themselves."""

from __future__ import annotations

import os
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotswap.model import Swapped
from tests.process.living import WATCHED, Living, living_in
from tests.process.running import save, started
from tests.process.watching import in_two_parts, renamed_onto

HOOKS = """
import threading
from pathlib import Path

import hotswap

FOLDER = Path(__file__).parent
LOADED = []
TOLD = []


def load(path):
    LOADED.append(path.read_text())
    return LOADED[-1]


def level():
    return hotswap.asset(FOLDER / "level.txt", load)


@hotswap.on_file(FOLDER / "levels/*.txt")
def saved(path):
    TOLD.append((path.name, path.exists() and path.read_text()))


@hotswap.on_swap
def swapped(outcome):
    TOLD.append((outcome.kind, threading.current_thread().name))
"""
WATCHER = ("swapped", "hotswap-watch")


@pytest.fixture(params=WATCHED)
def living(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Living]:
    with living_in(tmp_path, **WATCHED[request.param]) as program:
        yield program


@pytest.fixture
def native(tmp_path: Path) -> Iterator[Living]:
    with living_in(tmp_path) as program:
        yield program


def hooks_in(living: Living) -> Any:
    """The module with the hooks, of a program that is being watched."""
    living.write("level.txt", "one")
    (module,) = living.load("hooked.py", HOOKS)
    assert module.level() == "one"
    return module


def test_a_file_goes_live_by_itself(living: Living) -> None:
    """A save is one round; who listens is told of it on the thread that applied it."""
    module = hooks_in(living)
    renamed_onto(living.path("level.txt"), "two")
    (outcome,) = living.wait_for(lambda: living.outcomes)
    assert isinstance(outcome, Swapped)
    assert (outcome.loaded, module.level(), module.TOLD) == ((living.path("level.txt"),), "two", [WATCHER])


def test_files_that_come_and_go_are_told(living: Living) -> None:
    """Also in a folder that did not exist when the pattern was given."""
    module = hooks_in(living)
    living.write("levels/a.txt", "1")
    living.wait_for(lambda: len(living.outcomes) == 1)
    os.unlink(living.path("levels/a.txt"))
    living.wait_for(lambda: len(living.outcomes) == 2)
    assert module.TOLD == [("a.txt", "1"), WATCHER, ("a.txt", False), WATCHER]


def test_a_file_is_loaded_when_its_writer_is_done(native: Living) -> None:
    """A slow writer pauses in the middle: no loader sees half of it."""
    module = hooks_in(native)
    in_two_parts(native.path("level.txt"), "0123456789")
    native.wait_for(lambda: native.outcomes)
    assert module.LOADED == ["one", "0123456789"]


def test_code_and_files_that_are_saved_together_are_one_round(native: Living) -> None:
    """The loader is the new one when it reads the new file."""
    module = hooks_in(native)
    native.write("level.txt", "two")
    native.write("hooked.py", HOOKS.replace("path.read_text())\n    return", "path.read_text().upper())\n    return"))
    (outcome,) = native.wait_for(lambda: native.outcomes)
    assert isinstance(outcome, Swapped)
    assert (module.level(), module.LOADED, outcome.patched) == ("TWO", ["one", "TWO"], ("hooked.load",))


def test_a_file_that_was_saved_before_a_barrier_is_live_behind_it(native: Living) -> None:
    """Whatever has settled by then."""
    module = hooks_in(native)
    for n in range(20):
        native.write("level.txt", str(n))
        native.reloader.sync()
        assert module.level() == str(n)


SERVER = """
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import hotswap

GREETING = b"one"
PORT = 0


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(GREETING)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("serving", server.server_address[1], flush=True)


@hotswap.on_dispose
def close():
    print("closing", server.server_address[1], flush=True)
    server.shutdown()
    server.server_close()
"""
PROGRAM = """
import os
import time

import hotswap
import server

LINES = hotswap.asset("lines.txt", lambda path: path.read_text().split())


@hotswap.on_swap
def told(outcome):
    print("told", outcome.kind, LINES, flush=True)


print("begun", LINES, flush=True)
while not os.path.exists("stop"):
    time.sleep(0.01)
"""


def test_a_server_is_closed_and_opened_when_its_address_changes(tmp_path: Path) -> None:
    """A real program under `hotswap run`: what it serves follows edits; a round that fails leaves it serving."""
    (tmp_path / "server.py").write_text(SERVER)
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "lines.txt").write_text("a b")
    with started("-m", "hotswap", "run", "program.py", cwd=tmp_path) as run:
        port = run.expect(r"serving (\d+)")[1]
        run.expect(r"begun \['a', 'b'\]")
        save(tmp_path / "server.py", SERVER.replace('b"one"', 'b"two"'))
        run.expect("told swapped")
        assert (asked(port), run.count("closing")) == (b"two", 0)

        save(tmp_path / "server.py", SERVER.replace("PORT = 0", f"PORT = {port} + 0"))
        assert run.expect(r"closing (\d+)")[1] == port
        since = run.text.index("closing")
        run.expect(r"serving \d+", since=since)
        run.expect("told swapped", since=since)
        save(tmp_path / "server.py", SERVER.replace("PORT = 0", f"PORT = {port}") + "1 / 0\n")
        run.expect(r"told rolled_back", since=since)
        run.expect(r"put away on the way, and made again: server\.close", since=since)
        assert asked(port) == b"one"

        save(tmp_path / "server.py", SERVER.replace("PORT = 0", f"PORT = {port}"))
        save(tmp_path / "lines.txt", "c")
        run.expect(r"told swapped \['c'\]")
        (tmp_path / "stop").touch()
        assert run.wait() == 0, run.text
    assert "note:" not in run.text


def asked(port: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
        body: bytes = answer.read()
    return body


def test_a_restart_is_told_before_it_is_done(tmp_path: Path) -> None:
    """`on_swap` first, with the outcome that asks for it; then what is to be put away."""
    (tmp_path / "other.py").write_text("__hotswap__ = 'restart'\nX = 1\n")
    (tmp_path / "program.py").write_text(
        "import os, time\nimport hotswap\nimport other\n\n\n@hotswap.on_dispose\ndef away():\n    print('away', other.X, flush=True)\n\n\n"
        "@hotswap.on_swap\ndef told(outcome):\n    print('told', outcome.kind, flush=True)\n\n\n"
        "print('begun', other.X, flush=True)\nwhile not os.path.exists('stop'):\n    time.sleep(0.01)\n"
    )
    with started("-m", "hotswap", "run", "program.py", cwd=tmp_path) as run:
        run.expect("begun 1")
        save(tmp_path / "other.py", "__hotswap__ = 'restart'\nX = 22\n")
        run.expect("begun 22")
        (tmp_path / "stop").touch()
        assert run.wait() == 0, run.text
    lines = re.findall(r"^(?:begun|told|away).*$", run.text, re.MULTILINE)
    assert lines == ["begun 1", "told restart_required", "away 1", "begun 22"]
