"""Real processes, with and without a terminal, whose output can be waited for."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import hotswap

ROOT = Path(hotswap.__file__).parents[1]
PATIENCE = 30.0


class Process:
    """A process whose output is collected while it runs."""

    def __init__(self, process: subprocess.Popen[bytes], outputs: Sequence[int]) -> None:
        self.process = process
        self.text = ""
        self._news = threading.Condition()
        self._readers = [threading.Thread(target=self._read, args=(fd,), daemon=True) for fd in outputs]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def _read(self, fd: int) -> None:
        rest = b""
        with open(fd, "rb", buffering=0) as file:
            while True:
                try:
                    data = file.read(65536)
                except OSError:  # a terminal whose other side is closed
                    data = b""
                whole, rest = self._whole_lines(rest + data) if data else (rest, b"")
                with self._news:
                    self.text += whole.decode(errors="replace")
                    self._news.notify_all()
                if not data:
                    return

    def _whole_lines(self, data: bytes) -> tuple[bytes, bytes]:
        """What may be shown: with two outputs whole lines only, or they would cut each other's in two."""
        end = len(data) if len(self._readers) == 1 else data.rfind(b"\n") + 1
        return data[:end], data[end:]

    def expect(self, pattern: str, *, since: int = 0) -> re.Match[str]:
        """Wait until the output, from the given place on, holds a match."""
        with self._news:
            self._news.wait_for(lambda: re.search(pattern, self.text[since:]) or self._ended(), PATIENCE)
            found = re.search(pattern, self.text[since:])
        assert found, f"no {pattern!r} in:\n{self.text[since:]}"
        return found

    def _ended(self) -> bool:
        return not any(reader.is_alive() for reader in self._readers)

    def count(self, pattern: str) -> int:
        return len(re.findall(pattern, self.text))

    def interrupt(self) -> None:
        os.kill(self.pid, signal.SIGINT)

    def wait(self, patience: float = PATIENCE) -> int:
        """The exit status, once everything it wrote was read."""
        status = self.process.wait(patience)
        for reader in self._readers:
            reader.join(PATIENCE)
        return status


def environment(**extra: str) -> dict[str, str]:
    """The environment for a program under test: this hotswap can be imported, and nothing is cached on disk."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HOTSWAP", "COV"))}
    return inherited | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"} | extra


@contextmanager
def started(*words: str | Path, cwd: Path, env: dict[str, str] | None = None, **options: object) -> Iterator[Process]:
    """Start `python WORDS...` with its output in pipes and nothing to read; it is gone when the block ends."""
    settings = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    process = subprocess.Popen([sys.executable, *words], cwd=cwd, env=env or environment(), **settings)
    outputs = [os.dup(stream.fileno()) for stream in (process.stdout, process.stderr) if stream]
    with process, _ended(process):
        yield Process(process, outputs)


class Terminal(Process):
    """A process that has a terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], keyboard: int) -> None:
        super().__init__(process, [os.dup(keyboard)])
        self.keyboard = keyboard

    def type(self, text: str) -> None:
        os.write(self.keyboard, text.encode())


@contextmanager
def in_terminal(*words: str | Path, cwd: Path, env: dict[str, str] | None = None) -> Iterator[Terminal]:
    """Start `python WORDS...` as the leader of a session with a pseudo-terminal."""
    keyboard, screen = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=cwd, env=env or environment(TERM="xterm"), stdin=screen, stdout=screen, stderr=screen,
        start_new_session=True, preexec_fn=_take_terminal,  # noqa: PLW1509  it makes one system call

    )  # fmt: skip
    os.close(screen)
    try:
        with process, _ended(process):
            yield Terminal(process, keyboard)
    finally:
        os.close(keyboard)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()


def save(path: Path, text: str) -> None:
    """Save as editors do: write beside it, rename onto it."""
    beside = path.with_name(path.name + "~")
    beside.write_text(text)
    beside.replace(path)
