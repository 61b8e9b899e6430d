"""A small made-up history, replayed into a live process: hotswap gets every commit right, and the measure measures."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.replay.run import Replay, options_from

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="the history is made with git, which is not here")

BEFORE = {
    "shop/__init__.py": "from shop.prices import TAX, with_tax\n",
    "shop/prices.py": '''"""What things cost."""
TAX = 0.2


def with_tax(price):
    return price * (1 + TAX)
''',
    "shop/basket.py": '''from shop.prices import TAX, with_tax

SHOWN = f"{TAX:.0%}"


class Basket:
    """What is bought."""

    def __init__(self):
        self.items = []

    def total(self):
        return sum(with_tax(item) for item in self.items)
''',
}
COMMITS: tuple[tuple[str, dict[str, str | None]], ...] = (
    ("a body", {"shop/basket.py": BEFORE["shop/basket.py"].replace("return sum(", "return 1 + sum(")}),
    ("a constant that others derive from", {"shop/prices.py": BEFORE["shop/prices.py"].replace("0.2", "0.25")}),
    ("a docstring", {"shop/prices.py": BEFORE["shop/prices.py"].replace("0.2", "0.25").replace("cost.", "are.")}),
    (
        "a module and a class that uses it",
        {
            "shop/rounding.py": "def cents(value):\n    return round(value, 2)\n",
            "shop/basket.py": "from shop.rounding import cents\n"
            + BEFORE["shop/basket.py"].replace("return sum(", "return cents(1 + sum(").replace("items)", "items))"),
        },
    ),
    ("back again", {"shop/rounding.py": None, "shop/basket.py": BEFORE["shop/basket.py"]}),
)


def git(folder: Path, *args: str) -> None:
    """Run git without any settings of the machine's."""
    settings = {"user.name": "A", "user.email": "a@example.org", "commit.gpgsign": "false", "core.hooksPath": ""}
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    subprocess.run(["git", *options, *args], cwd=folder, check=True, capture_output=True)


def write(folder: Path, files: dict[str, str | None]) -> None:
    """Write, or delete what is None."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if text is None:
            path.unlink()
        else:
            path.write_text(text)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git directory with the history."""
    folder = tmp_path_factory.mktemp("history")
    git(folder, "init", "--quiet")
    for subject, files in (("begin", BEFORE), *COMMITS):
        write(folder, files)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", subject)
    return folder / ".git"


def replay(history: Path, tmp_path: Path, adapter: str, *more: str) -> list[dict[str, Any]]:
    """The records of the walk."""
    where = ["--repo", str(history), "--package", ".:shop", "--commits", "5", "--cache", str(tmp_path)]
    return Replay(options_from([*where, "--with", adapter, *more])).run()["commits"]


@pytest.mark.parametrize("chain", ["1", "5"], ids=["a-process-each", "one-process"])
def test_every_commit_is_equal_and_held(history: Path, tmp_path: Path, chain: str) -> None:
    """After each commit the live process is what a fresh one is, and what was held from before runs the new code."""
    records = replay(history, tmp_path, "hotswap_", "--chain", chain)
    told = [(record["subject"], record["verdict"], record["whole"]) for record in records]
    assert told == [(subject, "equal", True) for subject, _ in COMMITS], records


def test_doing_nothing_is_wrong(history: Path, tmp_path: Path) -> None:
    """The measure sees every edit: with a tool that does nothing each commit is wrong."""
    records = replay(history, tmp_path, "nothing")
    assert [record["verdict"] for record in records] == ["wrong"] * len(COMMITS)


def test_importing_again_is_equal_and_not_held(history: Path, tmp_path: Path) -> None:
    """The measure tells fresh from held: dropping all modules is equal, and what was held before stays old."""
    records = replay(history, tmp_path, "purge")
    assert [record["verdict"] for record in records] == ["equal"] * len(COMMITS)
    # The docstring is of a module that defines no class and whose functions do what they did: nothing that is held is old.
    assert [record["whole"] for record in records] == [False, False, True, False, False]
