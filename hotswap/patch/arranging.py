"""The order in which a class has its members: that of its source, as for a class that is made anew.

Who goes through a class (`vars(cls)`, its annotations) finds fields in that order.
"""

from __future__ import annotations

import ast
import dis
from collections import deque
from collections.abc import Iterator, Sequence
from types import CodeType, FunctionType
from typing import Any

from hotswap.codefacts import all_codes
from hotswap.containers import fill
from hotswap.diff import Match
from hotswap.journal import Journal
from hotswap.looking import is_a, is_any, own_space
from hotswap.model import Edit
from hotswap.patch.layout import namespace_of
from hotswap.resolving import resolve_value
from hotswap.source import Source, StatementPath, first_line, name_of, prefix_of
from hotswap.syntax import annotated, mangled

_FUNCTIONS = (FunctionType, staticmethod, classmethod, property)


def arrange(cls: type, names: Sequence[str], journal: Journal) -> bool:
    """Give the members with these names that order; what others have set on the class comes behind them.

    Returns whether it was another one for members that are no functions.
    """
    space, known = own_space(cls), set(names)
    before = [name for name in space if name in known]
    wanted = [name for name in dict.fromkeys(names) if name in space]
    if before == wanted:
        return False
    now = list(space)
    first = now.index(before[0])
    order = [*now[:first], *wanted, *(name for name in now[first:] if name not in known)]
    journal.call((_reorder, cls, order), (_reorder, cls, now))
    fields = {name for name in wanted if not is_any(space[name], *_FUNCTIONS)}
    return [name for name in before if name in fields] != [name for name in wanted if name in fields]


def arrange_as_written(cls: type, source: Source, path: StatementPath, journal: Journal) -> bool:
    """The same for the class that a statement of the source defines, annotations included."""
    node = source.statement(path)
    code = _code_of(source, node)
    if not isinstance(node, ast.ClassDef) or code is None:
        return False
    is_other = arrange(cls, list(_stored(code)), journal)
    annotations = own_space(cls).get("__annotations__")
    if type(annotations) is dict:
        written = [mangled(node.name, name) for name in annotated(node.body)]
        order = [*(name for name in written if name in annotations), *(n for n in annotations if n not in written)]
        if order != list(annotations):
            journal.set_attribute(cls, "__annotations__", {name: annotations[name] for name in order})
            is_other = True
    return is_other


def arrange_annotations(namespace: dict[str, Any], source: Source, journal: Journal) -> None:
    """Let a module have its annotations in the order of its source."""
    annotations = namespace.get("__annotations__")
    if type(annotations) is not dict:
        return
    written = list(annotated(source.statements))
    order = [*(name for name in written if name in annotations), *(n for n in annotations if n not in written)]
    if order != list(annotations):
        journal.remember(annotations)
        fill(annotations, {name: annotations[name] for name in order})


def rearranged(edit: Edit, space: dict[str, Any], journal: Journal) -> Iterator[str]:
    """Arrange the classes of a module of which members were edited, came or went; yields those that are another now."""
    todo: list[tuple[Match, StatementPath]] = []
    if edit.new is not None and edit.diff is not None:
        todo += [(match, (match.new,)) for match in edit.diff.matches]
    for match, path in todo:  # grows on the way
        if match.kind != "members" or match.inner is None:
            continue
        assert edit.new is not None
        todo += [(inner, (*path, inner.new)) for inner in match.inner.matches]
        qualname = prefix_of(edit.new, path) + name_of(edit.new.statement(path))
        cls = resolve_value(space, tuple(qualname.split(".")))
        if is_a(cls, type) and (cls.__module__, cls.__qualname__) == (edit.module, qualname):
            if arrange_as_written(cls, edit.new, path, journal):
                yield qualname


def _code_of(source: Source, node: ast.stmt) -> CodeType | None:
    """The code of the body of a class."""
    line = first_line(node)
    found = (code for code in all_codes(source.code) if code.co_firstlineno == line and not code.co_flags & _OPTIMIZED)
    return next((code for code in found if code.co_name == getattr(node, "name", "")), None)


_OPTIMIZED = 0x1
_MACHINERY = frozenset(
    "__module__ __qualname__ __doc__ __annotations__ __firstlineno__ __static_attributes__ __classcell__".split()
)
"""What Python binds in class bodies by itself."""


def _stored(code: CodeType) -> Iterator[str]:
    """The names that a class body binds, in order."""
    for each in dis.get_instructions(code):
        if each.opname == "STORE_NAME" and each.argval not in _MACHINERY:
            yield each.argval


def _reorder(cls: type, order: Sequence[str]) -> None:
    """In one call into C: other threads never see a class without a member."""
    space: dict[str, Any] = namespace_of(cls)
    names = [name for name in order if name in space]
    deque(map(space.__setitem__, names, map(space.pop, names)), maxlen=0)
