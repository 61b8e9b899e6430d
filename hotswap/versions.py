"""An older version of a project's Python files: from git, or from a folder.  Reads only; never touches the project."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

from hotswap.errors import UsageError
from hotswap.stage import is_source_folder

SUFFIXES = (".py", ".pyw")


def project_around(folder: str) -> str:
    """The folder of the git checkout around a folder; without one the folder itself."""
    try:
        return os.path.realpath(git(folder, "rev-parse", "--show-toplevel").decode().strip())
    except UsageError:
        return os.path.realpath(folder)


def changed_since(project: str, against: str) -> dict[str, bytes | None]:
    """The Python files that differ from an older version, and what they held then (None: nothing, they are new).

    `against` is a folder, or a revision of git.  Raises UsageError when it is neither.
    """
    if os.path.isdir(against):
        return dict(_since_folder(project, os.path.realpath(against)))
    return dict(_since_revision(project, against))


def _since_folder(project: str, older: str) -> Iterator[tuple[str, bytes | None]]:
    if older == project:
        raise UsageError(f"{older!r} is the project itself; --against wants an older copy of it, or a revision of git")
    before, now = set(sources_in(older)), set(sources_in(project))
    for name in sorted(before | now):
        old, new = _read(os.path.join(older, name)), _read(os.path.join(project, name))
        if old != new:
            yield name, old


def _since_revision(project: str, revision: str) -> Iterator[tuple[str, bytes | None]]:
    git(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    listed = git(project, "diff", "--name-only", "--no-renames", "-z", "--relative", revision, "--").decode()
    new = git(project, "ls-files", "--others", "--exclude-standard", "-z").decode()
    for name in sorted({*listed.split("\0"), *new.split("\0")}):
        if name.endswith(SUFFIXES):
            yield name, _at_revision(project, revision, name)


def _at_revision(project: str, revision: str, name: str) -> bytes | None:
    try:
        return git(project, "show", "--end-of-options", f"{revision}:./{name}")
    except UsageError:
        return None  # it was not there


def git(folder: str, *words: str) -> bytes:
    """What git prints.  Raises UsageError when it fails, with what it says."""
    try:
        done = subprocess.run(  # noqa: S603  git itself, with our own words
            ["git", "-C", folder, *words],  # noqa: S607  the one on the user's PATH
            stdin=subprocess.DEVNULL, capture_output=True, check=True,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise UsageError("git was not found: give a folder with an older version, --against FOLDER") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip() or "it has no such revision"
        raise UsageError(f"git in {folder!r}: {said}; give a revision or a folder, --against WHAT") from error
    return done.stdout


def sources_in(folder: str) -> Iterator[str]:
    """The Python files in a folder, relative to it; not those of environments and of other tools."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if is_source_folder(os.path.join(here, name)))
        yield from (os.path.relpath(os.path.join(here, n), folder) for n in names if n.endswith(SUFFIXES))


def copy_of(project: str, target: str) -> None:
    """Copy the Python files of a project into an empty folder; everything else is there as links."""
    for here, folders, names in os.walk(project):
        there = os.path.join(target, os.path.relpath(here, project))
        os.makedirs(there, exist_ok=True)
        links = [name for name in folders if not is_source_folder(os.path.join(here, name))]
        folders[:] = [name for name in folders if name not in links]
        for name in (*links, *names):
            if name == "__pycache__":
                continue
            source = os.path.join(here, name)
            data = _read(source) if name.endswith(SUFFIXES) else None
            if data is None:
                link(source, os.path.join(there, name))
            else:
                write(os.path.join(there, name), data)


def link(source: str, target: str) -> None:
    """Have a file or folder at another place too: by a link, or where the system refuses those, a file's copy."""
    try:
        os.symlink(source, target)
    except OSError:
        if os.path.isfile(source):
            shutil.copyfile(source, target)


def write(path: str, data: bytes | None) -> None:
    """Save a file of the copy, or take it away."""
    if data is None:
        if os.path.lexists(path):
            os.unlink(path)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
