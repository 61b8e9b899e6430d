"""Textbook: importlib.reload of the changed modules and of all that import them, dependencies first.

The graph is read from the import statements that run at import time (not those in functions, under TYPE_CHECKING or
for __main__); cycles are cut where the order of the first import cut them.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from . import Base, Told


class Adapter(Base):
    """What most people write second."""

    def apply(self) -> Told:
        importlib.invalidate_caches()
        edited, _, _ = self.changes()
        order = self._order(edited)
        self.executed = len(order)
        for name in order:
            try:
                importlib.reload(sys.modules[name])
            except Exception as error:  # noqa: BLE001  the module's own
                self.errors.append(f"reload of {name}: {type(error).__name__}: {error}")
        return "rollback" if self.errors else "live"

    def _order(self, edited: list[Path]) -> list[str]:
        """The names of the modules to reload, dependencies first."""
        loaded = self.loaded()
        known = {module.__name__: None for module in loaded.values()}
        needs = {module.__name__: imports_of(module, path) & known.keys() for path, module in loaded.items()}
        stale = {loaded[path].__name__ for path in edited if path in loaded}
        while more := {name for name in known if name not in stale and needs[name] & stale}:
            stale |= more
        order: dict[str, None] = {}
        visiting: set[str] = set()

        def visit(name: str) -> None:
            if name in visiting:
                return
            visiting.add(name)
            for need in known:
                if need in needs[name] & stale:
                    visit(need)
            order[name] = None

        for name in known:
            if name in stale:
                visit(name)
        return list(order)


def imports_of(module: ModuleType, path: Path) -> set[str]:
    """The modules that its import statements ask for.  Empty when the file cannot be parsed."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()
    package = module.__name__ if path.name == "__init__.py" else module.__name__.rpartition(".")[0]
    named: set[str] = set()
    for node in run_at_import(tree):
        if isinstance(node, ast.Import):
            named.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, package)
            for alias in node.names:
                full = f"{base}.{alias.name}"
                named.add(full if full in sys.modules else base)
    return named - {module.__name__}


def absolute(node: ast.ImportFrom, package: str) -> str:
    """The module that the statement imports from."""
    if not node.level:
        return node.module or ""
    parent = package.rsplit(".", node.level - 1)[0]
    return f"{parent}.{node.module}" if node.module else parent


def run_at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when the module is imported."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and ("TYPE_CHECKING" in (test := ast.unparse(node.test)) or "__main__" in test):
            yield from run_at_import(ast.Module(node.orelse, []))
            continue
        yield node
        yield from run_at_import(node)
