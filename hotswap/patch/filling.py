"""The containers that functions of the program fill, told from the text of these functions."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from hotswap.codefacts import ADDERS, PUTTERS
from hotswap.graph import Graph
from hotswap.holders import cell_content
from hotswap.index import Tracked
from hotswap.looking import is_a, is_any, is_instance
from hotswap.model import Name
from hotswap.resolving import owner_of, resolve_value
from hotswap.source import Source
from hotswap.syntax import Chain, chain_of
from hotswap.trace import Footprint

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

Container = list[Any] | dict[Any, Any] | set[Any]


@dataclass(frozen=True, slots=True)
class Filled:
    """A container, and a function that puts something into it."""

    container: Container
    by: Name
    is_asked: bool
    """Whether the function also uses what is in there: then it may be a memo, which nobody has to empty."""


def filled_by(footprint: Footprint, node: ast.stmt, tracked: Tracked, graph: Graph) -> list[Filled]:
    """What the functions that a statement called put something into, as far as they name it."""
    found: dict[int, Filled] = {}
    called = footprint.called.union(*footprint.constructing.values())
    callees = list(_callees(node, tracked))
    for name in called:
        home = graph.index.modules.get(name[0])
        for function in functions_at(home.source, name[1]) if home is not None else ():
            assert home is not None
            for chain in _chains_filled(function):
                for value in _values_of(chain, function, name, home, callees):
                    if is_any(value, list, dict, set) or is_instance(value, dict):
                        found.setdefault(id(value), Filled(value, name, chain in set(_chains_asked(function))))
    return list(found.values())


def functions_at(source: Source, qualname: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The definitions of a qualified name."""
    return source.definitions.get(qualname.replace("<locals>.", ""), [])


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a function's body, functions in it aside."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _FUNCTIONS):
            yield child
            yield from _own_nodes(child)


def _chains_filled(function: ast.AST) -> Iterator[Chain]:
    for node in _own_nodes(function):
        target: ast.expr | None = None
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            target = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ADDERS:
            target = node.func.value
        elif isinstance(node, ast.Call) and node.args and (chain_of(node.func) or ("",))[-1] in PUTTERS:
            target = node.args[0]
        chain = chain_of(_container(target)) if target is not None else None
        if chain is not None:
            yield chain


def _container(node: ast.expr) -> ast.expr:
    """`R` in `R[kind]` and in `R.setdefault(kind, [])`."""
    while True:
        if isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func.value
        else:
            return node


def _chains_asked(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Chain]:
    """What is taken out of containers to be used: `return CACHE[key]`, `found = CACHE.get(key)`.

    Not if something is put there each time, before it is asked for: `TABLE[key] = made` and then `return TABLE[key]`.
    """
    put: set[Chain] = set()
    for statement in function.body:
        yield from set(_asked_in(statement)) - put
        for target in statement.targets if isinstance(statement, ast.Assign) else ():
            chain = chain_of(target.value) if isinstance(target, ast.Subscript) else None
            put |= {chain} if chain is not None else set()


def _asked_in(statement: ast.stmt) -> Iterator[Chain]:
    for node in (statement, *_own_nodes(statement)) if not isinstance(statement, _FUNCTIONS) else ():
        value = node.value if isinstance(node, ast.Return | ast.Assign | ast.NamedExpr) else None
        for each in ast.walk(value) if value is not None else ():
            is_get = isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr == "get"
            if is_get or (isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Load)):
                assert isinstance(each, ast.expr)
                chain = chain_of(_container(each))
                if chain is not None:
                    yield chain


def _callees(node: ast.stmt, tracked: Tracked) -> Iterator[Any]:
    """What a statement calls by name: its decorators, or the function of a call that stands alone."""
    called = getattr(node, "decorator_list", None) or [getattr(node, "value", None)]
    for each in called:
        chain = chain_of(each.func if isinstance(each, ast.Call) else each) if isinstance(each, ast.expr) else None
        for length in range(1, len(chain or ()) + 1):
            yield resolve_value(tracked.namespace, (chain or ())[:length])
    for each in getattr(node, "bases", ()):
        chain = chain_of(each)
        yield resolve_value(tracked.namespace, chain) if chain else None


def _values_of(
    chain: Chain, function: ast.FunctionDef | ast.AsyncFunctionDef, name: Name, home: Tracked, callees: Iterable[Any]
) -> Iterator[Any]:
    """What a dotted name in a function may stand for: of a global, a variable of a closure, the first argument."""
    arguments = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if chain[0] in arguments[1:]:
        return
    if chain[0] in arguments:
        owner = owner_of(home, name[1])
        subjects = [each for each in callees if owner is not None and _belongs(each, owner)]
        for subject in (*subjects, owner):
            yield resolve_value({chain[0]: subject}, chain) if subject is not None else None
        return
    yield resolve_value(home.namespace, chain)
    for callee in callees:
        if is_a(callee, FunctionType) and chain[0] in callee.__code__.co_freevars:
            at = callee.__code__.co_freevars.index(chain[0])
            yield resolve_value({chain[0]: cell_content((callee.__closure__ or ())[at])}, chain)


def _belongs(value: Any, owner: type) -> bool:
    return owner in type(value).__mro__ or (is_instance(value, type) and owner in value.__mro__)
