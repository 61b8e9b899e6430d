"""Texts → syntax trees, also while another thread makes one."""

from __future__ import annotations

import ast
from typing import Literal, overload

_TRIES = 20


@overload
def parse(text: str | bytes, path: str = ..., mode: Literal["exec"] = ...) -> ast.Module: ...
@overload
def parse(text: str | bytes, path: str = ..., mode: str = ...) -> ast.AST: ...
def parse(text: str | bytes, path: str = "<unknown>", mode: str = "exec") -> ast.AST:
    """The tree of a text.  Raises what `ast.parse` raises: SyntaxError, ValueError, RecursionError, MemoryError.

    Python 3.11 counts the depth of all trees that are being made in one place.  When the garbage collector comes in
    the middle of one, and lets another thread in that makes its own, the sum is wrong: "AST constructor recursion
    depth mismatch" (gh-106905).  The text is not to blame, and the next attempt succeeds.
    """
    for _ in range(_TRIES):
        try:
            return ast.parse(text, path, mode)
        except SystemError:
            continue
    return ast.parse(text, path, mode)
