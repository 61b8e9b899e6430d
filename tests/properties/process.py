"""The two processes that are compared: the live one, which hotswap keeps up to date, and fresh ones.

Both are forked from this process, which must never import a generated module itself: a fresh one costs a few
milliseconds instead of an interpreter's start.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import select
import signal
import struct
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.properties.observe import Observer

PATIENCE = 20.0
"""Seconds that a child may take for one answer."""

Sources = Mapping[str, str]
"""Relative path → text."""


@dataclass
class Look:
    """What a process said of itself, and how its round ended (fresh processes: "imported" or "failed")."""

    kind: str
    told: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    held_places: dict[str, str] = field(default_factory=dict)
    state: dict[str, bool] = field(default_factory=dict)
    identities: dict[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    error: str = ""
    lines: tuple[tuple[str, int], ...] = ()
    """Where in the program's files a fresh import failed, outermost first."""

    @property
    def went_live(self) -> bool:
        """Whether the live process runs the saved sources after the round."""
        return self.kind in ("started", "swapped", "unchanged")


def module_names(sources: Iterable[str], before: Iterable[str] = ()) -> list[str]:
    """The modules of a program by name, in the order of its files; packages stand for their __init__.

    Those that were there `before` come first, in that order: a program does not ask for them in another one because a
    file is new.
    """
    names = [path.removesuffix(".py").replace("/", ".").removesuffix(".__init__") for path in sources]
    return list(dict.fromkeys([*(name for name in before if name in names), *names]))


def write_sources(root: Path, sources: Sources, before: Sources) -> None:
    """Make the files under the root be these."""
    for path in before.keys() - sources.keys():
        (root / path).unlink()
        with contextlib.suppress(OSError):
            (root / path).parent.rmdir()
    for path, text in sources.items():
        if before.get(path) != text:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)


class Child:
    """A forked process that answers questions with pickled values."""

    def __init__(self, serve: Callable[[Any], Any]) -> None:
        ask_read, self._ask = os.pipe()
        self._answers, answer_write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._ask)
            os.close(self._answers)
            _serve(serve, ask_read, answer_write)
        os.close(ask_read)
        os.close(answer_write)

    def ask(self, question: Any) -> Any:
        """The child's answer; raises EOFError when it died and TimeoutError when it takes too long."""
        _send(self._ask, question)
        ready, _, _ = select.select([self._answers], [], [], PATIENCE)
        if not ready:
            raise TimeoutError("no answer")
        return _receive(self._answers)

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._ask)
        os.close(self._answers)


def _serve(serve: Callable[[Any], Any], ask: int, answer: int) -> None:
    try:
        quiet = os.open(os.devnull, os.O_RDWR)
        os.dup2(quiet, 0)
        os.dup2(quiet, 1)
        if not os.environ.get("FUZZ_STDERR"):
            os.dup2(quiet, 2)
        while True:
            _send(answer, serve(_receive(ask)))
    except EOFError:
        os._exit(0)
    except BaseException:  # noqa: BLE001  a child must not run on as its parent
        if os.environ.get("FUZZ_STDERR"):
            sys.excepthook(*sys.exc_info())
        os._exit(1)


def _send(pipe: int, value: Any) -> None:
    data = pickle.dumps(value)
    data = struct.pack("<I", len(data)) + data
    while data:
        data = data[os.write(pipe, data) :]


def _receive(pipe: int) -> Any:
    (length,) = struct.unpack("<I", _read(pipe, 4))
    return pickle.loads(_read(pipe, length))


def _read(pipe: int, length: int) -> bytes:
    parts = []
    while length:
        part = os.read(pipe, length)
        if not part:
            raise EOFError
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


# ---------------------------------------------------------------------- the fresh process


def fresh_look(root: Path, modules: list[str]) -> Look:
    """What a new process makes of the sources under the root."""
    child = Child(lambda question: _import_and_look(*question))
    try:
        answer: Look = child.ask((str(root), modules))
        return answer
    except (EOFError, TimeoutError) as error:
        return Look("lost", type(error).__name__)
    finally:
        child.close()


def _import_and_look(root: str, modules: list[str]) -> Look:
    sys.path.insert(0, root)
    sys.dont_write_bytecode = True
    try:
        for name in modules:
            importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001  generated code may raise anything
        lines = [(code.co_filename, line) for code, line in walk(error) if code.co_filename.startswith(root)]
        if isinstance(error, SyntaxError):
            lines.append((str(error.filename), error.lineno or 0))
        return Look("failed", error=f"{type(error).__name__}: {error}", lines=tuple(lines))
    observer = Observer(frozenset(modules))
    observer.look()
    return Look("imported", facts=observer.facts, definitions=observer.definitions)


def walk(error: BaseException) -> Iterator[tuple[types.CodeType, int]]:
    """The code and line of each frame of a traceback."""
    at = error.__traceback__
    while at is not None:
        yield at.tb_frame.f_code, at.tb_lineno
        at = at.tb_next
