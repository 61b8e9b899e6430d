"""A parent that starts the program again whenever it asks for it: for systems on which a process cannot replace itself.

The parent holds the program's place in the shell and runs nothing of it.  The child, when it wants a successor, sends
the descriptors of what it hands over and exits; any other end is the end of both, with the same exit status or signal.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from hotswap import handover, startup
from hotswap.report import say
from hotswap.supervised import ASKED, AT_MOST, PATIENCE, VARIABLE, under_debugger

FROM_THE_KERNEL = 0x80
"""What a signal of the terminal says of its sender (SI_KERNEL); all of the foreground gets those by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is started, again and again."""

    command: Sequence[str]
    folder: str
    environment: Mapping[str, str]


def this_program() -> Program:
    """What this process itself was started with; without the debugger, which follows the child by its own means."""
    start = startup.remember()
    command = [start.executable, *start.arguments[1:]]
    if under_debugger():
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # as multiprocessing does
        command = [start.executable, *flags, *_program_words()]
    return Program(command=command, folder=start.folder, environment=start.environment)


def _program_words() -> list[str]:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    if spec is None:
        return list(sys.argv)
    return ["-m", spec.name.removesuffix(".__main__"), *sys.argv[1:]]


def supervise(program: Program) -> NoReturn:
    """Run the program until it ends otherwise than by asking for a successor; then end in the same way."""
    status = _supervise_on_windows(program) if os.name == "nt" else Supervisor(program).run()
    startup.restore_terminals()
    if status >= 0:
        sys.exit(status)
    _end_by_signal(-status)


def _end_by_signal(number: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    with suppress(OSError, ValueError):  # SIGKILL cannot be set
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    sys.exit(128 + number)


class Supervisor:
    """The parent's side where processes have signals."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        self._is_ending = False

    def run(self) -> int:
        """Returns how the last child ended: its exit status, or the negative number of a signal."""
        # Taken one by one instead of being handled: nothing is ever interrupted, and each tells its sender.
        signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED | OWN)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # an ignored signal does not wait to be taken
        descriptors: list[int] = []
        while True:
            child, channel = self._start(descriptors)
            with channel:
                status = self._wait(child)
                successor = _asked(channel)
            if successor is None or self._is_ending:
                return -signal.SIGTERM if successor is not None else status
            startup.restore_terminals()
            descriptors = successor

    def _start(self, descriptors: list[int]) -> tuple[subprocess.Popen[bytes], socket.socket]:
        ours, theirs = socket.socketpair()
        inherited = [*startup.remember().inherited, *descriptors, theirs.fileno()]
        with theirs:
            child = subprocess.Popen(  # noqa: S603  the command that this process itself was started with
                self.program.command,
                cwd=self.program.folder or None,
                env={
                    **self.program.environment,
                    **(handover.mark(descriptors, to="child") if descriptors else {}),
                    VARIABLE: f"{os.getpid()}:{theirs.fileno()}",
                },
                pass_fds=inherited,
                preexec_fn=self._unblock,  # noqa: PLW1509  this process has one thread, and it makes one system call
            )
        for fd in descriptors:
            os.close(fd)
        return child, ours

    def _unblock(self) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _wait(self, child: subprocess.Popen[bytes]) -> int:
        while (status := child.poll()) is None:
            number, is_everybodys = _next_signal()
            if number == signal.SIGALRM:
                say(f"the program did not end within {PATIENCE:g} s; killing it")
                child.kill()
            elif number in FORWARDED:
                if not is_everybodys:
                    child.send_signal(number)
                if number in (signal.SIGTERM, signal.SIGHUP):
                    self._is_ending = True
                    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        return status


if os.name != "nt":
    OWN = {signal.SIGCHLD, signal.SIGALRM}
    FORWARDED = {
        signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2,
    }  # fmt: skip


def _next_signal() -> tuple[int, bool]:
    """The next signal, and whether the whole foreground has it already because a key was pressed."""
    if hasattr(signal, "sigwaitinfo"):
        taken = signal.sigwaitinfo(FORWARDED | OWN)
        return taken.si_signo, taken.si_code == FROM_THE_KERNEL
    number = signal.sigwait(FORWARDED | OWN)  # macOS does not tell the sender
    return number, number in (signal.SIGINT, signal.SIGQUIT) and _is_in_foreground()


def _is_in_foreground() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def _asked(channel: socket.socket) -> list[int] | None:
    """The descriptors for a successor, if the child that has ended asked for one."""
    try:
        message, descriptors, _, _ = socket.recv_fds(channel, 16, AT_MOST, socket.MSG_DONTWAIT)
    except BlockingIOError:  # a child of the child still has the other end
        return None
    return descriptors if message else None


def _supervise_on_windows(program: Program) -> int:
    with tempfile.TemporaryDirectory(prefix="hotswap-") as folder:  # only its owner may look into it
        path = os.path.join(folder, "handover")
        while True:
            variables = {VARIABLE: f"{os.getpid()}:{path}"}
            if os.path.exists(path):
                variables |= {handover.VARIABLE: f"file:{os.getpid()}:{path}"}
            child = subprocess.Popen(  # noqa: S603  the command that this process itself was started with
                program.command, cwd=program.folder or None, env={**program.environment, **variables}
            )
            while True:
                with suppress(KeyboardInterrupt):  # the child has it too, and decides
                    status = child.wait()
                    break
            if status != ASKED or not os.path.exists(path):
                return status
