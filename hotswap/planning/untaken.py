"""The branches of a statement that did not run, as far as that is certain.  Pure.

What stands under `if __name__ == "__main__":` of a module that was imported has done nothing, so nothing of it stays.
"""

from __future__ import annotations

import ast
import copy
import operator
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from hotswap.imports import resolve
from hotswap.planning.edition import Edition
from hotswap.resolving import resolve_value
from hotswap.source import StatementPath
from hotswap.syntax import chain_of, is_type_checking

_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
}  # fmt: skip
_FIXED = (sys, "platform"), (sys, "version_info"), (sys, "byteorder"), (os, "name")
"""What is the same for as long as a process lives."""
_UNKNOWN: Any = object()
BLOCKS = (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.Match)
"""The statements with blocks that may not run."""


def without_untaken(edition: Edition, path: StatementPath) -> ast.stmt:
    """A top-level statement without what cannot have run in it; the statement itself when that is all of it."""
    return _Pruning(edition, path).statement(edition.source.statement(path))


class _Pruning:
    def __init__(self, edition: Edition, path: StatementPath) -> None:
        self.edition, self.path, self.space = edition, path, edition.tracked.namespace

    def statement(self, node: ast.stmt) -> ast.stmt:
        if isinstance(node, ast.If):
            decided = self.decided(node.test)
            if decided is not None:
                node = copy.copy(node)
                node.body, node.orelse = (node.body, []) if decided else (_nothing(), node.orelse)
        if isinstance(node, ast.Try):
            body = self.until_failed_import(node.body)
            if body is not node.body:
                node = copy.copy(node)
                node.body, node.orelse = body, []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return node
        blocks = {
            name: block
            for name, block in ast.iter_fields(node)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt | ast.ExceptHandler | ast.match_case)
        }
        pruned = {name: [self.part(each) for each in block] for name, block in blocks.items()}
        if all(a is b for name, block in blocks.items() for a, b in zip(block, pruned[name], strict=True)):
            return node
        node = copy.copy(node)
        for name, block in pruned.items():
            setattr(node, name, block)
        return node

    def part(self, node: Any) -> Any:
        if isinstance(node, ast.stmt):
            return self.statement(node)
        body = [self.statement(each) for each in node.body]
        if all(a is b for a, b in zip(node.body, body, strict=True)):
            return node
        node = copy.copy(node)
        node.body = body
        return node

    def until_failed_import(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        """The part of a `try` block before an import of what is not there."""
        for number, node in enumerate(body):
            if isinstance(node, ast.Import) and any(self.is_missing(a.name, a.asname) for a in node.names):
                return list(body[:number]) or _nothing()
            if isinstance(node, ast.ImportFrom):
                home = resolve(self.edition.tracked, "." * node.level + (node.module or ""))
                if home not in sys.modules and all((a.asname or a.name) not in self.space for a in node.names):
                    return list(body[:number]) or _nothing()
        return body if isinstance(body, list) else list(body)

    def is_missing(self, module: str, bound: str | None) -> bool:
        return module not in sys.modules and (bound or module.partition(".")[0]) not in self.space

    # ------------------------------------------------------------------ conditions

    def decided(self, test: ast.expr) -> bool | None:
        """What a condition was; None when that is not certain."""
        if (checked := is_type_checking(test)) is not None:
            return not checked
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self.decided(test.operand)
            return None if inner is None else not inner
        if isinstance(test, ast.BoolOp):
            parts = [self.decided(each) for each in test.values]
            ends = isinstance(test.op, ast.Or)  # one that is true is enough for `or`, one that is false for `and`
            return ends if ends in parts else None if None in parts else not ends
        if isinstance(test, ast.Compare):
            return self.compared(test)
        value = self.value(test)
        return None if value is _UNKNOWN else bool(value)

    def compared(self, test: ast.Compare) -> bool | None:
        compare = _COMPARED.get(type(test.ops[0])) if len(test.ops) == 1 else None
        one, other = self.value(test.left), self.value(test.comparators[0])
        if compare is None or one is _UNKNOWN or other is _UNKNOWN:
            return None
        try:
            return bool(compare(one, other))
        except TypeError:
            return None

    def value(self, node: ast.expr) -> Any:
        """What an expression was if it cannot have been anything else."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Tuple):
            parts = [self.value(each) for each in node.elts]
            return _UNKNOWN if any(part is _UNKNOWN for part in parts) else tuple(parts)
        chain = chain_of(node)
        if chain == ("__name__",) and not self.binders("__name__"):
            return self.edition.module
        if chain is not None and len(chain) == 1:
            return self.constant(chain[0])
        owner = resolve_value(self.space, chain[:-1]) if chain is not None else None
        is_fixed = chain is not None and any(owner is module and chain[-1] == name for module, name in _FIXED)
        return vars(owner)[chain[-1]] if is_fixed and chain is not None else _UNKNOWN

    def constant(self, name: str) -> Any:
        """The value of a global that one plain statement before this one gives, and that nobody has changed."""
        binders = self.binders(name)
        node = self.edition.source.statements[binders[0]] if len(binders) == 1 and binders[0] < self.path[0] else None
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Constant):
            return _UNKNOWN
        if self.is_set_otherwise(name):
            return _UNKNOWN
        value, is_old = node.value.value, self.edition.source is self.edition.tracked.source
        held = self.space.get(name, _UNKNOWN)
        return _UNKNOWN if is_old and (type(held) is not type(value) or held != value) else value

    def binders(self, name: str) -> list[int]:
        """The statements of the module that bind the name."""
        return [number for number, facts in self.edition.source.all_facts() if name in facts.binds]

    def is_set_otherwise(self, name: str) -> bool:
        """Whether functions that the module calls, or star imports, give the name a value too."""
        full = self.edition.module, name
        return sum(any(b.name == full for b in self.edition.bindings(path)) for path in self.edition.paths) > 1


def _nothing() -> list[ast.stmt]:
    return [ast.Pass()]
