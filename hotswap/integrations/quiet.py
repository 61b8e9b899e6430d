"""What modules print while they run again in the background is kept: it must not stand in a line being typed."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout

from hotswap.integrations.notices import Notice


class Quiet:
    """Keeps what is printed, and puts it among the notices."""

    def __init__(self, put: Callable[[Notice], object]) -> None:
        self._put = put
        self._printed = io.StringIO()

    def run(self, take: Callable[[], None]) -> None:
        """Call the function; what is printed meanwhile is to be told later."""
        self._printed = io.StringIO()
        with redirect_stdout(self._printed), redirect_stderr(self._printed):
            take()
        self.hand_over()

    def hand_over(self) -> None:
        """Put what was printed so far among the notices: it comes before the notice of the round that printed it."""
        text = self._printed.getvalue()
        self._printed.seek(0)
        self._printed.truncate()
        if text:
            self._put(Notice(kind="printed", line=text.rstrip("\n")))
