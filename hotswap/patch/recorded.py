"""Records that registering functions make of a definition: `ENTRIES.append({"name": f.__name__, "run": f})`.

A record is an entry of the container that it stands in, and no registry itself: its keys stand in the text of the
function that makes it, where those of a registry come from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hotswap.codefacts import all_codes
from hotswap.containers import keys_of, size_of, values_of
from hotswap.graph import Graph
from hotswap.looking import is_a
from hotswap.trace import Footprint


def apart(places: Iterable[Any], footprint: Footprint, graph: Graph) -> tuple[list[Any], list[dict[Any, Any]]]:
    """The containers among those that called functions reach, and the records."""
    places = list(places)
    words = _constants(footprint, graph) if any(is_a(place, dict) for place in places) else set()
    parts = {id(value) for place in places for value in values_of(place)}
    records = [place for place in places if id(place) in parts and is_a(place, dict) and _is_made_of(place, words)]
    return [place for place in places if not any(place is record for record in records)], records


def made_of(definitions: Iterable[Any], records: Iterable[dict[Any, Any]]) -> list[Any]:
    """The records that hold one of the definitions."""
    wanted = {id(each) for each in definitions}
    return [record for record in records if any(id(value) in wanted for value in dict.values(record))]


def _is_made_of(place: dict[Any, Any], words: set[str]) -> bool:
    return size_of(place) > 0 and all(type(key) is str and key in words for key in keys_of(place))


def _constants(footprint: Footprint, graph: Graph) -> set[str]:
    """The strings in the code of the called functions."""
    found: set[str] = set()
    for module, qualname in footprint.called.union(*footprint.constructing.values()):
        tracked = graph.index.modules.get(module)
        for code in all_codes(tracked.source.code) if tracked is not None else ():
            if code.co_qualname == qualname:
                parts = [p for each in code.co_consts for p in (each if type(each) is tuple else (each,))]
                found.update(part for part in parts if type(part) is str)
    return found
