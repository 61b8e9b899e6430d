"""Two versions of a source → what changed, statement by statement.  Pure."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, TypeAlias

from hotswap.source import Source

Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Kind: TypeAlias = Literal["same", "body", "members", "edited", "added"]


@dataclass(frozen=True, slots=True)
class Match:
    """One statement of the new version and where it comes from.

    same: not edited (perhaps moved).  body: only bodies of functions in it were edited.  members: a class whose own
    line is as before; `inner` says what happened in its body.  edited: it must run again.  added: it is new.
    """

    new: int
    old: int | None
    kind: Kind
    moved: bool = False
    inner: Diff | None = None


@dataclass(frozen=True, slots=True)
class Diff:
    """What became of a list of statements."""

    matches: tuple[Match, ...]
    removed: tuple[int, ...]

    def __bool__(self) -> bool:
        return bool(self.removed) or any(m.kind != "same" or m.moved for m in self.matches)


def diff_sources(old: Source, new: Source) -> Diff:
    """Compare two versions of a file."""
    return _Differ(old, new).compare(old.statements, new.statements)


class _Differ:
    def __init__(self, old: Source, new: Source) -> None:
        self.old, self.new = old, new

    def compare(self, old: Sequence[ast.stmt], new: Sequence[ast.stmt]) -> Diff:
        """Pair the statements of two bodies, in order where there is one."""
        pairs = self.pair_in_order(old, new)
        found: dict[int, Match] = {j: Match(j, i, "same") for i, j in pairs}
        left_old = [i for i in range(len(old)) if i not in {i for i, _ in pairs}]
        left_new = [j for j in range(len(new)) if j not in found]
        for i, j in pair_by_key(((i, exact(old[i])) for i in left_old), ((j, exact(new[j])) for j in left_new)):
            found[j] = Match(j, i, "same", moved=True)
            left_old.remove(i)
            left_new.remove(j)
        for i, j in pair_by_key(((i, role(old[i])) for i in left_old), ((j, role(new[j])) for j in left_new)):
            found[j] = self.edited(old[i], new[j], i, j)
            left_old.remove(i)
            left_new.remove(j)
        for i, j in pair_by_key(((i, kind(old[i])) for i in left_old), ((j, kind(new[j])) for j in left_new)):
            found[j] = self.edited(old[i], new[j], i, j)
            left_old.remove(i)
        return Diff(tuple(found.get(j) or Match(j, None, "added") for j in range(len(new))), tuple(left_old))

    def pair_in_order(self, old: Sequence[ast.stmt], new: Sequence[ast.stmt]) -> list[tuple[int, int]]:
        """The longest common run of equal statements; texts decide, trees only where the texts differ."""
        ours, theirs = [self.old.text_of(n) for n in old], [self.new.text_of(n) for n in new]
        alike = set(ours) & set(theirs)
        keys_old: list[Hashable] = [t if t in alike else exact(n) for t, n in zip(ours, old, strict=True)]
        keys_new: list[Hashable] = [t if t in alike else exact(n) for t, n in zip(theirs, new, strict=True)]
        return longest_common(keys_old, keys_new)

    def edited(self, old: ast.stmt, new: ast.stmt, i: int, j: int) -> Match:
        """Two versions of what is, by its role, one statement."""
        if shape(old) == shape(new):
            return Match(j, i, "body")
        if isinstance(old, ast.ClassDef) and isinstance(new, ast.ClassDef) and header(old) == header(new):
            return Match(j, i, "members", inner=self.compare(old.body, new.body))
        return Match(j, i, "edited")


def longest_common(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Index pairs of a common subsequence; equal heads and tails are paired without further search."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    pairs = [(i, i) for i in range(head)]
    middle = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
    for block in middle.get_matching_blocks():
        pairs += [(head + block.a + k, head + block.b + k) for k in range(block.size)]
    return pairs + [(len(old) - tail + k, len(new) - tail + k) for k in range(tail)]


def pair_by_key(old: Iterable[tuple[int, Hashable]], new: Iterable[tuple[int, Hashable]]) -> list[tuple[int, int]]:
    """Pair what has the same key, in order; a key of None pairs with nothing."""
    waiting = defaultdict(list)
    for i, key in old:
        if key is not None:
            waiting[key].append(i)
    return [(waiting[key].pop(0), j) for j, key in list(new) if waiting.get(key)]


def exact(node: ast.AST) -> str:
    """A key that is equal for statements which differ in layout and comments only."""
    return ast.dump(node)


def role(node: ast.stmt) -> Hashable:
    """What an edited statement is recognised by: what it defines or binds."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return "def", node.name, tuple(ast.dump(d) for d in node.decorator_list if _is_accessor(d))
    if isinstance(node, ast.ClassDef):
        return "class", node.name
    if isinstance(node, ast.Assign):
        return "bind", tuple(ast.dump(t) for t in node.targets)
    if isinstance(node, ast.AnnAssign):
        return "bind", (ast.dump(node.target),)
    if isinstance(node, ast.Import):
        return "import", tuple(a.name for a in node.names)
    if isinstance(node, ast.ImportFrom):
        return "from", node.module, node.level
    return type(node).__name__, shape(node)


def kind(node: ast.stmt) -> Hashable:
    """What an edited compound statement is recognised by at last: what sort it is, and what it defines."""
    if not isinstance(
        node, ast.For | ast.While | ast.If | ast.Try | ast.With | ast.Match | ast.AsyncFor | ast.AsyncWith
    ):
        return None
    names = sorted(
        n.name for n in ast.walk(node) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    )
    return (type(node).__name__, tuple(names)) if names else None


def _is_accessor(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "getter", "deleter")


def header(node: ast.ClassDef) -> Hashable:
    """A class statement without its body."""
    return (
        node.name,
        _shapes(node.bases),
        _shapes(node.keywords),
        _shapes(node.decorator_list),
        _shapes(getattr(node, "type_params", ())),
    )


def shape(node: object) -> Hashable:
    """A tree without positions and without the bodies of its functions.

    The docstring of a decorated function belongs to the shape, because decorators copy and read it; that of a plain
    function is patched.  So does whether it is a generator, for decorators ask.
    """
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        seen = (ast.get_docstring(node, clean=False), _yields(node.body)) if node.decorator_list else None
        parts = (node.args, node.decorator_list, node.returns, getattr(node, "type_params", ()))
        return type(node).__name__, node.name, seen, *(_shapes(p) if isinstance(p, list) else shape(p) for p in parts)
    if isinstance(node, ast.Lambda):
        return "Lambda", shape(node.args)
    if isinstance(node, ast.AST):
        return type(node).__name__, *(
            _shapes(value) if isinstance(value, list) else shape(value)
            for name, value in ast.iter_fields(node)
            if name not in ("ctx", "type_comment")
        )
    if isinstance(node, tuple):
        return _shapes(node)
    return type(node).__name__, node  # 1, True and 1.0 are equal but not the same


def _yields(nodes: Iterable[ast.AST]) -> bool:
    """Whether a function with such a body is a generator."""
    for node in nodes:
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, _SCOPES) and _yields(ast.iter_child_nodes(node)):
            return True
    return False


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def _shapes(nodes: Iterable[object]) -> Hashable:
    return tuple(shape(n) for n in nodes)
