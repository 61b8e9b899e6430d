"""The report of how well the watching goes."""

from __future__ import annotations

from hotswap.watching.status import Root, WatchStatus

FINE = Root(path="/src", backend="inotify", reason="", remedy="", directories=1, files=2)
SCANNED = Root(path="/net", backend="scan", reason="it is far away", remedy="bring it here", directories=2, files=1)


def status(*roots: Root, **more: object) -> WatchStatus:
    settings = {
        "running": True, "why_not": "", "backend": "inotify", "roots": roots, "files": 3, "last_events": (),
        "missed": 0, "error": None, "limits": (),
    } | more  # fmt: skip
    return WatchStatus(**settings)


def test_all_is_well() -> None:
    """Nothing is said that says nothing."""
    assert str(status(FINE)).splitlines() == [
        "watching     yes, by inotify events",
        "files        3 files in 1 directory",
        "             /src: inotify, 1 directory, 2 files",
        "missed       0 changes without an event",
        "to do        nothing",
    ]


def test_all_that_can_be_said() -> None:
    """Why a root is scanned, what happened last, what went wrong, what to do."""
    told = status(
        FINE, SCANNED, last_events=(("/src/a.py", 0.25), ("/src/b.py", 3.0)), missed=1, error="a fault",
        limits=(("max_user_watches", 10),),
    )  # fmt: skip
    assert str(told).splitlines() == [
        "watching     yes, by inotify events",
        "files        3 files in 3 directories",
        "             /src: inotify, 1 directory, 2 files",
        "             /net: scan, 2 directories, 1 file; it is far away",
        "last events  0.2 s ago /src/a.py",
        "             3.0 s ago /src/b.py",
        "missed       1 change without an event",
        "last error   a fault",
        "limits       max_user_watches 10",
        "to do        /net: bring it here",
    ]


def test_what_does_not_watch_says_why() -> None:
    """That is also what there is to do."""
    told = status(running=False, why_not="it was stopped")
    assert (told.to_do, str(told).splitlines()[0]) == (("it was stopped",), "watching     no: it was stopped")
