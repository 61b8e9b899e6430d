"""Routes of Flask applications: those of statements that are gone, or run again, are taken out of the map of URLs.

A map of werkzeug takes rules, and has no way of giving one back: those that stay are put into a new matcher.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Container, Iterable, Iterator
from copy import copy
from types import MethodType
from typing import Any

from hotswap.containers import fill, values_of
from hotswap.journal import Journal
from hotswap.looking import is_a, is_any, own_space
from hotswap.model import Edit
from hotswap.planning.flask_routes import FILTERS, ROUTES, Route, filters_of, is_application, routes_of
from hotswap.source import Source

HOOKS = (
    frozenset(
        "before_request after_request teardown_request teardown_appcontext context_processor shell_context_processor "
        "url_value_preprocessor url_defaults errorhandler".split()
    )
    | FILTERS.keys()
)
"""Decorators that put their function into tables of the application, as it is."""
_TABLES = (
    "view_functions before_request_funcs after_request_funcs teardown_request_funcs teardown_appcontext_funcs "
    "shell_context_processors template_context_processors url_value_preprocessors url_default_functions "
    "error_handler_spec"
).split()
_DEEPEST = 4
_TAKES_NO_MORE = "add_url_rule"


def is_refused(error: BaseException) -> bool:
    """Whether an application refused a function for having another one under its name; Flask is never imported."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    if at is None or not is_a(error, AssertionError) or at.tb_frame.f_code.co_name != _TAKES_NO_MORE:
        return False
    return is_application(at.tb_frame.f_locals.get("self"))


def is_taken_back(decorator: Any, definitions: Iterable[Any]) -> bool:
    """Whether it is a method of an application which has nothing any more of the definitions that it was given."""
    app: Any = decorator.__self__ if is_a(decorator, MethodType) else None
    if not is_application(app):
        return False
    if any(endpoint not in app.view_functions for endpoint in app.url_map._rules_by_endpoint):
        return False  # its function is gone, and the rule is not: nobody knew which it was
    wanted = {id(each) for each in definitions}
    return decorator.__func__.__name__ in ROUTES | HOOKS and not any(_holds(table, wanted) for table in _tables(app))


def _tables(app: Any) -> Iterator[Any]:
    space = own_space(app)
    yield from (space.get(name) for name in _TABLES)
    environment = own_space(space.get("jinja_env"))
    yield from (environment.get(name) for name in ("filters", "tests", "globals"))


def _holds(table: Any, wanted: Container[int], depth: int = _DEEPEST) -> bool:
    parts = values_of(table) if depth and is_any(table, dict, list) else []
    return id(table) in wanted or any(_holds(part, wanted, depth - 1) for part in parts)


def withdraw_removed(edit: Edit, namespace: dict[str, Any], journal: Journal) -> None:
    """Take out what statements have registered that are gone, and calls and decorators that say something else now."""
    for node in _gone(edit) if "flask" in sys.modules else ():
        withdraw(node, namespace, journal)


def _gone(edit: Edit) -> Iterator[ast.stmt]:
    statements = edit.old.statements
    if edit.new is None or edit.diff is None:
        yield from statements
        return
    yield from (statements[number] for number in edit.diff.removed)
    for match in edit.diff.matches:
        if match.old is not None and match.kind != "same":
            before, now = statements[match.old], edit.new.statements[match.new]
            yield before if isinstance(before, ast.Expr) else _without(before, now)


def _without(before: ast.stmt, now: ast.stmt) -> ast.stmt:
    """A definition with those decorators alone that it has no more."""
    stay = {ast.dump(each) for each in getattr(now, "decorator_list", ())}
    is_same = getattr(before, "name", None) == getattr(now, "name", None)
    gone = copy(before)  # the tree belongs to the source
    if isinstance(gone, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        gone.decorator_list = [each for each in gone.decorator_list if not is_same or ast.dump(each) not in stay]
    return gone


def withdraw(node: ast.stmt, namespace: dict[str, Any], journal: Journal) -> None:
    """Take out what a statement has registered."""
    found: dict[int, list[Route]] = {}
    for route in routes_of(node, namespace) if "flask" in sys.modules else ():
        found.setdefault(id(route.app), []).append(route)
    for routes in found.values():
        _take_out(routes[0].app, routes, journal)
    for app, table, name in filters_of(node, namespace) if "flask" in sys.modules else ():
        held = own_space(own_space(app).get("jinja_env")).get(table)
        if is_a(held, dict):
            journal.delete_item(held, name)


def _take_out(app: Any, routes: Iterable[Route], journal: Journal) -> None:
    urls = app.url_map
    by_endpoint: dict[Any, list[Any]] = urls._rules_by_endpoint
    gone = {id(rule) for each in routes for rule in by_endpoint.get(each.endpoint, ()) if _is_of(rule, each)}
    if not gone:
        return
    journal.remember(by_endpoint)
    journal.remember(app.view_functions)
    for endpoint, rules in list(by_endpoint.items()):
        stay = [rule for rule in rules if id(rule) not in gone]
        if len(stay) < len(rules):
            by_endpoint[endpoint] = stay  # a new list: the rollback puts the former one back
        if not stay:
            del by_endpoint[endpoint]
            app.view_functions.pop(endpoint, None)
    _give_matcher(urls, journal)


def _give_matcher(urls: Any, journal: Journal) -> None:
    """Fill a matcher with the rules of a map, which takes the place of the one that it has."""
    matcher = type(urls._matcher)(urls.merge_slashes)
    for rules in urls._rules_by_endpoint.values():
        for rule in rules:
            if not rule.build_only:
                matcher.add(rule)
    journal.set_attribute(urls, "_matcher", matcher)
    journal.set_attribute(urls, "_remap", True)  # noqa: FBT003  werkzeug's own


def put_in_order(source: Source, namespace: dict[str, Any], journal: Journal) -> None:
    """Let the rules of a module stand in the order of its statements: of two that fit a path the first wins."""
    routes = [route for node in source.statements for route in routes_of(node, namespace)]
    for app in {id(route.app): route.app for route in routes}.values():
        by_endpoint = app.url_map._rules_by_endpoint
        told = [(route.endpoint, route.path) for route in routes if route.app is app]
        known = [endpoint for endpoint in dict.fromkeys(endpoint for endpoint, _ in told) if endpoint in by_endpoint]
        in_order = iter(known)
        wanted = [next(in_order) if endpoint in known else endpoint for endpoint in by_endpoint]
        place = {at: number for number, at in enumerate(told)}
        content = {endpoint: _sorted(endpoint, by_endpoint[endpoint], place) for endpoint in wanted}
        if list(content.items()) != list(by_endpoint.items()):
            journal.remember(by_endpoint)
            fill(by_endpoint, content)
            _give_matcher(app.url_map, journal)


def _sorted(endpoint: str, rules: list[Any], place: dict[tuple[str, str | None], int]) -> list[Any]:
    """The rules of one endpoint as their statements stand; as they are when one of them is not known."""
    at = [place.get((endpoint, rule.rule)) for rule in rules]
    known = [number for number in at if number is not None]
    return [rules[at.index(number)] for number in sorted(known)] if len(known) == len(set(known)) == len(at) else rules


def _is_of(rule: Any, route: Route) -> bool:
    return route.path is None or rule.rule == route.path
