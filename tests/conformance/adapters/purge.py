"""Drops every module below the root and imports them all again: they come out fresh, what is held does not.

Also the check of a measure itself: what this one gets unequal is noise of the comparison, or state it left behind.
"""

from __future__ import annotations

import importlib
import sys

from . import Base, Told


class Adapter(Base):
    """Everything is new."""

    def apply(self) -> Told:
        importlib.invalidate_caches()
        tops = {module.__name__.partition(".")[0] for module in self.loaded().values()}
        names = [name for name in sys.modules if name.partition(".")[0] in tops]
        for name in names:
            del sys.modules[name]
        self.executed = 0
        for name in names:
            try:
                importlib.import_module(name)
                self.executed += 1
            except ModuleNotFoundError:
                pass  # deleted by the edit
            except Exception as error:  # noqa: BLE001  the module's own
                self.errors.append(f"import of {name}: {type(error).__name__}: {error}")
        return "rollback" if self.errors else "live"
