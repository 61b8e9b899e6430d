"""An IPython shell in the test's own process, with a folder of sources beside it."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any


@dataclass(frozen=True, slots=True)
class Ran:
    """How a cell ended: what was printed, its value, what it raised."""

    printed: str
    value: Any = None
    error: BaseException | None = None

    @property
    def lines(self) -> list[str]:
        return self.printed.splitlines()


class Room:
    """A folder with sources, and a shell in which cells are run."""

    def __init__(self, folder: Path, shell: Any, capsys: Any) -> None:
        self.folder, self.shell, self._capsys = folder, shell, capsys

    @staticmethod
    def new_shell(kind: Any) -> Any:
        """The one shell of the process, quiet and without a history on disk."""
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        return kind.instance(config=config)

    @property
    def reloader(self) -> Any:
        import hotswap

        return hotswap.default()

    def save(self, name: str, text: str) -> Path:
        """Save a file ("lib.py", "pkg/level.py")."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))
        importlib.invalidate_caches()
        return path

    def run(self, *cells: str) -> Ran:
        """Run the cells one after the other; returns how the last one ended."""
        assert cells
        for cell in cells:
            self._capsys.readouterr()
            result = self.shell.run_cell(dedent(cell).strip("\n"), store_history=True)
        error = result.error_before_exec or result.error_in_exec
        return Ran(self._capsys.readouterr().out, result.result, error)

    def complete(self, text: str) -> list[str]:
        """What Tab offers at the end of the text."""
        from IPython.core.completer import provisionalcompleter

        with provisionalcompleter():
            return [each.text for each in self.shell.Completer.completions(text, len(text))]
