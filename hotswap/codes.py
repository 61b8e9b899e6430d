"""The code objects of two versions of a source, paired: what each function's old code becomes.  Pure."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import CodeType

from hotswap.codefacts import all_codes, nested
from hotswap.diff import Diff, exact
from hotswap.source import Source, first_line, innermost


@dataclass(frozen=True, slots=True)
class CodePair:
    """The code of one function (or class body) before and after.

    `edited`: it behaves differently, functions nested in it aside.  `relocated`: only its lines moved.
    """

    old: CodeType
    new: CodeType
    edited: bool

    @property
    def acts_otherwise(self) -> bool:
        """Whether a call does something else than before: more than the docstring was edited."""
        return self.edited and _without_docstring(self.old) != _without_docstring(self.new)

    @property
    def qualname(self) -> str:
        """The dotted name inside the module."""
        return self.new.co_qualname


def pair_codes(old: Source, new: Source, diff: Diff, *, everything: bool = False) -> list[CodePair]:
    """The code objects of statements that stand in both versions, nested ones included, where anything differs.

    `everything`: also where nothing does but the file that they stand in.
    """
    pairs: list[CodePair] = []
    before, after = Body(old.statements, nested(old.code)), Body(new.statements, nested(new.code))
    _pair_bodies(before, after, diff, pairs, everything=everything)
    return [replace(p, edited=False) if p.edited and _is_laid_out(p, old, new) else p for p in pairs]


def _is_laid_out(pair: CodePair, old: Source, new: Source) -> bool:
    """Whether a function was only laid out otherwise: `try: return 1` on two lines has one instruction more."""
    if _surroundings(pair.old) != _surroundings(pair.new):
        return False  # what is around it was edited, and gives its names another meaning
    one, other = _node_of(pair.old, old), _node_of(pair.new, new)
    return one is not None and other is not None and exact(one) == exact(other)


def _node_of(code: CodeType, source: Source) -> ast.AST | None:
    """The function or class in the source that was compiled to the code; None when there may be several."""
    path = innermost(source, code.co_firstlineno)
    kinds = (ast.Lambda,) if code.co_name == "<lambda>" else (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = [
        node
        for node in ast.walk(source.statement(path) if path is not None else ast.Pass())
        if isinstance(node, kinds)
        and getattr(node, "name", "<lambda>") == code.co_name
        and first_line(node) == code.co_firstlineno
    ]
    return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Body:
    """The statements of a module or class, and the code objects that stand in them, outermost only."""

    statements: Sequence[ast.stmt]
    codes: Iterable[CodeType]

    def by_statement(self) -> list[list[CodeType]]:
        """The code objects that stand in each of the statements."""
        found: list[list[CodeType]] = [[] for _ in self.statements]
        starts = [(first_line(n), n.end_lineno or n.lineno) for n in self.statements]
        at = 0
        for code in sorted(self.codes, key=lambda c: c.co_firstlineno):
            while at < len(starts) - 1 and starts[at][1] < code.co_firstlineno:
                at += 1
            found[at].append(code)
        return found


def _pair_bodies(old: Body, new: Body, diff: Diff, pairs: list[CodePair], *, everything: bool) -> None:
    before, after = old.by_statement(), new.by_statement()
    for match in diff.matches:
        if match.old is None:
            continue
        one, other = old.statements[match.old], new.statements[match.new]
        mine, theirs = before[match.old], after[match.new]
        if match.inner is not None and isinstance(one, ast.ClassDef) and isinstance(other, ast.ClassDef):
            mine, theirs = _pair_members(one, other, (mine, theirs), match.inner, pairs, everything=everything)
        _pair(mine, theirs, pairs, within=everything, everything=everything)


def _pair_members(
    old: ast.ClassDef,
    new: ast.ClassDef,
    codes: tuple[list[CodeType], list[CodeType]],
    inner: Diff,
    pairs: list[CodePair],
    *,
    everything: bool,
) -> tuple[list[CodeType], list[CodeType]]:
    """Pair what stands in a class member by member; returns the codes that stand elsewhere: in its decorators."""
    body, fresh = _body_of(old, codes[0]), _body_of(new, codes[1])
    if body is None or fresh is None:  # it has type parameters: the body stands in a code of its own
        return codes
    pairs.append(CodePair(body, fresh, edited=own_behaviour(body) != own_behaviour(fresh)))
    _pair_bodies(Body(old.body, nested(body)), Body(new.body, nested(fresh)), inner, pairs, everything=everything)
    return [c for c in codes[0] if c is not body], [c for c in codes[1] if c is not fresh]


def _body_of(node: ast.ClassDef, codes: Iterable[CodeType]) -> CodeType | None:
    return next((c for c in codes if c.co_name == node.name and not c.co_flags & 0x2), None)


def _pair(
    old: Iterable[CodeType], new: Iterable[CodeType], pairs: list[CodePair], *, within: bool, everything: bool
) -> None:
    before, after = _by_name(old), _by_name(new)
    for name, codes in after.items():
        for one, other in _partners(before.get(name, []), codes):
            _pair_two(one, other, pairs, within=within, everything=everything)


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


def _pair_two(old: CodeType, new: CodeType, pairs: list[CodePair], *, within: bool, everything: bool) -> None:
    if within or old != new or behaviour(old) != behaviour(new):
        pairs.append(CodePair(old, new, edited=own_behaviour(old) != own_behaviour(new)))
        # Closures alive go along with the function that made them, or they would be lost from sight: the code in them
        # would be that of no source any more, though equal.
        is_function = bool(new.co_flags & 0x2)
        _pair(nested(old), nested(new), pairs, within=is_function or everything, everything=everything)


def function_around(qualname: str) -> str:
    """The function in which a class stands (empty: in none)."""
    return qualname.rpartition(".<locals>.")[0]


def behaviour(code: CodeType) -> Hashable:
    """A key that is equal for codes which do the same, wherever they stand in their files."""
    return own_behaviour(code), tuple(behaviour(c) for c in nested(code))


def own_behaviour(code: CodeType) -> Hashable:
    """The same without the bodies of nested functions."""
    return code.co_code, code.co_exceptiontable, _surroundings(code)


def _surroundings(code: CodeType) -> Hashable:
    """What the code calls its names and constants, and which of them are whose."""
    return (
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        code.co_flags,
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_qualname,
        tuple(_constant(c) for c in code.co_consts),
    )


def _without_docstring(code: CodeType) -> Hashable:
    has_one = not code.co_name.startswith("<") and docstring(code) is not None
    return own_behaviour(code.replace(co_consts=(None, *code.co_consts[1:])) if has_one else code)


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


def tells_otherwise(pair: CodePair) -> bool:
    """Whether those who ask a function about itself get another answer: its docstring, whether it is a generator."""
    return docstring(pair.old) != docstring(pair.new) or is_of_another_kind(pair)


def is_of_another_kind(pair: CodePair) -> bool:
    """Whether a call gives something else at once: a generator or a coroutine, or no such thing any more."""
    return bool((pair.old.co_flags ^ pair.new.co_flags) & _KINDS)


_KINDS = 0x20 | 0x80 | 0x200
"""Generators, coroutines, and generators that are both."""


def docstring(code: CodeType) -> str | None:
    """The docstring that a function made from this code has."""
    first = code.co_consts[0] if code.co_consts else None
    if sys.version_info >= (3, 14) and not code.co_flags & CO_HAS_DOCSTRING:
        return None
    return first if isinstance(first, str) else None


CO_HAS_DOCSTRING = 0x4000000  # Python 3.14
