"""Which statements of a round are due by what has happened so far."""

from __future__ import annotations

from hotswap.model import Place, Step
from hotswap.patch.changes import Changes
from hotswap.planning.aliased import keeps_instance
from hotswap.planning.editions import Editions
from hotswap.planning.prepared import Prepared


class Due:
    """Answers for one round."""

    def __init__(self, plan: Prepared, editions: Editions, changes: Changes) -> None:
        self.plan, self.editions, self.changes = plan, editions, changes
        self._surely: tuple[int, int, set[Place]] | None = None
        """What was found last, for so many causes: there are only ever more of them."""

    def is_due(self, step: Step) -> bool:
        """Whether a cause for which the statement runs has arisen.

        If it keeps an instance, that is state: it is not made anew because a registry got the same class once more.
        """
        causes, weak = self.changes.causes, self.changes.weak
        if not weak.isdisjoint(step.due.causes) and keeps_instance(self.editions.new(step.module), step.statement):
            causes = causes - weak
        return step.due.holds(causes)

    def surely(self) -> set[Place]:
        """The statements that run in any case, as far as that is known by now."""
        known, weak = len(self.changes.causes), len(self.changes.weak)
        if self._surely is None or self._surely[:2] != (known, weak):
            found = {(step.module, step.statement) for step in self.plan.steps if self.is_due(step)}
            self._surely = known, weak, found
        return self._surely[2]
