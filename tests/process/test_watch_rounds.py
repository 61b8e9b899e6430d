"""From the save to the live program: each save is one round with the whole text, and nothing else is a round."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hotswap.model import Swapped
from hotswap.watching import echo
from tests.process.living import WATCHED, Living, living_in
from tests.process.watching import WAYS_TO_SAVE, in_place, like_emacs, renamed_onto


@pytest.fixture(params=WATCHED)
def living(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Living]:
    with living_in(tmp_path, **WATCHED[request.param]) as program:
        yield program


@pytest.fixture
def native(tmp_path: Path) -> Iterator[Living]:
    with living_in(tmp_path) as program:
        yield program


def quiet(living: Living, sentinel: Any) -> list[str]:
    """The rounds until a later save of another module is live: their files."""
    in_place(sentinel.__file__, "X = 1\n")
    living.wait_for(lambda: sentinel.__dict__.get("X") == 1)
    return [os.path.basename(change.path) for outcome in living.outcomes for change in outcome.changes]


# ---------------------------------------------------------------------- one save, one round


@pytest.mark.parametrize("save", WAYS_TO_SAVE)
def test_a_save_is_one_round_with_the_whole_text(living: Living, save: Callable[[str, str], None]) -> None:
    """In place, slowly in two parts, renamed, as vim, PyCharm and emacs do it, with `sed -i`: swapped once, whole."""
    mod, sentinel = living.load(mod="value = 'old'\n", sentinel="X = 0\n")
    save(mod.__file__, "value = 'whole'\n")
    living.wait_for(lambda: mod.__dict__.get("value") == "whole")
    assert quiet(living, sentinel) == ["mod.py", "sentinel.py"]


@pytest.mark.skipif(shutil.which("vim") is None, reason="there is no vim")
@pytest.mark.parametrize("settings", ["backupcopy=no", "backupcopy=yes", "backup"])
def test_the_real_vim_saves(living: Living, settings: str) -> None:
    """However it is set up: one round with the whole text."""
    mod, sentinel = living.load(mod="value = 'old'\n", sentinel="X = 0\n")
    command = [
        "vim",
        "-u",
        "NONE",
        "-n",
        "-es",
        "-c",
        f"set {settings}",
        "-c",
        "%s/old/whole/",
        "-c",
        "wq",
        mod.__file__,
    ]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=60)
    living.wait_for(lambda: mod.__dict__.get("value") == "whole")
    assert quiet(living, sentinel) == ["mod.py", "sentinel.py"]


def test_locks_and_backups_of_editors_are_no_rounds(living: Living) -> None:
    """What emacs puts beside the file while it is edited is of no interest."""
    mod, sentinel = living.load(mod="X = 1\n", sentinel="X = 0\n")
    os.symlink("somebody@somewhere.1234", living.path(".#mod.py"))
    for name in ("#mod.py#", "mod.py~", "4913", ".mod.py.swp", "mod.py.tmp"):
        living.write(name, "X = 2\n")
    assert (quiet(living, sentinel), mod.X) == (["sentinel.py"], 1)


def test_a_touch_is_no_round(living: Living) -> None:
    """Another time and the same text."""
    mod, sentinel = living.load(mod="X = 1\n", sentinel="X = 0\n")
    os.utime(mod.__file__)
    assert quiet(living, sentinel) == ["sentinel.py"]


@pytest.mark.parametrize("save", [in_place, renamed_onto, like_emacs])
def test_the_same_bytes_are_no_round(living: Living, save: Callable[[str, str], None]) -> None:
    """Saved again without a change."""
    mod, sentinel = living.load(mod="X = 1\n", sentinel="X = 0\n")
    save(mod.__file__, "X = 1\n")
    assert quiet(living, sentinel) == ["sentinel.py"]


def test_an_edit_that_is_undone_is_no_round(living: Living) -> None:
    """Edited and back again before anybody looked."""
    mod, sentinel = living.load(mod="X = 1\n", sentinel="X = 0\n")
    in_place(mod.__file__, "X = 2\n")
    in_place(mod.__file__, "X = 1\n")
    assert (quiet(living, sentinel), mod.X) == (["sentinel.py"], 1)


def test_a_save_and_its_formatting_are_one_round(living: Living) -> None:
    """The formatter writes the file once more, right after the editor."""
    mod, sentinel = living.load(mod="X = 1\n", sentinel="X = 0\n")
    in_place(mod.__file__, "X=2\n")
    renamed_onto(mod.__file__, "X = 2\n")
    assert (quiet(living, sentinel), mod.X) == (["mod.py", "sentinel.py"], 2)


def test_a_formatter_is_noticed(native: Living, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second save that changes layout alone is remembered, so that the next save can be given the time for it."""
    monkeypatch.setattr(echo, "_LONGEST", 60.0)  # a slow machine is no slow formatter
    (mod,) = native.load(mod="def f():\n    return 1\n")
    in_place(mod.__file__, "def f():\n    return  2\n")
    native.rounds(1)
    before = native.reloader._watcher._lookout.settler._echo._gap
    in_place(mod.__file__, "def f():\n    return 2\n")
    native.rounds(2)
    assert (before, native.reloader._watcher._lookout.settler._echo._gap > 0) == (0.0, True)


def test_an_older_file_that_is_moved_in_goes_live(living: Living) -> None:
    """A time in the past is a change like any other."""
    (mod,) = living.load(mod="X = 1\n")
    old = living.write("old.txt", "X = 2\n")
    os.utime(old, (1, 1))
    os.replace(old, mod.__file__)
    assert (living.rounds(), mod.X) == (["swapped"], 2)


def test_the_same_time_with_another_size_goes_live(living: Living) -> None:
    """Contents decide, not times."""
    (mod,) = living.load(mod="X = 1\n")
    before = os.stat(mod.__file__)
    in_place(mod.__file__, "X = 1000\n")
    os.utime(mod.__file__, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (living.rounds(), mod.X) == (["swapped"], 1000)


def test_an_edit_between_import_and_start_goes_live(living: Living) -> None:
    """What was edited after it was imported, and before anybody watched, is noticed when watching begins."""
    living.write("mod.py", "def f():\n    return 1\n")
    import mod  # type: ignore[import-not-found]

    living.write("mod.py", "def f():\n    return 2\n")
    living.reloader.start()
    living.wait_for(lambda: mod.f() == 2)


# ---------------------------------------------------------------------- many files


def test_a_burst_is_one_round(native: Living) -> None:
    """500 files that are saved one right after the other."""
    names = [f"m{number}" for number in range(500)]
    modules = native.load(**dict.fromkeys(names, "X = 1\n"))
    for module in modules:
        renamed_onto(module.__file__, "X = 2\n")
    native.wait_for(lambda: all(module.X == 2 for module in modules))
    assert [len(outcome.changes) for outcome in native.outcomes] == [500]


@pytest.mark.parametrize("what", ["checkout", "stash"])
def test_git_rewrites_hundreds_of_files_in_one_round(native: Living, what: str) -> None:
    """However long it takes: while git has the index locked nothing goes live."""
    names = [f"m{number}" for number in range(300)]
    for name in names:
        native.write(f"{name}.py", "X = 1\n")
    git(native, "init", "-q")
    commit(native, "one")
    git(native, "branch", "other")
    for name in names:
        native.write(f"{name}.py", "X = 2\n")
    if what == "checkout":
        commit(native, "two")
    modules = native.load(**dict.fromkeys(names, "X = 2\n"))
    git(native, *(("checkout", "-q", "other") if what == "checkout" else ("stash", "-q")))
    native.wait_for(lambda: all(module.X == 1 for module in modules))
    assert [len(outcome.changes) for outcome in native.outcomes] == [300]


def test_a_rebase_of_several_commits_is_one_round(native: Living) -> None:
    """Git lets go of its lock between two commits for a moment, and takes it again."""
    names = [f"m{number}" for number in range(60)]
    for name in names:
        native.write(f"{name}.py", "X = 1\n")
    git(native, "init", "-q", "-b", "main")
    commit(native, "one")
    git(native, "checkout", "-q", "-b", "topic")
    for number in range(3):
        for name in names[number::3]:
            native.write(f"{name}.py", f"X = 'topic {number}'\n")
        commit(native, f"topic {number}")
    git(native, "checkout", "-q", "main")
    native.write("more.py", "Y = 1\n")
    commit(native, "two")
    modules = native.load(**{name: (native.root / f"{name}.py").read_text() for name in names})
    git(native, "rebase", "-q", "main", "topic")
    native.wait_for(lambda: all(str(module.X).startswith("topic") for module in modules))
    assert [len(outcome.changes) for outcome in native.outcomes] == [60]


def git(living: Living, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "gc.auto=0", "-c", "advice.detachedHead=false"]
    subprocess.run(["git", *who, *arguments], cwd=living.root, check=True, capture_output=True)


def commit(living: Living, message: str) -> None:
    git(living, "add", "*.py")
    git(living, "commit", "-qm", message)


# ---------------------------------------------------------------------- files that come and go


def test_a_deleted_module_goes_and_comes_back(living: Living) -> None:
    """Deleted: no longer importable.  Restored: the same module, with the new text."""
    (mod,) = living.load(mod="X = 1\n")
    os.unlink(mod.__file__)
    living.wait_for(lambda: "mod" not in sys.modules)
    living.write("mod.py", "X = 2\n")
    living.wait_for(lambda: mod.__dict__.get("X") == 2)
    assert (sys.modules["mod"] is mod, [outcome.kind for outcome in living.outcomes]) == (True, ["swapped"] * 2)


def test_a_removed_package_comes_back(living: Living) -> None:
    """The whole folder is deleted and made anew; what happens in it afterwards is seen as well."""
    _, mod = living.load("pkg/__init__.py", "# a package\n", "pkg/mod.py", "X = 1\n")
    shutil.rmtree(living.path("pkg"))
    living.wait_for(lambda: "pkg.mod" not in sys.modules)
    living.write("pkg/__init__.py", "# a package\n")
    living.write("pkg/mod.py", "X = 2\n")
    living.wait_for(lambda: mod.__dict__.get("X") == 2)
    living.write("pkg/mod.py", "X = 3\n")
    living.wait_for(lambda: mod.__dict__.get("X") == 3)


def test_a_renamed_package_is_followed_by_those_who_import_it(living: Living) -> None:
    """The folder gets another name and the program imports that: one round, with the new module."""
    _, _, main = living.load(
        "pkg/__init__.py", "# a package\n", "pkg/mod.py", "X = 1\n", "user.py", "from pkg.mod import X\nY = X\n"
    )
    os.rename(living.path("pkg"), living.path("other"))
    living.write("user.py", "from other.mod import X\nY = X + 1\n")
    living.wait_for(lambda: main.__dict__.get("Y") == 2)
    assert ("pkg.mod" in sys.modules, "other.mod" in sys.modules) == (False, True)
    living.write("other/mod.py", "X = 5\n")
    living.wait_for(lambda: main.__dict__.get("Y") == 6)


def test_a_new_module_that_an_edit_imports_is_watched(living: Living) -> None:
    """Made and imported in one go; its later edits go live too."""
    (user,) = living.load(user="Y = 1\n")
    living.write("fresh.py", "X = 2\n")
    living.write("user.py", "from fresh import X\nY = X\n")
    living.wait_for(lambda: user.Y == 2)
    living.write("fresh.py", "X = 3\n")
    living.wait_for(lambda: user.Y == 3)


def test_an_import_that_failed_succeeds_once_its_file_is_there(living: Living) -> None:
    """The round waits for the missing module: nothing else needs to be saved."""
    (user,) = living.load(user="Y = 1\n")
    living.write("user.py", "from later.mod import X\nY = X\n")
    assert living.rounds() == ["rolled_back"]
    living.write("later/mod.py", "X = 2\n")
    living.wait_for(lambda: user.Y == 2)


def test_a_syntax_error_is_waited_out(living: Living) -> None:
    """The file that did not compile is watched on, and its next save goes live."""
    (mod,) = living.load(mod="X = 1\n")
    in_place(mod.__file__, "X = (\n")
    assert (living.rounds(), mod.X) == (["rolled_back"], 1)
    in_place(mod.__file__, "X = (2)\n")
    assert (living.rounds(2), mod.X) == (["rolled_back", "swapped"], 2)


def test_a_module_that_is_imported_later_is_watched(living: Living) -> None:
    """Whoever imports it, and whenever."""
    living.load(mod="X = 1\n")
    living.write("late.py", "X = 1\n")
    import late  # type: ignore[import-not-found]

    living.write("late.py", "X = 2\n")
    living.wait_for(lambda: late.X == 2)


def test_symbolic_links_are_followed(living: Living) -> None:
    """A module and a package that are links: the target's text counts, and where the link leads."""
    living.write("real/one.py", "X = 1\n")
    living.write("real/two.py", "X = 2\n")
    living.write("releases/1/part.py", "X = 'first'\n")
    living.write("releases/2/part.py", "X = 'second'\n")
    os.symlink("real/one.py", living.path("mod.py"))
    os.symlink("releases/1", living.path("current"))
    import current.part  # type: ignore[import-not-found]
    import mod

    living.start()
    in_place(living.path("real/one.py"), "X = 11\n")
    living.wait_for(lambda: mod.X == 11)
    os.symlink("real/two.py", living.path("link"))
    os.replace(living.path("link"), living.path("mod.py"))
    living.wait_for(lambda: mod.X == 2)
    os.symlink("releases/2", living.path("link"))
    os.replace(living.path("link"), living.path("current"))
    living.wait_for(lambda: current.part.X == "second")
    in_place(living.path("releases/2/part.py"), "X = 'third'\n")
    living.wait_for(lambda: current.part.X == "third")


def test_a_replaced_archive_changes_its_modules(living: Living) -> None:
    """A zip from which modules were imported: those that differ in the new one are swapped, in one round."""
    archive = living.path("lib.zip")
    pack(archive, {"inside/__init__.py": "", "inside/a.py": "X = 1\n", "inside/b.py": "from .a import X\nY = X\n"})
    sys.path.insert(0, archive)
    try:
        from inside import a, b  # type: ignore[import-not-found]
    finally:
        sys.path.remove(archive)
    living.start()
    pack(archive, {"inside/__init__.py": "", "inside/a.py": "\nX = 2\n", "inside/b.py": "from .a import X\nY = X\n"})
    (outcome,) = living.wait_for(lambda: living.outcomes)
    assert (type(outcome), [c.path for c in outcome.changes]) == (Swapped, [f"{archive}/inside/a.py"])
    assert (a.X, b.Y) == (2, 2)


def pack(archive: str, members: dict[str, str]) -> None:
    with zipfile.ZipFile(archive + ".tmp", "w") as file:
        for name, text in members.items():
            file.writestr(name, text)
    os.replace(archive + ".tmp", archive)


def test_an_archive_that_cannot_be_read_changes_nothing(living: Living) -> None:
    """Half a zip: the old code stays, the reason is told, and the next good one goes live."""
    archive = living.path("lib.zip")
    pack(archive, {"packed.py": "X = 1\n"})
    sys.path.insert(0, archive)
    try:
        import packed  # type: ignore[import-not-found]
    finally:
        sys.path.remove(archive)
    living.start()
    Path(archive).write_bytes(b"PK\3\4 and no more")
    (outcome,) = living.wait_for(lambda: living.outcomes)
    assert (outcome.kind, packed.X, "the archive cannot be read" in str(outcome)) == ("rolled_back", 1, True)
    pack(archive, {"packed.py": "X = 2\n"})
    living.wait_for(lambda: packed.X == 2)


# ---------------------------------------------------------------------- when nobody saved


def test_planning_takes_nothing_away(native: Living) -> None:
    """`plan()` looks at what was saved; it goes live by itself all the same."""
    (mod,) = native.load(mod="X = 1\n")
    in_place(mod.__file__, "X = 2\n")
    assert [step.target for step in native.reloader.plan().steps] == ["X"]
    assert (native.rounds(), mod.X) == (["swapped"], 2)


def test_an_interrupted_round_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a round: the save is still there for the next one."""
    monkeypatch.setitem(sys.modules, "interrupts", Interrupts("interrupts"))
    with living_in(tmp_path, apply="manual") as program:
        (mod,) = program.load(mod="X = 1\n")
        in_place(mod.__file__, "X = 2\nimport interrupts\ninterrupts.next()\n")
        with pytest.raises(KeyboardInterrupt):
            program.reloader.sync()
        assert (program.reloader.sync().kind, mod.X) == ("swapped", 2)


class Interrupts(ModuleType):
    """The first time somebody presses Ctrl-C."""

    pressed = False

    def next(self) -> None:
        if not self.pressed:
            self.pressed = True
            raise KeyboardInterrupt


def test_no_round_begins_in_the_middle_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The main thread is asked to apply a second save while it is inside of a round: that is done behind it, once."""
    gate = ModuleType("gate")
    monkeypatch.setitem(sys.modules, "gate", gate)
    with living_in(tmp_path, apply="auto") as program:
        mod, other = program.load(mod="X = 1\n", other="Y = 1\n")
        seen: list[int] = []

        def dwell() -> None:
            in_place(other.__file__, "Y = 2\n")
            program.wait_until(lambda: program.reloader._put_off)
            seen.append(other.Y)

        gate.dwell = dwell  # type: ignore[attr-defined]
        in_place(mod.__file__, "import gate\nX = 2\ngate.dwell()\n")
        program.reloader.sync()
        program.wait_until(lambda: other.Y == 2)
        assert (seen, program.rounds(2)) == ([1], ["swapped", "swapped"])
