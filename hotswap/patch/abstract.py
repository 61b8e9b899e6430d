"""What Python remembers about the relations of classes: abstract methods, and answers of isinstance and dispatch."""

from __future__ import annotations

import _abc  # type: ignore[import-not-found]  # what `abc` is made of
import ast
import gc
import typing
from abc import ABCMeta
from collections.abc import Iterable, Iterator
from types import FunctionType
from typing import Any

from hotswap.journal import Journal
from hotswap.looking import family, is_instance
from hotswap.patch.dispatch import DISPATCHER
from hotswap.planning.effects import is_registration
from hotswap.resolving import resolve_value
from hotswap.syntax import chain_of


def update_abstract(cls: type, journal: Journal) -> None:
    """Say anew which methods of the class and its subclasses are abstract."""
    for each in family(cls):
        if is_instance(each, ABCMeta):
            names = _abstract_names(each)
            if each.__dict__.get("__abstractmethods__") != names:
                journal.set_attribute(each, "__abstractmethods__", names)


def _abstract_names(cls: type) -> frozenset[str]:
    inherited = {n for base in cls.__bases__ for n in getattr(base, "__abstractmethods__", ())}
    own = {n for n, v in list(vars(cls).items()) if getattr(v, "__isabstractmethod__", False)}
    return frozenset(own | {n for n in inherited if getattr(getattr(cls, n, None), "__isabstractmethod__", False)})


def are_abstract(cls: type) -> dict[type, bool]:
    """Which of the class and its subclasses cannot be made instances of."""
    return (
        {each: bool(getattr(each, "__abstractmethods__", ())) for each in family(cls)}
        if is_instance(cls, ABCMeta)
        else {}
    )


def asked_of(cls: type, members: Iterable[str]) -> list[tuple[str, object]]:
    """What `isinstance` may look at in a class: which of these members it has, and those that answer themselves.

    `__iter__ = None` says that there is no such method.
    """
    own = vars(cls)
    return [(name, own[name] if name in ANSWERING else own[name] is None) for name in members if name in own]


ANSWERING = frozenset(("__subclasshook__", "__instancecheck__", "__subclasscheck__", "__class__", "__annotations__"))
"""Members with which a class itself says what belongs to it."""


def forget_answers(journal: Journal) -> None:
    """Forget what abstract classes and protocols answered to isinstance; they ask anew, also after a rollback."""
    journal.call((clear_answers,), (clear_answers,))


def forget_bases(journal: Journal) -> None:
    """Forget what was derived from the bases of classes: dispatch tables, aliases of generic classes."""
    forget_answers(journal)
    journal.call((_clear_dispatch,), (_clear_dispatch,))
    forget_aliases(journal)


def forget_aliases(journal: Journal) -> None:
    """Forget the aliases of generic classes, which were made with the parameters that these had."""
    journal.call((_clear_aliases,), (_clear_aliases,))


def registered(cls: type) -> list[type]:
    """The virtual subclasses that were registered with an abstract class."""
    registry = _abc._get_dump(cls)[0] if is_instance(cls, ABCMeta) else ()
    return [each for reference in registry if (each := reference()) is not None]


def set_registered(cls: type, classes: Iterable[type]) -> None:
    """Let these be the virtual subclasses of an abstract class."""
    _abc._reset_registry(cls)
    _abc._reset_caches(cls)
    for each in classes:
        _abc._abc_register(cls, each)


def withdraw_registration(node: ast.stmt, namespace: dict[str, Any], journal: Journal) -> None:
    """Take back what the removed statement `Shape.register(Circle)` did."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or len(call.args) != 1 or not is_registration(call.func, namespace):
        return
    chain, given = chain_of(call.func), chain_of(call.args[0])
    cls = resolve_value(namespace, chain[:-1]) if chain else None
    virtual = resolve_value(namespace, given) if given else None
    if not is_instance(cls, type):
        return
    before = registered(cls)
    journal.call((set_registered, cls, [c for c in before if c is not virtual]), (set_registered, cls, before))


def clear_answers() -> None:
    """Let abstract classes forget what they answered; they ask anew."""
    for cls in _abstract_classes():
        ABCMeta._abc_caches_clear(cls)  # type: ignore[attr-defined]  # "for debugging or testing"; there since 3.7


def _abstract_classes() -> Iterator[type]:
    """All classes made by ABCMeta, those aside that were never finished because `__init_subclass__` raised."""
    seen: set[type] = set()
    todo = type.__subclasses__(object)
    while todo:
        cls = todo.pop()
        if cls not in seen and not issubclass(cls, type):
            seen.add(cls)
            todo += type.__subclasses__(cls)
            if is_instance(cls, ABCMeta) and "_abc_impl" in vars(cls):
                yield cls


def _clear_dispatch() -> None:
    for function in gc.get_referrers(DISPATCHER):
        clear = getattr(function, "_clear_cache", None)
        if is_instance(function, FunctionType) and clear is not None:
            clear()


def _clear_aliases() -> None:
    """`Box[int]` is cached by typing with the parameters that `Box` had."""
    for clear in getattr(typing, "_cleanups", ()):
        clear()
