"""What statements do to applications of Flask, as far as it can be taken back.  Pure; Flask is never imported."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from types import MethodType
from typing import Any

from hotswap.index import Tracked
from hotswap.looking import is_a, is_instance, own_space
from hotswap.resolving import resolve_value
from hotswap.syntax import chain_of

ROUTES = frozenset("route get post put delete patch".split())
"""Decorators that register their function under a path."""
FILTERS = {"template_filter": "filters", "template_test": "tests", "template_global": "globals"}
"""Decorators that put their function into a table of the templates' environment, and which."""


def is_application(value: Any) -> bool:
    """Whether it is an application, and made up as expected."""
    flask = sys.modules.get("flask")
    if flask is None or not is_instance(value, flask.Flask):
        return False
    urls = own_space(own_space(value).get("url_map"))
    return "view_functions" in own_space(value) and {"_matcher", "_rules_by_endpoint", "_remap"} <= urls.keys()


def is_noted(call: ast.Call, tracked: Tracked) -> bool:
    """Whether a call adds a route, and it was seen which: `app.add_url_rule(…)`, `app.route(…)(view)`."""
    function = call.func.func if isinstance(call.func, ast.Call) else call.func
    method = _method(function, tracked.namespace)[1]
    if method not in (ROUTES if isinstance(call.func, ast.Call) else ("add_url_rule",)):
        return False
    footprint = tracked.footprint(call.lineno, call.end_lineno or call.lineno)
    return footprint is not None and bool(footprint.routes)


def filters_of(node: ast.stmt, namespace: dict[str, Any]) -> Iterator[tuple[Any, str, str]]:
    """Applications, tables of their environments and names under which a decorated definition is put there."""
    for decorator in getattr(node, "decorator_list", ()):
        call = decorator if isinstance(decorator, ast.Call) else None
        app, method = _method(decorator if call is None else call.func, namespace)
        if method in FILTERS:
            given = [*call.args[:1], *(word.value for word in call.keywords if word.arg == "name")] if call else []
            name = getattr(node, "name", None) if not given else _text(given[0])
            if name is not None:
                yield app, FILTERS[method], name


def _method(function: ast.expr, namespace: dict[str, Any]) -> tuple[Any, str]:
    """The application and the name of its method that an expression stands for; without an application no name."""
    chain = chain_of(function)
    method = resolve_value(namespace, chain) if chain is not None else None
    if is_a(method, MethodType) and is_application(method.__self__):
        return method.__self__, method.__func__.__name__
    owner = resolve_value(namespace, chain[:-1]) if chain is not None and len(chain) > 1 else None
    return (owner, chain[-1]) if chain is not None and is_application(owner) else (None, "")


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and type(node.value) is str else None
