"""What statements that ran again did a second time outside of the program: it is told."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from hotswap.model import Name, Reason, Step
from hotswap.planning.editions import Editions
from hotswap.planning.effects import lasting


def done_twice(step: Step, editions: Editions, made_again: AbstractSet[Name]) -> Iterator[Reason]:
    """Warnings of what a statement has done once more.

    Not of what it did with something new, where the old one was put away (`made_again`).
    """
    if step.module not in editions.index.modules or editions.old_place((step.module, step.statement)) is None:
        return
    edition = editions.new(step.module)
    if any((step.module, root) in made_again for root in edition.facts(step.statement).roots):
        return
    for effect in lasting(edition, step.statement):
        if effect.about is None and editions.matching(step.module).fate(step.statement) == "same":
            yield _done_again(edition.tracked.path, step, effect.words)


def _done_again(path: str, step: Step, words: str) -> Reason:
    return Reason(
        code="HS403",
        what=f"`{words}` ran again",
        where=f"{path}:{step.line}",
        why="what it did before stays",
        remedy="if that is too much, restart, or put away in @hotswap.on_dispose what it did",
    )
