"""Notices on the screen of an IPython shell: one rich line in a notebook, plain text in a terminal."""

from __future__ import annotations

import html
from typing import Any, Protocol

from hotswap.integrations.notices import Notice

COLOURS = {
    "swapped": "#2e7d32",
    "note": "#757575",
    "rolled_back": "#c62828",
    "restart_required": "#ef6c00",
    "pending": "#ef6c00",
}


FONT = "font-family:var(--jp-code-font-family,monospace)"


class Screen(Protocol):
    """Where notices go."""

    def show(self, notice: Notice) -> None:
        """Show it now."""


class PlainScreen:
    """A terminal: text on the standard output, before that of the cell."""

    def show(self, notice: Notice) -> None:
        """Print it."""
        print(notice)  # noqa: T201  the person at the terminal is told here


class RichScreen:
    """A front end of a kernel, which takes HTML or text, whichever it can show."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def show(self, notice: Notice) -> None:
        """Publish it as an output of the cell that is running."""
        data = {"text/plain": str(notice), "text/html": as_html(notice)}
        self._shell.display_pub.publish(data=data, metadata={})


def screen_for(shell: Any) -> Screen:
    """The screen of this shell."""
    return RichScreen(shell) if getattr(shell, "kernel", None) is not None else PlainScreen()


def as_html(notice: Notice) -> str:
    """The line, its details folded away below it, and the block; colours that work on light and dark."""
    if notice.kind == "printed":
        return f"<pre>{html.escape(notice.line)}</pre>"
    line = f"<span style='{FONT}'>hotswap: {html.escape(notice.line)}</span>"
    if notice.details:
        rows = "".join(
            f"<tr><td style='text-align:left;{FONT}'>{html.escape(name)}</td>"
            f"<td style='text-align:left'>{html.escape(why)}</td></tr>"
            for name, why in notice.details
        )
        line = f"<details><summary style='cursor:pointer'>{line}</summary><table>{rows}</table></details>"
    body = f"<pre style='margin:.3em 0 0 0;overflow-x:auto'>{html.escape(notice.body)}</pre>" if notice.body else ""
    style = f"border-left:3px solid {COLOURS[notice.kind]};padding:0 .7em;font-size:90%"
    return f"<div class='hotswap hotswap-{notice.kind}' style='{style}'>{line}{body}</div>"
