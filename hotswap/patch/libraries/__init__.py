"""What is known of single libraries: registrations that they refuse to take a second time, or so late."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from hotswap.events import is_behaviour
from hotswap.graph import Graph
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
        flask_routes.withdraw_removed(edit, self._graph.index.modules[edit.module].namespace, self._journal)

    def can_be_told_again(self, error: BaseException) -> bool:
        """Whether a library has refused a statement that it takes when the round is tried once more."""
        return django_admin.is_refused(error) or flask_setup.is_refused(error) or flask_routes.is_refused(error)

    def withdraw(self, node: ast.stmt, namespace: dict[str, Any]) -> None:
        """Take out what a statement has registered that is about to run again, because it was refused."""
        self._sites.withdraw(node, namespace)
        flask_routes.withdraw(node, namespace, self._journal)

    def running(self, *, was_refused: bool) -> AbstractContextManager[None]:
        """Within the block a statement runs."""
        return flask_setup.taking_more() if was_refused else nullcontext()

    def ran(self) -> None:
        """A statement has run."""
        self._sites.settle()

    def end(self, changed: Collection[Name]) -> None:
        """All statements have run."""
        self._sites.renew_urls(changed)
        if not all(map(is_behaviour, changed)):
            fastapi_interface.forget()

    def are_in_place(self, edits: Iterable[Edit]) -> None:
        """The functions of the modules that were edited have their new code."""
        for edit in edits if "flask" in sys.modules else ():
            if edit.new is not None:
                flask_routes.put_in_order(edit.new, self._graph.index.modules[edit.module].namespace, self._journal)
