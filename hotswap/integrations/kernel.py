"""`%hotswap restart` in a Jupyter kernel: a new process with the same id and connection file, and the session's names.

In order: the asking cell gets its reply and its idle status; requests that wait are taken along; the channels are
closed once all replies are out; the process is replaced.  Clients reconnect by themselves, as to a slow network.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hotswap.integrations.mailbox import Request, mailbox_of, quiet, replay
from hotswap.report import say

HOLD = 0.5
"""Seconds that the first request of each client is held after a restart.

A client that sends before it polls has not subscribed to the outputs again by then: zmq's SUB sockets do so when they
are next polled, and without this the first cell's output got lost.
"""


def is_kernel(shell: Any) -> bool:
    """Whether the shell is that of a kernel with a process of its own."""
    return getattr(shell, "kernel", None) is not None and application() is not None


def depart(shell: Any, leave: Callable[[list[Request]], object]) -> None:
    """Have the kernel close its channels once the cell that is running has got its answers; then call `leave`.

    `leave` takes the requests that were not handled, and replaces the process.
    """
    kernel = shell.kernel
    mailbox = mailbox_of(kernel)

    async def close_and_leave() -> None:
        await quiet(mailbox)
        try:
            finish_outputs(kernel)
            mailbox.close()
            leave(mailbox.requests)
        except SystemExit:  # under `hotswap run`: the process is replaced at the bottom of the stack
            raise
        except BaseException as error:  # noqa: BLE001  whatever it is, nobody can be told of it any more but the log
            say(f"the kernel could not be replaced: {error!r}")
            os._exit(1)  # its channels are closed: a server notices a kernel that has ended, but none that is deaf

    if threading.current_thread() is threading.main_thread():
        mailbox.hold()
    else:
        kernel.io_loop.add_callback(mailbox.hold)
    kernel.io_loop.add_callback(close_and_leave)


def finish_outputs(kernel: Any) -> None:
    """Send what was printed and published, and give the process its own standard streams back."""
    app = application()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # whatever was put in place of the kernel's own
            stream.flush()
            stream.close()
    app.reset_io()
    sent = threading.Event()
    kernel.iopub_thread.schedule(sent.set)
    sent.wait(HOLD)
    atexit.unregister(app.cleanup_connection_file)  # the next process needs it


def application() -> Any:
    """The program that runs the kernel."""
    from ipykernel.kernelapp import IPKernelApp

    return IPKernelApp.instance() if IPKernelApp.initialized() else None


def arrive(shell: Any, restore: Callable[[], object], requests: list[Request]) -> None:
    """In the new process, before the kernel's loop runs: bring back the session, then handle what was waiting."""
    from tornado.ioloop import IOLoop

    app = application()
    if os.path.basename(app.connection_file) == f"kernel-{os.getpid()}.json":
        atexit.register(app.cleanup_connection_file)  # this process made it, in an earlier life
    hold_first_requests(shell.kernel)
    IOLoop.current().add_callback(restore)
    replay(shell.kernel, requests)


def hold_first_requests(kernel: Any) -> None:
    """Let each client's first request wait until the client listens again."""
    known = set[str]()
    hook = kernel.pre_handler_hook

    def wait_once() -> None:
        client = kernel.get_parent("shell").get("header", {}).get("session", "")
        if client not in known:
            known.add(client)
            threading.Event().wait(HOLD)
        hook()  # from here on an interrupt means the request

    kernel.pre_handler_hook = wait_once
