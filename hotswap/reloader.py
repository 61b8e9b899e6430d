"""Wires the pipeline: disk → watch → index → diff → graph → plan → transaction → outcome → report | restart.

The reloader owns the only lock, and starting and stopping.  Watching, applying and restarting know nothing of each
other.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal, Self, TypeAlias

from hotswap import leaving, losses, rounds, saved_files
from hotswap.errors import UsageError
from hotswap.graph import Graph
from hotswap.importing import ImportHook
from hotswap.index import Index, Scope, Tracked
from hotswap.model import Outcome, Pending, Plan, RestartRequired, Swapped, Unchanged
from hotswap.policy import OnRestart, Policy
from hotswap.restart import remember_start
from hotswap.restart import restart as restart_process
from hotswap.safepoint import on_main_thread
from hotswap.source import Source
from hotswap.startup import switched_off
from hotswap.trace import Tracer
from hotswap.watch import Watcher

Apply: TypeAlias = Literal["auto", "main", "thread", "manual"]
Report: TypeAlias = Callable[[Outcome], None]
Deliver: TypeAlias = Callable[[Callable[[], None]], object]
"""Calls a function, which applies a settled batch, where and when nothing is disturbed by it."""
Choose: TypeAlias = Callable[[frozenset[str]], frozenset[str]]
"""Some of these files."""
Leave: TypeAlias = Callable[[str, tuple[str, ...]], object]
"""Replaces the process.  Takes the reason, and the files that have to compile; may raise RestartRefused."""

KEPT_OUTCOMES = 1000


class Reloader:
    """Keeps a running process in step with its sources.  Made by `hotswap.watch()`; also a context manager."""

    def __init__(
        self,
        *paths: str | os.PathLike[str],
        apply: Apply = "auto",
        on_restart: OnRestart = "never",
        poll: bool | float = False,
        report: Report | None = None,
    ) -> None:
        check_arguments(paths, apply, on_restart)
        self.on_restart, self.report = on_restart, report
        self.deliver: Deliver = DELIVERIES[apply]
        self.prepare: Callable[[], object] | None = None
        """Called before each round, while the modules still hold what they held."""
        self.leave: Leave = self._leave
        """How the process is replaced, once that is decided."""
        self._choose: Choose | None = None
        self._lock = threading.RLock()
        self._index = Index(Scope(os.fspath(p) for p in paths))
        self._graph = Graph(self._index)
        self._tracer = Tracer(self._index.scope.contains)
        self._hook = ImportHook(self._index, self._tracer, self._loaded)
        self._watcher = Watcher(notify=self._settled, poll=poll)
        self._rounds = rounds.Rounds(self._index, self._graph, self._tracer, self._watcher.track)
        self._policy = Policy(self._replace)
        self._verdicts = saved_files.Verdicts()
        self._history: deque[Outcome] = deque(maxlen=KEPT_OUTCOMES)
        self._why: dict[str, str] = {}
        self._noticed: frozenset[str] = frozenset()
        self._polled = False
        self._running = False
        self._is_off = switched_off()

    # ------------------------------------------------------------------ starting and stopping

    def start(self) -> Self:
        """Begin to watch; `hotswap.watch()` has done so already.  Under HOTSWAP=0 nothing is watched."""
        if not self._running and not self._is_off:
            self._running = True
            remember_start()
            leaving.install()
            self._hook.install()
            self._adopt()
            self._watcher.start()
        return self

    def stop(self) -> None:
        """Stop watching and take the import hook out; the program runs on as it is.  Idempotent."""
        if self._running:
            self._running = False
            self._watcher.stop()
            self._hook.remove()
            self._tracer.close()

    @property
    def watching(self) -> bool:
        """Whether it was started and not stopped."""
        return self._running

    def __repr__(self) -> str:
        return f"<hotswap.Reloader: {'watching' if self._running else 'not watching'}, {len(self._index)} modules>"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def adopt_main(self, path: str, source: bytes) -> None:
        """Note from which source the program's script is being run (told by `hotswap run`)."""
        self._index.put(Tracked("__main__", os.path.abspath(path), Source(os.path.abspath(path), source)))
        self._watcher.track([os.path.abspath(path)])

    def _loaded(self, tracked: Tracked) -> None:
        """A module was imported: watch its file, and those that it asked for in vain."""
        self._watcher.track([tracked.path, *self._rounds.want(tracked)])

    def _adopt(self) -> None:
        """Take in modules that were loaded by other means than the import hook."""
        for path in self._index.adopt():
            self._watcher.track([path])
            for tracked in self._index.at(path):
                self._watcher.track(self._rounds.want(tracked))

    # ------------------------------------------------------------------ rounds

    def sync(self, *, force: bool = False) -> Outcome:
        """Bring the process up to date: everything saved before this call is live when it returns.

        With `force`, a round that needs a restart applies what can be true.  Never raises what the program's code
        raises: that is in the outcome.
        """
        if self._is_off:
            return Unchanged()
        with self._lock:
            self._adopt()
            return self._round(self._watcher.flush(), force=force)

    def poll(self) -> Outcome | None:
        """A safe point for loops: apply what has settled, here and now; costs nothing when nothing has."""
        self._polled = True
        leaving.safe_point()
        if not self._watcher.ready:
            return None
        with self._lock:
            outcome = self._round(self._watcher.take())
        return None if isinstance(outcome, Unchanged) else outcome

    def plan(self) -> Plan:
        """What `sync()` would do now.  Raises SyntaxError when a saved source cannot be compiled."""
        if self._is_off:
            return Plan()
        with self._lock:
            self._adopt()
            self._noticed |= self._watcher.flush()
            return self._rounds.plan(self._chosen())

    def behind(self) -> tuple[str, ...]:
        """The files whose newest text the process does not run, as far as it knows them."""
        with self._lock:
            self._adopt()
            self._noticed |= self._watcher.flush()
            return tuple(change.path for change in self._rounds.changes(self._noticed))

    @property
    def pending(self) -> tuple[Pending, ...]:
        """The files whose newest text is not live, and why."""
        return self._rounds.pending

    @property
    def history(self) -> tuple[Outcome, ...]:
        """Past outcomes, oldest first (the last thousand)."""
        return tuple(self._history)

    def why(self, name: str) -> str:
        """The chain of reasons for the last time that a module or name was touched."""
        found = [f"{n}: {text}" for n, text in self._why.items() if n == name or n.startswith(f"{name}.")]
        return "\n".join(found) or f"{name} has not been touched since watching began"

    def limit(self, choose: Choose | None) -> None:
        """Of the files that may have changed, apply only the chosen ones from now on; the others wait.  None: all.

        What is pending is looked at anew.
        """
        with self._lock:
            self._choose = choose
            self._noticed |= self._rounds.forget()

    def restart(self, reason: str = "") -> None:
        """Replace the process by a new one, with what is kept; when that is refused, RestartRefused says why.

        On the main thread it unwinds the program by raising, so that its `finally` blocks run.
        """
        self._replace(reason, [pending.path for pending in self.pending])

    def restart_plan(self) -> losses.RestartPlan:
        """What `restart()` would do now, whether it would be refused, and what would be lost."""
        return losses.restart_plan(pending.path for pending in self.pending)

    def _replace(self, reason: str, files: Iterable[str]) -> None:
        self.leave(reason, tuple(files))

    def _leave(self, reason: str, files: tuple[str, ...]) -> None:
        restart_process(reason, before=self.stop, files=files)

    def _round(self, paths: frozenset[str], *, force: bool = False) -> Outcome:
        began = time.perf_counter()
        self._noticed |= paths  # until the round has ended: Ctrl-C in the middle of one must not lose a save
        chosen = self._chosen()
        if chosen and self.prepare is not None:
            self.prepare()
        outcome = self._rounds.run(self._not_handled(chosen), began, force=force)
        self._noticed -= chosen
        if isinstance(outcome, Unchanged) or (self._history and outcome is self._history[-1]):
            return outcome  # the second time: nothing was saved since it failed, and it has been told
        self._history.append(outcome)
        if isinstance(outcome, Swapped):
            self._why.update(outcome.why)
            self._watcher.track(self._index.paths())
        if self.report is not None:
            self.report(outcome)
        if isinstance(outcome, RestartRequired):
            self._policy.answer(outcome, self.on_restart, told=self.report is not None)
        return outcome

    def _chosen(self) -> frozenset[str]:
        return self._noticed if self._choose is None else self._choose(self._noticed)

    def _not_handled(self, paths: frozenset[str]) -> frozenset[str]:
        """Those that no handler of the program's has taken care of."""
        if not saved_files.handlers:
            return paths
        changed = {change.path for change in self._rounds.changes(paths)}
        return paths - (changed - self._verdicts.not_handled(changed))

    # ------------------------------------------------------------------ applying by itself

    def _settled(self) -> None:
        """Called on the watcher's thread when saved files have settled."""
        if self._running and not self._polled:
            self.deliver(self._take)

    def _take(self) -> None:
        with self._lock:
            if self._running and not self._polled:
                self._adopt()
                self._round(self._watcher.take())


DELIVERIES: dict[str, Deliver] = {
    "auto": on_main_thread,
    "main": partial(on_main_thread, patient=True),
    "thread": lambda take: take(),
    "manual": lambda _: None,
}


def check_arguments(paths: tuple[Any, ...], apply: str, on_restart: object) -> None:
    """Refuse what makes no sense before anything is begun."""
    for path in paths:
        if not os.path.exists(path):
            raise UsageError(f"cannot watch {os.fspath(path)!r}: there is no such file or folder; check the spelling")
    if apply not in ("auto", "main", "thread", "manual"):
        raise UsageError(f"apply={apply!r} is not one of 'auto', 'main', 'thread', 'manual'")
    if not callable(on_restart) and on_restart not in ("exec", "ask", "never"):
        raise UsageError(f"on_restart={on_restart!r} is not 'exec', 'ask', 'never' or a function")
