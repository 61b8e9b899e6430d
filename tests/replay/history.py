"""The commits of a git directory, and their files."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path

Changes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One edit: from revision `a` to revision `b`.  `changes` are git's status letters and paths."""

    a: str
    b: str
    subject: str
    changes: Changes


class History:
    """The first-parent history of some packages."""

    def __init__(self, repo: str, src: str, packages: list[str], skip: str) -> None:
        self.repo, self.src, self.skip = repo, src, re.compile(skip)
        self.packages = packages
        self.paths = [os.path.normpath(os.path.join(src, package)) for package in packages]

    def git(self, *args: str) -> bytes:
        """What git prints."""
        return subprocess.run(["git", "--git-dir", self.repo, *args], check=True, capture_output=True).stdout

    def lines(self, *args: str) -> list[str]:
        """The lines that git prints."""
        return self.git(*args).decode("utf-8", "replace").splitlines()

    def commits(self, rev: str, count: int) -> list[Commit]:
        """The newest `count` commits up to `rev` that touch a module of the packages, oldest first."""
        patterns = [f":(glob){path}/**/*.py" for path in self.paths]
        options = ["--first-parent", "--no-renames", f"-n{count * 4}", "--format=%H %P\t%s"]
        found: list[Commit] = []
        for line in self.lines("log", *options, rev, "--", *patterns):
            ids, _, subject = line.partition("\t")
            b, *parents = ids.split()
            if parents and len(found) < count:
                changes = self.changes(parents[0], b)
                if any(self._is_module(path) for _, path in changes):
                    found.append(Commit(a=parents[0], b=b, subject=subject, changes=changes))
        return found[::-1]

    def changes(self, a: str, b: str) -> Changes:
        """What differs between two revisions."""
        options = ["--no-renames", "--ignore-submodules=all", "--name-status", "-z"]  # what a submodule has is not here
        fields = self.git("diff", *options, a, b, "--", *self.paths).decode().split("\0")
        return tuple(zip(fields[:-1:2], fields[1::2], strict=True))

    def _is_module(self, path: str) -> bool:
        name = os.path.relpath(path, self.src).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return path.endswith(".py") and not self.skip.search(name)

    def tree_of(self, rev: str) -> str:
        """Equal for revisions whose packages are equal."""
        present = [path for path in self.paths if self.git("ls-tree", rev, "--", path)]
        return "-".join(self.lines("rev-parse", f"{rev}:{path}")[0][:12] for path in present)

    def checkout(self, rev: str, target: Path, *, name: str, age: float) -> Path:
        """The packages at the revision, written `age` seconds ago."""
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        present = [path for path in self.paths if self.git("ls-tree", rev, "--", path)]
        with tarfile.open(fileobj=io.BytesIO(self.git("archive", rev, "--", *present))) as tar:
            tar.extractall(target, filter="data")
        written = time.time() - age
        for file in target.rglob("*.py"):
            os.utime(file, (written, written))
        for distribution in {name, *self.packages}:  # some ask for their own version while they are imported
            info = target / self.src / f"{distribution}-0.dist-info"
            info.mkdir(parents=True)
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 0\n")
        return target
