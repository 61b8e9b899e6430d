"""The script's own course: the statements of `__main__` that cannot run a second time.  Pure."""

from __future__ import annotations

import ast

from hotswap.model import Edit, Reason
from hotswap.source import first_line


def is_main_program(node: ast.stmt) -> bool:
    """Whether a statement of a script is part of its course rather than a definition or a constant."""
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    return isinstance(
        node, ast.For | ast.While | ast.With | ast.AsyncFor | ast.AsyncWith | ast.If | ast.Try | ast.Match
    )


def refusal(edit: Edit, node: ast.stmt, what: str) -> Reason:
    """Why an edit of the script's own course needs a restart."""
    return Reason(
        code="HS101",
        what="a statement of the running script " + what,
        where=f"{edit.path}:{first_line(node)}",
        why="the main program runs once and cannot be run a second time in the same process",
        remedy="restart",
    )
