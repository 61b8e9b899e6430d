"""Which folders a program looks through, told from the calls that do so."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import pytest

from hotswap.scanning import Listed, folders_around, folders_in
from hotswap.trace import Tracer

FILE = "/p/app.py"


def listings(text: str) -> set[Listed]:
    """What running the text of a module was seen to look through."""
    code = compile(text, FILE, "exec")
    foreign = "<", sys.prefix, sys.base_prefix
    with closing(Tracer(lambda file: not file.startswith(foreign))) as tracer, tracer.recording(code) as lines:
        exec(code, {"__name__": "app"})  # what an import would do
    return set().union(*(each.listed for each in lines.values()))


def test_a_folder_is_told_from_the_argument():
    """A path names itself, a pattern the folder in front of it; further folders count if the pattern goes on."""
    assert [*folders_in(["/a", Path("/b")])] == [Listed("/a", deep=False), Listed("/b", deep=False)]
    assert [*folders_in("/a/do_*.py")] == [Listed("/a", deep=False)]
    assert [*folders_in("/a/*/plugin.py")] == [Listed("/a", deep=True)]
    assert [*folders_in("/a", "**")] == [Listed("/a", deep=True)]
    assert [*folders_in(3)] == []


def test_a_file_stands_in_its_folder_and_in_those_around():
    """Who listed the folder itself sees it, and who looked through one further out with all that is in it."""
    assert Listed("/a/b", deep=False) in folders_around("/a/b/c.py")
    assert Listed("/a", deep=True) in folders_around("/a/b/c.py")
    assert Listed("/a", deep=False) not in folders_around("/a/b/c.py")


def test_a_package_stands_where_its_folder_does():
    """`iter_modules` of the folder around finds it."""
    assert Listed("/a", deep=False) in folders_around("/a/b/__init__.py")


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        ("import pkgutil; list(pkgutil.iter_modules([{0!r}]))", False),
        ("import os; list(os.walk({0!r}))", True),
        ("import glob; glob.glob({0!r} + '/*.py')", False),
        ("from pathlib import Path; list(Path({0!r}).iterdir())", False),
        ("from pathlib import Path; list(Path({0!r}).rglob('*.py'))", True),
        ("from pathlib import Path; list(Path({0!r}).glob('*.py'))", False),
    ],
)
def test_the_functions_of_the_standard_library_are_seen(tmp_path: Path, text: str, deep: bool):
    """Whichever of them lists a folder."""
    assert Listed(str(tmp_path), deep) in listings(text.format(str(tmp_path)))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="arguments of functions in C are not told before")
@pytest.mark.parametrize("function", ["listdir", "scandir"])
def test_functions_in_c_are_seen_where_they_are_called(tmp_path: Path, function: str):
    """In a module, and in functions of the program, however often these were called before."""
    text = f"import os\ndef f(a):\n    list(os.{function}(a))\nf('/')\nf({str(tmp_path)!r})"
    assert listings(text) == {Listed("/", deep=False), Listed(str(tmp_path), deep=False)}


def test_the_import_system_lists_folders_for_itself():
    """What it looks through to find a module is nobody's look."""
    assert listings("import wave") == set()
