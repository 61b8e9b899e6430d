"""What a person is told, and when: a failure once and whole, then a reminder for as long as something is pending."""

from __future__ import annotations

import linecache

import pytest

from hotswap.integrations.notices import Advice, Notice, Notices, error_block, notice_of, short
from hotswap.model import Change, Pending, Reason, RestartRequired, RolledBack, Swapped

ADVICE = Advice(restart="%restart", force="%force", restart_means="begins anew")
SWAPPED = Swapped(
    modules=("lib",), tracked=2, duration=0.001, patched=("lib.f",), why=(("lib.f", "its body was edited"),)
)


class Told:
    """Notices of a session in which files are pending, or not."""

    def __init__(self) -> None:
        self.pending: tuple[Pending, ...] = ()
        self.notices = Notices(lambda: self.pending, lambda outcome: notice_of(outcome, ADVICE))

    def lines(self, *, remind: bool = True) -> list[str]:
        return [str(notice) for notice in self.notices.due(remind=remind)]


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def failure(tmp_path, monkeypatch):
    """A round that failed in its second line."""
    monkeypatch.chdir(tmp_path)
    path = str(tmp_path / "lib.py")
    (tmp_path / "lib.py").write_text("def f(x):\n    return 1 / x\nf(0)\n")
    namespace: dict[str, object] = {}
    with pytest.raises(ZeroDivisionError) as caught:
        exec(compile((tmp_path / "lib.py").read_text(), path, "exec"), namespace)
    return RolledBack(changes=(Change(path=path, kind="edited"),), error=caught.value, path=path, line=2)


def test_each_thing_is_told_once(told):
    """In the order in which it happened."""
    told.notices.add(SWAPPED)
    told.notices.put(Notice(kind="note", line="and that"))
    assert told.lines() == [
        "hotswap: swapped 1 of 2 modules in 1.0 ms: patched lib.f",
        "hotswap: and that",
    ]
    assert told.lines() == []


def test_a_failure_is_told_whole_and_then_in_one_line(told, failure):
    """Until it is live; nothing of the machinery that ran it is in it."""
    told.pending = (Pending(path=failure.path, why="ZeroDivisionError: division by zero"),)
    told.notices.add(failure)
    (first,) = told.lines()
    assert [line for line in first.splitlines() if line.strip(" ~^")] == [
        "hotswap: kept the old code because lib.py:2: ZeroDivisionError: division by zero; save again to retry",
        "Traceback (most recent call last):",
        f'  File "{failure.path}", line 3, in <module>',
        "    f(0)",
        f'  File "{failure.path}", line 2, in f',
        "    return 1 / x",
        "ZeroDivisionError: division by zero",
    ]
    reminder = "hotswap: not live yet: lib.py (lib.py:2: ZeroDivisionError: division by zero)"
    assert [told.lines(), told.lines()] == [[reminder], [reminder]]
    told.pending = ()
    assert told.lines() == []


def test_there_is_no_reminder_right_behind_the_failure(told, failure):
    """It may have been shown while the line before was running."""
    told.pending = (Pending(path=failure.path, why=""),)
    told.notices.add(failure)
    assert len(told.lines(remind=False)) == 1
    assert [told.lines(), len(told.lines())] == [[], 1]


def test_a_file_that_does_not_compile_is_shown_as_python_shows_it(tmp_path, monkeypatch):
    """At its own line, without the frames of those who tried to compile it."""
    monkeypatch.chdir(tmp_path)
    path = str(tmp_path / "lib.py")
    (tmp_path / "lib.py").write_text("x = = 1\n")
    with pytest.raises(SyntaxError) as caught:
        compile("x = = 1\n", path, "exec")
    outcome = RolledBack(changes=(Change(path=path, kind="edited"),), error=caught.value, path=path, line=1)
    assert error_block(outcome) == f'  File "{path}", line 1\n    x = = 1\n        ^\nSyntaxError: invalid syntax\n'


def test_the_lines_shown_are_those_on_disk(failure):
    """A round that was rolled back has put the old text back, which a traceback would quote; and it stays there."""
    entry = (1, None, ["an older text\n"] * 3, failure.path)
    linecache.cache[failure.path] = entry
    assert "return 1 / x" in error_block(failure)
    assert linecache.cache.pop(failure.path) == entry


def test_causes_and_groups_are_shortened_too(failure):
    """Every error of a chain begins at the program's own lines."""
    chained = ExceptionGroup("several", [failure.error])
    chained.__cause__ = failure.error
    outcome = RolledBack(changes=failure.changes, error=chained, path=failure.path, line=2)
    assert __file__ not in error_block(outcome)


def test_a_restart_is_told_with_reasons_and_ways_out(told, tmp_path, monkeypatch):
    """Why, what would stay old, and the two things that one can do; the reminder names the first of them."""
    monkeypatch.chdir(tmp_path)
    path = str(tmp_path / "lib.py")
    reason = Reason(
        code="HS201", what="lib.T has other fields", where=f"{path}:3", why="one is alive", remedy="restart"
    )
    outcome = RestartRequired(changes=(Change(path=path, kind="edited"),), reasons=(reason,))
    notice = notice_of(outcome, ADVICE, ["t: an instance of lib.T"])
    assert str(notice).splitlines() == [
        "hotswap: lib.py needs a restart to go live; the old code goes on, whole",
        "  [HS201] lib.T has other fields (lib.py:3)",
        "      one is alive",
        "  made from the old code, here:",
        "    t: an instance of lib.T",
        "  %restart  begins anew",
        "  %force    apply what can be true and keep the session; what stays old is named",
    ]
    assert notice.later == "not live yet: lib.py (lib.T has other fields); %restart"


@pytest.mark.parametrize(
    ("level", "lines"),
    [
        ("silent", []),
        ("quiet", []),
        ("normal", ["hotswap: swapped 1 of 2 modules in 1.0 ms: patched lib.f"]),
        ("verbose", ["hotswap: swapped 1 of 2 modules in 1.0 ms: patched lib.f\n    lib.f: its body was edited"]),
    ],
)
def test_how_much_is_told_can_be_chosen(told, level, lines):
    """From nothing to the reason for each name."""
    told.notices.level = level
    told.notices.add(SWAPPED)
    assert told.lines() == lines


@pytest.mark.parametrize(("level", "shown"), [("silent", 0), ("quiet", 1), ("normal", 1)])
def test_failures_are_told_unless_one_wants_to_hear_nothing(told, failure, level, shown):
    """`quiet` is about what went well."""
    told.notices.level = level
    told.notices.add(failure)
    assert len(told.lines()) == shown


def test_what_the_program_printed_is_left_as_it_is():
    """It is not ours."""
    assert str(Notice(kind="printed", line="loaded")) == "loaded"


def test_names_that_followed_are_part_of_the_line():
    """One line tells of the round and of the prompt."""
    assert notice_of(SWAPPED, ADVICE, followed="at the prompt, x followed").line.endswith(
        "lib.f; at the prompt, x followed"
    )


def test_paths_are_short_where_they_can_be(tmp_path, monkeypatch):
    """Below the folder where one is; others stay whole."""
    monkeypatch.chdir(tmp_path)
    assert (short(str(tmp_path / "a" / "b.py")), short("/elsewhere/b.py")) == ("a/b.py", "/elsewhere/b.py")
