"""`%load_ext hotswap`, and the sessions of this process's IPython shells."""

from __future__ import annotations

import os
from typing import Any
from weakref import WeakKeyDictionary

import hotswap
from hotswap.integrations import journey
from hotswap.integrations.magics import install_magic, remove_magic
from hotswap.integrations.session import Session
from hotswap.reloader import Reloader

_sessions: WeakKeyDictionary[Any, Session] = WeakKeyDictionary()


def session_of(shell: Any) -> Session | None:
    """The session of the shell, if it has one."""
    return _sessions.get(shell)


def settle(shell: Any, reloader: Reloader, *, thread: bool = False) -> Session:
    """Make the reloader the shell's."""
    session = _sessions.get(shell)
    if session is not None:
        session.take_over(reloader, thread=thread)
        return session
    session = _sessions[shell] = Session(shell, reloader)
    session.attach(thread=thread)
    install_magic(shell, session)
    return session


def load(shell: Any) -> Session:
    """`%load_ext hotswap`."""
    session = _sessions.get(shell)
    if session is not None and session.reloader.watching:
        return session
    cargo = journey.arriving()
    hotswap.watch(*(path for path in cargo.roots if os.path.exists(path)) if cargo is not None else ())
    if shell not in _sessions:  # not the process's own shell
        settle(shell, hotswap.default())
    session = _sessions[shell]
    if cargo is not None:
        journey.arrive(session, cargo)
    return session


def unload(shell: Any) -> None:
    """`%unload_ext hotswap`: nothing of it is left in the shell; the program goes on as it is."""
    session = _sessions.pop(shell, None)
    if session is not None:
        session.detach()
        session.reloader.stop()
        remove_magic(shell)
