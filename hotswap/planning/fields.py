"""The fields that a class gives its instances, as far as its text tells.  Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from hotswap.source import Source
from hotswap.syntax import mangled

CONSTRUCTORS = frozenset(("__init__", "__post_init__", "__attrs_post_init__"))
NO_FIELDS = frozenset(("ClassVar", "InitVar", "KW_ONLY"))
"""Annotations, by the last part of their name, of what is no field of instances."""

_BLOCKS = (
    *(ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match, ast.AsyncFor, ast.AsyncWith),
    *(ast.ExceptHandler, ast.match_case),
)


def all_fields(source: Source) -> dict[str, frozenset[str]]:
    """By qualified name the fields of each class of a module: its own, without those that it inherits."""
    return dict(_classes(source.statements, ""))


def _classes(body: Iterable[ast.stmt], prefix: str) -> Iterator[tuple[str, frozenset[str]]]:
    for node in _within(body):
        if isinstance(node, ast.ClassDef):
            yield prefix + node.name, frozenset(mangled(node.name, name) for name in _fields(node))
            yield from _classes(node.body, f"{prefix}{node.name}.")


def _within(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The statements of a body, those in its blocks included; not those of functions and classes."""
    for node in body:
        yield node
        if isinstance(node, _BLOCKS):
            yield from _within(ast.iter_child_nodes(node))


def _fields(node: ast.ClassDef) -> Iterator[str]:
    """Annotated names, slots, and what constructors set on the instance."""
    for each in _within(node.body):
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            if _is_field(each.annotation):
                yield each.target.id
        elif isinstance(each, ast.Assign) and any(_is_named(t, "__slots__") for t in each.targets):
            yield from _texts(each.value)
        elif isinstance(each, ast.FunctionDef) and each.name in CONSTRUCTORS:
            yield from _set_on_instance(each)


def _is_field(annotation: ast.expr) -> bool:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):  # it is quoted
        return annotation.value.partition("[")[0].strip().rpartition(".")[2] not in NO_FIELDS
    outer = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    name = outer.attr if isinstance(outer, ast.Attribute) else outer.id if isinstance(outer, ast.Name) else ""
    return name not in NO_FIELDS


def _is_named(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def _texts(value: ast.expr) -> Iterator[str]:
    parts = value.elts if isinstance(value, ast.Tuple | ast.List | ast.Set) else [value]
    yield from (part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))


def _set_on_instance(constructor: ast.FunctionDef) -> Iterator[str]:
    arguments = [*constructor.args.posonlyargs, *constructor.args.args]
    for node in _in_function(constructor) if arguments else ():
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and _is_named(node.value, arguments[0].arg)
        ):
            yield node.attr


def _in_function(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield child
            yield from _in_function(child)
