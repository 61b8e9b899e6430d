"""Each example goes on with its state kept while its files are edited."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples import page as page_runner

CHECKOUT = Path(__file__).resolve().parents[2]
TRY = CHECKOUT / "examples" / "try.py"


@pytest.fixture(scope="module")
def examples():
    """The module examples/try.py."""
    spec = importlib.util.spec_from_file_location("try_examples", TRY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["try_examples"] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def finds_hotswap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that a test starts find this checkout's hotswap."""
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))


@pytest.mark.usefixtures("finds_hotswap")
@pytest.mark.parametrize("name", ["game", "repl", "simulation"])
def test_an_example_edits_itself(name: str) -> None:
    """`try.py NAME --self-edit` sees every save go live with the state kept, and leaves the example as it was."""
    before = {path: path.read_bytes() for path in TRY.parent.rglob("*.py")}
    command = [sys.executable, str(TRY), name, "--self-edit"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, env={**os.environ}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path: path.read_bytes() for path in TRY.parent.rglob("*.py")} == before


@pytest.mark.usefixtures("finds_hotswap")
def test_a_program_that_does_not_swap_is_noticed(examples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check fails when an edit does not go live: here nothing watches."""
    monkeypatch.setattr(examples, "LIMIT_S", 3)
    folder = tmp_path / "game"
    shutil.copytree(TRY.parent / "game", folder)
    example = examples.Example(command=("game.py",), counter=examples.GAME.counter, saves=examples.GAME.saves)
    with pytest.raises(examples.NotSwapped, match="not seen within 3 s"):
        examples.edit_by_itself(example, folder)


@pytest.mark.usefixtures("finds_hotswap")
def test_a_program_that_loses_its_state_is_noticed(examples, tmp_path: Path) -> None:
    """The check fails when the program starts again: an edit of its course, which needs a restart."""
    folder = tmp_path / "game"
    shutil.copytree(TRY.parent / "game", folder)
    restarting = examples.Save(
        what="the course of the script", edits=(("game.py", 'print("bye")', 'print("done")'),), sign="never printed"
    )
    example = examples.Example(command=examples.GAME.command, counter=examples.GAME.counter, saves=(restarting,))
    with pytest.raises(examples.NotSwapped, match="the state was lost"):
        examples.edit_by_itself(example, folder)


@pytest.mark.usefixtures("finds_hotswap")
def test_the_game_of_the_readme(examples, tmp_path: Path) -> None:
    """The program on top of the README goes on with its enemies where they are when SPEED is edited."""
    for _, block in page_runner.blocks((CHECKOUT / "README.md").read_text("utf-8")):
        name = page_runner.file_of(block)
        if name and not (tmp_path / name).exists():
            (tmp_path / name).write_text(block)
    save = examples.Save(what="SPEED", edits=(("enemy.py", "SPEED = 1", "SPEED = 1000"),), sign=r"enemies at \[\d{4}")
    example = examples.Example(
        command=("-m", "hotswap", "run", "game.py"), counter=r"enemies at \[(\d+)", saves=(save,)
    )
    examples.edit_by_itself(example, tmp_path)
