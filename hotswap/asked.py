"""What statements of the program asked hotswap for as they ran: hooks, boundaries, files.

A request belongs to the statement that made it: when that runs again, or is gone, the request goes before.  One that
was made while no statement of a module was running stays for as long as the process.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType, FunctionType
from typing import Any, Generic, NamedTuple, TypeVar

from hotswap.journal import Journal

T = TypeVar("T")

CO_OPTIMIZED = 0x1
"""Set for functions, not for the bodies of modules and classes."""


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """One request, and the line of the module's statement that made it (0: none did).

    The `key` tells which requests are the same, so that one that is made again replaces the first.
    """

    module: str
    line: int
    key: object
    thing: T


class At(NamedTuple):
    """The key of what may be asked for by many statements, by each once.

    `in_round`: the line is one of a source that is not live yet; in the one that is, another statement may stand there.
    """

    what: object
    module: str
    line: int
    in_round: bool = False


_changes = itertools.count()
_version = [0]


def version() -> int:
    """Another number whenever something was asked for, or is asked for no more."""
    return _version[0]


def touch() -> None:
    """Something was."""
    _version[0] = next(_changes) + 1


class Table(Generic[T]):
    """The requests of one kind, oldest first."""

    def __init__(self) -> None:
        self._entries: dict[object, Asked[T]] = {}
        tables.append(self)

    def __iter__(self) -> Iterator[Asked[T]]:
        return iter(list(self._entries.values()))

    def __bool__(self) -> bool:
        return bool(self._entries)

    def get(self, key: object) -> T | None:
        """What was asked for under the key."""
        found = self._entries.get(key)
        return None if found is None else found.thing

    def add(self, thing: T, key: object, frame: FrameType) -> None:
        """Note a request that the code of the frame makes, as the newest; it replaces one of the same key."""
        module, line = running_statement(frame)
        self.put(Asked(module or str(frame.f_globals.get("__name__")), line, key, thing))

    def put(self, entry: Asked[T]) -> None:
        """Note one."""
        self._entries.pop(entry.key, None)
        self._entries[entry.key] = entry
        touch()

    def drop(self, gone: Callable[[Asked[T]], bool]) -> None:
        """Forget the requests of which that is true."""
        for key in [key for key, entry in list(self._entries.items()) if gone(entry)]:
            self._entries.pop(key, None)
            touch()

    def move(self, module: str, line_of: Callable[[Asked[Any]], int]) -> None:
        """The statements of a module stand on other lines now."""
        if any(entry.module == module for entry in self._entries.values()):
            moved = [_moved(e, line_of(e)) if e.module == module and e.line else e for e in self]
            self.restore(moved)

    def settle(self) -> None:
        """All lines are those of the sources that are live."""
        if any(isinstance(key, At) and key.in_round for key in list(self._entries)):
            settled = [replace(e, key=e.key._replace(in_round=False)) if isinstance(e.key, At) else e for e in self]
            self.restore(settled)

    def remember(self, journal: Journal) -> None:
        """Have a rollback restore what is asked for now."""
        journal.remember(self._entries)

    def restore(self, entries: Iterable[Asked[T]]) -> None:
        """Let there be these requests, and no others."""
        self._entries.clear()
        self._entries.update((entry.key, entry) for entry in entries)


def _moved(entry: Asked[T], line: int) -> Asked[T]:
    key = entry.key._replace(line=line) if isinstance(entry.key, At) else entry.key
    return replace(entry, line=line, key=key)


tables: list[Table[Any]] = []
departed: set[str] = set()
"""Modules that went, with what they had asked for: it has to be asked for again when they are back."""


def remember(journal: Journal) -> None:
    """Have a rollback restore all that is asked for now."""
    for table in tables:
        table.remember(journal)


def everything() -> Iterator[Asked[Any]]:
    """All requests of all kinds."""
    return (entry for table in tables for entry in table)


def forget(gone: Callable[[Asked[Any]], bool]) -> None:
    """Forget the requests, of all kinds, of which that is true."""
    for table in tables:
        table.drop(gone)


@contextmanager
def made_anew(module: str) -> Iterator[None]:
    """Within the block the module runs whole: what it asked for before is forgotten, unless the block raises."""
    before = [(table, list(table)) for table in tables]
    forget(lambda entry: entry.module == module and bool(entry.line))
    try:
        yield
    except BaseException:
        for table, entries in before:
            table.restore(entries)
        raise


def running_statement(frame: FrameType | None) -> tuple[str, int]:
    """The module whose statement is running, innermost, and its line; ("", 0) where a thread runs functions only."""
    while frame is not None:
        code = frame.f_code
        if not code.co_flags & CO_OPTIMIZED and not code.co_filename.startswith("<"):
            return str(frame.f_globals.get("__name__")), frame.f_lineno
        frame = frame.f_back
    return "", 0


def is_being_imported(module: str) -> bool:
    """Whether the statements of a module are being run for the first time."""
    spec = getattr(sys.modules.get(module), "__spec__", None)
    return bool(getattr(spec, "_initializing", False))  # what the import system itself asks, on all versions


def key_of(function: object) -> object:
    """What tells a function from others, such that a function that is defined anew is the same one.

    Bound methods of one object are equal; an equality of the program's own is never asked.
    """
    if is_definition(function):
        return function.__module__, function.__qualname__  # type: ignore[attr-defined]  # as was just asked
    owner = getattr(function, "__self__", None)
    return (id(function),) if owner is None else (id(owner), getattr(function, "__name__", ""))


def is_definition(function: object) -> bool:
    """Whether it stands in a module or class by its name, and was not made at run time."""
    if not isinstance(function, FunctionType) or "<" in function.__qualname__:
        return False
    return function.__name__ != "_" and function.__module__ in sys.modules
