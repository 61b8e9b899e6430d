"""Files of which Django wants to be told: templates and translations, which it keeps in memory.

Its own reloader asks receivers of two signals, which Django and others connect: which folders are to be watched
(`autoreload_started`), and whether they have dealt with a file (`file_changed`).  Who takes the place of the reloader
asks them the same.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Protocol

from hotswap.handlers import Handler
from hotswap.handover import explain
from hotswap.model import ChangeSet
from hotswap.report import say


class Session(Protocol):
    """What is needed of the reloader."""

    def watch_directory(self, directory: str | os.PathLike[str], pattern: str, handler: Handler) -> object:
        """Call the handler when files that match change."""


class Sender:
    """The sender of the signals, with what their receivers ask of a reloader of Django."""

    def __init__(self, session: Session, signals: Any) -> None:
        self._session, self._signals = session, signals

    def watch_dir(self, path: str | os.PathLike[str], glob: str) -> None:
        """Have the receivers told of files beneath the folder that match."""
        self._session.watch_directory(Path(path).absolute(), glob, self._tell)

    def _tell(self, changes: ChangeSet) -> bool:
        """Whether somebody has dealt with all of them."""
        dealt_with = [self._is_dealt_with(Path(change.path)) for change in changes]  # all are told
        return all(dealt_with)

    def _is_dealt_with(self, path: Path) -> bool:
        return any(answer for _, answer in self._signals.file_changed.send(sender=self, file_path=path))


def connect(session: Session) -> None:
    """Watch what Django's own reloader would watch besides modules, if this is a program of Django's that is set up."""
    signals, registry = sys.modules.get("django.utils.autoreload"), sys.modules.get("django.apps")
    if signals is None or registry is None or not registry.apps.ready:
        return
    try:
        signals.autoreload_started.send(sender=Sender(session, signals))
    except Exception as error:  # noqa: BLE001  a receiver may raise anything, and breaks nothing
        say(f"the files that Django wants to be told of are not watched: {explain(error)}")
