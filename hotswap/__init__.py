"""hotswap: save a file, and the running process behaves as a fresh one would, with its state kept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hotswap import losses
from hotswap.assets import asset, on_file
from hotswap.children import is_being_set_up
from hotswap.errors import CannotSwap, HotswapError, RestartRefused, UsageError
from hotswap.eventloops import running_here
from hotswap.handover import Descriptor
from hotswap.hooks import forget, keep, on_dispose
from hotswap.listeners import accept, on_swap
from hotswap.losses import RestartPlan
from hotswap.model import Outcome, Pending, Plan, Reason, RestartRequired, RolledBack, Step, Swapped, Unchanged
from hotswap.reloader import Reloader
from hotswap.restart import restart as replace_process
from hotswap.work import busy

if TYPE_CHECKING:
    from hotswap.integrations.surroundings import Home
    from hotswap.policy import OnRestart
    from hotswap.reloader import Apply, Report

__all__ = [
    "CannotSwap",
    "Descriptor",
    "Frame",
    "HotswapError",
    "Outcome",
    "Pending",
    "Plan",
    "Reason",
    "Reloader",
    "RestartPlan",
    "RestartRefused",
    "RestartRequired",
    "RolledBack",
    "Step",
    "Swapped",
    "Unchanged",
    "UsageError",
    "accept",
    "asset",
    "busy",
    "file_changed",
    "forget",
    "keep",
    "loop",
    "on_dispose",
    "on_file",
    "on_swap",
    "plan",
    "poll",
    "rerun_on_swap",
    "restart",
    "restart_plan",
    "run_loop",
    "run_with_reloader",
    "session",
    "sync",
    "watch",
]

_default: Reloader | None = None


def watch(
    *paths: str | os.PathLike[str],
    apply: Apply = "auto",
    on_restart: OnRestart = "never",
    poll: bool | float = False,
    report: Report | None = None,
) -> Reloader:
    """Keep this process in step with its sources from now on.

    In an IPython shell or kernel and at a plain prompt they go live before what is typed next, and messages are shown
    there.

    One reloader is enough: where one watches already, a further call returns it, after setting on it those arguments
    that are not the defaults.  While multiprocessing imports the modules of its parent in order to start a child,
    nothing is watched; a call in the child's own function watches there, and so does one in a forked child.

    Args:
        paths: files and folders that belong to the program; without any, every loaded module outside of the standard
            library and site-packages (editable installs and `__main__` included).
        apply: when saved files go live: "auto" (the best safe point of the surroundings: called inside of a running
            event loop, between two of its callbacks), "main" (on the main thread
            only), "thread" (on the watcher's thread), "manual" (in `sync()` and `poll()` only).
        on_restart: what to do when only a new process can be true: "exec" (replace the process), "ask", "never" (say
            so), or a function that takes the `RestartRequired`.
        poll: True or a number of seconds: look at the files instead of asking the system for events.
        report: called with each outcome other than `Unchanged`.

    Raises:
        UsageError: an argument makes no sense, or a part of the paths is being watched; nothing was begun.
    """
    global _default  # noqa: PLW0603  the one default that sync(), poll() and the others speak of
    home = _home() if report is None and apply in ("auto", "thread") else None
    reloader = Reloader(*paths, apply=apply, on_restart=on_restart, poll=poll, report=report)
    if (other := reloader.find_other()) is not None:
        other.adjust(apply=apply, on_restart=on_restart, poll=poll, report=report)
        reloader = other
    elif is_being_set_up():
        reloader.stay_out("multiprocessing is starting this process; call hotswap.watch() in its own function")
    else:
        known = _known() if home is not None and not paths and poll is False else None
        reloader = (known or reloader).start()
        reloader.on_restart = on_restart
    if home is None and (loop := running_here()) is not None:
        reloader.apply_between_callbacks(loop)
    if home is not None:
        home.settle(reloader, thread=apply == "thread")
    if _default is None or not _default.watching:
        _default = reloader
    return reloader


def sync(*, force: bool = False) -> Outcome:
    """`Reloader.sync()` of the default reloader (the one that `watch()` made first)."""
    return default().sync(force=force)


def poll(*, budget: float | None = None) -> Outcome | None:
    """`Reloader.poll()` of the default reloader; None when there is none."""
    return _default.poll(budget=budget) if _default is not None else None


def plan() -> Plan:
    """`Reloader.plan()` of the default reloader."""
    return default().plan()


def restart(reason: str = "") -> None:
    """`Reloader.restart()` of the default reloader; also when nothing watches."""
    if _default is not None:
        _default.restart(reason)
    else:
        replace_process(reason)


def restart_plan() -> RestartPlan:
    """What a restart would do now, whether it would be refused, and what would be lost; also when nothing watches."""
    return _default.restart_plan() if _default is not None else losses.restart_plan()


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext hotswap`."""
    from hotswap.integrations import ipython

    ipython.load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext hotswap`."""
    from hotswap.integrations import ipython

    ipython.unload(shell)


def _known() -> Reloader | None:
    """The default reloader, if it watches, or did watch the whole program.

    One that was stopped knows what the modules were made from; a new one could only guess.
    """
    return _default if _default is not None and (_default.watching or not _default._index.scope.roots) else None


def _home() -> Home | None:
    from hotswap.integrations.surroundings import find_home

    return find_home()


def default() -> Reloader:
    """The default reloader; raises UsageError when nothing is being watched."""
    if _default is None:
        raise UsageError("nothing is being watched: call hotswap.watch() first")
    return _default


# Last, as they make the default reloader.
from hotswap.autoreload import file_changed, run_with_reloader  # noqa: E402
from hotswap.loops import Frame, loop, run_loop, session  # noqa: E402
from hotswap.rerun import rerun_on_swap  # noqa: E402
