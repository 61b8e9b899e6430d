"""A folder with sources, a watcher on them, and the ways in which programs save files."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from hotswap.watch import Watcher
from hotswap.watching.observer import Observed

PATIENCE = 20.0  # a bound, not a wait: reached only by a failing test

# What a test passes to `Folder` for each way of noticing changes.  Quiet times are long, so that a slow machine
# cannot tear one save into two batches.
BACKENDS: dict[str, dict[str, Any]] = {
    "inotify": {"quiet": 0.3},
    "watchdog": {"quiet": 0.3, "native": Observed, "reconcile": 0.5},
    "scan": {"quiet": 0.2, "poll": 0.05},
}


class Folder:
    """Sources under `root`, and a running watcher on those that were tracked."""

    def __init__(self, root: Path, **options: Any) -> None:
        self.root = root
        self.batches: list[frozenset[str]] = []
        self._came = threading.Condition()
        self.watcher = Watcher(notify=self._take, **options)

    def _take(self) -> None:
        batch = self.watcher.take()
        with self._came:
            self.batches.append(batch)
            self._came.notify_all()

    def path(self, name: str) -> str:
        return str(self.root / name)

    def write(self, name: str, text: str = "x = 1\n") -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def watch(self, *names: str) -> list[str]:
        """Track the files, start, and forget what that hints."""
        paths = [self.path(name) for name in names]
        self.watcher.track(paths)
        self.watcher.start()
        self.forget()
        return paths

    def forget(self) -> None:
        self.watcher.flush()
        with self._came:
            self.batches.clear()

    def wait_for(self, paths: Iterable[str]) -> list[frozenset[str]]:
        """The batches until all these paths have been hinted."""
        wanted = set(paths)
        with self._came:
            done = self._came.wait_for(lambda: wanted <= set().union(*self.batches), PATIENCE)
            assert done, f"{wanted - set().union(*self.batches)} was not hinted; {self.watcher.status()}"
            return list(self.batches)

    def wait_until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.watcher.status()
            time.sleep(0.01)


def in_place(path: str, text: str) -> None:
    """`open(path, "w")`: nano, VS Code, most scripts."""
    Path(path).write_text(text)


def renamed_onto(path: str, text: str) -> None:
    """A temporary file renamed onto the source: formatters, git, most "safe" writers."""
    Path(path + ".tmp").write_text(text)
    os.replace(path + ".tmp", path)


def like_vim(path: str, text: str) -> None:
    """The source becomes the backup, and is written anew."""
    probe = os.path.join(os.path.dirname(path), "4913")
    Path(probe).write_text("")
    os.unlink(probe)
    os.rename(path, path + "~")
    Path(path).write_text(text)
    os.chmod(path, 0o644)
    os.unlink(path + "~")


def like_vim_with_a_backup_folder(path: str, text: str) -> None:
    """The source is moved out of every watched directory first."""
    backups = os.path.join(os.path.dirname(os.path.dirname(path)), "backups")
    os.makedirs(backups, exist_ok=True)
    os.rename(path, os.path.join(backups, "backup~"))
    Path(path).write_text(text)


def like_pycharm(path: str, text: str) -> None:
    """Written beside, the source moved away, the new one moved in."""
    Path(path + "___jb_tmp___").write_text(text)
    os.rename(path, path + "___jb_old___")
    os.rename(path + "___jb_tmp___", path)
    os.unlink(path + "___jb_old___")


def like_emacs(path: str, text: str) -> None:
    """A lock that is a dangling link, a backup, and a write in place."""
    lock = os.path.join(os.path.dirname(path), ".#" + os.path.basename(path))
    os.symlink("somebody@somewhere.1234", lock)
    os.rename(path, path + "~")
    Path(path).write_text(text)
    os.unlink(lock)


def with_sed(path: str, text: str) -> None:
    """The real `sed -i`."""
    subprocess.run(["sed", "-i", f"s/.*/{text.strip()}/", path], check=True)


def in_two_parts(path: str, text: str) -> None:
    """A slow writer that pauses in the middle for longer than the quiet time."""
    half = len(text) // 2
    with open(path, "w", encoding="utf-8") as file:
        file.write(text[:half])
        file.flush()
        time.sleep(0.4)
        file.write(text[half:])


def deleted_and_written(path: str, text: str) -> None:
    """Unlink, then a new file under the same name."""
    os.unlink(path)
    Path(path).write_text(text)


def linked_into_place(path: str, text: str) -> None:
    """A hard link to a file that was written elsewhere: nobody closes it under this name."""
    source = os.path.join(os.path.dirname(os.path.dirname(path)), "elsewhere.txt")
    Path(source).write_text(text)
    os.unlink(path)
    os.link(source, path)
    os.unlink(source)


WAYS_TO_SAVE = [
    in_place, renamed_onto, like_vim, like_vim_with_a_backup_folder, like_pycharm, like_emacs, with_sed, in_two_parts,
    deleted_and_written, linked_into_place,
]  # fmt: skip
