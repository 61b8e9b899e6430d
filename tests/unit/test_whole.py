"""Whether a closed file looks as if its writer was done."""

from __future__ import annotations

import ast
import gc
import threading
import warnings
from pathlib import Path

import pytest

from hotswap.watching.whole import is_whole


@pytest.mark.parametrize(
    ("name", "data", "whole"),
    [
        ("a.py", b"x = 1\n", True),
        ("a.py", b"x = 1", True),
        ("a.py", b"", False),
        ("a.py", b"x = (", False),
        ("a.py", b"def f():\n", False),
        ("a.py", b"x = 1\0", False),
        ("a.json", b"{", True),
        ("a.json", b"", False),
        ("a.zip", b"PK\3\4", False),
    ],
)
def test_what_is_whole(tmp_path: Path, name: str, data: bytes, whole: bool) -> None:
    """Python that parses, an archive with its directory, any other file that is not empty."""
    (tmp_path / name).write_bytes(data)
    assert is_whole(str(tmp_path / name)) is whole


def test_a_missing_file_is_not_whole(tmp_path: Path) -> None:
    """Nor is one that cannot be."""
    assert [is_whole(str(tmp_path / "none.py")), is_whole("/\0.py")] == [False, False]


def test_the_parser_does_not_warn(tmp_path: Path) -> None:
    """An escape that Python warns of is for the program's import to tell, not for us."""
    (tmp_path / "a.py").write_bytes(b'x = "\\d"\n')
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert is_whole(str(tmp_path / "a.py"))


def test_trees_of_other_threads_are_left_alone(tmp_path: Path) -> None:
    """The watcher's thread looks while the program parses: on Python 3.11 a second tree would break the first one."""
    (tmp_path / "a.py").write_bytes(b"x = 1\n")
    looks = [threading.Thread(target=is_whole, args=[str(tmp_path / "a.py")])]

    def callback(_phase: str, _info: dict[str, int]) -> None:
        if looks:
            thread = looks.pop()
            thread.start()
            thread.join()

    gc.collect()
    gc.callbacks.append(callback)
    try:
        tree = ast.parse("def f(a, b):\n    return [a + b * (a - b) for a in range(10) if a]\n" * 200)
    finally:
        gc.callbacks.remove(callback)
    assert len(tree.body) == 200
