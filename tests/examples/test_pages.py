"""What the README and the documentation show is what happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples import page as page_runner

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
WITH_BLOCKS = [page for page in PAGES if list(page_runner.blocks(page.read_text("utf-8")))]


def name_of(page: Path) -> str:
    """The path as people write it."""
    return page.relative_to(CHECKOUT).as_posix()


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=name_of)
def test_the_python_blocks_run(page: Path, tmp_path: Path) -> None:
    """The Python blocks of a page are a program that runs, and its assertions hold."""
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    command = [sys.executable, page_runner.__file__, str(page)]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_links_lead_somewhere() -> None:
    """Every relative link of a page names a file that is there."""
    broken = [
        f"{name_of(page)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """.ci/run and the contributing page have the README's test command, word for word."""
    command = re.search(r"^(python3 .* -m pytest .*)$", (CHECKOUT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert command is not None
    assert [
        name for name in (".ci/run", "docs/contributing.md") if command[1] not in (CHECKOUT / name).read_text()
    ] == []
