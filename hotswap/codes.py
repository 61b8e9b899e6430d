"""The code objects of two versions of a source, paired: what each function's old code becomes.  Pure."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import CodeType
from typing import TypeAlias

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
        labels = Labels(one), Labels(other)
        if match.inner is not None and isinstance(one, ast.ClassDef) and isinstance(other, ast.ClassDef):
            mine, theirs = _pair_members(one, other, (mine, theirs), match.inner, pairs, everything=everything)
        _pair(mine, theirs, pairs, labels, within=everything, everything=everything)


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
    old: Iterable[CodeType],
    new: Iterable[CodeType],
    pairs: list[CodePair],
    labels: tuple[Labels, Labels],
    *,
    within: bool,
    everything: bool,
) -> None:
    before, after = _by_name(old), _by_name(new)
    for name, codes in after.items():
        for one, other in _partners(before.get(name, []), codes, labels):
            _pair_two(one, other, pairs, labels, within=within, everything=everything)


def _by_name(codes: Iterable[CodeType]) -> dict[str, list[CodeType]]:
    found: dict[str, list[CodeType]] = defaultdict(list)
    for code in codes:
        found[code.co_name].append(code)
    return found


def _partners(
    old: list[CodeType], new: list[CodeType], labels: tuple[Labels, Labels]
) -> Iterator[tuple[CodeType, CodeType]]:
    """Codes of one name: those that stand under the same words, and are alone there.

    Of the rest those that behave alike, and then, if there are as many as before, by place.  Where some have come or
    gone, what stands under words of its own (the key of a table) becomes nothing that stands elsewhere.
    """
    one, other = _alone(old, labels[0]), _alone(new, labels[1])
    sure = {id(one[label]): other[label] for label in one.keys() & other.keys()} if len(old) + len(new) > 2 else {}
    yield from ((code, sure[id(code)]) for code in old if id(code) in sure)
    taken = {id(code) for code in sure.values()}
    old, new = [c for c in old if id(c) not in sure], [c for c in new if id(c) not in taken]
    if len(old) != len(new) or (sure and len(old) > 1):
        waiting, left = list(old), []
        for code in new:
            twin = next((c for c in waiting if behaviour(c) == behaviour(code)), None)
            if twin is None:
                left.append(code)
            else:
                waiting.remove(twin)
                yield twin, code
        old, new = waiting, left
    if len(old) != len(new):
        known = {*map(id, one.values()), *map(id, other.values())}
        old, new = [c for c in old if id(c) not in known], [c for c in new if id(c) not in known]
    yield from zip(old, new, strict=False)


def _alone(codes: list[CodeType], labels: Labels) -> dict[Label, CodeType]:
    """By label the lambdas that are the only ones with it."""
    if len(codes) < 2 or codes[0].co_name != "<lambda>":
        return {label: code for code in codes if code.co_name == "<lambda>" and (label := labels.of(code))}
    found: dict[Label, list[CodeType]] = defaultdict(list)
    for code in codes:
        found[labels.of(code)].append(code)
    return {label: alike[0] for label, alike in found.items() if label and len(alike) == 1}


Label: TypeAlias = tuple[str, ...]


class Labels:
    """Under which words the lambdas in a statement stand: the key of a table, a keyword, the name that gets them."""

    def __init__(self, node: ast.stmt) -> None:
        self._node = node

    def of(self, code: CodeType) -> Label:
        """Told from where the body of the lambda begins; empty when it stands under none.

        Python 3.12 does not tell where a constant begins that is all of the body: then from what that is.
        """
        places: list[Hashable] = [(line, column) for line, _, column, _ in code.co_positions()]
        places.append((code.co_firstlineno, code.co_varnames, repr(code.co_consts[-1]) if code.co_consts else ""))
        return next((self._found[at] for at in places if at in self._found), ())

    @cached_property
    def _found(self) -> dict[Hashable, Label]:
        found: dict[Hashable, Label] = {}
        todo: list[tuple[ast.AST, Label]] = [(self._node, ())]
        while todo:
            node, label = todo.pop()
            if isinstance(node, ast.Lambda):
                found[node.body.lineno, node.body.col_offset] = label
                if (key := _constant_of(node)) is not None:
                    found[key] = label if key not in found else ()
            todo += [(child, (*label, *words)) for child, words in _with_words(node)]
        return found


def _constant_of(node: ast.Lambda) -> Hashable:
    """The line, the variables and the body of a lambda that is nothing but a constant; None for others."""
    try:
        value = ast.literal_eval(node.body)
    except (ValueError, TypeError, SyntaxError):
        return None
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    return node.lineno, tuple(each.arg for each in arguments if each is not None), repr(value)


def _with_words(node: ast.AST) -> Iterator[tuple[ast.AST, Label]]:
    """The parts of an expression or statement, each with the words that it adds to those of what is in it."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield value, () if key is None else (ast.unparse(key),)
            if key is not None:
                yield key, ()
        return
    words: Label = ()
    if isinstance(node, ast.keyword):
        words = (f"{node.arg}=",)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        words = (node.name,)
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr):
        words = (ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target),)
    elif isinstance(node, ast.Call | ast.Tuple):
        parts = node.args if isinstance(node, ast.Call) else node.elts
        words = tuple(repr(part.value) for part in parts[:1] if isinstance(part, ast.Constant))
    yield from ((child, words) for child in ast.iter_child_nodes(node))


def _pair_two(
    old: CodeType,
    new: CodeType,
    pairs: list[CodePair],
    labels: tuple[Labels, Labels],
    *,
    within: bool,
    everything: bool,
) -> None:
    if within or old != new or behaviour(old) != behaviour(new):
        pairs.append(CodePair(old, new, edited=own_behaviour(old) != own_behaviour(new)))
        # Closures alive go along with the function that made them, or they would be lost from sight: the code in them
        # would be that of no source any more, though equal.
        inner = bool(new.co_flags & 0x2) or everything
        _pair(nested(old), nested(new), pairs, labels, within=inner, everything=everything)


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
