"""jurigged.watch on the root with its real file watcher (inotify through watchdog).

Its refreshes wait at a gate that apply() opens, since no reload belongs in a `run` cell; apply() then waits (at most
two seconds) until every saved file that jurigged watches was refreshed.  One refresh goes at a time: jurigged handles
files saved together in parallel threads, and they can clash.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import ModuleType

from . import Base, Told

LIMIT_S = 2


class Adapter(Base):
    """jurigged, with its refreshes held back until they are asked for."""

    DIST = "jurigged"

    def start(self, root: Path, namespace: ModuleType) -> None:
        super().start(root, namespace)
        import jurigged
        from jurigged.register import registry

        self.registry = registry
        self.done: dict[str, tuple[int, int] | None] = {}
        self.gate, self.lock = threading.Event(), threading.Lock()
        self.watcher = jurigged.watch(str(root), logger=self.log, debounce=0.01)
        self.refresh, self.watcher.refresh = self.watcher.refresh, self.gated

    def gated(self, path: str) -> None:
        """In place of the watcher's refresh()."""
        self.gate.wait()
        with self.lock:
            stamp = stamp_of(path) if Path(path).exists() else None
            try:
                self.refresh(path)
            finally:
                self.done[path] = stamp

    def log(self, event: object) -> None:
        """In place of the watcher's logger."""
        print(event)
        if isinstance(event, BaseException):
            self.errors.append(f"{type(event).__name__}: {event}")

    def apply(self) -> Told:
        edited, added, _ = self.changes()
        watched = self.registry.precache.keys() | self.registry.cache.keys()
        wanted = {str(path): stamp_of(path) for path in (*edited, *added) if str(path) in watched}
        end = time.monotonic() + LIMIT_S
        self.gate.set()
        while not wanted.items() <= self.done.items() and time.monotonic() < end:
            time.sleep(0.005)
        self.gate.clear()
        return "rollback" if self.errors else "live"

    def stop(self) -> None:
        self.watcher.stop()


def stamp_of(path: str | Path) -> tuple[int, int]:
    """What tells one version of the file from another."""
    stat = os.stat(path)
    return stat.st_mtime_ns, stat.st_size
