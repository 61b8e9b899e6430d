"""Assets in a round: what was loaded from changed files, or by loaders that changed, is loaded anew."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from hotswap.asked import Asked
from hotswap.assets import Asset, askers, assets, loading
from hotswap.events import loaded
from hotswap.handover import explain
from hotswap.journal import Journal
from hotswap.marks import mark_of
from hotswap.model import Name, Reason
from hotswap.planning.loading import Loaders

RunsAgain: TypeAlias = Callable[[Asked[Asset]], bool | None]
"""Whether the statement that asked surely runs in this round; None: it never runs again."""


class Loads:
    """The assets of one round.

    A loader that the round does not change is called before any statement runs.  The others are called when a statement
    asks, so that they see what is new by then, or else behind all statements.
    """

    def __init__(
        self, paths: Iterable[str], loaders: Loaders, journal: Journal, note: Callable[[Name], None], runs: RunsAgain
    ) -> None:
        """`paths` are those of the files of which something else is to be made; `note` takes the events.

        `loaders` as they were before the round: one that it changes is concerned in any case.
        """
        self._paths, self._journal, self._note, self._runs = tuple(paths), journal, note, runs
        self._loaders = loaders
        self._final: set[int] = set()
        self._seen: AbstractSet[Name] = frozenset()
        self.faults: dict[str, Reason] = {}
        self.done: dict[str, None] = {}
        """The files of which something else was made."""

    @contextmanager
    def in_progress(self) -> Iterator[None]:
        """Within the block assets that are stale are loaded when they are asked for on this thread."""
        before = loading.round, loading.thread
        loading.round, loading.thread = self, threading.get_ident()
        try:
            yield
        finally:
            loading.round, loading.thread = before

    def begin(self, foreseen: AbstractSet[Name]) -> None:
        """Load what none of the events that may still happen concerns."""
        for asset in [asset for path in self._paths for asset in assets.get(path, ())]:
            self._expire(asset)
            if self._is_held(asset) and self._loaders.depends_on(asset).isdisjoint(foreseen):
                self._load(asset)

    def _is_held(self, asset: Asset) -> bool:
        """Whether somebody wants it for whom it is not going to be asked anew in any case."""
        return asset.used or any(self._runs(entry) is False for entry in askers if entry.thing is asset)

    def expire(self, events: AbstractSet[Name]) -> None:
        """These events have happened so far: what loaders would make otherwise now is stale."""
        new, self._seen = events - self._seen, frozenset(events)
        paths = sorted({path for event in new for path in self._loaders.concerned(event)})
        for asset in [asset for path in paths for asset in assets.get(path, ())]:
            is_final = id(asset) in self._final
            if not is_final and not asset.stale and not self._loaders.depends_on(asset).isdisjoint(new):
                self._expire(asset)

    def rest(self) -> None:
        """Load what is stale and nobody has asked for in this round, but somebody may; let go of the rest."""
        for asset in [asset for made in list(assets.values()) for asset in made if asset.stale]:
            if asset.used or any(self._runs(entry) is not None for entry in askers if entry.thing is asset):
                self._load(asset)
            else:
                others = [each for each in assets[asset.path] if each is not asset]
                self._journal.set_item(assets, asset.path, others)

    # ------------------------------------------------------------------ asked for meanwhile

    def renew(self, asset: Asset) -> None:
        """Somebody asks for one that is stale.  As in a fresh process it is loaded then, and not again."""
        self._final.add(id(asset))
        self._load(asset)

    def made(self, asset: Asset) -> None:
        """One was loaded for the first time: a rollback forgets it, for its loader may be another one then."""
        self._journal.on_rollback(_forget, asset)

    # ------------------------------------------------------------------ one of them

    def _expire(self, asset: Asset) -> None:
        self._journal.set_attribute(asset, "stale", True)  # noqa: FBT003  the value

    def _load(self, asset: Asset) -> None:
        mark = mark_of(asset.path)
        try:
            value = asset.load(Path(asset.path))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  a loader may raise anything; what was made before stays
            self.faults[asset.path] = _refused(asset, error)
            self._set(asset, stale=False, fault=explain(error), tried=mark)
            return
        self.faults.pop(asset.path, None)
        self._set(asset, value=value, mark=mark, stale=False, used=False, fault="", tried=None)
        self.done[asset.path] = None
        self._note(loaded(asset.path))

    def _set(self, asset: Asset, **values: object) -> None:
        for name, value in values.items():
            self._journal.set_attribute(asset, name, value)


def _forget(asset: Asset) -> None:
    assets[asset.path] = [each for each in assets.get(asset.path, ()) if each is not asset]


def _refused(asset: Asset, error: BaseException) -> Reason:
    name = getattr(asset.load, "__qualname__", repr(asset.load))
    return Reason(
        code="HS502",
        what=f"{name} raised {explain(error)}",
        where=asset.path,
        why="what was loaded before stays",
        remedy="mend the file or its loader, and save",
    )
