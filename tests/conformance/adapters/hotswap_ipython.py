"""hotswap as IPython's extension: the cells are run by a shell, and what was saved is live in the cell that follows."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from . import Base, Told
from .hotswap_ import TOLD


class Adapter(Base):
    """One shell with `%load_ext hotswap`; a round is what a cell `pass` brings."""

    DIST = "hotswap"

    def start(self, root: Path, namespace: ModuleType) -> None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.ast_node_interactivity = "none"  # Out[] holds no objects
        self.shell = InteractiveShell.instance(config=config, user_module=namespace, user_ns=vars(namespace))
        self.shell.run_line_magic("load_ext", "hotswap")

        import hotswap
        from hotswap.integrations.ipython import session_of

        self.reloader = hotswap.default()
        self.session = session_of(self.shell)

    def apply(self) -> Told:
        before = self.reloader.history[-1:]
        self.shell.run_cell("pass", store_history=False)
        after = self.reloader.history[-1:]
        if after == before and not self.reloader.pending:
            return TOLD["unchanged"]
        self.told = str(after[-1])
        return TOLD[after[-1].kind]

    def run_cell(self, text: str, filename: str) -> BaseException | None:
        """Type the cell; no round belongs into a `run`."""
        assert self.session is not None
        self.session.on = False
        result = self.shell.run_cell(text, store_history=False)
        self.session.on = True
        error: BaseException | None = result.error_before_exec or result.error_in_exec
        return error

    def stop(self) -> None:
        self.shell.run_line_magic("unload_ext", "hotswap")
