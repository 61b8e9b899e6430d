"""What tells one content of a file from another."""

from __future__ import annotations

import os

from hotswap.marks import Marks, mark_of
from hotswap.model import Change


def test_contents_decide_up_to_a_size(tmp_path):
    """Of large files the status does, as they are not read."""
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"x")
    large.write_bytes(b"x" * 1_000_001)
    before = mark_of(str(small)), mark_of(str(large))
    for file in (small, large):
        os.utime(file, (1, 1))
    now = mark_of(str(small)), mark_of(str(large))
    assert (before[0] == now[0], before[1] == now[1], mark_of(str(tmp_path / "none"))) == (True, False, None)


def test_a_change_is_one_until_it_is_accepted(tmp_path):
    """Each kind; a file that is as it was known is no change."""
    marks, path = Marks(), str(tmp_path / "a")
    marks.note(path, mark_of(path))
    kinds = []
    for content in ("1", "2", None):
        os.unlink(path) if content is None else (tmp_path / "a").write_text(content)
        kinds.append((marks.change(path), marks.change(path)))
        marks.accept(path)
        kinds.append(marks.change(path))
    changes = [Change(path=path, kind=kind) for kind in ("added", "edited", "deleted")]
    assert kinds == [each for change in changes for each in ((change, change), None)]


def test_what_was_never_looked_at_is_not_accepted(tmp_path):
    """Nothing is known of it afterwards either."""
    marks = Marks()
    marks.accept(str(tmp_path))
    assert str(tmp_path) not in marks
