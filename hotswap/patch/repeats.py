"""What statements that ran again did a second time, outside of the program or in it."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from hotswap.model import Name, Place, Reason, Step
from hotswap.planning.editions import Editions
from hotswap.planning.effects import lasting
from hotswap.source import first_line


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


def added_twice(editions: Editions, place: Place, name: Name) -> Reason:
    """Why a round cannot go on: what a statement did before cannot be told from what it did now."""
    source = editions.new(place[0]).source
    return Reason(
        code="HS402",
        what=f"a statement that ran again added to {name[0]}.{name[1]}",
        where=f"{source.path}:{first_line(source.statement(place[1]))}",
        why="what it added the first time cannot be told from the rest",
        remedy="restart",
    )
