"""Boundaries (`accept`): statements that do not run again, for their module takes care of a change itself.  Pure."""

from __future__ import annotations

import ast

from hotswap.asked import Asked
from hotswap.events import bare
from hotswap.listeners import Boundary, boundaries
from hotswap.model import Name, Place
from hotswap.planning.drafts import Drafts
from hotswap.planning.editions import Editions
from hotswap.planning.groups import LOADED
from hotswap.source import innermost

_FOLLOWING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
"""Statements that run all the same: names stay true, definitions (and what stands in classes) as new as all others."""


class Acceptance:
    """What the modules of the program accept."""

    def __init__(self, editions: Editions, drafts: Drafts) -> None:
        self.editions, self.drafts = editions, drafts
        self._relaying: set[Place] = set()
        self._accepted: dict[str, set[str]] = {}
        for entry in boundaries:
            if self._stays(entry):
                self._accepted.setdefault(entry.thing.importer, set()).add(entry.thing.accepted)

    def _stays(self, entry: Asked[Boundary]) -> bool:
        """Whether the statement that accepts is there as it was; what a new one says is only known when it has run."""
        tracked = self.editions.index.modules.get(entry.module)
        if tracked is None or not entry.line:
            return True
        before = innermost(tracked.source, entry.line)
        matching = self.editions.matching(entry.module)
        now = matching.new(before) if before is not None else None
        return now is not None and matching.fate(now) == "same"

    def stops(self, event: Name, origin: Place | None, reader: Place) -> bool:
        """Whether the reader's module takes care of the event, which a statement (`origin`) caused."""
        accepted = self._accepted.get(reader[0])
        if not accepted:
            return False
        if not self._comes_from(event, origin, reader[0], accepted):
            self._release(reader)
            return False
        if len(reader[1]) == 1 and not isinstance(self.editions.node(reader), _FOLLOWING):
            return True
        if reader not in self.drafts.of or not self.drafts.of[reader].is_due:
            self._relaying.add(reader)  # it runs for no other reason
        return False

    def _release(self, reader: Place) -> None:
        """There is another reason for the statement to run: what it causes goes on, also what was stopped before."""
        if reader in self._relaying:
            self._relaying.discard(reader)
            self.drafts.queue += [cause for cause in self.drafts.known if cause[1] == reader]

    def _comes_from(self, event: Name, origin: Place | None, importer: str, accepted: set[str]) -> bool:
        """Whether it happens because of a module that the importer accepts: there, or in a statement that follows."""
        if bare(event)[0] in accepted:
            return True
        if origin is None or origin[0] != importer or origin[1] == LOADED:
            return False
        draft = self.drafts.of.get(origin)
        if origin in self._relaying and draft is not None and not draft.always:
            return True
        return self._is_imported(bare(event), origin, importer, accepted)

    def _is_imported(self, name: Name, origin: Place, importer: str, accepted: set[str]) -> bool:
        """Whether the name is the importer's own for what it took out of a module that it accepts."""
        if name[0] != importer or not isinstance(self.editions.node(origin), ast.Import | ast.ImportFrom):
            return False
        home = self.editions.new(importer).origins.get(name[1])
        return home is not None and home[0] in accepted
