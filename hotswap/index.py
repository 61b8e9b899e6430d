"""Path ⇄ module, and the source that each module of the process was really made from.

The index knows the tracked modules: those under the watched paths.  For each it keeps the `Source` that the process
runs (taken from the loader as the module is imported, so an edit made a moment later is not mistaken for it) and what
its statements called.  It answers which files differ from what runs.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from math import inf
from types import ModuleType
from typing import Any

from hotswap import archives
from hotswap.files import read, read_with_status, same_status, stamp, status_of
from hotswap.imprint import Imprint
from hotswap.looking import is_instance
from hotswap.model import Change, ChangeSet
from hotswap.provenance import may_have_changed
from hotswap.scope import COMPILED, Scope, forget_folders, real_path, shows_another, source_path
from hotswap.source import Source
from hotswap.trace import Footprint

FEW = 50


@dataclass(slots=True, eq=False)
class Tracked:
    """A module of the program and the source that it runs.

    `calls` holds what was called by the statement on each line (None: it ran before anybody looked); `certain` is False
    when the source on disk may already have been another one than the one that was imported.  `away` is the module
    object while its file is deleted: if the file comes back, those who hold the module shall see it.  `around` are the
    texts of what it imports, directly or not, as they were when its file went.  `imprint` is None when nobody looked as
    its statements had just run.
    """

    name: str
    path: str
    source: Source
    calls: dict[int, Footprint] | None = None
    certain: bool = True
    generation: int = 0
    replaced: bool = False
    away: ModuleType | None = None
    around: Mapping[str, bytes] = field(default_factory=dict)
    imprint: Imprint | None = None
    deposits: bool = False
    """Whether it was noted what its statements put into containers."""
    has_rerun: bool = False
    """Whether statements that make functions have run again: what those of before had made has other code objects."""

    @property
    def module(self) -> ModuleType:
        """The module object; raises KeyError when the program dropped it."""
        return sys.modules[self.name] if self.away is None else self.away

    @property
    def namespace(self) -> dict[str, Any]:
        """The module's global names."""
        return self.module.__dict__

    def footprint(self, first: int, last: int, without: Iterable[tuple[int, int]] = ()) -> Footprint | None:
        """What the statement on these lines called when it ran, except on some of them; None when nobody looked."""
        if self.calls is None:
            return None
        found = Footprint()
        for line, footprint in self.calls.items():
            if first <= line <= last and not any(begin <= line <= end for begin, end in without):
                found.add(footprint)
        return found

    @property
    def is_main(self) -> bool:
        """Whether it is the program's script."""
        return self.name == "__main__"

    @property
    def is_package(self) -> bool:
        """Whether it is the `__init__` of a package."""
        return os.path.basename(self.path) == "__init__.py"


class Index:
    """The tracked modules of the process."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.modules: dict[str, Tracked] = {}
        self.extensions: dict[str, tuple[str, tuple[int, int] | None]] = {}
        self.archives: set[str] = set()
        """The zip archives that tracked modules were imported from."""
        self._waiting: deque[tuple[str, ModuleType, str, os.stat_result | None]] = deque()
        self._guard = threading.RLock()  # imports on other threads put modules while a round looks at them
        self._by_path: dict[str, list[str]] = {}
        self._seen: dict[str, int] = {}
        self.generation = 0
        self.caching: set[str] = set()
        """Modules whose text mentions caches."""
        self.migrating: set[str] = set()
        """Modules whose text mentions `__hotswap_migrate__`."""
        self.unobserved: set[str] = set()
        """Modules that ran before anybody looked what they call."""
        self._mentioning: dict[bytes, set[str]] = {}
        self.attempted: set[str] = set()
        """Files that were loaded, or failed to, since the set was emptied."""
        self.again: dict[str, Tracked] = {}
        """Modules that were loaded a second time in this round, as other objects, as they were before."""
        self._numbers = count()
        self.begun: dict[str, int] = {}
        """When the loading of a module began: its number in the order of all."""
        self._changed: set[str] = set()
        self._loaded: tuple[int, str] = (0, "")

    def __len__(self) -> int:
        return len(self.modules)

    # ------------------------------------------------------------------ what is tracked

    def adopt(self, until: float = inf) -> list[str]:
        """Take in the modules that were loaded since the last look.  Returns the paths of files to watch.

        Stops when `time.perf_counter()` has reached `until`; a later call goes on, see `is_behind`.  The first few
        are taken in whatever the time is.
        """
        self._discover()
        found: list[str] = []
        while self._waiting and (len(found) < FEW or time.perf_counter() < until):
            found += self._adopt(*self._waiting.popleft())
        return found

    @property
    def is_behind(self) -> bool:
        """Whether modules are known of whose text has not been read yet."""
        return bool(self._waiting)

    def _discover(self) -> None:
        newest = len(sys.modules), next(reversed(sys.modules))
        if newest == self._loaded:
            return
        self._loaded = newest
        forget_folders()
        for name, module in list(sys.modules.items()):
            if self._seen.get(name) != id(module):
                self._seen[name] = id(module)
                if name not in self.modules or self._was_replaced(name, module):
                    path = source_path(module)
                    if path is not None and self.scope.contains(path) and not shows_another(module, path):
                        self._waiting.append((name, module, path, status_of(path)))

    def _was_replaced(self, name: str, module: object) -> bool:
        """Whether the name now stands for another module (imported anew from another file, say)."""
        path = getattr(module, "__file__", None)
        if path is not None and path != self.modules[name].path and self.scope.contains(path):
            return not shows_another(module, path)
        self.modules[name].replaced = not is_instance(module, ModuleType)
        return False

    def _adopt(self, name: str, module: ModuleType, path: str, before: os.stat_result | None) -> list[str]:
        archive = archives.archive_of(module)
        if archive is not None:
            self.archives.add(archive)
        found = [path] if archive is None else [path, archive]
        if path.endswith(COMPILED):
            self.extensions[path] = name, stamp(path)
            return found
        data, status = read_with_status(path)
        known = self.modules.get(name)
        if data is None or sys.modules.get(name) is not module or (known is not None and known.path == path):
            return []  # it went, or was imported anew, while it was waiting
        if isinstance(data, archives.Unreadable):
            data, certain = b"", False
        elif status is None:
            certain = archives.imported_as(module, path, data)
        else:
            certain = same_status(before, status) and not may_have_changed(module, path, data, status)
        with self._guard:
            self._put(Tracked(name, path, Source(path, data), certain=certain))
        return found

    def put(self, tracked: Tracked) -> None:
        """Track a module, or replace what is known of it."""
        with self._guard:
            forget_folders()
            self._put(tracked)

    def _put(self, tracked: Tracked) -> None:
        before = self.modules.get(tracked.name)
        if before is not None and before.path != tracked.path:
            begun = self.begun.get(tracked.name)
            self._forget(tracked.name)
            if begun is not None:  # its file moved; it is the same module
                self.begun[tracked.name] = begun
        self.generation += 1
        tracked.generation = self.generation
        self.modules[tracked.name] = tracked
        self._seen[tracked.name] = id(sys.modules.get(tracked.name))
        self._changed.add(tracked.name)
        (self.unobserved.add if tracked.calls is None else self.unobserved.discard)(tracked.name)
        (self.caching.add if b"cache" in tracked.source.data else self.caching.discard)(tracked.name)
        for word, modules in list(self._mentioning.items()):
            (modules.add if word in tracked.source.data else modules.discard)(tracked.name)
        does_migrate = b"__hotswap_migrate__" in tracked.source.data
        (self.migrating.add if does_migrate else self.migrating.discard)(tracked.name)
        for key in {tracked.path, real_path(tracked.path)}:
            names = self._by_path.setdefault(key, [])
            if tracked.name not in names:
                names.append(tracked.name)

    def begins(self, name: str) -> None:
        """Note that a module is being loaded."""
        self.begun.setdefault(name, next(self._numbers))

    def begins_again(self, names: Iterable[str]) -> None:
        """Note that modules which were away are back: a program asks for them behind all that it has, in this order."""
        for name in sorted(names, key=lambda name: self.begun.get(name, -1)):
            self.begun[name] = next(self._numbers)

    def note_again(self, module: ModuleType) -> None:
        """A module is about to be loaded: note if another object is the module of that name."""
        known = self.modules.get(module.__name__)
        if known is not None and known.away is None and self._seen.get(module.__name__) != id(module):
            self.again.setdefault(module.__name__, known)

    def forget(self, name: str) -> None:
        """Stop tracking a module."""
        with self._guard:
            self._forget(name)

    def _forget(self, name: str) -> None:
        tracked = self.modules.pop(name, None)
        self._seen.pop(name, None)
        self.begun.pop(name, None)
        self._changed.add(name)
        self.unobserved.discard(name)
        self.caching.discard(name)
        self.migrating.discard(name)
        for modules in list(self._mentioning.values()):
            modules.discard(name)
        if tracked is not None:
            for key in {tracked.path, real_path(tracked.path)}:
                if name in self._by_path.get(key, ()):
                    self._by_path[key].remove(name)

    def mentioning(self, *words: str) -> list[Tracked]:
        """The modules whose text has one of the words; looked for once in all, from then on in those that are put."""
        with self._guard:
            for word in map(str.encode, words):
                if word not in self._mentioning:
                    self._mentioning[word] = {n for n, each in self.modules.items() if word in each.source.data}
            found = set[str]().union(*(self._mentioning[word.encode()] for word in words))
            return [tracked for name, tracked in self.modules.items() if name in found] if found else []

    def take_over(self, other: Index) -> None:
        """Believe what another index knows of the modules that are loaded: it has seen them being imported."""
        for tracked in list(other.modules.values()):
            if self.scope.contains(tracked.path) and tracked.away is None and tracked.name in sys.modules:
                self.put(replace(tracked))

    def take_changed(self) -> set[str]:
        """The modules put or forgotten since the last call (for the graph, which keeps an index of its own)."""
        changed, self._changed = self._changed, set()
        return changed

    def check_place(self, tracked: Tracked) -> None:
        """Note when a module has put another object in its own place."""
        held = sys.modules.get(tracked.name)
        if held is not None and tracked.away is None:
            tracked.replaced = tracked.replaced or not is_instance(held, ModuleType)

    def at(self, path: str) -> list[Tracked]:
        """The modules that were made from the file (more than one when it was imported under several names)."""
        names = self._by_path.get(path) or self._by_path.get(os.path.realpath(path), [])
        return [self.modules[n] for n in names if n in self.modules]

    def names_of_file(self, path: str) -> bool:
        """Whether a code object's file is one of the tracked ones."""
        return self.scope.contains(path)

    # ------------------------------------------------------------------ what differs

    def changes(self, paths: Iterable[str]) -> ChangeSet:
        """Which of the files differ from what the process runs; contents decide."""
        found = []
        for path in sorted(self._with_members(set(paths))):
            if path in self.extensions:
                if stamp(path) != self.extensions[path][1]:
                    found.append(Change(path=path, kind="edited"))
                continue
            known = self.at(path)
            data = read(path)
            if not known or all(t.away for t in known):
                if data is not None:
                    found.append(Change(path=path, kind="added"))
            elif data is None:
                found.append(Change(path=path, kind="deleted"))
            elif any(data != t.source.data or not t.certain for t in known):
                found.append(Change(path=path, kind="edited"))
        return tuple(found)

    def _with_members(self, paths: set[str]) -> set[str]:
        """The paths, and for an archive among them those of the modules in it."""
        for archive in paths & self.archives:
            archives.read_again(archive)
            members = [p for p in self.paths() if p.startswith(archive + os.sep)]
            paths = (paths - {archive}) | set(members)
        return paths

    def paths(self) -> Iterator[str]:
        """The files of all tracked modules."""
        for tracked in list(self.modules.values()):
            yield tracked.path  # also of those that are away
        yield from self.extensions
        yield from self.archives
