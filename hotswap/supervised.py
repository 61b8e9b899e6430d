"""Whether the process may replace itself, and the side of the child when a supervisor starts it again instead."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal, NoReturn, TypeAlias, get_args

from hotswap import handover
from hotswap.errors import UsageError

Strategy: TypeAlias = Literal["auto", "exec", "supervise"]

VARIABLE = "_HOTSWAP_SUPERVISOR"
"""Tells a child of its parent; taken out of the environment while hotswap is imported."""

ASKED = 3
"""The exit status of a child that asked for a successor.  It counts only together with the message."""

PATIENCE = 10.0
"""Seconds that a process has to end after it was told to."""

AT_MOST = 250
"""Descriptors in one message (Linux takes 253)."""


STRATEGIES = get_args(Strategy)


def asked() -> str:
    """The strategy that the environment asks for.  Raises UsageError when there is no such."""
    strategy = os.environ.get("HOTSWAP_STRATEGY") or "auto"
    if strategy not in STRATEGIES:
        raise UsageError(f"HOTSWAP_STRATEGY={strategy} is not one of {', '.join(STRATEGIES)}")
    return strategy


def wanted(strategy: str) -> bool:
    """Whether this process is to be the parent of the program."""
    if is_child():
        return False
    return strategy == "supervise" or (strategy == "auto" and not can_exec())


def can_exec() -> bool:
    """Whether replacing the process keeps what belongs to it.

    Windows starts another one and lets the shell believe that it has ended; a debugger's connection is lost.
    """
    return os.name != "nt" and not under_debugger()


def under_debugger() -> bool:
    """Whether a debugger of an editor is at work (not pdb, which goes on in the successor).

    That its modules are loaded tells nothing: every Jupyter kernel loads them.
    """
    debugger = getattr(sys.modules.get("pydevd"), "get_global_debugger", None)
    return debugger is not None and debugger() is not None


def _parent() -> str:
    """What the parent left for us: the number of the channel, or a path; empty without a parent."""
    sender, _, rest = os.environ.pop(VARIABLE, "").partition(":")
    return rest if sender == str(os.getppid()) or (rest and os.name == "nt") else ""


_to_parent = _parent()


def is_child() -> bool:
    """Whether a supervisor waits for this process."""
    return bool(_to_parent)


def succeed(descriptors: Sequence[int]) -> NoReturn:
    """Hand over, and end; the parent starts the successor."""
    if _to_parent.isdigit():
        import socket

        with socket.socket(fileno=int(_to_parent)) as channel:
            socket.send_fds(channel, [b"again"], list(descriptors[:AT_MOST]))
    else:
        handover.write_file(_to_parent, descriptors)
    os._exit(ASKED)


def _end_with_parent() -> None:
    """Have this process end when its parent is gone: nobody else would know of it."""
    if _to_parent.isdigit():
        os.set_inheritable(int(_to_parent), False)  # noqa: FBT003  the standard library's own signature
        threading.Thread(target=_wait_for_end, args=(int(_to_parent),), name="hotswap-parent", daemon=True).start()


def _wait_for_end(channel: int) -> None:
    with suppress(OSError):
        os.read(channel, 1)  # the parent never writes: this returns when it is gone
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE / 2)
    os.kill(os.getpid(), signal.SIGKILL)


_end_with_parent()
