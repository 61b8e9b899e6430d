"""hotswap at a plain prompt: `python -i`, the new REPL of 3.13, `code.interact`, ptpython, IDLE.

What was saved is live in the line that is entered next.  While a line is being typed nothing is printed into it: what
there is to tell, and what modules print while they run again, is shown once the line has been entered.

All of these execute what was typed as a module named like "<stdin>", and the interpreter raises the auditing event
"exec" just before it does: one hook serves them all, with a terminal or through a pipe, and nothing of them is patched.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from hotswap.integrations.imported_names import NOTHING, Followed, ImportedNames, earlier_lines
from hotswap.integrations.notices import Advice, Notice, Notices, notice_of
from hotswap.integrations.quiet import Quiet
from hotswap.integrations.stale import modules_of, stale_names
from hotswap.integrations.surroundings import is_typed, typed_frame
from hotswap.model import Outcome, Pending, RestartRequired, Swapped
from hotswap.reloader import Reloader
from hotswap.safepoint import on_main_thread

STARTS = ("exec", "function.__new__")
"""The auditing events with which a statement begins; the second is that of `python -m asyncio`."""

MACHINERY = ("_pyrepl.", "ptpython.", "prompt_toolkit.", "idlelib.", "bpython.")
"""Modules that read what is typed; and `code`."""

ASYNCIO = os.path.join("asyncio", "__main__.py")

ADVICE = Advice(
    restart="hotswap.restart()",
    force="hotswap.sync(force=True)",
    restart_means="a new process, in which the session begins anew",
)


class Prompt:
    """The prompt of this process, and the reloader whose rounds are told there."""

    def __init__(self) -> None:
        self.reloader: Reloader | None = None
        self._namespace: dict[str, Any] | None = None
        self.names = ImportedNames(self.namespace)
        self.notices = Notices(self._pending, self._notice)
        self._line = NOTHING
        self._followed = Followed()
        self._quiet = Quiet(self.notices.put)
        self._busy = threading.Lock()
        self._hooked = False

    def settle(self, reloader: Reloader, *, thread: bool) -> None:
        """From now on the reloader's rounds are told at the prompt, and each line that is entered begins with one."""
        before = self.reloader
        if before is not None and before is not reloader and before.watching:
            before.sync()
            before.stop()
        self.reloader = reloader
        reloader.prepare, reloader.report = self._learn, self._report
        if reloader.on_restart == "never":
            reloader.on_restart = _is_told_already
        reloader.deliver = self._quietly if thread else lambda take: on_main_thread(lambda: self._quietly(take))
        if not self._hooked:
            self._hooked = True
            sys.addaudithook(self._hook)
            self._look_back()

    def _look_back(self) -> None:
        """Learn what was imported at the prompt before, and in the very line that called us."""
        typed = typed_frame(sys._getframe())
        self._namespace = typed.f_globals if typed is not None else None
        for line in earlier_lines():
            self.names.learn(self.names.read(line))
        self._line = self.names.read(typed.f_code) if typed is not None else NOTHING

    def namespace(self) -> dict[str, Any]:
        """Where what is typed runs."""
        return vars(sys.modules["__main__"]) if self._namespace is None else self._namespace

    def _pending(self) -> tuple[Pending, ...]:
        return self.reloader.pending if self.reloader is not None and self.reloader.watching else ()

    # ------------------------------------------------------------------ a line was entered

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in STARTS and is_typed(arguments[0]):
            reloader = self.reloader
            if reloader is not None and reloader.watching and self._busy.acquire(blocking=False):
                try:
                    self._entered(reloader, arguments[0])
                except Exception as error:  # noqa: BLE001  a fault of ours must not make the prompt useless
                    self.notices.put(Notice(kind="note", line=f"a fault of hotswap, please report it: {error!r}"))
                finally:
                    self._busy.release()

    def _entered(self, reloader: Reloader, code: CodeType) -> None:
        """A statement that was typed is about to run; the one before it has."""
        self._learn()
        reloader.sync()
        self._line = self.names.read(code)
        self.show(remind=True)

    def _learn(self) -> None:
        self.names.learn(self._line)

    def show(self, *, remind: bool = False) -> None:
        """Show all that waited for the line to be entered."""
        for notice in self.notices.due(remind=remind):
            print(notice, file=sys.stderr)  # noqa: T201  the person at the prompt is told here

    # ------------------------------------------------------------------ a round has ended

    def _quietly(self, take: Callable[[], None]) -> None:
        """Apply a settled batch; nothing is printed into a line that is being typed."""
        if is_typing():
            self._quiet.run(take)
        else:
            take()

    def _report(self, outcome: Outcome) -> None:
        self._quiet.hand_over()
        self._followed = self.names.follow() if isinstance(outcome, Swapped) else Followed()
        self.notices.add(outcome)
        if not is_typing() and not self._busy.locked():
            self.show()

    def _notice(self, outcome: Outcome) -> Notice:
        stale: list[str] = []
        if isinstance(outcome, RestartRequired):
            stale = stale_names(self.namespace(), modules_of(c.path for c in outcome.changes))
        return notice_of(outcome, ADVICE, stale, str(self._followed))


def _is_told_already(_outcome: RestartRequired) -> None:
    """The notice says what to do."""


def is_typing() -> bool:
    """Whether the main thread waits for a line: it is in a prompt's machinery, or in no Python code at all."""
    frame: FrameType | None = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("hotswap."):
        frame = frame.f_back  # we are on the main thread ourselves, which was woken from its waiting
    if frame is None:
        return True
    if typed_frame(frame) is not None:
        return False
    while frame is not None and not reads_lines(frame):
        frame = frame.f_back
    return frame is not None


def reads_lines(frame: FrameType) -> bool:
    """Whether the frame is one of a prompt."""
    module = str(frame.f_globals.get("__name__"))
    return module == "code" or module.startswith(MACHINERY) or frame.f_code.co_filename.endswith(ASYNCIO)


prompt = Prompt()
settle = prompt.settle
