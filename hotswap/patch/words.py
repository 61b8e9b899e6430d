"""The words by which a registry may know a definition: its name, and the constants that it is registered with."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from hotswap.source import first_line

Word: TypeAlias = str | bytes | int | tuple[str, str]


_FLAGS = (0, 1)
"""Also as `False` and `True`: what says nothing."""


def words_of(node: ast.AST, module: str) -> set[Word]:
    """The words of a definition or of a call that stands alone."""
    return {*names_of(node, module), *constants_of(node)}


def names_of(node: ast.AST, module: str) -> set[Word]:
    """What a definition tells of itself: `__name__`, and with the module's."""
    name = getattr(node, "name", None)
    return {name, f"{module}.{name}", (module, name)} if isinstance(name, str) else set()


def constants_of(node: ast.AST) -> set[Word]:
    """The constants given to the decorators of a definition, to the bases of a class, to a call that stands alone."""
    parts = [each for name in ("decorator_list", "bases", "keywords") for each in getattr(node, name, ())]
    if isinstance(node, ast.Expr | ast.Assign):
        parts.append(node.value)
    if isinstance(node, ast.ClassDef):  # `registry[cls.kind] = cls`
        parts += [each.value for each in node.body if isinstance(each, ast.Assign | ast.AnnAssign) and each.value]
    return set(constants_in(*parts))


def constants_in(*nodes: ast.AST) -> Iterator[Word]:
    """The strings and numbers in an expression or statement."""
    for node in nodes:
        for each in ast.walk(node):
            value = each.value if isinstance(each, ast.Constant) else None
            if isinstance(value, str | bytes | int) and value not in _FLAGS:
                yield value


def first_lines(statements: Iterable[ast.stmt], module: str) -> dict[Word, int]:
    """By word the line of the first definition that it belongs to."""
    found: dict[Word, int] = {}
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for word in words_of(node, module):
                found.setdefault(word, first_line(node))
    return found
