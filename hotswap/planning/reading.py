"""The names that a hook reads when it is called, by way of other functions too, and what it may put away.  Pure."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from types import FunctionType, MethodType
from typing import Any

from hotswap.codefacts import code_facts
from hotswap.graph import Graph
from hotswap.index import Tracked
from hotswap.looking import is_a, is_any
from hotswap.model import Name
from hotswap.reach import wrapped_by
from hotswap.resolving import resolve_value

EMPTIERS = frozenset("clear pop popitem popleft remove discard".split())
"""Methods that take something out of a container."""


@dataclass(slots=True)
class Reading:
    """The names of the program that a function reads or rebinds, and those of containers that it takes from."""

    names: set[Name] = field(default_factory=set)
    emptied: set[Name] = field(default_factory=set)


def reading_of(function: object, graph: Graph) -> Reading:
    """What the function reads, also through functions that it calls by name."""
    found = Reading()
    todo: list[Any] = [function]
    seen: set[int] = set()
    while todo:
        each = todo.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if is_a(each, FunctionType):
            todo += _contents(each)
            tracked = graph.index.modules.get(each.__module__)
            if tracked is not None and tracked.namespace is each.__globals__:
                todo += _take(each, tracked, graph, found)
        elif is_a(each, MethodType):
            todo.append(each.__func__)
        else:
            todo += wrapped_by(each)
    return found


def _take(function: FunctionType, tracked: Tracked, graph: Graph, found: Reading) -> list[Any]:
    """Note what the code of a function of the program refers to; returns what it may call."""
    facts = code_facts(function.__code__)
    found.names.update((tracked.name, name) for name in facts.writes)
    for chain in facts.reads:
        found.names.update(graph.references(tracked, chain))
        if len(chain) > 1 and chain[-1] in EMPTIERS:
            found.emptied.update(graph.references(tracked, chain[:-1]))
    return [resolve_value(tracked.namespace, chain) for chain in facts.reads]


def _contents(function: FunctionType) -> list[Any]:
    """The functions that it closes over, or wraps."""
    inner = [vars(function).get("__wrapped__")]
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # it is empty
            inner.append(cell.cell_contents)
    return [each for each in inner if is_a(each, FunctionType)]


ATOMS = (int, bool, float, complex, str, bytes, type(None))
_PARTS = (list, tuple, set, frozenset, deque)
MOST_PARTS = 10_000


def is_plain_data(value: Any, depth: int = 4) -> bool:
    """Whether there is nothing in the value that could be closed or ended: texts, numbers, and containers of such."""
    if type(value) in ATOMS:
        return True
    if not depth or not is_any(value, *_PARTS, dict) or len(value) > MOST_PARTS:
        return False
    parts = [*dict.keys(value), *dict.values(value)] if is_a(value, dict) else list(value)
    return all(is_plain_data(part, depth - 1) for part in parts)
