"""Which statements of a round are due by what has happened so far."""

from __future__ import annotations

from functools import cached_property

from hotswap.model import Cause, Place, Step
from hotswap.patch.changes import Changes
from hotswap.planning.aliased import keeps_instance
from hotswap.planning.editions import Editions
from hotswap.planning.prepared import Prepared


class Due:
    """Answers for one round."""

    def __init__(self, plan: Prepared, editions: Editions, changes: Changes) -> None:
        self.plan, self.editions, self.changes = plan, editions, changes
        self._seen: set[Cause] = set()
        self._firm = {place_of(step) for step in plan.steps if step.due.always}
        """What is due by the causes that were seen: as long as none is weak there is only ever more."""
        self._surely: tuple[int, int, set[Place]] | None = None
        """What was found last, for so many causes."""

    def is_due(self, step: Step) -> bool:
        """Whether a cause for which the statement runs has arisen.

        If it keeps an instance, that is state: it is not made anew because a registry got the same class once more.
        """
        causes, weak = self.changes.causes, self.changes.weak
        if step.due.always or not step.due.holds(causes):
            return step.due.always
        if weak.isdisjoint(step.due.causes) or any(cause in causes and cause not in weak for cause in step.due.causes):
            return True
        return not keeps_instance(self.editions.new(step.module), step.statement)

    def surely(self) -> set[Place]:
        """The statements that run in any case, as far as that is known by now."""
        if not self.changes.weak:
            new = self.changes.causes - self._seen
            if new:
                self._seen |= new
                self._firm = self._firm.union(*(self._waiting[cause] for cause in new if cause in self._waiting))
            return self._firm
        known, weak = len(self.changes.causes), len(self.changes.weak)
        if self._surely is None or self._surely[:2] != (known, weak):
            found = {place_of(step) for step in self.plan.steps if self.is_due(step)}
            self._surely = known, weak, found
        return self._surely[2]

    @cached_property
    def _waiting(self) -> dict[Cause, set[Place]]:
        """By their causes the statements that are due when these arise."""
        found: dict[Cause, set[Place]] = {}
        for step in self.plan.steps:
            for cause in step.due.causes:
                found.setdefault(cause, set()).add(place_of(step))
        return found


def place_of(step: Step) -> Place:
    """Where the statement of a step stands."""
    return step.module, step.statement
