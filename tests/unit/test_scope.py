"""Which files are the program's own."""

from __future__ import annotations

import os
import sys
import sysconfig

import pytest

from hotswap.scope import Scope, real_path, source_path


def test_the_scope_is_what_lies_under_the_paths(tmp_path):
    """A file or everything below a folder; a folder whose name only begins alike is another one."""
    scope = Scope([str(tmp_path / "src"), str(tmp_path / "game.py")])
    inside = [tmp_path / "src" / "a.py", tmp_path / "src" / "p" / "q.py", tmp_path / "game.py"]
    outside = [tmp_path / "src2" / "a.py", tmp_path / "game2.py", "<string>"]
    assert [scope.contains(str(p)) for p in inside] == [True] * 3
    assert [scope.contains(str(p)) for p in outside] == [False] * 3


def test_without_paths_everything_but_python_and_its_packages_belongs(tmp_path):
    """The standard library, site-packages and hotswap itself are left alone."""
    scope = Scope()
    assert scope.contains(str(tmp_path / "a.py"))
    foreign = [os.__file__, os.path.join(sysconfig.get_path("purelib"), "x", "y.py"), sys.modules["hotswap"].__file__]
    assert [scope.contains(p) for p in foreign] == [False] * 3


def test_a_link_into_the_scope_belongs(tmp_path):
    """A file outside of the watched folder that is a link to one inside is the program's."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("")
    (tmp_path / "link.py").symlink_to(tmp_path / "src" / "a.py")
    assert Scope([str(tmp_path / "src")]).contains(str(tmp_path / "link.py"))


def test_modules_without_a_file_have_no_path():
    """Built-in modules, and objects that are no modules."""
    assert [source_path(m) for m in (sys, object(), None)] == [None] * 3
    assert source_path(os) == os.path.abspath(os.__file__)


def test_an_environment_inside_of_the_project_does_not_belong(tmp_path):
    """Installed packages and the standard library, below a watched folder; unless they are what is to be watched."""
    installed = tmp_path / ".venv" / "lib" / "python3.12" / "site-packages" / "thing"
    inside = str(installed / "mod.py")
    scopes = [Scope([str(tmp_path)]), Scope([str(installed)]), Scope([os.sep])]
    assert [scope.contains(inside) for scope in scopes] == [False, True, False]
    assert not Scope([os.sep]).contains(os.__file__)


@pytest.mark.parametrize(
    ("one", "other", "overlaps", "includes"),
    [
        ((), (), True, True),
        ((), ("/a",), True, True),
        (("/a",), (), True, False),
        (("/a",), ("/a/b",), True, True),
        (("/a/b",), ("/a",), True, False),
        (("/a",), ("/ab",), False, False),
        (("/a", "/b"), ("/b/c", "/a/c"), True, True),
    ],
)
def test_scopes_are_compared(one, other, overlaps, includes):
    """Whether a file may belong to both, and whether all of the other belongs to the one."""
    scopes = Scope(one), Scope(other)
    assert (scopes[0].overlaps(scopes[1]), scopes[0].includes(scopes[1])) == (overlaps, includes)


def test_a_real_path_has_no_links(tmp_path):
    """In the folders or at the end."""
    root = os.path.realpath(tmp_path)
    os.makedirs(f"{root}/real")
    os.symlink("real", f"{root}/folder")
    os.symlink("mod.py", f"{root}/real/link.py")
    assert [real_path(f"{root}/folder/{name}.py") for name in ("mod", "link")] == [f"{root}/real/mod.py"] * 2
