"""What happens to files is hinted, by every backend."""

from __future__ import annotations

import os
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.process.watching import BACKENDS, WAYS_TO_SAVE, Folder, in_place


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(backend: str, tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path, **BACKENDS[backend])
    yield made
    made.watcher.stop()


@pytest.fixture
def native(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path, **BACKENDS["inotify"])
    yield made
    made.watcher.stop()


@pytest.mark.parametrize("backend", ["watchdog"])  # the others: see test_watch_rounds.py
@pytest.mark.parametrize("save", WAYS_TO_SAVE)
def test_a_save_is_hinted(folder: Folder, save: Callable[[str, str], None]) -> None:
    """Whatever the way of saving, the file is hinted, and flush() has it at once."""
    folder.write("app/mod.py")
    (path,) = folder.watch("app/mod.py")
    save(path, "x = 2\n")
    folder.wait_for({path})


@pytest.mark.parametrize("save", WAYS_TO_SAVE)
def test_flush_has_a_save_at_once(folder: Folder, save: Callable[[str, str], None]) -> None:
    """Whatever the way of saving, flush() right after it has the file, or an earlier batch had."""
    folder.write("app/mod.py")
    (path,) = folder.watch("app/mod.py")
    save(path, "x = 3\n")
    last = folder.watcher.flush()
    assert path in last.union(*folder.batches)


def test_a_held_index_lock_holds_the_batch(native: Folder) -> None:
    """While git's lock exists nothing settles; a barrier does not wait for it."""
    native.write("app/mod.py")
    native.write(".git/HEAD")
    (path,) = native.watch("app/mod.py")
    lock = Path(native.write(".git/index.lock"))
    in_place(path, "x = 2\n")
    assert not threading.Event().wait(0.5) and native.batches == []
    lock.unlink()
    assert native.wait_for({path}) == [{path}]


def test_a_lock_that_is_not_given_back_holds_for_a_while(tmp_path: Path) -> None:
    """No batch is held for longer than max_hold, whatever git does."""
    folder = Folder(tmp_path, max_hold=0.5)
    folder.write("app/mod.py")
    folder.write(".git/HEAD")
    (path,) = folder.watch("app/mod.py")
    folder.write(".git/index.lock")
    in_place(path, "x = 2\n")
    assert folder.wait_for({path}) == [{path}]
    folder.watcher.stop()


def test_a_stale_index_lock_holds_nothing(tmp_path: Path) -> None:
    """A lock that a dead git left behind does not delay saves."""
    folder = Folder(tmp_path, max_hold=3600.0)
    folder.write("app/mod.py")
    lock = folder.write(".git/index.lock")
    os.utime(lock, (1, 1))
    (path,) = folder.watch("app/mod.py")
    in_place(path, "x = 2\n")
    folder.wait_for({path})
    folder.watcher.stop()


def test_deleting_and_restoring_are_hinted(folder: Folder) -> None:
    """A deleted file is hinted, and once more when it is back."""
    folder.write("app/mod.py")
    (path,) = folder.watch("app/mod.py")
    os.unlink(path)
    folder.wait_for({path})
    folder.forget()
    folder.write("app/mod.py")
    folder.wait_for({path})


def test_a_file_that_does_not_exist_yet_is_hinted_when_created(folder: Folder) -> None:
    """The place of a missing import is watched, though its directories are missing as well."""
    folder.write("app/mod.py")
    (path,) = folder.watch("app/new/deep/mod.py")
    folder.write("app/new/deep/mod.py")
    folder.wait_for({path})


def test_what_appeared_later_is_watched_like_the_rest(folder: Folder) -> None:
    """The directories that came into being are watched for their own renaming too."""
    folder.write("app/mod.py")
    (path,) = folder.watch("app/new/deep/mod.py")
    folder.write("app/new/deep/mod.py")
    folder.wait_for({path})
    folder.forget()
    os.rename(folder.path("app/new"), folder.path("app/old"))
    folder.wait_for({path})


def test_a_removed_package_is_watched_again_when_it_is_back(folder: Folder) -> None:
    """Neither the removal of a directory nor what happens after its return is missed."""
    folder.write("app/pkg/mod.py")
    (path,) = folder.watch("app/pkg/mod.py")
    shutil.rmtree(folder.path("app/pkg"))
    folder.wait_for({path})
    folder.forget()
    folder.write("app/pkg/mod.py")
    folder.wait_for({path})
    folder.forget()
    folder.write("app/pkg/mod.py", "x = 3\n")
    folder.wait_for({path})


@pytest.mark.parametrize("renamed", ["app", "app/pkg", "app/pkg/sub"])
def test_a_renamed_package_hints_all_beneath(folder: Folder, renamed: str) -> None:
    """Renaming a directory, or any above it, hints every tracked file in it; so does renaming it back."""
    names = ["app/pkg/sub/a.py", "app/pkg/sub/b.py"]
    for name in names:
        folder.write(name)
    paths = folder.watch(*names)
    os.rename(folder.path(renamed), folder.path("moved"))
    folder.wait_for(paths)
    folder.forget()
    os.rename(folder.path("moved"), folder.path(renamed))
    folder.wait_for(paths)
    folder.forget()
    in_place(paths[0], "x = 4\n")
    folder.wait_for(paths[:1])


def test_a_swapped_package_hints_all_beneath(folder: Folder) -> None:
    """Another directory of the same name brings other files; their own times may be old."""
    folder.write("app/pkg/mod.py", "x = 1\n")
    new = folder.write("app/pkg2/mod.py", "x = 2\n")
    os.utime(new, (1, 1))
    (path,) = folder.watch("app/pkg/mod.py")
    os.rename(folder.path("app/pkg"), folder.path("app/old"))
    os.rename(folder.path("app/pkg2"), folder.path("app/pkg"))
    folder.wait_for({path})
    folder.forget()
    in_place(path, "x = 3\n")
    folder.wait_for({path})


def test_an_older_file_moved_in_is_hinted(folder: Folder) -> None:
    """A time in the past is a change like any other."""
    folder.write("app/mod.py", "x = 1\n")
    (path,) = folder.watch("app/mod.py")
    old = folder.write("old.py", "x = 2\n")
    os.utime(old, (1, 1))
    os.replace(old, path)
    folder.wait_for({path})


def test_the_same_time_with_another_size_is_hinted(folder: Folder) -> None:
    """A time that was set back does not hide a change."""
    folder.write("app/mod.py", "x = 1\n")
    (path,) = folder.watch("app/mod.py")
    before = os.stat(path)
    in_place(path, "x = 1000\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    folder.wait_for({path})


def test_a_symlinked_file_is_watched_at_both_ends(folder: Folder) -> None:
    """The target's text and the link itself both decide; hints use the spelling that was tracked."""
    target = folder.write("real/mod.py")
    other = folder.write("real/other.py")
    (folder.root / "app").mkdir()
    os.symlink("../real/mod.py", folder.path("app/mod.py"))
    (path,) = folder.watch("app/mod.py")
    in_place(target, "x = 2\n")
    folder.wait_for({path})
    folder.forget()
    os.symlink(other, folder.path("app/link"))
    os.replace(folder.path("app/link"), path)
    folder.wait_for({path})
    folder.forget()
    in_place(other, "x = 3\n")
    folder.wait_for({path})


def test_a_symlinked_package_is_watched_at_both_ends(folder: Folder) -> None:
    """`current -> releases/2`: re-pointing the link hints all files beneath it."""
    for release in ("one", "two"):
        folder.write(f"releases/{release}/mod.py", f"x = {release!r}\n")
    os.symlink("releases/one", folder.path("current"))
    (path,) = folder.watch("current/mod.py")
    in_place(folder.path("releases/one/mod.py"), "x = 2\n")
    folder.wait_for({path})
    folder.forget()
    os.symlink("releases/two", folder.path("next"))
    os.replace(folder.path("next"), folder.path("current"))
    folder.wait_for({path})
    folder.forget()
    in_place(folder.path("releases/two/mod.py"), "x = 3\n")
    folder.wait_for({path})


def test_an_archive_is_a_file_like_any_other(folder: Folder) -> None:
    """A zip that modules were imported from is hinted when it is replaced."""
    path = folder.path("lib.zip")
    for number in range(2):
        with zipfile.ZipFile(path + ".tmp", "w") as archive:
            archive.writestr("mod.py", f"x = {number}\n")
        os.replace(path + ".tmp", path)
        if number == 0:
            folder.watch("lib.zip")
    folder.wait_for({path})


def test_a_write_through_another_hard_link_is_hinted(folder: Folder) -> None:
    """The file's text may change under a name that nobody tracks."""
    folder.write("app/mod.py")
    os.mkdir(folder.path("far"))
    os.link(folder.path("app/mod.py"), folder.path("far/name.py"))
    (path,) = folder.watch("app/mod.py")
    in_place(folder.path("far/name.py"), "x = 2\n")
    assert path in folder.watcher.flush() or folder.wait_for({path})


def test_a_module_tracked_later_is_watched(folder: Folder) -> None:
    """What is imported while watching is watched from then on."""
    folder.write("app/mod.py")
    folder.watch("app/mod.py")
    folder.write("app/sub/late.py")
    late = folder.path("app/sub/late.py")
    folder.watcher.track([late])
    folder.forget()
    in_place(late, "x = 2\n")
    folder.wait_for({late})


def test_an_untracked_module_is_hinted_no_more(native: Folder) -> None:
    """After untrack() neither a batch nor a barrier has the file."""
    native.write("app/mod.py")
    native.write("app/other.py")
    path, other = native.watch("app/mod.py", "app/other.py")
    native.watcher.untrack([path])
    in_place(path, "x = 2\n")
    in_place(other, "x = 2\n")
    assert native.watcher.flush() == {other}


def test_an_edit_before_start_is_in_the_first_flush(folder: Folder) -> None:
    """Between track() and start() nothing is lost either."""
    path = folder.write("app/mod.py", "x = 1\n")
    folder.watcher.track([path])
    folder.watcher.flush()
    in_place(path, "x = 2\n")
    folder.watcher.start()
    folder.wait_for({path})


def test_flush_works_without_start(folder: Folder) -> None:
    """A barrier needs no thread: it looks at the files."""
    path = folder.write("app/mod.py", "x = 1\n")
    folder.watcher.track([path])
    folder.watcher.flush()
    in_place(path, "x = 2\n")
    assert folder.watcher.flush() == {path}
