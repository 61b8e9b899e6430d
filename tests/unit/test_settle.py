"""When a burst of saves is over.  Times are handed in: a quiet time is 1 second, nothing is held longer than 60."""

from __future__ import annotations

import pytest

from hotswap.watching.events import What
from hotswap.watching.settle import Settler


@pytest.fixture
def settler() -> Settler:
    return Settler(quiet=1.0, max_hold=60.0)


def test_nothing_is_due_when_nothing_was_seen(settler: Settler) -> None:
    """Without hints there is no time to wait for."""
    assert settler.due() is None


def test_one_finished_file_goes_almost_at_once(settler: Settler) -> None:
    """A file that was closed or renamed into place waits a tenth of the quiet time."""
    settler.saw("a", What.FINISHED, 100.0)
    assert settler.due() == pytest.approx(100.1)


def test_companions_are_gathered(settler: Settler) -> None:
    """As soon as there are two files, the whole quiet time counts, from the last one."""
    settler.saw("a", What.FINISHED, 100.0)
    settler.saw("b", What.FINISHED, 100.05)
    assert settler.due() == pytest.approx(101.05)


def test_half_a_save_waits_for_its_other_half(settler: Settler) -> None:
    """A deleted or created file is likely to be written next."""
    settler.saw("a", What.SEEN, 100.0)
    assert settler.due() == pytest.approx(101.0)


def test_an_open_file_is_waited_for_longer(settler: Settler) -> None:
    """A writer that has not closed the file may be pausing."""
    settler.saw("a", What.WRITING, 100.0)
    assert settler.due() == pytest.approx(120.0)


def test_closing_ends_the_longer_wait(settler: Settler) -> None:
    """Written, then closed: finished."""
    settler.saw("a", What.WRITING, 100.0)
    settler.saw("a", What.FINISHED, 105.0)
    assert settler.due() == pytest.approx(105.1)


def test_a_change_of_metadata_finishes_nothing(settler: Settler) -> None:
    """A chmod in the middle of a save leaves the file open for writing."""
    settler.saw("a", What.WRITING, 100.0)
    settler.saw("a", What.TOUCHED, 101.0)
    assert settler.due() == pytest.approx(121.0)


def test_a_file_right_after_a_batch_belongs_to_a_burst(settler: Settler) -> None:
    """The next file within the quiet time is no longer taken for a single save."""
    settler.saw("a", What.FINISHED, 100.0)
    settler.take(100.1)
    settler.saw("b", What.FINISHED, 100.2)
    assert settler.due() == pytest.approx(101.2)


def test_a_hold_delays(settler: Settler) -> None:
    """While git is at work nothing is due."""
    settler.saw("a", What.FINISHED, 100.0)
    settler.hold(130.0)
    assert settler.due() == 130.0


def test_nothing_is_held_for_ever(settler: Settler) -> None:
    """Neither a hold nor an endless burst outlasts max_hold from the first hint."""
    for second in range(100, 200):
        settler.saw("a", What.WRITING, float(second))
    settler.hold(1000.0)
    assert settler.due() == 160.0


def test_taking_empties(settler: Settler) -> None:
    """What was taken does not come again, and a hold ends with its batch."""
    settler.saw("a", What.WRITING, 100.0)
    settler.hold(150.0)
    batch = settler.take(110.0)
    settler.saw("b", What.FINISHED, 115.0)
    assert (batch, settler.due()) == ({"a"}, pytest.approx(115.1))


def test_a_dropped_file_is_not_waited_for(settler: Settler) -> None:
    """A file that is tracked no longer leaves nothing behind."""
    settler.saw("a", What.WRITING, 100.0)
    settler.drop("a")
    assert (settler.due(), settler.take(200.0)) == (None, frozenset())


def test_the_same_file_right_after_a_batch_is_a_save_of_its_own(settler: Settler) -> None:
    """Somebody saves it again and again: each save goes almost at once."""
    settler.saw("a", What.FINISHED, 100.0)
    settler.take(100.1)
    settler.saw("a", What.FINISHED, 100.2)
    assert settler.due() == pytest.approx(100.3)


def test_the_same_file_right_after_a_burst_waits(settler: Settler) -> None:
    """It belongs to the burst, as any other file does."""
    settler.saw("a", What.FINISHED, 100.0)
    settler.saw("b", What.FINISHED, 100.0)
    settler.take(101.0)
    settler.saw("a", What.FINISHED, 101.2)
    assert settler.due() == pytest.approx(102.2)


def test_a_file_that_is_not_whole_is_likely_to_be_written_again(settler: Settler) -> None:
    """It was closed, and waits the whole quiet time."""
    settler.saw("a", What.FINISHED, 100.0)
    asked = settler.unjudged()
    settler.judge("a", whole=False)
    assert (asked, settler.unjudged(), settler.due()) == ("a", None, 101.0)


def test_a_whole_file_goes_almost_at_once(settler: Settler) -> None:
    """Nobody needs to look twice, until it is written again."""
    settler.saw("a", What.FINISHED, 100.0)
    settler.judge("a", whole=True)
    first = (settler.unjudged(), settler.due())
    settler.saw("a", What.FINISHED, 100.05)
    assert (first, settler.unjudged()) == ((None, pytest.approx(100.1)), "a")


def test_a_doubtful_file_waits_once(settler: Settler) -> None:
    """Where no event tells of its closing, a file that is not whole is taken for open, for a while."""
    settler.saw("a", What.SEEN, 100.0)
    settler.doubt("a")
    first = settler.due()
    settler.take(120.0)
    settler.saw("a", What.SEEN, 130.0)
    assert (first, settler.due()) == (120.0, 131.0)


def test_halves_are_saves_in_the_middle(settler: Settler) -> None:
    """Open or away, and a moment ago."""
    settler.saw("open", What.WRITING, 100.0)
    settler.saw("away", What.SEEN, 101.0)
    settler.saw("done", What.FINISHED, 102.0)
    assert [settler.halves(since) for since in (99.0, 100.5, 101.5)] == [{"open", "away"}, {"away"}, frozenset()]


# ---------------------------------------------------------------------- formatters


def save_and_format(settler: Settler, at: float, gap: float) -> None:
    settler.saw("a", What.FINISHED, at)
    settler.take(at + 0.1)
    settler.saw("a", What.FINISHED, at + gap)
    settler.take(at + gap + 0.1)
    settler.formatted("a")


def test_the_time_a_formatter_needs_is_learned(settler: Settler) -> None:
    """After a save whose second half was layout alone, the next one is given half as much time again."""
    save_and_format(settler, 100.0, gap=0.2)
    settler.saw("a", What.FINISHED, 200.0)
    assert settler.due() == pytest.approx(200.3)


def test_a_formatter_that_is_done_is_not_waited_for(settler: Settler) -> None:
    """The second save came: it goes almost at once."""
    save_and_format(settler, 100.0, gap=0.2)
    settler.saw("a", What.FINISHED, 200.0)
    settler.saw("a", What.FINISHED, 200.18)
    assert settler.due() == pytest.approx(200.28)


def test_a_slow_formatter_is_not_waited_for(settler: Settler) -> None:
    """Then its work is a round of its own."""
    save_and_format(settler, 100.0, gap=0.5)
    settler.saw("a", What.FINISHED, 200.0)
    assert settler.due() == pytest.approx(200.1)


def test_a_formatter_that_does_not_come_is_forgotten(settler: Settler) -> None:
    """Three saves without it, and nobody waits any more."""
    save_and_format(settler, 100.0, gap=0.2)
    waits = []
    for at in (200.0, 210.0, 220.0, 230.0):
        settler.saw("a", What.FINISHED, at)
        waits.append((settler.due() or 0.0) - at)
        settler.take(at + 1.0)
    assert waits == pytest.approx([0.3, 0.3, 0.3, 0.1])
