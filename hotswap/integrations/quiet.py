"""What modules print while they run again in the background is kept: it must not stand in a line being typed."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

from hotswap.integrations.notices import Notice

_one_at_a_time = threading.Lock()  # else one would put back the stream of another that has ended


class Quiet:
    """Keeps what a thread prints, and puts it among the notices."""

    def __init__(self, put: Callable[[Notice], object]) -> None:
        self._put = put
        self._printed = io.StringIO()

    def run(self, take: Callable[[], None]) -> None:
        """Call the function; what it prints on this thread is to be told later.  Other threads print as always."""
        with _one_at_a_time:
            kept = self._printed = io.StringIO()
            out, err = (cast("TextIO", _OfThread(kept, stream)) for stream in (sys.stdout, sys.stderr))
            with redirect_stdout(out), redirect_stderr(err):
                take()
        self.hand_over()

    def hand_over(self) -> None:
        """Put what was printed so far among the notices: it comes before the notice of the round that printed it."""
        text = self._printed.getvalue()
        self._printed.seek(0)
        self._printed.truncate()
        if text:
            self._put(Notice(kind="printed", line=text.rstrip("\n")))


class _OfThread:
    """Stands in for a stream: what the thread that made it writes is kept, all else goes to the stream."""

    def __init__(self, kept: io.StringIO, stream: Any) -> None:
        self._kept, self._stream, self._thread = kept, stream, threading.get_ident()

    def write(self, text: str) -> int:
        return int(self._kept.write(text) if threading.get_ident() == self._thread else self._stream.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
