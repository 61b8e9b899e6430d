"""hotswap: save a file, and the running process behaves as a fresh one would, with its state kept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hotswap.children import is_being_set_up
from hotswap.errors import CannotSwap, HotswapError, RestartRefused, UsageError
from hotswap.model import Outcome, Pending, Plan, Reason, RestartRequired, RolledBack, Step, Swapped, Unchanged
from hotswap.reloader import Reloader

if TYPE_CHECKING:
    from hotswap.reloader import Apply, OnRestart, Report

__all__ = [
    "CannotSwap",
    "HotswapError",
    "Outcome",
    "Pending",
    "Plan",
    "Reason",
    "Reloader",
    "RestartRefused",
    "RestartRequired",
    "RolledBack",
    "Step",
    "Swapped",
    "Unchanged",
    "UsageError",
    "plan",
    "poll",
    "restart",
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

    One reloader is enough: where one watches already, a further call returns it, after setting on it those arguments
    that are not the defaults.  While multiprocessing imports the modules of its parent in order to start a child,
    nothing is watched; a call in the child's own function watches there, and so does one in a forked child.

    Args:
        paths: files and folders that belong to the program; without any, every loaded module outside of the standard
            library and site-packages (editable installs and `__main__` included).
        apply: when saved files go live: "auto" (the best safe point of the surroundings), "main" (on the main thread
            only), "thread" (on the watcher's thread), "manual" (in `sync()` and `poll()` only).
        on_restart: what to do when only a new process can be true: "exec" (replace the process), "ask", "never" (say
            so), or a function that takes the `RestartRequired`.
        poll: True or a number of seconds: look at the files instead of asking the system for events.
        report: called with each outcome other than `Unchanged`.

    Raises:
        UsageError: an argument makes no sense, or a part of the paths is being watched; nothing was begun.
    """
    global _default  # noqa: PLW0603  the one default that sync(), poll() and the others speak of
    reloader = Reloader(*paths, apply=apply, on_restart=on_restart, poll=poll, report=report)
    if (known := reloader.find_other()) is not None:
        known.adjust(apply=apply, on_restart=on_restart, poll=poll, report=report)
        return known
    if is_being_set_up():
        reloader.stay_out("multiprocessing is starting this process; call hotswap.watch() in its own function")
    else:
        reloader.start()
    if _default is None or not _default.watching:
        _default = reloader
    return reloader


def sync(*, force: bool = False) -> Outcome:
    """`Reloader.sync()` of the default reloader (the one that `watch()` made first)."""
    return default().sync(force=force)


def poll() -> Outcome | None:
    """`Reloader.poll()` of the default reloader; None when there is none."""
    return _default.poll() if _default is not None else None


def plan() -> Plan:
    """`Reloader.plan()` of the default reloader."""
    return default().plan()


def restart(reason: str = "") -> None:
    """`Reloader.restart()` of the default reloader."""
    default().restart(reason)


def default() -> Reloader:
    """The default reloader; raises UsageError when nothing is being watched."""
    if _default is None:
        raise UsageError("nothing is being watched: call hotswap.watch() first")
    return _default
