"""The code objects of two versions of a source, paired: what each function's old code becomes.  Pure."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from types import CodeType

from hotswap.codefacts import all_codes, nested
from hotswap.diff import Diff
from hotswap.source import Source, first_line


@dataclass(frozen=True, slots=True)
class CodePair:
    """The code of one function (or class body) before and after.

    `edited`: it behaves differently, functions nested in it aside.  `relocated`: only its lines moved.
    """

    old: CodeType
    new: CodeType
    edited: bool

    @property
    def qualname(self) -> str:
        """The dotted name inside the module."""
        return self.new.co_qualname


def pair_codes(old: Source, new: Source, diff: Diff) -> list[CodePair]:
    """The code objects of statements that stand in both versions, nested ones included, where anything differs."""
    before, after = codes_by_statement(old), codes_by_statement(new)
    pairs: list[CodePair] = []
    for match in diff.matches:
        if match.old is not None:
            _pair(before[match.old], after[match.new], pairs)
    return pairs


def codes_by_statement(source: Source) -> list[list[CodeType]]:
    """The code objects that stand directly in each statement of the module."""
    found: list[list[CodeType]] = [[] for _ in source.statements]
    starts = [(first_line(n), n.end_lineno or n.lineno) for n in source.statements]
    codes = sorted(nested(source.code), key=lambda c: c.co_firstlineno)
    at = 0
    for code in codes:
        while at < len(starts) - 1 and starts[at][1] < code.co_firstlineno:
            at += 1
        found[at].append(code)
    return found


def _pair(old: Iterable[CodeType], new: Iterable[CodeType], pairs: list[CodePair], *, within: bool = False) -> None:
    before, after = _by_name(old), _by_name(new)
    for name, codes in after.items():
        for one, other in _partners(before.get(name, []), codes):
            _pair_two(one, other, pairs, within=within)


def _by_name(codes: Iterable[CodeType]) -> dict[str, list[CodeType]]:
    found: dict[str, list[CodeType]] = defaultdict(list)
    for code in codes:
        found[code.co_name].append(code)
    return found


def _partners(old: list[CodeType], new: list[CodeType]) -> Iterator[tuple[CodeType, CodeType]]:
    """Codes of one name: by place if there are as many as before; else those that behave alike, the rest in order."""
    if len(old) != len(new):
        waiting, left = list(old), []
        for code in new:
            twin = next((c for c in waiting if behaviour(c) == behaviour(code)), None)
            if twin is None:
                left.append(code)
            else:
                waiting.remove(twin)
                yield twin, code
        old, new = waiting, left
    yield from zip(old, new, strict=False)


def _pair_two(old: CodeType, new: CodeType, pairs: list[CodePair], *, within: bool = False) -> None:
    if within or old != new or behaviour(old) != behaviour(new):
        pairs.append(CodePair(old, new, edited=own_behaviour(old) != own_behaviour(new)))
        # Closures alive go along with the function that made them, or they would be lost from sight: the code in them
        # would be that of no source any more, though equal.
        is_function = bool(new.co_flags & 0x2)
        _pair(nested(old), nested(new), pairs, within=is_function)


def behaviour(code: CodeType) -> Hashable:
    """A key that is equal for codes which do the same, wherever they stand in their files."""
    return own_behaviour(code), tuple(behaviour(c) for c in nested(code))


def own_behaviour(code: CodeType) -> Hashable:
    """The same without the bodies of nested functions."""
    return (
        code.co_code,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        code.co_flags,
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_exceptiontable,
        code.co_qualname,
        tuple(_constant(c) for c in code.co_consts),
    )


def _constant(value: object) -> Hashable:
    if isinstance(value, CodeType):
        return "code", value.co_name
    if isinstance(value, tuple):
        return tuple(_constant(v) for v in value)
    if isinstance(value, frozenset):
        return frozenset(_constant(v) for v in value)
    return type(value).__name__, repr(value)  # 0.0 and -0.0 are equal, 1 and True as well


def class_code(source: Source, path: tuple[int, ...]) -> CodeType | None:
    """The code of the body of the class that stands at the path."""
    node = source.statement(path)
    assert isinstance(node, ast.ClassDef)
    line = first_line(node)
    candidates = [c for c in all_codes(source.code) if c.co_name == node.name and c.co_firstlineno == line]
    return next((c for c in candidates if "__qualname__" in c.co_names), None)


def docstring(code: CodeType) -> str | None:
    """The docstring that a function made from this code has."""
    first = code.co_consts[0] if code.co_consts else None
    if sys.version_info >= (3, 14) and not code.co_flags & CO_HAS_DOCSTRING:
        return None
    return first if isinstance(first, str) else None


CO_HAS_DOCSTRING = 0x4000000  # Python 3.14
