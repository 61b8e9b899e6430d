"""promplate's hmr: its import hook on the root, its SyncReloader fed with the file events.

hmr runs the entry file again when what it used changed.  Cells are no entry file, so their state is kept.  apply()
hands over the events that hmr's watcher would (without its 1.6 s of debounce), then loads the modules that it left
stale, as the entry file would.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

from . import Base, Told


class Adapter(Base):
    """Modules below the root are hmr's ReactiveModules."""

    DIST = "hmr"

    def start(self, root: Path, namespace: ModuleType) -> None:
        super().start(root, namespace)
        from reactivity.hmr import core

        self.core = core
        self.reloader = core.SyncReloader(str(root / "__main__.py"), includes=[str(root)])
        # hmr reports a failed load here.
        sys.excepthook = lambda kind, error, _trace: self.errors.append(f"{kind.__name__}: {error}")

    def apply(self) -> Told:
        from watchfiles import Change

        edited, added, deleted = self.changes()
        events = [(Change.modified, str(path)) for path in (*edited, *added)]
        self.reloader.on_events(events + [(Change.deleted, str(path)) for path in deleted])
        for _ in range(10):  # one module's load can make another stale
            loads = [module._ReactiveModule__load for module in self.core.ReactiveModule.instances.values()]
            for load in [load for load in loads if load.dirty]:
                with self.reloader.error_filter:
                    load()
        return "rollback" if self.errors else "live"
