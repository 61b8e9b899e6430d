"""What is going on that a restart should not cut in two."""

from __future__ import annotations

import http.client
import socket
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hotswap import work


def test_a_block_is_busy_on_its_thread():
    """Named while the block lasts; other threads see it, its own is asked by id."""
    inside, leave = threading.Event(), threading.Event()

    @work.busy("counting")
    def count():
        inside.set()
        assert leave.wait(20)

    thread = threading.Thread(target=count)
    thread.start()
    assert inside.wait(20)
    own = threading.get_ident()
    assert (work.drain(0), work.is_busy(thread.ident, None), work.is_busy(own, sys._getframe())) == (
        ("counting",),
        True,
        False,
    )
    leave.set()
    thread.join(20)
    assert work.drain(20) == ()


def test_an_exception_ends_it():
    """A block that raises is over."""
    with pytest.raises(ZeroDivisionError), work.busy():
        raise ZeroDivisionError
    assert not work.is_busy(threading.get_ident(), None)


@pytest.fixture
def server():
    """A server whose handler waits until it is told to go on; `server.handling` is set while it does."""
    handling, go = threading.Event(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            handling.set()
            assert go.wait(20)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        made.handling, made.go = handling, go
        yield made
        go.set()
        made.shutdown()
        thread.join(20)


def test_a_request_is_work_and_an_idle_connection_is_not(server):
    """A thread of `socketserver` in a request is waited for; one that waits for a next request, or a first one, is not for long."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
    connection.request("GET", "/")
    assert server.handling.wait(20)
    (told,) = work.drain(0.01)
    assert told.startswith("a request on Thread-")
    server.go.set()
    assert connection.getresponse().read() == b""
    assert work.drain(20) == ()
    connection.close()


def test_the_thread_that_serves_is_busy_while_it_handles():
    """Of a server with one thread: in a request, not while it waits for one."""
    seen = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            seen.append(work.is_busy(threading.get_ident(), sys._getframe()))

    with (
        socketserver.TCPServer(("127.0.0.1", 0), Handler) as server,
        socket.create_connection(server.server_address),
    ):
        server._handle_request_noblock()
    assert (seen, work.is_busy(threading.get_ident(), sys._getframe())) == ([True], False)
