"""What is printed in the background is kept for later, and nothing of what others print."""

from __future__ import annotations

import sys
import threading

import pytest

from hotswap.integrations.notices import Notice
from hotswap.integrations.quiet import Quiet


def test_what_the_function_prints_is_kept(capsys):
    """On both streams, in order; afterwards they are what they were."""
    told, streams = [], (sys.stdout, sys.stderr)
    Quiet(told.append).run(lambda: (print("one"), print("two", file=sys.stderr)))
    assert told == [Notice(kind="printed", line="one\ntwo")]
    assert capsys.readouterr() == ("", "")
    assert (sys.stdout, sys.stderr) == streams


def test_what_was_printed_comes_before_what_is_told(capsys):
    """A round hands over what it printed before it tells how it ended."""
    told = []
    quiet = Quiet(told.append)
    quiet.run(lambda: (print("one"), quiet.hand_over(), told.append("the round"), print("two")))
    assert told == [Notice(kind="printed", line="one"), "the round", Notice(kind="printed", line="two")]


def test_other_threads_print_as_always(capsys):
    """It is not theirs that is kept."""
    told = []

    def take():
        thread = threading.Thread(target=print, args=("from elsewhere",))
        thread.start()
        thread.join()

    Quiet(told.append).run(take)
    assert (told, capsys.readouterr().out) == ([], "from elsewhere\n")


def test_an_error_gives_the_streams_back(capsys):
    """Whatever the function raises."""
    streams = sys.stdout
    with pytest.raises(ZeroDivisionError):
        Quiet(lambda _: None).run(lambda: 1 / 0)
    assert sys.stdout is streams
