"""`hotswap plan` and `hotswap graph`, from a shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process.running import PATIENCE, environment

FILES = {
    "level.py": "SPEED = 1\nNAME = 'one'\n",
    "enemy.py": "from level import SPEED\nRUN = SPEED * 3\n\n\nclass Enemy:\n    def update(self):\n        return RUN\n",
    "shown.py": "from enemy import *\nimport level\n\n\ndef title():\n    return level.NAME, RUN\n",
    "game.py": "import shown\nfrom enemy import Enemy\n\nprint('imported')\nenemy = Enemy()\n\n\n"
    "if __name__ == '__main__':\n    raise SystemExit('it was played')\n",
    "one/__init__.py": "import one.a\n",
    "one/a.py": "from one import b\nA = b.B\n",
    "one/b.py": "from one import a\nB = 1\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A game in a git repository, with a file that is no Python, and an environment in it."""
    folder = tmp_path / "project"
    for name, text in (FILES | {"data.txt": "data", "env/pyvenv.cfg": "", "env/broken.py": "= ="}).items():
        save(folder, name, text)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "first")
    return folder


def save(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def git(folder: Path, *words: str) -> None:
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *words], cwd=folder, check=True, env=os.environ | settings, timeout=PATIENCE)


def hotswap(*words: str, cwd: Path, **extra: str) -> tuple[int, str, str]:
    """Exit status, output and error output of `hotswap WORDS...`."""
    done = subprocess.run(
        [sys.executable, "-m", "hotswap", *words], cwd=cwd, env=environment(**extra), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def snapshot(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file() and ".git" not in p.parts
    }


# ---------------------------------------------------------------------- plan


def test_a_plan_tells_what_the_edits_would_do(project):
    """Steps with lines, conditions and reasons; the program is imported, not played; the project is not touched."""
    save(project, "level.py", "SPEED = 2\nNAME = 'one'\n")
    save(project, "shown.py", FILES["shown.py"].replace("RUN\n", "-RUN\n"))
    before = snapshot(project)
    status, told, error = hotswap("plan", "game.py", cwd=project)
    assert (status, error) == (0, "imported\n")
    assert told == (
        "2 files changed since HEAD: level.py, shown.py\n"
        "patch    shown.title (line 5): its body was edited\n"
        "run      level.SPEED (line 1): it was edited\n"
        "run      enemy.SPEED (line 1) if level.SPEED changed: it reads SPEED\n"
        "run      enemy.RUN (line 2) if enemy.SPEED or level.SPEED changed: it reads SPEED\n"
        "run      shown.* (line 1) if enemy.RUN or enemy.SPEED changed: it reads SPEED\n"
    )
    assert snapshot(project) == before


def test_a_plan_against_the_same_version_has_nothing_to_do(project):
    """No file changed, nothing to do, exit status 0."""
    told = hotswap("plan", "-m", "game", cwd=project)
    assert told == (0, "0 files changed since HEAD: none\nnothing to do\n", "imported\n")


def test_a_trial_tells_how_it_went(project):
    """`--try` carries the edits out in the copy; new and deleted files belong to them."""
    save(project, "new.py", "X = 1\n")
    save(project, "shown.py", "import new\n\n\ndef title():\n    return new.X\n")
    status, told, _ = hotswap("plan", "--try", "--json", "game.py", cwd=project)
    found = json.loads(told)
    assert (status, found["files"], found["can_be_swapped"]) == (0, ["new.py", "shown.py"], True)
    assert (found["outcome"]["kind"], found["outcome"]["imported"]) == ("swapped", ["new"])
    assert found["steps"][0] == {
        "action": "remove", "module": "shown", "target": "Enemy", "line": 0, "if": [],
        "reason": "it left the source",
    }  # fmt: skip


EDITS = {
    "syntax": ("enemy.py", "= =\n", (), "the edit would be rolled back: enemy.py:1: SyntaxError: invalid syntax"),
    "raises": ("level.py", "SPEED = 1 / 0\nNAME = ''\n", ("--try",), "kept the old code because level.py:1: ZeroDivision"),
    "course": (
        "game.py", FILES["game.py"].replace("played", "won"), (),
        "needs a restart because [HS101] a statement of the running script was edited (game.py:8)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_that_would_not_go_live_exits_with_1(project, name):
    """Broken text, a statement that raises (when it is tried), the course of the script: told, with the place."""
    file, text, options, expected = EDITS[name]
    save(project, file, text)
    status, told, _ = hotswap("plan", *options, "game.py", cwd=project)
    assert (status, expected in told) == (1, True), told


def test_an_older_version_in_a_folder(project, tmp_path):
    """Without git, against a folder, from elsewhere, with paths as the user knows them."""
    for name, text in FILES.items():
        save(tmp_path / "older", name, text)
    (project / ".git").rename(tmp_path / "git")
    (project / "env").rename(tmp_path / "env")
    save(project, "level.py", "SPEED = 1\nNAME = 'two'\n")
    told = hotswap("plan", "--against", "older", "project/game.py", cwd=tmp_path)
    plan = "1 file changed since older: level.py\nrun      level.NAME (line 2): it was edited\n"
    assert told == (0, plan, "imported\n")


def test_an_old_program_that_does_not_start_is_told(project):
    """It is not the edit that is to blame."""
    save(project, "level.py", "X = 1\n")
    git(project, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qam", "broken")
    save(project, "level.py", FILES["level.py"])
    status, told, _ = hotswap("plan", "game.py", cwd=project)
    assert (
        status,
        told.splitlines()[1].startswith("the program as it was does not start: enemy.py:1: ImportError"),
    ) == (
        1,
        True,
    ), told


def test_a_program_that_does_not_start_has_no_graph(project):
    """Its traceback is shown, also of a `sys.exit`, and the exit status is ours."""
    save(project, "level.py", "import sys\nsys.exit(7)\n")
    status, told, error = hotswap("graph", "game.py", cwd=project)
    assert (status, told, error.splitlines()[-1]) == (1, "", "hotswap: the program does not start: SystemExit: 7")
    assert "level.py" in error


def test_a_plan_does_not_depend_on_the_environment(project):
    """Who has switched hotswap off for running programs still gets the truth."""
    save(project, "level.py", "SPEED = 1\nNAME = 'two'\n")
    assert "run      level.NAME" in hotswap("plan", "game.py", cwd=project, HOTSWAP="0")[1]


MISTAKES = {
    "no program": (("plan",), "which program? give a SCRIPT or -m MODULE"),
    "no file": (("plan", "nowhere.py"), "there is no file"),
    "no revision": (("plan", "--against", "nothing", "game.py"), "give a revision or a folder, --against WHAT"),
    "no module": (("plan", "-m", "nowhere"), "there is no module 'nowhere'"),
    "no name": (("graph", "game.py", "level.MANA"), "'level.MANA' is neither a module of the program nor a name"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_makes_no_sense_exits_with_2(project, name):
    """One clear sentence."""
    words, expected = MISTAKES[name]
    status, told, error = hotswap(*words, cwd=project)
    assert (status, told, expected in error) == (2, "", True), error


# ---------------------------------------------------------------------- graph


def test_a_graph_of_the_whole_program(project):
    """Each module with its file, what it imports from where, and who imports it, directly and by way of others."""
    assert hotswap("graph", "game.py", cwd=project)[1] == (
        "__main__  game.py\n"
        "    imports enemy: Enemy\n"
        "    imports shown\n"
        "enemy  enemy.py\n"
        "    imports level: SPEED\n"
        "    is imported by __main__, shown\n"
        "level  level.py\n"
        "    is imported by enemy, shown\n"
        "    and through these by __main__\n"
        "shown  shown.py\n"
        "    imports enemy: *\n"
        "    imports level\n"
        "    is imported by __main__\n"
    )


def test_who_uses_a_name_is_told_as_a_tree(project):
    """Through imports by name and by star, constants and functions, down to the script."""
    assert hotswap("graph", "game.py", "level.SPEED", cwd=project)[1] == (
        "level.SPEED  level.py\n"
        "    is imported by enemy\n"
        "    is used by enemy.RUN (line 2)\n"
        "        is used by enemy.Enemy.update (line 6)\n"
        "        is used by shown.title (line 5)\n"
    )


def test_cycles_are_told(project):
    """The modules of a circle of imports, once."""
    told = hotswap("graph", "-m", "one", cwd=project)[1].splitlines()
    assert told[-1] == "cycle: one.a → one.b → one.a"


def test_a_graph_for_graphviz(project):
    """One edge for each import, importer → imported, with the names; those of circles are red."""
    told = hotswap("graph", "--dot", "-m", "one", cwd=project)[1]
    assert told.splitlines()[2:] == [
        '    "one";',
        '    "one.a";',
        '    "one.b";',
        '    "one" -> "one.a" [label=""];',
        '    "one.a" -> "one.b" [label="", color=red];',
        '    "one.b" -> "one.a" [label="", color=red];',
        "}",
    ]


def test_a_graph_for_programs(project):
    """What concerns the names that were asked for, as JSON."""
    found = json.loads(hotswap("graph", "--json", "game.py", "level.NAME", cwd=project)[1])
    assert found["uses"] == [{"user": "shown.title", "line": 5, "name": "level.NAME"}]
    assert found["modules"]["level"] == {
        "path": str(project / "level.py"), "imports": {}, "imported_by": ["enemy", "shown"],
    }  # fmt: skip
