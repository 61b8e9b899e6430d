"""What statements did outside of the program, which stays when they are gone.  Pure.

A removed statement that only bound names takes them along.  What it told others (a hook, an environment variable, a
registration in a library) cannot be taken back, because nobody knows what was there before.
"""

from __future__ import annotations

import ast
import logging
import re
from abc import ABCMeta
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType
from typing import Any

from hotswap.factfinder import MUTATORS, WRITES_BY_NAME, facts_of
from hotswap.facts import Store
from hotswap.index import Index
from hotswap.looking import is_any, is_instance
from hotswap.parsing import parse
from hotswap.planning.containers import CONTAINERS, is_filled
from hotswap.planning.django_admin import is_registration as is_registration_with_site
from hotswap.planning.edition import Edition, is_namespace
from hotswap.planning.flask_routes import is_noted
from hotswap.planning.generic import registered_by
from hotswap.planning.untaken import BLOCKS, without_untaken
from hotswap.resolving import resolve_value
from hotswap.source import StatementPath
from hotswap.syntax import Chain, chain_of, is_own_module

MESSAGES = frozenset("debug info warning warn error exception critical fatal log".split())
HARMLESS = frozenset(
    [("builtins", name) for name in "print len isinstance id repr".split()]
    + [("pprint", "pprint"), ("pprint", "pp"), ("warnings", "warn"), ("_warnings", "warn")]
    + [("time", "sleep"), ("gc", "collect")]
    + [("hotswap.listeners", "accept"), ("hotswap.listeners", "on_swap"), ("hotswap.assets", "on_file")]
    + [("hotswap.assets", "asset"), ("hotswap.hooks", "on_dispose"), ("hotswap.hooks", "forget")]
)
"""Calls that leave nothing behind but what was printed, or what hotswap itself forgets."""


SETTERS = re.compile(r"set([A-Z_]\w*)?|seed|use|config|configure")
"""Names of functions of which a second call takes the place of the first, if it is about the same thing."""

REPEATABLE = frozenset(("import_module", "__import__"))
"""Functions that do nothing when they are called a second time."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a statement does outside of the program, in the words of the source.

    `about` is equal for effects of which the later one takes the place of the earlier one; None: there are none such.
    """

    words: str
    about: str | None = None

    def outdoes(self, other: Effect) -> bool:
        """Whether nothing stays of the other one when this one has happened."""
        return self == other or (self.about is not None and self.about == other.about)


def lasting(edition: Edition, path: StatementPath) -> Iterator[Effect]:
    """The effects of a statement that stay when it is removed."""
    if len(path) > 1:
        return
    node, facts = edition.source.statement(path), edition.facts(path)
    if isinstance(node, BLOCKS):
        ran = without_untaken(edition, path)
        facts = facts if ran is node else facts_of(ran, postponed=edition.source.annotations_are_postponed, first=False)
        node = ran
    namespace, index = edition.tracked.namespace, edition.graph.index
    for call in bare_calls(node):
        if isinstance(call.func, ast.Name) and call.func.id in WRITES_BY_NAME:
            if facts.stores or _is_known(call, edition):  # `setattr(Enemy, "speed", 1)` is a store
                continue
        if (
            is_noted(call, edition.tracked)
            or registered_by(call, namespace)
            or is_registration_with_site(call, namespace)
        ):
            continue  # which can be taken back
        if not _is_the_programs(call.func, namespace, index) and not is_harmless(call.func, namespace):
            yield Effect(ast.unparse(call), _about(call))
    for store in facts.stores:
        if edition.attribute_set(store, path) is not None:
            continue
        is_definition = is_any(resolve_value(namespace, store.chain), ModuleType, type, FunctionType)
        if (is_definition and store.attribute) or edition.holder(store.chain, path) is None:
            yield Effect(_in_words(store), _in_words(store))


def root_of(node: ast.AST) -> str:
    """The name of what a statement does nothing but call: `sock` in `sock.listen(5)`; empty when there is none."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return ""
    return (chain_of(node.value.func) or ("",))[0]


def executed_text(call: ast.Call) -> ast.Module | None:
    """What `exec` executes that is called with nothing but a text, which binds names of the module."""
    text = call.args[0] if len(call.args) == 1 and not call.keywords else None
    if not isinstance(call.func, ast.Name) or call.func.id != "exec" or not isinstance(text, ast.Constant):
        return None
    try:
        return parse(text.value) if isinstance(text.value, str) else None
    except (SyntaxError, ValueError):
        return None


def _about(call: ast.Call) -> str | None:
    """What a call sets: all of it but the value, which comes last."""
    chain = chain_of(call.func)
    if chain is not None and chain[-1] in REPEATABLE:
        return ast.unparse(call)
    if chain is None or not SETTERS.fullmatch(chain[-1]):
        return None
    names = [keyword.arg or "**" for keyword in call.keywords]
    places = call.args if names else call.args[:-1]
    return f"{'.'.join(chain)}({', '.join([*map(ast.unparse, places), *names])})"


def bare_calls(node: ast.AST) -> Iterator[ast.Call]:
    """The calls that stand alone as statements, functions and classes aside; in a text that is executed, too."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        executed = executed_text(node.value)
        if executed is None:
            yield node.value
        else:
            yield from bare_calls(executed)
    elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
                yield from bare_calls(child)


def _is_the_programs(function: ast.expr, namespace: dict[str, Any], index: Index) -> bool:
    """Whether what is called belongs to the program, or a method of a container (which is filled again)."""
    chain = chain_of(function)
    if chain is None:
        return _is_within_container(function, namespace, index)
    value = resolve_value(namespace, chain)
    owner = resolve_value(namespace, chain[:-1]) if len(chain) > 1 else None
    if is_filled(owner):
        return not _stands_in_library(chain, namespace, index)
    function_of = value.__func__ if is_instance(value, MethodType | staticmethod | classmethod) else value
    if is_instance(function_of, FunctionType | type):
        return function_of.__module__ in index.modules
    return type(value).__module__ in index.modules


def _is_within_container(function: ast.expr, namespace: dict[str, Any], index: Index) -> bool:
    """Whether it is a method that fills a container within one of the program's: `TABLE[key].append`.

    What the statement put there goes when the outer one is filled again.
    """
    if not isinstance(function, ast.Attribute) or function.attr not in MUTATORS:
        return False
    keys, node = [], function.value
    while isinstance(node, ast.Subscript):
        keys.append(node.slice)
        node = node.value
    chain = chain_of(node) if keys else None
    if chain is None or _stands_in_library((*chain, function.attr), namespace, index):
        return False
    found = [resolve_value(namespace, chain)]
    for key in reversed(keys):
        found = [part for each in found for part in _parts(each, key)]
    return bool(found) and all(is_any(each, *CONTAINERS) for each in found)


def _parts(container: object, key: ast.expr) -> list[object]:
    """What is in a container under a key; all that is in it when that is computed."""
    if not is_any(container, *CONTAINERS):
        return [None]  # whatever that is
    if isinstance(container, dict):
        found = dict.get(container, key.value) if isinstance(key, ast.Constant) else None
        return [*dict.values(container)] if found is None else [found]
    return [*container] if isinstance(container, list) else [None]


def _stands_in_library(chain: Chain, namespace: dict[str, Any], index: Index) -> bool:
    """Whether a container belongs to a module that is none of the program's: `sys.path`."""
    holders = (resolve_value(namespace, chain[:length]) for length in range(1, len(chain)))
    return any(is_instance(each, ModuleType) and each.__name__ not in index.modules for each in holders)


def is_harmless(function: ast.expr, namespace: dict[str, Any]) -> bool:
    """Whether a call of it leaves nothing behind that would have to be taken back."""
    while isinstance(function, ast.Call):  # `on_file(pattern)(function)`
        function = function.func
    chain = chain_of(function)
    if chain is None:
        return isinstance(function, ast.Attribute) and is_namespace(function.value)  # it binds names of its own module
    owner = resolve_value(namespace, chain[:-1]) if len(chain) > 1 else None
    if is_registration(function, namespace):
        return True
    if chain[-1] in MESSAGES and (is_instance(owner, logging.Logger) or owner is logging):
        return True
    value = resolve_value(namespace, chain)
    if value is None and len(chain) == 1:
        return ("builtins", chain[0]) in HARMLESS
    return (getattr(value, "__module__", None), getattr(value, "__name__", None)) in HARMLESS


def is_registration(function: ast.expr, namespace: dict[str, Any]) -> bool:
    """Whether it is `Shape.register` of an abstract class, which can be taken back."""
    chain = chain_of(function)
    if chain is None or len(chain) < 2 or chain[-1] != "register":
        return False
    owner = resolve_value(namespace, chain[:-1])
    return is_instance(owner, ABCMeta) and "register" not in {n for c in owner.__mro__ for n in vars(c)}


def _is_known(call: ast.Call, edition: Edition) -> bool:
    """Whether it is known what `setattr` under a computed name did.

    To the module itself, which is run whole or goes; or to something else of the program, as somebody looked.
    """
    if not call.args:
        return False
    chain = chain_of(call.args[0])
    if is_own_module(call.args[0]) or (chain and chain[0] in edition.source.own_aliases and len(chain) == 1):
        return True
    chain = chain if edition.tracked.deposits else None
    owner = resolve_value(edition.tracked.namespace, chain) if chain is not None else None
    kind: type = owner if is_instance(owner, type) else type(owner)
    return type.__getattribute__(kind, "__module__") in edition.graph.index.modules


def _in_words(store: Store) -> str:
    target = ".".join(store.chain)
    return f"{target}.{store.attribute} = …" if store.attribute else f"{target}[{store.key!r}] = …"
