"""Modules inside of zip archives."""

from __future__ import annotations

import os
import sys
import zipfile

import pytest

from hotswap.archives import Unreadable, archive_above, archive_of, imported_as, read_again, read_member


def pack(path, **members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/") + ".py", text)


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "lib.zip"
    pack(path, inside__mod="X = 1\n", other="Y = 1\n")
    return str(path)


def test_a_member_is_read(archive):
    """By the path that Python gives its module."""
    found = [read_member(os.path.join(archive, name)) for name in ("inside/mod.py", "none.py")]
    assert found == [b"X = 1\n", None]


def test_what_lies_in_no_archive(tmp_path):
    """A folder on the way, or nothing at all."""
    paths = [str(tmp_path / "mod.py"), str(tmp_path / "none" / "mod.py")]
    assert [(archive_above(path), read_member(path)) for path in paths] == [(None, None)] * 2


def test_a_replaced_archive_is_read_anew(archive):
    """Nothing of the one before is remembered."""
    read_member(os.path.join(archive, "other.py"))
    pack(archive + ".new", other="Y = 2\n")
    os.replace(archive + ".new", archive)
    assert read_member(os.path.join(archive, "other.py")) == b"Y = 2\n"


def test_a_broken_archive_says_so(archive):
    """Its members are not missing."""
    with open(archive, "wb") as file:
        file.write(b"PK")
    found = read_member(os.path.join(archive, "other.py"))
    assert (type(found), found) == (Unreadable, b"BadZipFile: File is not a zip file")


def test_what_was_imported_is_told_from_what_is_there(archive, monkeypatch):
    """By the checksum that the import system remembers; afterwards it can be told to look again."""
    monkeypatch.syspath_prepend(archive)
    monkeypatch.delitem(sys.modules, "other", raising=False)
    import other

    path = os.path.join(archive, "other.py")
    before = imported_as(other, path, b"Y = 1\n")
    pack(archive, other="\n\n\nY = 2\n")
    after = imported_as(other, path, read_member(path))
    read_again(archive)
    assert (archive_of(other), before, after, other.__loader__.get_source("other")) == (
        archive, True, False, "\n\n\nY = 2\n",
    )  # fmt: skip
    del sys.modules["other"]


def test_other_modules_have_no_archive():
    """Neither of the standard library nor built in."""
    assert [archive_of(os), archive_of(sys)] == [None, None]
