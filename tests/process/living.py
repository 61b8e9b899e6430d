"""A program in this process that is kept in step by a reloader of its own, and what that told."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from hotswap import asked, assets
from hotswap.model import Outcome
from hotswap.reloader import Reloader
from tests.process.watching import PATIENCE

# By events, and by looking only.
WATCHED: dict[str, dict[str, Any]] = {"inotify": {}, "scan": {"poll": 0.05}}
# So long that a slow machine cannot tear one save into two rounds.
QUIET = {"inotify": 0.3, "scan": 0.1}


class Living:
    """Modules under `root`; saved files go live by themselves, on the watcher's thread."""

    def __init__(self, root: Path, **options: Any) -> None:
        self.root = root
        self.outcomes: list[Outcome] = []
        self._came = threading.Condition()
        self.reloader = Reloader(root, **{"apply": "thread", "report": self._note, **options})
        settler = self.reloader._watcher._lookout.settler
        settler._quiet = quiet = QUIET["scan" if options.get("poll") else "inotify"]
        settler._alone = quiet / 3

    def _note(self, outcome: Outcome) -> None:
        with self._came:
            self.outcomes.append(outcome)
            self._came.notify_all()

    def path(self, name: str) -> str:
        return str(self.root / name)

    def write(self, name: str, text: str) -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def load(self, *texts: str, **more: str) -> list[Any]:
        """Save modules, import them, and begin to watch.  Give path and text in turns, or names as keywords."""
        files = dict(zip(texts[::2], texts[1::2], strict=True)) | {f"{name}.py": text for name, text in more.items()}
        for path, text in files.items():
            self.write(path, text)
        importlib.invalidate_caches()
        modules = [importlib.import_module(name_of(path)) for path in files]
        self.start()
        return modules

    def start(self) -> None:
        """Watch; what was saved before is no news."""
        self.reloader.start()
        self.reloader.sync()
        self.outcomes.clear()

    def wait_for(self, condition: Callable[[], object]) -> list[Outcome]:
        """What was told until the condition holds after a round."""
        with self._came:
            done = self._came.wait_for(condition, PATIENCE)
            assert done, (self.outcomes, str(self.reloader.status()))
            return list(self.outcomes)

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Run bytecodes, as a program does, until the condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, (self.outcomes, str(self.reloader.status()))
            time.sleep(0.01)

    def rounds(self, count: int = 1) -> list[str]:
        """How the rounds ended, until there were so many."""
        return [outcome.kind for outcome in self.wait_for(lambda: len(self.outcomes) >= count)]

    def close(self) -> None:
        self.reloader.stop()
        asked.forget(lambda _: True)
        assets.assets.clear()
        for name in [n for n, m in list(sys.modules.items()) if self._is_mine(m)]:
            del sys.modules[name]

    def _is_mine(self, module: ModuleType) -> bool:
        place = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)
        return place is not None and str(place).startswith(str(self.root))


def name_of(path: str) -> str:
    """The module of a file."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@contextmanager
def living_in(root: Path, **options: Any) -> Iterator[Living]:
    """A program that can be imported while the block runs, and is forgotten afterwards."""
    sys.path.insert(0, str(root))
    program = Living(root, **options)
    try:
        yield program
    finally:
        program.close()
        sys.path.remove(str(root))
        importlib.invalidate_caches()
