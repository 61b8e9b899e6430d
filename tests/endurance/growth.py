"""Thousands of rounds that come round again to the same program: nothing may be more than it was."""

from __future__ import annotations

import gc
import importlib
import linecache
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from textwrap import dedent

from hotswap import codefacts
from hotswap.model import Outcome, Swapped
from hotswap.reloader import Reloader
from hotswap.source import opened

FIRST = {
    "deco.py": """
        import functools
        TABLE = {}
        def scaled(factor):
            def decorate(fn):
                @functools.wraps(fn)
                def wrapper(*args):
                    return fn(*args) * factor
                return wrapper
            return decorate
        def traced(fn):
            @functools.wraps(fn)
            def inner(*args): return fn(*args)
            return inner
        def register(fn):
            TABLE[fn.__name__] = fn
            return fn
    """,
    "base.py": """
        from dataclasses import dataclass
        from enum import Enum
        from functools import lru_cache
        RATE = 2
        class Color(Enum):
            RED = RATE
        @dataclass
        class Item:
            size: int = RATE
            def area(self): return self.size ** 2
        @lru_cache
        def cached(n): return n * RATE
    """,
    "app.py": """
        from base import *
        from deco import register, scaled, traced
        import base
        class Box(Item):
            @scaled(RATE)
            def area(self): return super().area()
        @register
        def make():
            def inner(): return RATE
            return inner
        box, held = Box(), make()
        TOTAL = [box.area(), cached(3), held()]
    """,
}
FIRST = {name: dedent(text).lstrip("\n") for name, text in FIRST.items()}
NAMES = ("app", "base", "deco", "new")
FILES = tuple(f"{name}.py" for name in NAMES)
Texts = dict[str, str]


def edited(name: str, old: str, new: str) -> Texts:
    """The first version with one edit.  Raises ValueError when it edits nothing."""
    if old not in FIRST[name]:
        raise ValueError(f"{name} has no {old!r}")
    return {**FIRST, name: FIRST[name].replace(old, new)}


def versions() -> Iterator[Texts]:
    """One turn: bodies, constants, classes, members, decorators, modules that come and go; two of the rounds fail."""
    yield edited("base.py", "self.size ** 2", "self.size ** 3")
    yield edited("base.py", "RATE = 2", "RATE = 7")
    yield edited("app.py", "TOTAL =", "broken = 1 / 0\nTOTAL =")
    yield edited("deco.py", "* factor", "* factor + 1")
    yield edited("app.py", "@register\n", "@register\n@traced\n")
    yield edited("app.py", "return RATE", "return = RATE")
    yield edited("base.py", "    RED = RATE\n", "    RED = RATE\n    BLUE = 5\n")
    yield edited("base.py", "def area", "color: str = ''\n    def more(self): return 1\n    def area")
    yield {**edited("app.py", "import base\n", "import base, new\n"), "new.py": "class New(dict): pass\nX = New(a=1)\n"}
    yield {name: f"# moved\n{text}" for name, text in FIRST.items()}
    yield edited("app.py", "class Box(Item):", "class Late(Item):\n    def late(self): return 1\nclass Box(Late):")
    yield FIRST


TURN = list(versions())
STAMP = "hotswap.watching.stamps.Stamp"
OWN = frozenset(("collections.Counter",))
"""What counting itself adds: the first of the two censuses."""


def census() -> Counter[str]:
    """How many there are of everything that a round could leave behind, by kind."""
    for _ in range(3):
        gc.collect()
    found = Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())
    # The watcher has one for each place that it has looked at, which it does every now and then: a module's file, or that of
    # a package of the name, in each folder of sys.path.
    found["stamps beyond four a module"] = max(0, found.pop(STAMP, 0) - 4 * len(FILES))
    found["weakref.ReferenceType"] -= len(codefacts._known)  # of code that lives anyway, known since somebody asked
    found["lines in linecache"] = sum(len(lines[2]) for lines in linecache.cache.values() if len(lines) > 2)
    found["files in linecache"] = len(linecache.cache)
    found["threads"] = threading.active_count()
    found["descriptors"] = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    found["modules"] = len(sys.modules)
    found["open sources"] = len(opened)
    found["subclasses of object"] = len(object.__subclasses__())
    return found


def run(root: Path, turns: int, *, warm: int, history: int | None = None) -> tuple[Counter[str], list[str]]:
    """So many turns after some that warm up; what is more than before, and rounds that did not end as they should.

    The outcomes that are kept are bounded: unless `history` says how many, they have to be full to stop growing.
    """
    save(root, FIRST)
    importlib.invalidate_caches()
    wrong: list[str] = []
    try:
        with Reloader(root, apply="manual") as reloader:
            if history is not None:
                reloader._history = type(reloader._history)(maxlen=history)
            importlib.import_module("app")
            for texts in islice(cycle(TURN), warm * len(TURN)):
                wrong += one_round(reloader, root, texts)
            before = census()
            for texts in islice(cycle(TURN), turns * len(TURN)):
                wrong += one_round(reloader, root, texts)
            after = census()
            bound = reloader._history.maxlen or 0
            if len(reloader.history) > bound or reloader.pending:
                wrong.append(f"{len(reloader.history)} outcomes are kept, {reloader.pending} pending")
    finally:
        for name in NAMES:
            sys.modules.pop(name, None)
    return after - before, wrong


def one_round(reloader: Reloader, root: Path, texts: Texts) -> list[str]:
    """Save a version; it goes live, or is rolled back if it is one that has to be."""
    save(root, texts)
    outcome: Outcome = reloader.sync()
    is_broken = any("1 / 0" in text or "return = " in text for text in texts.values())
    expected = "rolled_back" if is_broken else Swapped.kind
    return [] if outcome.kind == expected else [str(outcome)]


def save(root: Path, texts: Texts) -> None:
    for name in FILES:
        if name in texts:
            (root / name).write_text(texts[name])
        else:
            (root / name).unlink(missing_ok=True)
