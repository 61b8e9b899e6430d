"""Expressions and blocks of the syntax tree: dotted names, and what a block binds on every way through it.  Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

Chain: TypeAlias = tuple[str, ...]
"""A dotted name that starts at a global: ("level", "SPEED") for `level.SPEED`."""


def chain_of(node: ast.expr) -> Chain | None:
    """("a", "b") for the expression `a.b`; None for anything that is not a dotted name."""
    attributes = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return (node.id, *reversed(attributes)) if isinstance(node, ast.Name) else None


def is_place(node: ast.expr) -> bool:
    """Whether an expression only says where an object is to be found: a name, an attribute, an entry under a key."""
    if isinstance(node, ast.Subscript):
        return not isinstance(node.slice, ast.Slice) and is_place(node.value)
    return isinstance(node, ast.Name | ast.Attribute)


def mangled(owner: str, name: str) -> str:
    """The name under which a class keeps it (`__x` becomes `_Owner__x`)."""
    private = owner.strip("_") and name.startswith("__") and not name.endswith("__") and "." not in name
    return f"_{owner.lstrip('_')}{name}" if private else name


def is_type_checking(test: ast.expr) -> bool | None:
    """True for `TYPE_CHECKING`, False for `not TYPE_CHECKING`, None for every other condition."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = is_type_checking(test.operand)
        return None if inner is None else not inner
    chain = chain_of(test)
    return True if chain is not None and chain[-1] == "TYPE_CHECKING" else None


def is_own_module(node: ast.expr) -> bool:
    """Whether it is `sys.modules[__name__]`."""
    is_entry = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name) and node.slice.id == "__name__"
    return is_entry and isinstance(node, ast.Subscript) and (chain_of(node.value) or ("",))[-1] == "modules"


def assignments(node: ast.stmt) -> Iterator[ast.Assign | ast.AnnAssign]:
    """The assignments in a statement that run once at the most: not those in loops, functions and classes."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        yield node
    elif isinstance(node, ast.If | ast.Try | ast.With | ast.AsyncWith | ast.Match):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield from assignments(child)
            elif isinstance(child, ast.ExceptHandler | ast.match_case):
                for inner in child.body:
                    yield from assignments(inner)


def surely_bound(block: Sequence[ast.stmt]) -> set[str] | None:
    """The names that a block binds on every way through it; None when no way leads to its end."""
    found: set[str] = set()
    for node in block:
        here = _surely_bound(node)
        if here is None:
            return None
        found |= here
    return found


def _surely_bound(node: ast.stmt) -> set[str] | None:
    if isinstance(node, ast.Raise):
        return None
    if isinstance(node, ast.If):
        checked = is_type_checking(node.test)
        if checked is not None:
            return surely_bound(node.orelse if checked else node.body)
        bound = _on_every_way([node.body, node.orelse])
        return bound if bound is None else bound | assigned(node.test)
    if isinstance(node, ast.Try | getattr(ast, "TryStar", ast.Try)):
        ways = [[*node.body, *node.orelse], *(h.body for h in node.handlers)]
        last = surely_bound(node.finalbody)
        bound = _on_every_way(ways)
        return None if bound is None or last is None else bound | last
    if isinstance(node, ast.With | ast.AsyncWith):
        return {n for item in node.items for n in assigned(item)}  # an exception in its body may be suppressed
    if isinstance(node, ast.Match):
        last_case = node.cases[-1]
        is_total = isinstance(last_case.pattern, ast.MatchAs) and last_case.pattern.pattern is None
        ways = [case.body for case in node.cases]
        return _on_every_way(ways if is_total and last_case.guard is None else [*ways, []])
    if isinstance(node, ast.For | ast.AsyncFor | ast.While):
        return set()
    return assigned(node)


def _on_every_way(ways: Iterable[Sequence[ast.stmt]]) -> set[str] | None:
    bound = [names for way in ways if (names := surely_bound(way)) is not None]
    return set.intersection(*bound) if bound else None


def assigned(node: ast.AST) -> set[str]:
    """The names that a simple statement, an expression or a pattern binds whenever it is carried out."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        names = {node.name}
        return names.union(*(assigned(part) for part in node.decorator_list))
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.Global):
        return set(node.names)
    if isinstance(node, ast.Lambda):
        return set()
    found = {node.id} if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else set()
    if isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
        found.add(node.name)
    if isinstance(node, ast.MatchMapping) and node.rest:
        found.add(node.rest)
    if isinstance(node, ast.AnnAssign):
        found.add("__annotations__")
        if node.value is None:
            return found
    if type(node).__name__ == "TypeAlias":
        found.add(node.name.id)  # type: ignore[attr-defined]  # ast.TypeAlias is new in Python 3.12
    return found.union(*map(assigned, _always_evaluated(node)))


def _always_evaluated(node: ast.AST) -> Iterable[ast.AST]:
    """The parts of a node that are evaluated in any case."""
    if isinstance(node, ast.BoolOp):
        return node.values[:1]
    if isinstance(node, ast.IfExp | ast.Assert):
        return [node.test]
    if isinstance(node, ast.Compare):
        return [node.left, node.comparators[0]]
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return [node.generators[0].iter]
    return ast.iter_child_nodes(node)


def names_in_order(node: ast.AST) -> Iterator[str]:
    """The names that a statement binds, and some that it does not, in the order in which it would."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).partition(".")[0]
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif not isinstance(node, ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from names_in_order(child)


def annotated(body: Iterable[ast.AST]) -> dict[str, None]:
    """The names that the statements of a module or class annotate, in order; in blocks, too."""
    found: dict[str, None] = {}
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.setdefault(node.target.id)
        elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case) and not isinstance(node, _SCOPES):
            found |= {name: None for name in annotated(ast.iter_child_nodes(node)) if name not in found}
    return found


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
