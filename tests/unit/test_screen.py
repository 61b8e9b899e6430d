"""Notices on a screen: text where text is shown, HTML where that is."""

from __future__ import annotations

from types import SimpleNamespace

from hotswap.integrations.notices import Notice
from hotswap.integrations.screen import PlainScreen, RichScreen, as_html, screen_for

NOTICE = Notice(kind="rolled_back", line="a < b", body="x <module>", details=(("lib.f", "its <body>"),))


def test_a_terminal_gets_text(capsys):
    """On the standard output, where the cell's own output goes."""
    PlainScreen().show(NOTICE)
    assert capsys.readouterr().out == "hotswap: a < b\nx <module>\n"


def test_a_front_end_gets_both():
    """And shows what it can."""
    published = []
    shell = SimpleNamespace(display_pub=SimpleNamespace(publish=lambda **message: published.append(message)))
    RichScreen(shell).show(NOTICE)
    assert published == [{"data": {"text/plain": str(NOTICE), "text/html": as_html(NOTICE)}, "metadata": {}}]


def test_html_shows_the_words_as_they_are():
    """Nothing of the program's text is taken for markup; details are folded away, the block is not."""
    shown = as_html(NOTICE)
    assert "<summary" in shown
    assert all(text in shown for text in ("hotswap: a &lt; b", "x &lt;module&gt;", "its &lt;body&gt;", "lib.f"))


def test_html_without_details_has_nothing_to_unfold():
    """A reminder is one line."""
    assert "<details" not in as_html(Notice(kind="pending", line="not live yet"))


def test_the_screen_is_that_of_the_shell():
    """A kernel has a front end, a terminal has not."""
    assert isinstance(screen_for(SimpleNamespace(kernel=object(), display_pub=None)), RichScreen)
    assert isinstance(screen_for(SimpleNamespace()), PlainScreen)
