"""Naive: importlib.reload of the modules whose file changed, in the order of their first import."""

from __future__ import annotations

import importlib

from . import Base, Told


class Adapter(Base):
    """What most people write first."""

    def apply(self) -> Told:
        importlib.invalidate_caches()
        edited, _, _ = self.changes()
        self.executed = 0
        for path, module in self.loaded().items():
            if path not in edited:
                continue
            self.executed += 1
            try:
                importlib.reload(module)
            except Exception as error:  # noqa: BLE001  the module's own
                self.errors.append(f"reload of {module.__name__}: {type(error).__name__}: {error}")
        return "rollback" if self.errors else "live"
