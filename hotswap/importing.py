"""The import hook: tracked modules are compiled from the bytes noted as their source, and observed while they run.

Only the two source loaders of the standard library are hooked, on the class: specs, loaders and modules look as always.
Cached bytecode is not used for tracked modules, because its check (time in seconds, and size) misses everyday edits.
"""

from __future__ import annotations

import importlib._bootstrap as bootstrap
import os
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from types import ModuleType

from hotswap import asked, imprint
from hotswap.index import Index, Tracked
from hotswap.source import Source
from hotswap.trace import Tracer


class ImportHook:
    """Installed while a reloader watches."""

    def __init__(self, index: Index, tracer: Tracer, on_load: Callable[[Tracked], None]) -> None:
        self.index, self.tracer, self.on_load = index, tracer, on_load
        self.enabled = False

    def install(self) -> None:
        """Hook the loader, if it is not hooked (as in a forked child)."""
        self.enabled = True
        if self not in hooks:
            hooks.append(self)
        SourceFileLoader.exec_module = exec_module  # type: ignore[method-assign, assignment]  # undone by the last remove()

    def remove(self) -> None:
        """Unhook the loader, unless another reloader still needs it."""
        self.enabled = False
        if self in hooks:
            hooks.remove(self)
        if not hooks and "exec_module" in vars(SourceFileLoader):
            del SourceFileLoader.exec_module

    def wants(self, path: str) -> bool:
        """Whether the hook is to load the file."""
        return self.enabled and self.index.scope.contains(path)

    def load(self, loader: SourceFileLoader, module: ModuleType) -> None:
        """Compile what is on disk now, run it, and note both."""
        path = os.path.abspath(loader.path)
        self.index.attempted.add(path)
        self.index.begins(module.__name__)
        self.index.note_again(module)
        data = loader.get_data(loader.path)
        source = Source(path, data)
        code = loader.source_to_code(data, loader.path)
        take_in_parts(module)
        self.tracer.asks_for(module.__name__)
        with asked.made_anew(module.__name__), self.tracer.recording(code, data) as lines:
            tracked = Tracked(module.__name__, path, source, calls=lines if self.tracer.observes else None)
            tracked.deposits = self.tracer.observes
            bootstrap._call_with_frames_removed(  # type: ignore[attr-defined]  # private, but named in importlib's own tracebacks
                exec, code, module.__dict__
            )
        if module.__name__ in sys.modules:
            tracked.replaced = sys.modules[module.__name__] is not module
            tracked.imprint = imprint.take(module.__dict__, module.__name__)
            self.index.put(tracked)
            self.on_load(tracked)


def take_in_parts(package: ModuleType) -> None:
    """Let a package that is imported once more have the modules in it that stayed when its import failed.

    The import system sets such an attribute only when it loads the module in it.
    """
    if "__path__" in vars(package):
        prefix = f"{package.__name__}."
        for name in [name for name in list(sys.modules) if name.startswith(prefix)]:
            leaf = name.removeprefix(prefix)
            if "." not in leaf:
                vars(package).setdefault(leaf, sys.modules[name])


hooks: list[ImportHook] = []
_original = SourceFileLoader.exec_module


def exec_module(loader: SourceFileLoader, module: ModuleType) -> None:
    """Stands in for the method of the standard loaders."""
    for hook in hooks:
        if hook.wants(loader.path):
            return hook.load(loader, module)
    return _original(loader, module)


# The interpreter leaves the frames of importlib out of the tracebacks of failed imports, told by their file name.
for function in (exec_module, ImportHook.load):
    function.__code__ = function.__code__.replace(co_filename="<frozen importlib._bootstrap_external>")
