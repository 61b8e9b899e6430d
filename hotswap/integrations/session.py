"""hotswap in one IPython shell: what was saved is live in the cell that starts next.

Rounds are applied before a cell (and before a widget's message is handled while no cell runs), never within one unless
it is asked for by `hotswap.poll()` or `apply="thread"`.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from types import CodeType, FrameType
from typing import Any

import hotswap
from hotswap.errors import HotswapError, RestartRefused
from hotswap.integrations import journey
from hotswap.integrations.commands import AUTORELOAD_TOO
from hotswap.integrations.imported_names import NOTHING, Cell, Followed, ImportedNames
from hotswap.integrations.notices import Advice, Notice, Notices, notice_of
from hotswap.integrations.quiet import Quiet
from hotswap.integrations.screen import screen_for
from hotswap.integrations.selection import Selection
from hotswap.integrations.stale import modules_of, stale_names
from hotswap.integrations.surroundings import is_embedded
from hotswap.model import Outcome, RestartRequired, Swapped
from hotswap.preflight import preflight
from hotswap.reloader import DELIVERIES, Reloader

ADVICE = Advice(
    restart="%hotswap restart",
    force="%hotswap now --force",
    restart_means="a new process; the names that pickle come back",
)
_log = logging.getLogger("hotswap")


class Session:
    """hotswap in one shell: its reloader, its settings, and what it still has to tell."""

    def __init__(self, shell: Any, reloader: Reloader) -> None:
        self.shell, self.reloader = shell, reloader
        self.on = True
        self.logging = False
        self.names = ImportedNames(lambda: shell.user_ns)
        self.notices = Notices(lambda: self.reloader.pending, self._notice)
        self.screen = screen_for(shell)
        self._quiet = Quiet(self.notices.put)
        self.selection: Selection = Selection(lambda path: [t.name for t in self.reloader._index.at(path)])
        self._followed = Followed()
        self._warned = False
        self._cells: dict[int, Cell] = {}
        self._here = threading.local()
        self._interrupted = False
        self._departing: dict[int, Callable[[], object]] = {}
        self._unhidden: list[str] = []
        self._events = {
            "pre_execute": self._before_anything,
            "pre_run_cell": self._before_cell,
            "post_run_cell": self._after_cell,
        }

    # ------------------------------------------------------------------ coming and going

    def attach(self, *, thread: bool = False) -> None:
        """Begin: from now on this shell says when rounds are applied, and shows how they ended."""
        self._take(self.reloader, thread=thread)
        for event, function in self._events.items():
            self.shell.events.register(event, function)
        if self not in self.shell.ast_transformers:
            self.shell.ast_transformers.append(self)
        *earlier, current = ["", *self._earlier_cells()]
        if cells_on_the_stack(self.shell):  # it has loaded us, and goes on
            self._cells[threading.get_ident()] = self.names.read(current)
        else:
            earlier.append(current)
        for text in earlier:
            self.names.learn(self.names.read(text))

    def _take(self, reloader: Reloader, *, thread: bool) -> None:
        self.reloader, self.on = reloader, True
        self.swap_in_cells(wanted=thread)
        reloader.prepare, reloader.report = self._learn, self._report
        if reloader.leave != self._leave:
            self._replace, reloader.leave = reloader.leave, self._leave
        if reloader.on_restart == "never":
            reloader.on_restart = _is_told_already
        self.select()

    def _learn(self) -> None:
        for cell in list(self._cells.values()):
            self.names.learn(cell)

    def take_over(self, reloader: Reloader, *, thread: bool = False) -> None:
        """From now on it is this reloader's.  What was saved before is applied by the one that it had until now."""
        before = self.reloader
        if before is not reloader and before.watching:
            self.sync()
            self._let_go()
            before.stop()
        self.reloader = reloader
        self.attach(thread=thread)

    def detach(self) -> None:
        """End: the shell is as it was; the reloader is left as it is."""
        for event, function in self._events.items():
            if function in self.shell.events.callbacks[event]:
                self.shell.events.unregister(event, function)
        if self in self.shell.ast_transformers:
            self.shell.ast_transformers.remove(self)
        self._let_go()

    def _let_go(self) -> None:
        if self.reloader.report == self._report:
            self.reloader.prepare = self.reloader.report = None
            self.reloader.leave = self._replace

    def swap_in_cells(self, *, wanted: bool) -> None:
        """Whether saved files go live by themselves, on the watcher's thread, also while a cell runs."""
        self.swaps_in_cells = wanted
        if is_embedded(self.shell):
            return  # the program around it decides
        self.reloader.deliver = self._in_background if wanted else DELIVERIES["manual"]

    def _in_background(self, take: Callable[[], None]) -> None:
        if self.on and self._cells:
            take()
        elif self.on:
            self._quiet.run(take)  # an input may be being typed

    def _earlier_cells(self) -> Iterable[str]:
        """The cells that ran before anybody looked."""
        history = getattr(self.shell, "history_manager", None)
        return list(getattr(history, "input_hist_parsed", ()))

    # ------------------------------------------------------------------ events of the shell

    def _before_anything(self) -> None:
        """A widget's message is about to be handled, and no cell runs; of cells we are told with their text, too."""
        if self.on and not self._cells and not cells_on_the_stack(self.shell):
            self.sync()

    def _before_cell(self, info: Any) -> None:
        if cells_on_the_stack(self.shell) > 1:
            return
        text = cell_text(self.shell, info)
        while self._unhidden:
            self.shell.user_ns_hidden.pop(self._unhidden.pop(), None)
        self._cells[threading.get_ident()] = NOTHING
        self.reloader._polled = False  # who polls is one cell, and not the next
        if not self.reloader.watching:
            self._say_stopped()
        elif not is_only_our_magic(info.raw_cell):
            if self.on:
                self._warn()
                self.sync()
            self.show(remind=self.on)
        self._cells[threading.get_ident()] = self.names.read(text)

    def _after_cell(self, _result: object) -> None:
        if not cells_on_the_stack(self.shell):
            cell = self._cells.pop(threading.get_ident(), NOTHING)
            self.names.learn(cell)
            self._depart()

    def visit(self, tree: Any) -> Any:
        """IPython calls this with the syntax tree of each cell, to be changed or rejected: an interrupted one is."""
        if self._interrupted:
            from IPython.core.error import InputRejected

            self._interrupted = False
            raise InputRejected("interrupted while saved files were applied; the cell was not run")
        return tree

    # ------------------------------------------------------------------ rounds

    def sync(self, *, force: bool = False) -> Outcome | None:
        """Apply what was saved.  None when it was interrupted: then nothing is applied, and the cell does not run."""
        self._here.syncing = True
        try:
            return self.reloader.sync(force=force)
        except KeyboardInterrupt:
            self._interrupted = True
            line = "interrupted: the old code is whole, what was saved is still to come"
            self.notices.put(Notice(kind="note", line=line))
            return None
        finally:
            self._here.syncing = False

    def show(self, *, remind: bool = False) -> None:
        """Show all that is still to be told."""
        for notice in self.notices.due(remind=remind):
            self.screen.show(notice)

    def _report(self, outcome: Outcome) -> None:
        self._quiet.hand_over()
        self._followed = self.names.follow() if isinstance(outcome, Swapped) else Followed()
        self.notices.add(outcome)
        if self.logging:
            _log.log(logging.INFO if isinstance(outcome, Swapped) else logging.ERROR, "%s", outcome)
        if self._cells and not getattr(self._here, "syncing", False):
            self.show()  # asked for in the midst of a cell

    def _notice(self, outcome: Outcome) -> Notice:
        stale: list[str] = []
        if isinstance(outcome, RestartRequired):
            modules = modules_of(change.path for change in outcome.changes)
            stale = stale_names(self.shell.user_ns, modules, self.shell.user_ns_hidden)
        return notice_of(outcome, ADVICE, stale, str(self._followed))

    def _say_stopped(self) -> None:
        self.detach()
        line = "stopped, so saved files no longer go live; %hotswap on, or hotswap.watch(), begins again"
        self.screen.show(Notice(kind="note", line=line))

    @property
    def autoreload_is_on(self) -> bool:
        """Whether IPython's own reloader is at work in this shell."""
        theirs = self.shell.magics_manager.registry.get("AutoreloadMagics")
        return bool(getattr(getattr(theirs, "_reloader", None), "enabled", False))

    def _warn(self) -> None:
        if not self._warned and self.autoreload_is_on:
            self._warned = True
            self.notices.put(Notice(kind="note", line=AUTORELOAD_TOO))

    # ------------------------------------------------------------------ the process is replaced

    def _leave(self, reason: str, files: tuple[str, ...]) -> None:
        """See `reloader.Leave`: here it is done when the cell that asks for it has come to its end."""
        problems = tuple(preflight(files))
        if problems:
            raise RestartRefused(problems)
        thread = threading.get_ident()
        self._departing[thread] = lambda: self._replace(reason, files)
        if thread not in self._cells:
            self._depart()

    def _depart(self) -> None:
        replace = self._departing.pop(threading.get_ident(), None)
        if replace is not None:
            try:
                journey.depart(self, replace)
            except (HotswapError, OSError) as error:
                self.screen.show(Notice(kind="note", line=str(error)))

    def arrived(self, names: Iterable[str]) -> None:
        """These names have come back; a shell that is still being made would take them for its own, and hide them."""
        self._unhidden += names

    # ------------------------------------------------------------------ settings

    def settings(self) -> dict[str, Any]:
        """What was chosen, as plain values."""
        return {
            "on": self.on,
            "logging": self.logging,
            "thread": self.swaps_in_cells,
            "level": self.notices.level,
            "names": self.names.policy,
            "only": self.selection.only,
            "excluded": self.selection.excluded,
        }

    def adopt_settings(self, settings: Mapping[str, Any]) -> None:
        """Choose the same."""
        self.on, self.logging = settings["on"], settings["logging"]
        self.notices.level, self.names.policy = settings["level"], settings["names"]
        self.selection.only, self.selection.excluded = settings["only"], settings["excluded"]
        self.swap_in_cells(wanted=settings["thread"])
        self.select()

    def select(self) -> None:
        """Take the selection's new content into account."""
        self.reloader.limit(self.selection or None)

    def turn_on(self, paths: Iterable[str] = ()) -> None:
        """Apply saved files before each cell again; with paths, watch those from now on instead."""
        paths = tuple(paths)
        if paths:
            Reloader(*paths)  # raises UsageError before the present one is stopped
            self.sync()
            self.reloader.stop()
        if not self.reloader.watching:
            hotswap.watch(*paths, apply="thread" if self.swaps_in_cells else "auto")
        self.on = True


def _is_told_already(_outcome: RestartRequired) -> None:
    """The notice says what to do."""


def cells_on_the_stack(shell: Any) -> int:
    """How many cells the caller was called from: a cell that runs another one goes on afterwards."""
    code: CodeType = type(shell).run_cell_async.__code__
    frame: FrameType | None = sys._getframe(1)
    found = 0
    while frame is not None:
        found += frame.f_code is code
        frame = frame.f_back
    return found


def cell_text(shell: Any, info: Any) -> str:
    """The cell as Python."""
    text = getattr(info, "transformed_cell", None)
    if text is None:
        try:
            text = shell.transform_cell(info.raw_cell)
        except Exception:  # noqa: BLE001  transformers of others; the shell reports the same when it runs the cell
            return ""
    return str(text)


def is_only_our_magic(cell: str) -> bool:
    """Whether the cell does nothing but give us orders: `%hotswap plan` has to see what is not live yet."""
    lines = [line for raw in cell.splitlines() if (line := raw.strip()) and not line.startswith("#")]
    return bool(lines) and all(line.lstrip("%").split()[:1] == ["hotswap"] for line in lines)
