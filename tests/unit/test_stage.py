"""A program is imported without being played."""

from __future__ import annotations

import ast
import os

import pytest

from hotswap.errors import UsageError
from hotswap.launch import Program
from hotswap.stage import find_place, is_guard, is_source_folder, without_course

GUARDS = {
    "__name__ == '__main__'": True,
    '"__main__" == __name__': True,
    "__name__ != '__main__'": False,
    "__name__ == '__mp_main__'": False,
    "__name__ == '__main__' == x": False,
    "__name__": False,
}


@pytest.mark.parametrize("text", GUARDS)
def test_the_guard_of_a_course_is_known(text):
    """Either way round, and nothing else."""
    assert is_guard(ast.parse(text, mode="eval").body) is GUARDS[text]


def test_what_stands_under_the_guard_does_not_run():
    """What stands beside it does, the `else` too when it is one's turn; lines stay where they are."""
    text = b"A = 1\nif __name__ == '__main__':\n    A = 2\nelse:\n    A = 3\ndef f(): pass\n"
    space: dict = {"__name__": "__main__"}
    exec(without_course(text, "x.py"), space)
    assert (space["A"], space["f"].__code__.co_firstlineno) == (1, 6)


def test_a_folder_with_a_main_is_a_program(tmp_path):
    """As it is for `python`; the folder comes first on the path."""
    (tmp_path / "__main__.py").write_text("")
    place = find_place(Program(name=str(tmp_path)))
    assert (place.path, place.entry) == (os.path.join(tmp_path, "__main__.py"), str(tmp_path))


def test_a_script_that_is_not_there_is_told():
    """With its name."""
    with pytest.raises(UsageError, match=r"there is no file '.*nowhere.py'"):
        find_place(Program(name="nowhere.py"))


def test_folders_of_tools_hold_no_sources(tmp_path):
    """Environments, hidden folders, folders of packages that were fetched."""
    for name in ("src", ".git", "node_modules", "env", "cache"):
        (tmp_path / name).mkdir()
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    (tmp_path / "cache" / "CACHEDIR.TAG").write_text("")
    assert [name for name in os.listdir(tmp_path) if is_source_folder(str(tmp_path / name))] == ["src"]
