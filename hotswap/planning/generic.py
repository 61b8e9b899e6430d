"""What a call registers with a generic function of `functools`: `show.register(float, lambda x: …)`.  Pure."""

from __future__ import annotations

import ast
import builtins
from types import FunctionType, MappingProxyType
from typing import Any

from hotswap.looking import is_a, own_space
from hotswap.resolving import resolve_value
from hotswap.syntax import chain_of


def registered_by(call: ast.Call, namespace: dict[str, Any]) -> list[Any]:
    """The classes for which a call has registered what they have now."""
    chain, given = chain_of(call.func), call.args
    if chain is None or len(chain) < 2 or chain[-1] != "register" or call.keywords or not 1 <= len(given) <= 2:
        return []
    registry = own_space(resolve_value(namespace, chain[:-1])).get("registry")
    if not is_a(registry, MappingProxyType):
        return []
    found = [cls for cls, function in registry.items() if _is_given(function, given[-1], namespace)]
    cls = _named(given[0], namespace)
    return found if len(given) == 1 else [each for each in found if each is cls]


def _is_given(function: Any, argument: ast.expr, namespace: dict[str, Any]) -> bool:
    if not isinstance(argument, ast.Lambda):
        return function is _named(argument, namespace)
    if not is_a(function, FunctionType) or function.__globals__ is not namespace:
        return False
    return argument.lineno <= function.__code__.co_firstlineno <= (argument.end_lineno or 0)


def _named(argument: ast.expr, namespace: dict[str, Any]) -> Any:
    """What a dotted name stands for, an object nobody knows otherwise."""
    chain = chain_of(argument)
    found = resolve_value(namespace, chain) if chain is not None else None
    if found is None and chain is not None:
        found = resolve_value(vars(builtins), chain)
    return object() if found is None else found
