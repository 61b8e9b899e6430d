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

NAMES = ["arcade", "chat", "game", "repl", "simulation", "sketch", "snake", "training"]
CHECKOUT = Path(__file__).resolve().parents[2]
TRY = CHECKOUT / "examples" / "try.py"


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch):
    """The module examples/try.py."""
    monkeypatch.syspath_prepend(str(TRY.parent))
    spec = importlib.util.spec_from_file_location("try_examples", TRY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def catalogue(examples):
    """The module examples/catalogue.py."""
    return sys.modules["catalogue"]


@pytest.fixture
def finds_hotswap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that a test starts find this checkout's hotswap."""
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))


@pytest.mark.usefixtures("finds_hotswap")
@pytest.mark.parametrize("name", NAMES)
def test_an_example_edits_itself(name: str, tmp_path: Path) -> None:
    """`try.py NAME --self-edit` sees every save go live with the state kept, and leaves the example as it was."""
    before = {path: path.read_bytes() for path in TRY.parent.rglob("*.py")}
    command = [sys.executable, str(TRY), name, "--self-edit", "--shots", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, env={**os.environ}, check=False)
    if done.returncode == 2 and "pip install" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path: path.read_bytes() for path in TRY.parent.rglob("*.py")} == before
    if name == "arcade":
        first, *later = sorted(tmp_path.glob("arcade-*.png"))
        assert later
        assert first.read_bytes().startswith(b"\x89PNG")
        assert all(shot.read_bytes() != first.read_bytes() for shot in later)


def test_every_example_is_in_the_catalogue(examples) -> None:
    """Each folder of examples can be tried, and is tested."""
    folders = {path.name for path in TRY.parent.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert set(examples.EXAMPLES) == folders == set(NAMES)


@pytest.mark.usefixtures("finds_hotswap")
def test_a_program_that_does_not_swap_is_noticed(
    examples, catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check fails when an edit does not go live: here nothing watches."""
    monkeypatch.setattr(examples, "LIMIT_S", 3)
    folder = tmp_path / "game"
    shutil.copytree(TRY.parent / "game", folder)
    example = catalogue.Example(command=("game.py",), counter=catalogue.GAME.counter, saves=catalogue.GAME.saves)
    with pytest.raises(examples.NotSwapped, match="not seen within 3 s"):
        examples.edit_by_itself(example, folder, tmp_path)


@pytest.mark.usefixtures("finds_hotswap")
def test_a_program_that_loses_its_state_is_noticed(examples, catalogue, tmp_path: Path) -> None:
    """The check fails when the program starts again: an edit of its course, which needs a restart."""
    folder = tmp_path / "game"
    shutil.copytree(TRY.parent / "game", folder)
    restarting = catalogue.Save(
        what="the course of the script", edits=(("game.py", 'print("bye")', 'print("done")'),), sign="never printed"
    )
    example = catalogue.Example(command=catalogue.GAME.command, counter=catalogue.GAME.counter, saves=(restarting,))
    with pytest.raises(examples.NotSwapped, match="the state was lost"):
        examples.edit_by_itself(example, folder, tmp_path)


@pytest.mark.usefixtures("finds_hotswap")
def test_the_game_of_the_readme(examples, catalogue, tmp_path: Path) -> None:
    """The program on top of the README goes on with its enemies where they are when SPEED is edited."""
    for _, block in page_runner.blocks((CHECKOUT / "README.md").read_text("utf-8")):
        name = page_runner.file_of(block)
        if name and not (tmp_path / name).exists():
            (tmp_path / name).write_text(block)
    save = catalogue.Save(what="SPEED", edits=(("enemy.py", "SPEED = 1", "SPEED = 1000"),), sign=r"enemies at \[\d{4}")
    example = catalogue.Example(
        command=("-m", "hotswap", "run", "game.py"), counter=r"enemies at \[(\d+)", saves=(save,)
    )
    examples.edit_by_itself(example, tmp_path, tmp_path)
