"""Entries that a statement put into the program's registries as it ran, and that must go when it does.

A registering decorator or call leaves no trace in the module that it stands in.  But it is known which functions it
called, so the containers that those functions read are known, and in them the entries that hold the definition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from hotswap.graph import Graph, resolve_value
from hotswap.journal import Journal
from hotswap.trace import Footprint

Entry = tuple[Any, Any]
"""A container, and the key under which it holds a definition (None for lists and sets)."""

DEPTH = 3


def containers(footprint: Footprint, graph: Graph) -> list[Any]:
    """The lists, dicts and sets that the called functions may have written to."""
    found: dict[int, Any] = {}
    for called in footprint.called.union(*footprint.constructing.values()):
        tracked, code = graph.index.modules.get(called[0]), graph.code_facts(called)
        for chain in code.reads if tracked and code else ():
            for length in range(1, len(chain) + 1):
                assert tracked is not None
                for part in _parts(resolve_value(tracked.namespace, chain[:length]), DEPTH):
                    found[id(part)] = part
    return list(found.values())


def _parts(value: Any, depth: int) -> Iterator[Any]:
    if depth == 0:
        return
    if isinstance(value, dict | list | set):
        yield value
        if len(value) < 10_000:
            for inner in list(value.values() if isinstance(value, dict) else value):
                yield from _parts(inner, depth - 1) if isinstance(inner, dict | list | set) else ()
    elif not isinstance(value, type) and isinstance(getattr(value, "__dict__", None), dict) and not callable(value):
        for inner in list(vars(value).values()) if type(value).__name__ != "module" else ():
            yield from _parts(inner, depth - 1) if isinstance(inner, dict | list | set) else ()


def entries(definitions: Iterable[Any], places: Iterable[Any]) -> list[Entry]:
    """Where in the containers the definitions stand."""
    wanted = {id(d) for d in definitions}
    found: list[Entry] = []
    for place in places:
        if isinstance(place, dict):
            found += [(place, k) for k, v in place.items() if id(v) in wanted or id(k) in wanted or _holds(v, wanted)]
        elif any(id(v) in wanted or _holds(v, wanted) for v in place):
            found.append((place, None))
    return found


def _holds(value: Any, wanted: set[int]) -> bool:
    return isinstance(value, tuple) and any(id(v) in wanted for v in value)


def withdraw(found: Iterable[Entry], definitions: Iterable[Any], journal: Journal) -> None:
    """Take the entries out."""
    wanted = {id(d) for d in definitions}
    for place, key in found:
        if isinstance(place, dict):
            journal.delete_item(place, key)
            continue
        journal.remember(place)
        kept = [v for v in place if id(v) not in wanted and not _holds(v, wanted)]
        place.clear()
        place.extend(kept) if isinstance(place, list) else place.update(kept)
