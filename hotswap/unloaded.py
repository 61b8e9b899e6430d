"""Modules that are not loaded yet: where their files would be, and for which modules these ask in their turn."""

from __future__ import annotations

import os
import sys

from hotswap.files import read
from hotswap.imports import imports_of
from hotswap.index import Index, Tracked
from hotswap.looking import own_space
from hotswap.source import Source


def places(name: str, index: Index) -> list[str]:
    """The files from which a module of the program would be loaded, whether they are there or not."""
    parent, _, leaf = name.rpartition(".")
    if leaf in own_space(sys.modules.get(parent)):
        return []
    if not parent:
        folders = sys.path
    elif parent in sys.modules:
        folders = getattr(sys.modules[parent], "__path__", [])
    else:
        folders = [os.path.join(f, *parent.split(".")) for f in sys.path]
    found = [os.path.join(os.path.abspath(f), leaf) for f in folders]
    files = (file for place in found for file in (f"{place}.py", os.path.join(place, "__init__.py")))
    return [file for file in files if index.scope.contains(file)]


class Unloaded:
    """What is asked for by modules that are not loaded; each file is read once, so only for one round."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._known: dict[str, frozenset[str]] = {}

    def asks(self, name: str) -> frozenset[str]:
        """The modules for which a module asks as it is imported; none when it is loaded, or its file is not there."""
        if name in sys.modules:
            return frozenset()
        if name not in self._known:
            self._known[name] = self._imports(name)
        return self._known[name]

    def _imports(self, name: str) -> frozenset[str]:
        for path in places(name, self.index):
            data = read(path)
            if data is not None:
                try:
                    return imports_of(Tracked(name, path, Source(path, data)), eager=True)
                except (SyntaxError, ValueError):  # whoever imports it tells of that
                    break
        return frozenset()
