"""Which folders a program looks through: told from the functions of the standard library that list them, as they begin.

Reads arguments and runs nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FrameType
from typing import Any, NamedTuple

from hotswap.looking import is_a, is_any


class Listed(NamedTuple):
    """A folder that was listed, and whether those in it were, too."""

    folder: str
    deep: bool


LISTING = frozenset(("listdir", "scandir"))
"""Functions of `os` in C: they have no frame, so it is their calls that are seen."""

SCANNERS = {
    ("pkgutil", "iter_modules"): ("path", ""),
    ("os", "walk"): ("top", "**"),
    ("glob", "glob"): ("pathname", ""),
    ("glob", "iglob"): ("pathname", ""),
    ("pathlib", "iterdir"): ("self", ""),
    ("pathlib", "walk"): ("self", "**"),
    ("pathlib", "glob"): ("self", "pattern"),
    ("pathlib", "rglob"): ("self", "**"),
}
"""By package and name of functions in Python: the argument that tells the folder, and the one that has a pattern."""

_NAMES = frozenset(name for _, name in SCANNERS)
_MAGIC = re.compile(r"[*?[]")


def may_scan(code: CodeType) -> bool:
    """Whether the function may be one of those, as far as its name tells."""
    return code.co_name in _NAMES


def lists(code: CodeType) -> bool:
    """Whether a function calls, by their names, those that have no frame."""
    return not LISTING.isdisjoint(code.co_names)


def is_listing(function: object) -> bool:
    """Whether it is one of these."""
    return function is os.listdir or function is os.scandir


def listed_by(frame: FrameType) -> Iterator[Listed]:
    """The folders that a function which has just begun will list, if it is one of those that do."""
    home = str(frame.f_globals.get("__name__")).partition(".")[0]
    found = SCANNERS.get((home, frame.f_code.co_name))
    if found is not None:
        given = frame.f_locals
        pattern = "**" if found[1] == "**" else given.get(found[1], "")
        yield from folders_in(given.get(found[0]), pattern if is_a(pattern, str) else "")


def folders_in(given: Any, pattern: str = "") -> Iterator[Listed]:
    """The folders that an argument names: one, several, or with a pattern in it."""
    for each in given if is_any(given, list, tuple) or type(given).__name__ == "_NamespacePath" else [given]:
        if not is_any(each, str, bytes) and not type(each).__module__.startswith("pathlib"):
            continue  # to ask it for its path would run code of the program's
        base, magic, rest = _parted(os.fsdecode(each))
        deep = bool(magic) and (os.sep in rest or "**" in rest)
        yield Listed(os.path.abspath(base or os.curdir), deep or "**" in pattern or os.sep in pattern)


def _parted(text: str) -> tuple[str, str, str]:
    """The folder in front of the first part that is a pattern, and what begins there."""
    found = _MAGIC.search(text)
    if found is None:
        return text, "", ""
    end = text.rfind(os.sep, 0, found.start()) + 1
    return text[:end], found[0], text[end:]


def folders_around(path: str) -> Iterator[Listed]:
    """Which listings would have another result, were a module's file not there: those of folders around it."""
    folder, name = os.path.split(path)
    if name == "__init__.py":  # the package is what stands in the folder around
        yield Listed(folder, deep=False)
        folder = os.path.dirname(folder)
    yield Listed(folder, deep=False)
    while True:
        yield Listed(folder, deep=True)
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


def in_scope(found: Iterable[Listed], is_ours: Callable[[str], bool]) -> Iterator[Listed]:
    """Those in which files of the program's own may stand."""
    return (each for each in found if is_ours(os.path.join(each.folder, "__init__.py")))
