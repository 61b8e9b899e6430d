"""Results that functions cached before they, or what they call, were edited."""

from __future__ import annotations

import functools
from typing import Any

from hotswap.graph import Graph, reachable_functions
from hotswap.model import Name


def clear(changed: set[Name], graph: Graph) -> None:
    """Clear the `functools.cache` and `lru_cache` of every tracked function whose result may differ now."""
    for name in list(graph.index.caching):
        tracked = graph.index.modules.get(name)
        if tracked is None:
            continue
        for wrapper in cached_functions(tracked.namespace):
            reach = reachable_functions(wrapper.__wrapped__, graph)
            if reach & changed:
                wrapper.cache_clear()


def cached_functions(namespace: dict[str, Any]) -> list[Any]:
    """The cached functions of a module and of its classes."""
    found = []
    todo = list(namespace.values())
    seen: set[int] = set()
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, functools._lru_cache_wrapper):
            found.append(value)
        elif isinstance(value, type) and value.__module__ == namespace.get("__name__"):
            todo += list(vars(value).values())
        elif isinstance(value, staticmethod | classmethod):
            todo.append(value.__func__)
        inner = getattr(value, "__wrapped__", None) if not isinstance(value, type) else None
        if inner is not None:
            todo.append(inner)
    return found
