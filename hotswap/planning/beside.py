"""Statements that stood on one line: what was noted by that line, calls and all, may be any one's of them.  Pure."""

from __future__ import annotations

from collections.abc import Iterator

from hotswap.model import Place
from hotswap.planning.editions import Editions
from hotswap.source import StatementPath


def beside(module: str, path: StatementPath, editions: Editions) -> Iterator[Place]:
    """Where those statements stand now that call something and stood beside one that has called something."""
    edition = editions.find_old(module) if len(path) == 1 else None
    numbers = edition.source.beside.get(path[0], ()) if edition is not None else ()
    if edition is None or not numbers or not any(True for _ in edition.called(path)):
        return
    new = editions.find_new(module)
    for number in numbers if new is not None else ():
        facts, now = edition.source.facts((number,)), editions.matching(module).new((number,))
        if now is not None and (facts.calls or facts.shapes):
            yield module, now
