"""Files that are no modules of the program yet: which of them would be, or are looked for, when they come or change."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.machinery import all_suffixes

from hotswap.files import read
from hotswap.graph import Graph
from hotswap.imports import imports_of
from hotswap.index import Index, Tracked
from hotswap.model import Change, ChangeSet
from hotswap.scanning import Listed
from hotswap.unloaded import places


class Wanted:
    """What modules asked for in vain, and what stands unused in folders that they look through."""

    def __init__(self, index: Index, graph: Graph) -> None:
        self.index, self.graph = index, graph
        self._unloaded: dict[str, bytes | None] = {}
        """What these files held when they were asked for, or listed; None: they were not there."""
        self._folders: set[Listed] = set()

    def want(self, tracked: Tracked) -> list[str]:
        """Note the files that a module asked for in vain: if one appears or changes, the imports are tried again."""
        imports = self.graph.imports(tracked) if tracked.generation else imports_of(tracked)
        found = [p for name in imports if name not in sys.modules for p in places(name, self.index)]
        found += self._listed(tracked)
        for path in found:
            self._unloaded.setdefault(path, read(path))
        return found

    def _listed(self, tracked: Tracked) -> Iterator[str]:
        """The sources in folders that a module looked through, and that are no modules."""
        for folder in {each.folder for calls in list((tracked.calls or {}).values()) for each in calls.listed}:
            try:
                names = os.listdir(folder)
            except OSError:
                continue
            for path in (os.path.join(folder, name) for name in names if name.endswith(".py")):
                if self.index.scope.contains(path) and not self.index.at(path):
                    yield path

    def folders(self) -> Iterator[tuple[str, str]]:
        """The folders that modules look through, and what sources in them are called: those of which nobody was told.

        A package counts where its folder stands.
        """
        found = self.graph.all_scanned()
        new, self._folders = found - self._folders, found
        for each in new:
            yield each.folder, "**/*.py" if each.deep else "*.py"
            if not each.deep:
                yield each.folder, "*/__init__.py"

    # ------------------------------------------------------------------ what comes and goes

    def is_news(self, path: str) -> bool:
        """Whether a file that is not loaded was not there, or was another one, when it was asked for."""
        if any(t.away for t in self.index.at(path)):
            return True
        if self.module_name(path) is None:
            return self._unloaded.get(path) is None and bool(self.graph.scanned(path))
        return read(path) != self._unloaded.get(path)

    def gone(self, paths: set[str]) -> ChangeSet:
        """Those that are no modules, were seen in a folder, and are not there any more."""
        known = (path for path in paths if self._unloaded.get(path) is not None and not self.index.at(path))
        return tuple(Change(path=p, kind="deleted") for p in known if self.graph.scanned(p) and read(p) is None)

    def coming(self, changes: ChangeSet) -> list[str]:
        """The files that come, or go, and are not only others than before."""
        came = [c.path for c in changes if c.kind == "added" and self._unloaded.get(c.path) is None]
        return [*came, *(c.path for c in changes if c.kind == "deleted")]

    def note(self, path: str) -> None:
        """A round has gone live that was about this file, among others."""
        if not self.index.at(path) and (path in self._unloaded or self.graph.scanned(path)):
            self._unloaded[path] = read(path)

    def module_name(self, path: str) -> str | None:
        """The name under which a new file would be imported; None when nobody can import it."""
        if not path.endswith(tuple(all_suffixes())):
            return None  # a table beside the modules
        stem = os.path.dirname(path) if os.path.basename(path) == "__init__.py" else os.path.splitext(path)[0]
        folder, leaf = os.path.split(stem)
        for tracked in self.index.modules.values():
            if tracked.is_package and os.path.dirname(tracked.path) == folder:
                return f"{tracked.name}.{leaf}"
        for entry in sys.path:
            if os.path.abspath(entry or os.curdir) == folder:
                return leaf
            base = os.path.abspath(entry or os.curdir) + os.sep
            if stem.startswith(base):
                dotted = stem[len(base) :].replace(os.sep, ".")
                if dotted.rpartition(".")[0] in sys.modules or path in self._unloaded:
                    return dotted
        return None
