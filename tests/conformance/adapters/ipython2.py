"""IPython's %autoreload 2, in a shell whose user module is the program's namespace.

The hooks run as in a session: apply() is a cell `pass`.  The program's own cells run with the check off, since no
reload belongs in a `run`; after each, the sources of newly imported modules are noted, as a further cell before the
edit would do.
"""

from __future__ import annotations

import logging
from pathlib import Path
from types import ModuleType

from . import Base, Told


class Adapter(Base):
    """One shell, one magic."""

    DIST = "ipython"
    MODE = "2"

    def start(self, root: Path, namespace: ModuleType) -> None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.ast_node_interactivity = "none"  # Out[] holds no objects
        self.shell = InteractiveShell.instance(config=config, user_module=namespace, user_ns=vars(namespace))
        self.shell.run_line_magic("load_ext", "autoreload")
        self.shell.run_line_magic("autoreload", self.MODE)
        self.reloader = self.shell.magics_manager.registry["AutoreloadMagics"]._reloader
        self.reloader.deduper_reloader.update_sources()
        logging.getLogger("autoreload").addHandler(Listener(self))

    def ready(self) -> None:
        self.apply()

    def apply(self) -> Told:
        failed = dict(self.reloader.failed)
        self.shell.run_cell("pass", store_history=False)
        return "rollback" if self.reloader.failed.items() - failed.items() else "live"

    def run_cell(self, text: str, filename: str) -> BaseException | None:
        """Type the cell."""
        self.reloader.check = lambda *_args, **_options: None
        result = self.shell.run_cell(text, store_history=False)
        del self.reloader.check
        self.reloader.deduper_reloader.update_sources()
        error: BaseException | None = result.error_before_exec or result.error_in_exec
        return error


class Listener(logging.Handler):
    """What autoreload reports as an error is an error of the adapter."""

    def __init__(self, adapter: Adapter) -> None:
        super().__init__(logging.ERROR)
        self.adapter = adapter

    def emit(self, record: logging.LogRecord) -> None:
        self.adapter.errors.append(record.getMessage())
