"""Finds out where `hotswap.watch()` was called: in an IPython shell or kernel, at a plain prompt, or in a program."""

from __future__ import annotations

import os
import sys
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

if TYPE_CHECKING:
    from hotswap.reloader import Reloader


class Home(Protocol):
    """A place where a person types, and that knows when rounds disturb nobody."""

    def settle(self, reloader: Reloader, *, thread: bool) -> None:
        """From now on say when this reloader applies rounds, and show how they ended."""


def find_home() -> Home | None:
    """Where we are; None in a program that nobody types into.  Imports nothing that was not there."""
    shell = ipython_shell()
    if shell is not None:
        return Shell(shell)
    if at_a_prompt():
        from hotswap.integrations import repl

        return repl
    return None


class Shell:
    """An IPython shell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell

    def settle(self, reloader: Reloader, *, thread: bool) -> None:
        """See `Home`."""
        from hotswap.integrations import ipython

        ipython.settle(self.shell, reloader, thread=thread)


def ipython_shell() -> Any:
    """The IPython shell of this process, if one runs and is all that runs."""
    module = sys.modules.get("IPython.core.interactiveshell")
    if module is None or not hasattr(module, "InteractiveShell"):  # half imported
        return None
    cls = module.InteractiveShell
    shell = cls.instance() if cls.initialized() else None
    return None if is_embedded(shell) else shell


def is_embedded(shell: Any) -> bool:
    """Whether the shell is an interlude of a program (`IPython.embed()`), which goes on afterwards, without cells."""
    return type(shell).__name__ == "InteractiveShellEmbed"


def at_a_prompt() -> bool:
    """Whether a plain prompt is there, or will be when the script has ended (`python -i`)."""
    expected = bool(sys.flags.inspect) or bool(os.environ.get("PYTHONINSPECT"))
    if expected or hasattr(sys, "ps1"):
        return True
    typed = typed_frame(sys._getframe())
    # A program that comes through a pipe is called "<stdin>" too, but nobody called it.
    return typed is not None and typed.f_back is not None


TYPED = ("<stdin>", "<console>", "<input>", "<python-input-", "<pyshell#", "<bpython-input-")
"""How code that was typed is called."""


def is_typed(code: object) -> TypeGuard[CodeType]:
    """Whether the code is a statement that was typed at a prompt."""
    return isinstance(code, CodeType) and code.co_name == "<module>" and code.co_filename.startswith(TYPED)


def typed_frame(frame: FrameType | None) -> FrameType | None:
    """The statement that was typed and is running, of those on the stack that ends in this frame."""
    while frame is not None and not is_typed(frame.f_code):
        frame = frame.f_back
    return frame
