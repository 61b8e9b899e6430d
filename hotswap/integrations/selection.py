"""Which modules of a session are kept up to date: all, all but some, or only those that were named."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hotswap.imports import parents


class Selection:
    """Module names that are excluded, and, if there are any, those that alone are wanted.

    A package stands for all in it.
    """

    def __init__(self, names_at: Callable[[str], Iterable[str]]) -> None:
        self._names_at = names_at
        self.only: set[str] = set()
        self.excluded: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self.only or self.excluded)

    def __call__(self, paths: frozenset[str]) -> frozenset[str]:
        """Those of the files that are to be applied."""
        return frozenset(path for path in paths if self.wants_file(path))

    def wants_file(self, path: str) -> bool:
        """Whether the file of a module, or one that may become a module, is kept up to date."""
        names = list(self._names_at(path))
        return any(map(self.wants, names)) if names else not self.only

    def wants(self, module: str) -> bool:
        """Whether the module is kept up to date."""
        family = {module, *parents(module)}
        return not family & self.excluded and (not self.only or bool(family & self.only))
