"""hotswap through its public names."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from . import Base, Told

TOLD: dict[str, Told] = {
    "swapped": "live",
    "unchanged": "live",
    "rolled_back": "rollback",
    "restart_required": "restart",
}


class Adapter(Base):
    """Every round is asked for with sync()."""

    DIST = "hotswap"

    def start(self, root: Path, namespace: ModuleType) -> None:
        import hotswap

        self.reloader = hotswap.watch(str(root), apply="manual", on_restart="never")

    def apply(self) -> Told:
        outcome = self.reloader.sync()
        self.told = str(outcome)
        print(outcome)
        return TOLD[outcome.kind]

    def stop(self) -> None:
        self.reloader.stop()
