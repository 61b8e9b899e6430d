"""Older versions of a project, from git and from a folder."""

from __future__ import annotations

import os
import subprocess

import pytest

from hotswap.errors import UsageError
from hotswap.versions import changed_since, copy_of, project_around, sources_in


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    for name, text in {
        "a.py": "A = 1\n",
        "pkg/b.py": "B = 1\n",
        "old.py": "",
        "data.txt": "d",
        "env/pyvenv.cfg": "",
    }.items():
        save(folder, name, text)
    return folder


def save(folder, name, text):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def git(folder, *words):
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *words], cwd=folder, check=True, env=os.environ | settings, timeout=30, capture_output=True)


def edit(project):
    save(project, "a.py", "A = 2\n")
    save(project, "new.py", "N = 1\n")
    save(project, "data.txt", "other")
    (project / "old.py").unlink()


CHANGED = {"a.py": b"A = 1\n", "new.py": None, "old.py": b""}


def test_what_changed_since_a_revision(project):
    """Edited, new and deleted Python files, with what they held; also seen from a folder within the checkout."""
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "first")
    edit(project)
    around = project_around(str(project / "pkg"))
    assert (around, changed_since(around, "HEAD")) == (os.path.realpath(project), CHANGED)


def test_what_changed_since_a_folder(project, tmp_path):
    """The same, without git."""
    copy_of(str(project), str(tmp_path / "older"))
    edit(project)
    assert changed_since(str(project), str(tmp_path / "older")) == CHANGED


@pytest.mark.parametrize("against", ["HEAD", "--output=x", "."])
def test_what_is_no_older_version_is_refused(project, monkeypatch, against):
    """No repository, an option in disguise, the project itself; what to give instead is told."""
    monkeypatch.chdir(project)
    with pytest.raises(UsageError, match="--against"):
        changed_since(os.path.realpath(project), against)


def test_a_copy_has_sources_of_its_own_and_links_to_the_rest(project, tmp_path):
    """Writing to the copy changes no source of the project."""
    copy = tmp_path / "copy"
    copy_of(str(project), str(copy))
    (copy / "pkg" / "b.py").write_text("B = 2\n")
    links = sorted(str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_symlink())
    assert (links, (project / "pkg" / "b.py").read_text()) == (["data.txt", "env"], "B = 1\n")
    assert sorted(sources_in(str(copy))) == ["a.py", "old.py", os.path.join("pkg", "b.py")]
