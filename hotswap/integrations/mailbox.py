"""The requests of a kernel's clients while the kernel restarts: none of them gets lost.

Requests that came and were not begun ("Run All" sends all cells at once), and those that come while the old process
goes down, are taken out of its channel and handled by the new one.  What is sent later waits with the client, until its
socket has reconnected.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

Request: TypeAlias = list[bytes]
"""The frames of one message, identities first."""

QUIET, AT_MOST = 0.05, 2.0
"""Seconds without a request after which the channel is closed, and how long that is waited for."""

LINGER_MS = 1000
"""How long a closed socket may go on sending replies."""


class Mailbox(Protocol):
    """The shell channel of a kernel that is about to be replaced.  To be used on the main thread."""

    requests: list[Request]

    def hold(self) -> None:
        """From now on requests are kept, not handled; what is being handled goes on."""

    def close(self) -> None:
        """Take out what is still there, and close the channel once the replies are under way."""


def mailbox_of(kernel: Any) -> Mailbox:
    """The mailbox of this kind of kernel."""
    return ThreadedMailbox(kernel) if getattr(kernel, "shell_channel_thread", None) else PlainMailbox(kernel)


async def quiet(mailbox: Mailbox) -> None:
    """Wait until no more requests come in: clients answer a reply with the next request at once."""
    for _ in range(int(AT_MOST / QUIET)):
        before = len(mailbox.requests)
        await asyncio.sleep(QUIET)
        if len(mailbox.requests) == before:
            return


class PlainMailbox:
    """Of ipykernel 6: the main thread reads the socket, and queues what it has read."""

    def __init__(self, kernel: Any) -> None:
        self.requests: list[Request] = []
        self._kernel = kernel

    def hold(self) -> None:
        """See `Mailbox`."""
        self._kernel.shell_stream.on_recv(self._keep, copy=True)
        queue = self._kernel.msg_queue
        while not queue.empty():
            _, dispatch, words = queue.get_nowait()
            if dispatch == self._kernel.dispatch_shell:
                self.requests.append([bytes(frame) for frame in words[0]])

    def _keep(self, frames: Sequence[bytes]) -> None:
        self.requests.append(list(frames))

    def close(self) -> None:
        """See `Mailbox`."""
        import zmq

        self._kernel.shell_stream.flush(zmq.POLLOUT)
        self.requests += drain(self._kernel.shell_stream.socket)
        self._kernel.shell_stream.close(LINGER_MS)


class ThreadedMailbox:
    """Of ipykernel 7: a thread of its own reads the socket, and passes on what it has read."""

    def __init__(self, kernel: Any) -> None:
        self.requests: list[Request] = []
        self._kernel = kernel

    def hold(self) -> None:
        """See `Mailbox`."""
        self._kernel.dispatch_shell = self._keep

    async def _keep(self, frames: Sequence[Any], *_: object, **__: object) -> None:
        if len(frames) > 1:  # a single one is the kernel's note to itself
            self.requests.append([bytes(frame) for frame in frames])

    def close(self) -> None:
        """See `Mailbox`."""
        thread, done = self._kernel.shell_channel_thread, threading.Event()
        thread.io_loop.add_callback(self._close_in_its_thread, done)
        done.wait(AT_MOST)

    def _close_in_its_thread(self, done: threading.Event) -> None:
        import zmq

        stream = self._kernel.shell_stream
        stream.stop_on_recv()
        stream.flush(zmq.POLLOUT)
        self.requests += drain(stream.socket)
        stream.close(LINGER_MS)
        done.set()


def drain(socket: Any) -> list[Request]:
    """All that can be received without waiting."""
    import zmq

    found = []
    while True:
        try:
            found.append([bytes(frame) for frame in socket.recv_multipart(zmq.NOBLOCK)])
        except zmq.Again:
            return found


def replay(kernel: Any, requests: Sequence[Request]) -> None:
    """Have the new kernel handle these, in order, before any that comes now.  To be called before it is started."""
    import zmq

    messages = [[zmq.Frame(frame) for frame in frames] for frames in requests]
    thread = getattr(kernel, "shell_channel_thread", None)
    if thread is not None:
        thread.manager  # noqa: B018  made when it is first asked for, which has to be on this thread
        for message in messages:
            thread.io_loop.add_callback(kernel.shell_channel_thread_main, message)
        return

    from tornado.ioloop import IOLoop

    for message in messages:  # its queue is made when the kernel starts
        IOLoop.current().add_callback(lambda each=message: kernel.schedule_dispatch(kernel.dispatch_shell, each))
