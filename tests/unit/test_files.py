"""The content of modules' files."""

from __future__ import annotations

import os
import zipfile

import pytest

from hotswap.files import held, read, read_with_status, same_status, stamp, status_of, text_of


def test_the_stamp_of_a_file_that_is_gone(tmp_path):
    """None; it never raises."""
    assert stamp(str(tmp_path / "none")) is None


def test_a_file_in_an_archive_is_read_like_any_other(tmp_path):
    """It has a content and a stamp, and no status of its own."""
    with zipfile.ZipFile(tmp_path / "lib.zip", "w") as archive:
        archive.writestr("mod.py", "X = 1\n")
    path = str(tmp_path / "lib.zip" / "mod.py")
    assert (read_with_status(path), status_of(path), stamp(path) is None) == ((b"X = 1\n", None), None, False)


def test_the_text_of_an_unreadable_archive_is_an_error(tmp_path):
    """Never an empty module."""
    (tmp_path / "lib.zip").write_bytes(b"PK")
    with pytest.raises(SyntaxError, match="the archive cannot be read"):
        text_of(str(tmp_path / "lib.zip" / "mod.py"))


def test_the_text_of_a_missing_file_is_empty(tmp_path):
    """As for a module whose file was deleted."""
    assert (text_of(str(tmp_path / "none.py")), read(str(tmp_path / "none.py"))) == (b"", None)


def test_a_file_that_something_was_done_to(tmp_path):
    """Told by its status alone."""
    (tmp_path / "a.py").write_text("X = 1\n")
    before = os.stat(tmp_path / "a.py")
    os.utime(tmp_path / "a.py", (1, 1))
    after = os.stat(tmp_path / "a.py")
    assert [same_status(before, before), same_status(before, after), same_status(None, after)] == [True, False, False]


def test_within_a_round_a_file_has_one_content(tmp_path):
    """What was read first counts until the end of the block, for the files that were given."""
    path, other = str(tmp_path / "a.py"), str(tmp_path / "b.py")
    (tmp_path / "a.py").write_text("new")
    (tmp_path / "b.py").write_text("other")
    with held({path: b"old"}):
        inside = [read(path), read(other)]
    assert (inside, read(path)) == ([b"old", b"other"], b"new")
