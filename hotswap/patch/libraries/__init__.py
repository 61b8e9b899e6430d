"""What is known of single libraries: registrations that they refuse to take a second time, or so late."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager, nullcontext

from hotswap.events import is_behaviour
from hotswap.graph import Graph
from hotswap.index import Tracked
from hotswap.journal import Journal
from hotswap.model import Edit, Name
from hotswap.patch.libraries import django_admin, fastapi_interface, flask_routes, flask_setup


class Libraries:
    """Seen from the statements of one round."""

    def __init__(self, graph: Graph, journal: Journal) -> None:
        self._graph, self._journal = graph, journal
        self._sites = django_admin.Sites(graph, journal)

    def begin(self, edit: Edit) -> None:
        """Before anything of an edited module runs: what is gone was registered for nothing."""
        self._sites.withdraw_removed(edit)
        removed = edit.diff.removed if edit.new is not None and edit.diff is not None else None
        for number in range(len(edit.old.statements)) if removed is None else removed:
            self.runs_again(edit.old.statements[number], self._graph.index.modules[edit.module])

    def can_be_told_again(self, error: BaseException) -> bool:
        """Whether a library has refused a statement that it takes when the round is tried once more."""
        return django_admin.is_refused(error) or flask_setup.is_refused(error) or flask_routes.is_refused(error)

    def withdraw(self, node: ast.stmt, tracked: Tracked) -> None:
        """Take out what a statement has registered that is about to run again, because it was refused."""
        self._sites.withdraw(node, tracked.namespace)
        self.runs_again(node, tracked)

    def runs_again(self, node: ast.stmt, tracked: Tracked) -> None:
        """Take out what a statement has registered that is gone, or about to run again; refused or not."""
        if "flask" in sys.modules:
            flask_routes.withdraw(node, tracked, self._journal)

    def running(self, node: ast.stmt, *, was_refused: bool) -> AbstractContextManager[None]:
        """Within the block a statement runs.  Where it catches errors, nobody would hear of a refusal."""
        may_catch = "flask" in sys.modules and any(isinstance(each, ast.Try) for each in ast.walk(node))
        return flask_setup.taking_more() if was_refused or may_catch else nullcontext()

    def ran(self) -> None:
        """A statement has run."""
        self._sites.settle()

    def end(self, changed: Collection[Name]) -> None:
        """All statements have run."""
        self._sites.renew_urls(changed)
        if not all(map(is_behaviour, changed)):
            fastapi_interface.forget()

    def finish(self, modules: Iterable[Tracked]) -> None:
        """The round is over, and it is known what statements of these modules have called."""
        for tracked in modules if "flask" in sys.modules else ():
            flask_routes.put_in_order(tracked)
