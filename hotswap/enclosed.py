"""What stands inside of functions, where only a call makes it: its place in the tree, and what is told without one.

Pure: nothing here looks at the live program.
"""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterator, Sequence
from types import CodeType
from typing import TypeAlias

from hotswap.codefacts import nested
from hotswap.source import Source, first_line, innermost

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Node: TypeAlias = Function | ast.ClassDef


def node_of(source: Source, code: CodeType) -> Node | None:
    """The definition or lambda of which the code is the body, one of the very code objects of the source."""
    path = innermost(source, code.co_firstlineno)
    if path is None:
        return None
    named = [n for n in ast.walk(source.statement(path)) if isinstance(n, Node) and _name(n) == code.co_name]
    found = [n for n in named if _line(n) == code.co_firstlineno]
    if len(found) > 1:
        found = sorted((n for n in found if _covers(n, code)), key=_extent)
    return found[0] if found else None


def _name(node: Node) -> str:
    return "<lambda>" if isinstance(node, ast.Lambda) else node.name


def _line(node: Node) -> int:
    return node.lineno if isinstance(node, ast.Lambda) else first_line(node)


def _covers(node: Node, code: CodeType) -> bool:
    """Whether all instructions come from the body of a lambda (several stand in one line)."""
    if not isinstance(node, ast.Lambda):
        return True
    body = node.body
    start, end = (body.lineno, body.col_offset), (body.end_lineno or 0, body.end_col_offset or 0)
    for line, end_line, column, end_column in code.co_positions():
        if line is None or end_line is None or column is None or end_column is None or not end_column:
            continue  # what begins and ends a call has no text of its own
        if (line, column) < start or (end_line, end_column) > end:
            return False
    return True


def _extent(node: Node) -> tuple[int, int]:
    return (node.end_lineno or 0) - node.lineno, (node.end_col_offset or 0) - node.col_offset


def codes_around(source: Source, code: CodeType) -> tuple[CodeType, ...]:
    """The codes of functions and classes in which a code of the source stands, the outermost first."""
    return next(_ways_to(source.code, code), ())[1:]


def _ways_to(start: CodeType, code: CodeType) -> Iterator[tuple[CodeType, ...]]:
    for inner in nested(start):
        if inner is code:
            yield (start,)
        else:
            yield from ((start, *way) for way in _ways_to(inner, code))


def defaults_of(node: Node, code: CodeType) -> dict[str, ast.expr]:
    """The expressions of the default values, by the names that the parameters have in the code."""
    if isinstance(node, ast.ClassDef):
        return {}
    names, count = code.co_varnames, code.co_argcount
    positional, keywords = node.args.defaults, node.args.kw_defaults
    found = dict(zip(names[count - len(positional) : count], positional, strict=True))
    return found | {n: e for n, e in zip(names[count : count + len(keywords)], keywords, strict=True) if e is not None}


def annotations_of(node: Node, code: CodeType) -> dict[str, ast.expr]:
    """The expressions of the annotations of parameters, by the same names, and "return"."""
    if isinstance(node, ast.ClassDef | ast.Lambda):
        return {}
    rest = [each for each in (node.args.vararg, node.args.kwarg) if each is not None]
    parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, *rest]
    found = {n: p.annotation for n, p in zip(code.co_varnames, parameters, strict=False) if p.annotation is not None}
    return found | ({"return": node.returns} if node.returns is not None else {})


def is_known_without(call: Sequence[CodeType], node: ast.expr) -> bool:
    """Whether an expression needs nothing of the calls around it, and calls nothing: only constants and globals."""
    parts = list(ast.walk(node))
    names = {each.id for each in parts if isinstance(each, ast.Name)}
    return all(isinstance(each, _PLAIN) for each in parts) and not names & set(_locals_of(call))


def _locals_of(around: Sequence[CodeType]) -> Iterator[str]:
    for code in around:
        if code.co_flags & 0x2:
            yield from (*code.co_varnames, *code.co_cellvars, *code.co_freevars)
        elif code is around[-1]:  # names of a class further out are not seen
            yield from (i.argval for i in dis.get_instructions(code) if i.opname == "STORE_NAME")


_PLAIN = (
    ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp, ast.BinOp, ast.BoolOp,
    ast.Compare, ast.Subscript, ast.IfExp, ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip


def is_decorated(node: Node) -> bool:
    """Whether the call hands what it defines to decorators."""
    return not isinstance(node, ast.Lambda) and bool(node.decorator_list)
