"""Default values and annotations of functions that only a call makes: a closure goes on with what its new text says.

The statement that defines a function at the top level or in a class runs again when these are edited.  A `def` or
`lambda` inside of a function cannot: the call that made the live one has ended.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from hotswap.codes import CodePair
from hotswap.diff import exact
from hotswap.enclosed import Node, annotations_of, codes_around, defaults_of, is_decorated, is_known_without, node_of
from hotswap.errors import CannotSwap
from hotswap.journal import MISSING, Journal
from hotswap.model import Edit, Reason
from hotswap.source import Source, innermost


@dataclass(frozen=True, slots=True)
class Before:
    """What a function had before the round: the default values by parameter, and the annotations."""

    values: dict[str, Any]
    annotations: dict[str, Any]

    @classmethod
    def of(cls, function: FunctionType) -> Before:
        """To be asked before the function gets other code."""
        return cls(given(function), dict(function.__annotations__))


@dataclass(frozen=True, slots=True)
class Signature:
    """What a live function is to get; None: what it has stays."""

    defaults: tuple[Any, ...] | None
    keywords: dict[str, Any] | None
    annotations: dict[str, Any] | None

    def give_to(self, function: FunctionType, journal: Journal) -> None:
        """Write it."""
        journal.set_attribute(function, "__defaults__", self.defaults)
        journal.set_attribute(function, "__kwdefaults__", self.keywords)
        if self.annotations is not None:
            journal.set_attribute(function, "__annotations__", self.annotations)


class Signatures:
    """What the new text of one module says of the parameters of functions that stand in functions."""

    def __init__(self, edit: Edit, namespace: dict[str, Any]) -> None:
        assert edit.new is not None
        self.old, self.new, self.namespace = edit.old, edit.new, namespace
        self._nodes: dict[int, tuple[Node, Node] | None] = {}

    def told(self, before: Before, pair: CodePair) -> Signature | None:
        """What a function is to get with its new code; None when nothing of the kind was edited.

        Raises CannotSwap for a value that only the call which made the function could have told.
        """
        nodes = self.edited(pair)
        if nodes is None:
            return None
        old, new = defaults_of(nodes[0], pair.old), defaults_of(nodes[1], pair.new)
        code, around = pair.new, codes_around(self.new, pair.new)
        found = {name: self._default(name, node, old, before.values, around, code) for name, node in new.items()}
        positional = tuple(found[n] for n in code.co_varnames[: code.co_argcount] if n in found)
        keywords = {n: v for n, v in found.items() if n not in code.co_varnames[: code.co_argcount]}
        annotations = self._annotations(before.annotations, nodes, pair, around)
        return Signature(positional or None, keywords or None, annotations)

    def edited(self, pair: CodePair) -> tuple[Node, Node] | None:
        """The definitions of both versions, if their parameters are told of in other words."""
        if id(pair) not in self._nodes:
            self._nodes[id(pair)] = self._edited(pair)
        return self._nodes[id(pair)]

    def _edited(self, pair: CodePair) -> tuple[Node, Node] | None:
        if "<locals>" not in pair.qualname and not self._is_one_of_many(pair):
            return None
        old, new = node_of(self.old, pair.old), node_of(self.new, pair.new)
        if old is None or new is None:
            return None
        for said in (defaults_of, annotations_of):
            before, now = said(old, pair.old), said(new, pair.new)
            if [(n, exact(e)) for n, e in before.items()] != [(n, exact(e)) for n, e in now.items()]:
                return old, new
        return None

    def _is_one_of_many(self, pair: CodePair) -> bool:
        """Whether the statement that runs again need not make the same function anew: a lambda, a `def` in a loop."""
        path = innermost(self.new, pair.new.co_firstlineno)
        loops = ast.For | ast.While | ast.With | ast.If | ast.Try
        return pair.new.co_name == "<lambda>" or (path is not None and isinstance(self.new.statement(path), loops))

    def _default(
        self,
        name: str,
        node: ast.expr,
        old: Mapping[str, ast.expr],
        values: Mapping[str, Any],
        around: Sequence[CodeType],
        code: CodeType,
    ) -> Any:
        """The value of the same parameter, or of one that was renamed, if it is said in the same words; else anew."""
        alike = [n for n in (name, *old) if n in old and exact(old[n]) == exact(node) and n in values]
        for each in alike:
            if each == name or each not in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
                return values[each]
        return self._sure(node, around, code, f"the default value of its parameter {name!r}")

    def _sure(self, node: ast.expr, around: Sequence[CodeType], code: CodeType, what: str) -> Any:
        value = self.value(node, around)
        if value is MISSING:
            raise CannotSwap(_only_the_call(self.new, code, what))
        return value

    def value(self, node: ast.expr, around: Sequence[CodeType]) -> Any:
        """What an expression that needs nothing of the calls around it means; MISSING for any other."""
        if not is_known_without(around, node):
            return MISSING
        expression = compile(ast.Expression(node), self.new.path, "eval", dont_inherit=True)
        try:
            return eval(expression, {"__builtins__": builtins, **self.namespace})  # noqa: S307  the program's own
        except Exception:  # noqa: BLE001  a name that is not bound yet, say
            return MISSING

    def _annotations(
        self, before: Mapping[str, Any], nodes: tuple[Node, Node], pair: CodePair, around: Sequence[CodeType]
    ) -> dict[str, Any] | None:
        old, new = annotations_of(nodes[0], pair.old), annotations_of(nodes[1], pair.new)
        texts = [{name: exact(node) for name, node in said.items()} for said in (old, new)]
        if texts[0] == texts[1] or is_decorated(nodes[1]) or before.keys() != old.keys():
            return None  # `functools.wraps` has given the function those of another one
        found = {}
        for name, node in new.items():
            if texts[0].get(name) == texts[1][name] and name in before:
                found[name] = before[name]
            elif self.new.annotations_are_postponed:
                found[name] = ast.unparse(node)
            else:
                found[name] = self._sure(node, around, pair.new, f"the annotation of {name!r}")
        return found


def given(function: FunctionType) -> dict[str, Any]:
    """The default values that a function has, by parameter."""
    code, values = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    return {**dict(zip(reversed(names), reversed(values), strict=False)), **(function.__kwdefaults__ or {})}


def _only_the_call(source: Source, code: CodeType, what: str) -> Reason:
    return Reason(
        code="HS111",
        what=f"a function made by {code.co_qualname.rpartition('.<locals>.')[0]} is alive as a closure",
        where=f"{source.path}:{code.co_firstlineno}",
        why=f"{what} is another one now, which only the call that made it could have told",
        remedy="restart, or make the closure again",
    )
