"""Which routes of Flask applications a statement registers.  Pure; Flask is never imported."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from hotswap.looking import is_a, is_instance, own_space
from hotswap.resolving import resolve_value
from hotswap.syntax import chain_of

ROUTES = frozenset("route get post put delete patch".split())
"""Decorators that register their function under a path."""
FILTERS = {"template_filter": "filters", "template_test": "tests", "template_global": "globals"}
"""Decorators that put their function into a table of the templates' environment, and which."""


@dataclass(frozen=True, slots=True)
class Route:
    """What a statement has registered with an application; without a path: all rules of the endpoint."""

    app: Any
    endpoint: str
    path: str | None


def is_application(value: Any) -> bool:
    """Whether it is an application, and made up as expected."""
    flask = sys.modules.get("flask")
    if flask is None or not is_instance(value, flask.Flask):
        return False
    urls = own_space(own_space(value).get("url_map"))
    return "view_functions" in own_space(value) and {"_matcher", "_rules_by_endpoint", "_remap"} <= urls.keys()


def routes_of(node: ast.stmt, namespace: dict[str, Any]) -> Iterator[Route]:
    """The routes that a statement registers, in order: a decorated definition, or a call of `add_url_rule`."""
    for decorator in reversed(getattr(node, "decorator_list", ())):  # the last one comes first
        call, app, method = _method(decorator, namespace)
        if method in ROUTES and call is not None:
            endpoint = _word(call, "endpoint")
            name = getattr(node, "name", None) if endpoint is None else _text(endpoint)
            if name is not None:
                yield Route(app, name, _text(call.args[0]) if call.args else None)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield from added_by(node.value, namespace)


def added_by(call: ast.Call, namespace: dict[str, Any]) -> Iterator[Route]:
    """The route that a call of `add_url_rule` registers, if it is one."""
    _, app, method = _method(call, namespace)
    if method != "add_url_rule" or not call.args:
        return
    given = [*call.args[1:3], None, None]
    endpoint, view = _word(call, "endpoint") or given[0], _word(call, "view_func") or given[1]
    name = _name_of_view(view, namespace) if endpoint is None else _text(endpoint)
    if name is not None:
        yield Route(app, name, _text(call.args[0]))


def filters_of(node: ast.stmt, namespace: dict[str, Any]) -> Iterator[tuple[Any, str, str]]:
    """Applications, tables of their environments and names under which a decorated definition is put there."""
    for decorator in getattr(node, "decorator_list", ()):
        call, app, method = _method(decorator, namespace)
        if method in FILTERS:
            given = [*call.args[:1], _word(call, "name")] if call is not None else []
            told = next((each for each in given if each is not None), None)
            name = getattr(node, "name", None) if told is None else _text(told)
            if name is not None:
                yield app, FILTERS[method], name


def _method(node: ast.expr, namespace: dict[str, Any]) -> tuple[ast.Call | None, Any, str]:
    """The call, the application and the name of its method, in `app.route("/")`; without an application no name."""
    call = node if isinstance(node, ast.Call) else None
    chain = chain_of(node if call is None else call.func)
    app = resolve_value(namespace, chain[:-1]) if chain is not None and len(chain) > 1 else None
    return call, app, chain[-1] if chain is not None and is_application(app) else ""


def _word(call: ast.Call, name: str) -> ast.expr | None:
    return next((word.value for word in call.keywords if word.arg == name), None)


def _name_of_view(view: ast.expr | None, namespace: dict[str, Any]) -> str | None:
    """The name that a view function has: that of a function, or the one that `View.as_view("name")` gives it."""
    if isinstance(view, ast.Call) and isinstance(view.func, ast.Attribute) and view.func.attr == "as_view":
        return _text(view.args[0]) if view.args else None
    chain = chain_of(view) if view is not None else None
    value = resolve_value(namespace, chain) if chain is not None else None
    return value.__name__ if is_a(value, FunctionType) else None


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and type(node.value) is str else None
