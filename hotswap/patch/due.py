"""Which statements of a round are due by what has happened so far."""

from __future__ import annotations

from hotswap.graph import Graph
from hotswap.model import Place, Step
from hotswap.patch.changes import Changes
from hotswap.patch.instances import is_instance_of_program
from hotswap.planning.editions import Editions
from hotswap.planning.live_names import value_of
from hotswap.planning.prepared import Prepared
from hotswap.source import prefix_of


class Due:
    """Answers for one round."""

    def __init__(self, plan: Prepared, editions: Editions, graph: Graph, changes: Changes) -> None:
        self.plan, self.editions, self.graph, self.changes = plan, editions, graph, changes

    def is_due(self, step: Step) -> bool:
        """Whether a cause for which the statement runs has arisen.

        If it keeps an instance, that is state: it is not made anew because a registry got the same class once more.
        """
        causes, weak = self.changes.causes, self.changes.weak
        if not weak.isdisjoint(step.due.causes) and self._keeps_instance(step):
            causes = causes - weak
        return step.due.holds(causes)

    def surely(self) -> set[Place]:
        """The statements that run in any case, as far as that is known by now."""
        return {(step.module, step.statement) for step in self.plan.steps if self.is_due(step)}

    def _keeps_instance(self, step: Step) -> bool:
        edition = self.editions.new(step.module)
        prefix = prefix_of(edition.source, step.statement)
        values = (value_of((step.module, prefix + n), self.graph) for n in edition.facts(step.statement).binds)
        return any(is_instance_of_program(value, self.graph.index.modules) for value in values)
