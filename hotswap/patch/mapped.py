"""Classes with a table.  Declarative ones of SQLAlchemy: their methods can be edited, what is mapped to a table cannot.

A mapper, its table and the instrumented attributes are made once for a class; a second class of that table is refused,
and nothing of the old mapping would know of it.
"""

from __future__ import annotations

import ast

from hotswap.errors import CannotSwap
from hotswap.looking import is_instance
from hotswap.patch.reasons import reason
from hotswap.syntax import chain_of

FREE = frozenset(
    "property staticmethod classmethod cached_property hybrid_property hybrid_method setter getter deleter expression "
    "inplace comparator update_expression abstractmethod override".split()
)
"""Decorators that leave a member outside of the mapping."""


def is_mapped(cls: type) -> bool:
    """Whether the class belongs to a declarative registry."""
    return "__mapper__" in vars(cls) or any("_sa_registry" in vars(c) for c in cls.__mro__)


def check_member(cls: type, node: ast.stmt) -> None:
    """Raises CannotSwap when a statement of a mapped class may concern the mapping."""
    if is_mapped(cls) and not _is_free(node):
        raise refusal(cls)


def check_removed(cls: type, name: str) -> None:
    """Raises CannotSwap when a member that goes may be mapped."""
    if is_mapped(cls) and not is_instance(vars(cls).get(name), _PLAIN):
        raise refusal(cls)


def check_gone(value: object) -> None:
    """Raises CannotSwap when a definition that left the source is a class with a table: that would stay."""
    if is_instance(value, type) and (_has_table(value) or _is_model(value)):
        why = "its table stays known to the library, and to the classes that it is related to"
        raise CannotSwap(reason("HS211", value, "left the source, and is mapped to a table", why))


def _has_table(cls: type) -> bool:
    return is_mapped(cls) and "__table__" in vars(cls)


def _is_model(cls: type) -> bool:
    """Whether it is a model of Django, for which a table is made."""
    if type(cls).__module__ != "django.db.models.base":
        return False
    meta = vars(cls).get("_meta")
    return meta is not None and not vars(meta).get("abstract")


_PLAIN = (type(lambda: None), property, staticmethod, classmethod)


def _is_free(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    chains = [chain_of(d.func if isinstance(d, ast.Call) else d) for d in node.decorator_list]
    return all(chain is not None and chain[-1] in FREE for chain in chains)


def refusal(cls: type) -> CannotSwap:
    """Why the class cannot follow."""
    why = "its mapper and table were made when the class was, and cannot be made a second time"
    return CannotSwap(reason("HS211", cls, "is mapped to a table", why))
