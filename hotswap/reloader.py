"""Wires the pipeline: disk → watch → index → diff → graph → plan → transaction → outcome → report | restart.

The reloader owns the only lock, and starting and stopping.  Watching, applying and restarting know nothing of each
other.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from math import inf
from typing import Any, Literal, Self, TypeAlias
from weakref import WeakSet

from hotswap import eventloops, files, handlers, leaving, losses, rounds, saved_files, tracebacks
from hotswap.chains import Chains
from hotswap.errors import UsageError
from hotswap.following import Following
from hotswap.graph import Graph
from hotswap.importing import ImportHook
from hotswap.index import Index, Tracked
from hotswap.model import Outcome, Pending, Plan, RestartRequired, RolledBack, Swapped, Unchanged
from hotswap.policy import OnRestart, Policy
from hotswap.preparing import Preparation
from hotswap.restart import remember_start
from hotswap.restart import restart as restart_process
from hotswap.safepoint import on_main_thread
from hotswap.scope import Scope
from hotswap.source import Source
from hotswap.startup import switched_off
from hotswap.telling import tell
from hotswap.trace import Tracer
from hotswap.watch import Watcher, WatchStatus, forks

Apply: TypeAlias = Literal["auto", "main", "thread", "manual"]
Report: TypeAlias = Callable[[Outcome], None]
Deliver: TypeAlias = Callable[[Callable[[], None]], object]
"""Calls a function, which applies a settled batch, where and when nothing is disturbed by it."""
Choose: TypeAlias = Callable[[frozenset[str]], frozenset[str]]
"""Some of these files."""
Leave: TypeAlias = Callable[[str, tuple[str, ...]], object]
"""Replaces the process.  Takes the reason, and the files that have to compile; may raise RestartRefused."""

KEPT_OUTCOMES = 1000
PROMPT = 0.01
"""Seconds that `start()` spends on reading the modules that are loaded already; the rest is read on another thread."""


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
        check_arguments(paths, apply, on_restart, poll)
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
        self._handlers = handlers.Handlers(self._watcher)
        self._following = Following(self._watcher)
        self._ended: Outcome | None = None
        self._is_applying = False
        self._history: deque[Outcome] = deque(maxlen=KEPT_OUTCOMES)
        self._why = Chains()
        self._noticed: frozenset[str] = frozenset()
        self._polled = False
        self._running = self._is_inherited = False
        self._is_off = switched_off()
        self._busy = self._put_off = False
        self._preparing = Preparation(self._rounds, self._alone, self._next_paths)
        self._news = threading.Event()
        self._worker: threading.Thread | None = None
        self._listeners: WeakSet[eventloops.Outcomes] = WeakSet()
        _everybody.add(self)
        forks.follow(self, is_outer=True)

    # ------------------------------------------------------------------ starting and stopping

    def start(self) -> Self:
        """Begin to watch; `hotswap.watch()` has done so already.  Also in a forked child, where nobody watches.

        Under HOTSWAP=0 nothing is watched.
        """
        if not self._running and not self._is_off:
            self._running, self._is_inherited = True, False
            remember_start()
            leaving.install()
            self._hook.install()
            self._watcher.start()  # first: what is tracked from now on is covered by events
            self._following.begin()
            with self._lock:
                self._adopt(time.perf_counter() + PROMPT)
            if self._index.is_behind:
                threading.Thread(target=self._catch_up, name="hotswap-index", daemon=True).start()
        return self

    def _catch_up(self) -> None:
        """Read the text of the remaining modules, a few at a time so that nobody waits for long."""
        while self._running and self._index.is_behind:
            with self._lock:
                self._adopt(time.perf_counter() + PROMPT)
            time.sleep(PROMPT / 10)

    def stop(self) -> None:
        """Stop watching and take the import hook out; the program runs on as it is.  Idempotent."""
        if self._running:
            self._running = False
            self._watcher.stop()
            self._retire()
            for listener in list(self._listeners):
                listener.tell(None)

    def _retire(self) -> None:
        self._following.end()
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
        self._watcher.track([tracked.path, *self._rounds.wanted.want(tracked)])
        self._watch_folders()

    def _watch_folders(self) -> None:
        """A source that comes to a folder which a module looks through is news."""
        for folder, pattern in self._rounds.wanted.folders():
            self._watcher.watch_directory(folder, pattern)

    def _adopt(self, until: float = inf) -> None:
        """Take in modules that were loaded by other means than the import hook."""
        found = self._index.adopt(until)
        if found:
            self._watcher.track(found)
            wanted = [self._rounds.wanted.want(tracked) for path in found for tracked in self._index.at(path)]
            self._watcher.track(path for paths in wanted for path in paths)

    def watch_directory(
        self, directory: str | os.PathLike[str], pattern: str, handler: handlers.Handler
    ) -> Callable[[], None]:
        """Call the handler when files beneath the directory change whose names match (`*.json`, `**/*.glsl`).

        It is called in rounds, once in each, with the changes; when it returns something true, these files were dealt
        with, and if there are modules among them, they are not swapped.  Returns a function that ends this.
        """
        with self._lock:
            return self._handlers.add(directory, pattern, handler)

    def status(self) -> WatchStatus:
        """How well the watching goes, and what would make it better; `str()` of it is a report."""
        return self._watcher.status()

    # ------------------------------------------------------------------ several reloaders, several processes

    def find_other(self) -> Reloader | None:
        """Another reloader that watches all that this one would.  Raises UsageError when it is only a part of that.

        One that was inherited by a fork, and does not watch here, hands over what it knows and is done with.
        """
        for other in list(_everybody):
            if other._running and self._index.scope.overlaps(other._index.scope):
                if other._index.scope.includes(self._index.scope):
                    return other
                raise UsageError(f"{other._index.scope} is being watched already; stop() that reloader first")
        for other in list(_everybody):
            if other._is_inherited:
                self._take_over(other)
        return None

    def _take_over(self, other: Reloader) -> None:
        other._is_inherited = False
        self._index.take_over(other._index)
        self._watcher.track(self._index.paths())
        self._noticed |= other._noticed | other._watcher.flush()
        other._retire()

    def adjust(self, *, apply: Apply, on_restart: OnRestart, poll: bool | float, report: Report | None) -> None:
        """Take the arguments of a second `hotswap.watch()`, except for those that are the defaults."""
        if apply != "auto":
            self.deliver = DELIVERIES[apply]
        if on_restart != "never":
            self.on_restart = on_restart
        if report is not None:
            first = self.report
            self.report = report if first is None else lambda outcome: (first(outcome), report(outcome))[0]
        if poll is not False:
            self._watcher.scan(poll)

    def apply_between_callbacks(self, loop: eventloops.Loop) -> None:
        """Apply rounds there from now on, unless it was said where."""
        if self.deliver is DELIVERIES["auto"] or isinstance(self.deliver, eventloops.Between):
            self.deliver = eventloops.Between(loop)

    def stay_out(self, reason: str) -> None:
        """Say in `status()` why nothing is being watched here, until `start()` is called."""
        self._watcher.why_not = reason

    def become_child(self) -> None:
        """After a fork: the child has everything but the thread that watches; see `start()`."""
        if self._worker is not threading.current_thread():
            self._busy = False  # whoever was busy does not exist here
        self._is_inherited, self._running = self._running, False

    # ------------------------------------------------------------------ rounds

    def sync(self, *, force: bool = False) -> Outcome:
        """Bring the process up to date: everything saved before this call is live when it returns.

        With `force`, a round that needs a restart applies what can be true.  Never raises what the program's code
        raises: that is in the outcome.
        """
        if self._is_off:
            return Unchanged()
        with self._alone():
            self._adopt()
            return self._round(self._watcher.flush(), force=force)

    def poll(self, *, budget: float | None = None) -> Outcome | None:
        """A safe point for loops: apply what has settled, here and now; costs nothing when nothing has.

        Reading, parsing and planning are begun on the watcher's thread as soon as files have settled.  With a `budget`
        this call waits at most so many seconds for the rest of that; if it takes longer, a later call applies the
        round.  Without one it waits.
        """
        self._polled = True
        leaving.safe_point()
        if not self._watcher.ready:
            return None
        outcome = self.apply_settled(budget)
        return None if isinstance(outcome, Unchanged) else outcome

    def apply_settled(self, budget: float | None = None) -> Outcome | None:
        """What `poll()` does when files have settled; None when it does nothing yet, or nothing has settled."""
        if not self._watcher.ready or (budget is not None and not self._preparing.busy.wait(budget)):
            return None
        with self._alone():
            outcome = self._round(self._watcher.take(), in_frame=True)
        if self._rounds.is_untidy:
            self._watcher.later(self._preparing.tidy)
        return outcome

    def wait(self, seconds: float) -> bool:
        """Wait until saved files have settled, for so long at most; whether they have.  `poll()` applies them then."""
        self._polled = True
        self._news.clear()
        with self._preparing.pauses.taken():
            return self._watcher.ready or (self._news.wait(seconds) and self._watcher.ready)

    def rest(self, seconds: float) -> None:
        """Sleep.  A program that calls this between two frames has rounds prepared meanwhile, not within a frame."""
        self._preparing.pauses.are_told = True
        with self._preparing.pauses.taken():
            time.sleep(seconds)

    def plan(self) -> Plan:
        """What `sync()` would do now.  Raises SyntaxError when a saved source cannot be compiled."""
        if self._is_off:
            return Plan()
        with self._alone():
            self._adopt()
            return self._rounds.plan(self._chosen(self._noticed | self._watcher.peek()))

    def behind(self) -> tuple[str, ...]:
        """The files whose newest text the process does not run, as far as it knows them."""
        with self._alone():
            self._adopt()
            return tuple(change.path for change in self._rounds.changes(self._noticed | self._watcher.peek()))

    @property
    def pending(self) -> tuple[Pending, ...]:
        """The files whose newest text is not live, and why."""
        return self._rounds.pending

    @property
    def history(self) -> tuple[Outcome, ...]:
        """Past outcomes, oldest first (the last thousand)."""
        return tuple(self._history)

    def rounds(self) -> eventloops.Outcomes:
        """For `async for`: the outcome of each round from now on (*unchanged* is none), until `stop()`.

        Raises UsageError where no event loop runs.
        """
        listener = eventloops.Outcomes()
        self._listeners.add(listener)
        return listener

    def why(self, name: str) -> str:
        """The chain of reasons for the last time that a module or name was touched: what was saved → … → the name.

        One line for each name within it.  Where newer text of its file is not live, a last line says why.
        """
        found = self._why.of(name) + [f"not live: {each}" for each in self.pending if self._is_made_from(name, each)]
        return "\n".join(found) or f"{name} has not been touched since watching began"

    def _is_made_from(self, name: str, pending: Pending) -> bool:
        return any(f"{name}.".startswith(f"{tracked.name}.") for tracked in self._index.at(pending.path))

    def _namespace(self, module: str) -> dict[str, Any]:
        tracked = self._index.modules.get(module)
        return getattr(sys.modules.get(module), "__dict__", {}) if tracked is not None else {}

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

    def _round(self, paths: frozenset[str], *, force: bool = False, in_frame: bool = False) -> Outcome:
        if self._is_applying:  # asked for by code that runs in the middle of a round: it is done behind that
            self._watcher.give_back(paths)
            return Unchanged()
        began = time.perf_counter()
        self._noticed |= paths  # until the round has ended: Ctrl-C in the middle of one must not lose a save
        texts = self._texts(self._noticed) if self._noticed else {}
        self._noticed |= texts.keys()
        self._noticed -= self._handlers.run(self._noticed)
        chosen = self._chosen(self._noticed)
        if chosen and self.prepare is not None:
            self.prepare()
        self._is_applying = True
        try:
            with files.held(texts):
                outcome = self._rounds.run(self._not_handled(chosen), began, force=force)
            if self._rounds.is_untidy and not in_frame:
                self._rounds.tidy()
        except BaseException:
            self._watcher.give_back(self._noticed)
            raise
        finally:
            self._is_applying = False
        self._noticed -= chosen
        if isinstance(outcome, Unchanged):
            return outcome
        if outcome is self._ended:  # the second time: nothing was saved since it failed, and it has been told
            return self._history[-1]
        if isinstance(outcome, Swapped):
            self._why.note(outcome, self._namespace)
            self._adopt()
            self._watcher.track(self._index.paths())
            self._watch_folders()
            self._learn(outcome)
        ended, outcome = outcome, tell(outcome)
        self._ended = ended
        self._remember(outcome)
        if self.report is not None:
            self.report(outcome)
        for listener in list(self._listeners):
            listener.tell(outcome)
        if isinstance(outcome, RestartRequired):
            self._policy.answer(outcome, self.on_restart, told=self.report is not None)
        return outcome

    def _remember(self, outcome: Outcome) -> None:
        """Keep an outcome; of errors the newest holds what its functions held, for a debugger, and no other one."""
        if self._history and isinstance(before := self._history[-1], RolledBack):
            tracebacks.forget_locals(before.error)
        if isinstance(outcome, RolledBack):
            tracebacks.without_engine(outcome.error)
        self._history.append(outcome)

    def _chosen(self, paths: frozenset[str]) -> frozenset[str]:
        return paths if self._choose is None else self._choose(paths)

    def _not_handled(self, paths: frozenset[str]) -> frozenset[str]:
        """Those that no handler of the program's has taken care of."""
        if not saved_files.handlers:
            return paths
        changed = {change.path for change in self._rounds.changes(paths)}
        return paths - (changed - self._verdicts.not_handled(changed))

    def _texts(self, paths: frozenset[str]) -> dict[str, bytes | None]:
        """What the sources among these files hold, and those that are pending, none of them in the middle of a save."""
        sources = [path for path in paths if path.endswith((".py", ".pyw")) or self._index.at(path)]
        return self._watcher.steady([*sources, *self._rounds.awaited], files.read)

    def _learn(self, outcome: Swapped) -> None:
        """A file whose layout alone changed was probably formatted: the next save may be given the time for it."""
        ran = (outcome.patched, outcome.ran, outcome.reloaded, outcome.imported, outcome.removed)
        if len(outcome.changes) == 1 and not any(ran):
            self._watcher.formatted(outcome.changes[0].path)

    # ------------------------------------------------------------------ applying by itself

    def _settled(self) -> None:
        """Called on the watcher's thread when saved files have settled."""
        self._news.set()
        if self._running and (self._polled or self._is_delivered_elsewhere()):
            self._preparing.run()
        if self._running and not self._polled:
            self.deliver(self._take)

    def _is_delivered_elsewhere(self) -> bool:
        """Whether another thread than this one applies rounds, and should not be kept for longer than needed."""
        return self.deliver is DELIVERIES["auto"] or isinstance(self.deliver, eventloops.Between)

    def _next_paths(self) -> set[str]:
        """The files that the next round would be about."""
        return {*self._chosen(self._noticed | self._watcher.settled()), *self._rounds.awaited}

    def _take(self) -> None:
        if self._busy and threading.current_thread() is self._worker:
            self._put_off = True  # we are between two instructions of a round, or of a plan: it is done behind that
            return
        with self._alone():
            if self._running and not self._polled:
                self._adopt()
                self._round(self._watcher.take())

    @contextmanager
    def _alone(self, patience: float = -1) -> Iterator[None]:
        """Hold the lock, and let nobody in who is called on this same thread between two of its instructions.

        Raises TimeoutError when it is not free within so many seconds (-1: it is waited for).
        """
        if not self._lock.acquire(timeout=patience):
            raise TimeoutError
        try:
            outer, self._busy, self._worker = self._busy, True, threading.current_thread()
            try:
                yield
            finally:
                self._busy = outer
        finally:
            self._lock.release()
        if not outer and self._put_off:
            self._put_off = False
            self._watcher.give_back(())


_everybody: WeakSet[Reloader] = WeakSet()

DELIVERIES: dict[str, Deliver] = {
    "auto": eventloops.at_best_moment,
    "main": partial(on_main_thread, patient=True),
    "thread": lambda take: take(),
    "manual": lambda _: None,
}


def check_arguments(paths: tuple[Any, ...], apply: str, on_restart: object, poll: object) -> None:
    """Refuse what makes no sense before anything is begun."""
    for path in paths:
        if not os.path.exists(path):
            raise UsageError(f"cannot watch {os.fspath(path)!r}: there is no such file or folder; check the spelling")
    if apply not in ("auto", "main", "thread", "manual"):
        raise UsageError(f"apply={apply!r} is not one of 'auto', 'main', 'thread', 'manual'")
    if not isinstance(poll, int | float) or not 0 <= poll < inf:
        raise UsageError(f"poll={poll!r} is neither True nor False nor a number of seconds above 0")
    if not callable(on_restart) and on_restart not in ("exec", "ask", "never"):
        raise UsageError(f"on_restart={on_restart!r} is not 'exec', 'ask', 'never' or a function")
