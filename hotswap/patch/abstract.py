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
from weakref import getweakrefs

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
    """Take back what the removed statement `Shape.register(Circle)` did, or the decorators `@Shape.register` of one."""
    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.Call) and len(call.args) == 1 and (given := chain_of(call.args[0])):
        _withdraw(call.func, resolve_value(namespace, given), namespace, journal)
    if isinstance(node, ast.ClassDef):
        for decorator in node.decorator_list:
            _withdraw(decorator, namespace.get(node.name), namespace, journal)


def withdraw_decorators(node: ast.stmt, before: ast.stmt | None, namespace: dict[str, Any], journal: Journal) -> None:
    """Take back what decorators did that a class does not have any more."""
    if isinstance(node, ast.ClassDef) and isinstance(before, ast.ClassDef) and before.decorator_list:
        left = {ast.dump(each) for each in node.decorator_list}
        for decorator in before.decorator_list:
            if ast.dump(decorator) not in left:
                _withdraw(decorator, namespace.get(before.name), namespace, journal)


def _withdraw(register: ast.expr, virtual: object, namespace: dict[str, Any], journal: Journal) -> None:
    chain = chain_of(register)
    cls = resolve_value(namespace, chain[:-1]) if chain and is_registration(register, namespace) else None
    if not is_instance(cls, type):
        return
    before = registered(cls)
    if any(each is virtual for each in before):
        journal.call((set_registered, cls, [c for c in before if c is not virtual]), (set_registered, cls, before))
        forget_answers(journal)  # the bases of the abstract class gave them, too


def hand_on(twins: Iterable[tuple[object, object]], journal: Journal) -> None:
    """Classes that fresh ones were poured into are virtual subclasses of what decorators registered these with."""
    found = {id(fresh): live for fresh, live in twins if is_instance(fresh, type) and _is_noted(fresh)}
    for cls in list(_abstract_classes()) if found else ():
        before = registered(cls)
        if any(id(each) in found for each in before):
            now = {id(live): live for each in before if is_instance(live := found.get(id(each), each), type)}
            journal.call((set_registered, cls, now.values()), (set_registered, cls, before))


def _is_noted(cls: type) -> bool:
    """Whether somebody has asked to be told when the class goes, as abstract classes do."""
    return any(reference.__callback__ is not None for reference in getweakrefs(cls))


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
