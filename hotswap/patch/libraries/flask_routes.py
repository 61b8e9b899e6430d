"""Routes of Flask applications: those of statements that are gone, or run again, are taken out of the map of URLs.

A map of werkzeug takes rules, and has no way of giving one back: those that stay are put into a new matcher.
"""

from __future__ import annotations

import ast
from bisect import bisect
from collections.abc import Container, Iterable, Iterator
from types import MethodType
from typing import Any

from hotswap.containers import fill, values_of
from hotswap.graph import lines_of
from hotswap.index import Tracked
from hotswap.journal import Journal
from hotswap.looking import is_a, is_any, own_space
from hotswap.planning.flask_routes import FILTERS, ROUTES, filters_of, is_application
from hotswap.routes import Route
from hotswap.source import first_line

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


def withdraw(node: ast.stmt, tracked: Tracked, journal: Journal) -> None:
    """Take out what a statement of the source that runs until now has added, as it was seen.

    Not out of applications that it has made: the name will stand for another one.
    """
    footprint = tracked.footprint(*lines_of(node))
    routes = footprint.routes if footprint is not None else set()
    names = (each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store))
    made = {id(tracked.namespace.get(name)) for name in names}
    for app in [each for each in _apps_of(routes) if id(each) not in made]:
        _take_out(app, {(route.endpoint, route.path) for route in routes if route.app() is app}, journal)
    for app, table, name in filters_of(node, tracked.namespace):
        held = own_space(own_space(app).get("jinja_env")).get(table)
        if is_a(held, dict):
            journal.delete_item(held, name)


def _apps_of(routes: Iterable[Route]) -> list[Any]:
    return list({id(app): app for route in routes if is_application(app := route.app())}.values())


def _take_out(app: Any, routes: Container[tuple[str, str]], journal: Journal) -> None:
    urls = app.url_map
    by_endpoint: dict[Any, list[Any]] = urls._rules_by_endpoint
    stay = {e: [rule for rule in rules if (e, rule.rule) not in routes] for e, rules in by_endpoint.items()}
    if stay == by_endpoint:
        return
    journal.remember(by_endpoint)
    journal.remember(app.view_functions)
    for endpoint in [endpoint for endpoint, rules in stay.items() if not rules]:
        app.view_functions.pop(endpoint, None)
    fill(by_endpoint, {endpoint: rules for endpoint, rules in stay.items() if rules})
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


def put_in_order(tracked: Tracked) -> None:
    """Let the rules that a module has added stand in the order of its statements: of two that fit the first wins."""
    begins = [first_line(node) for node in tracked.source.statements]
    noted = [(bisect(begins, line), route) for line, each in (tracked.calls or {}).items() for route in each.routes]
    told = [route for _, route in sorted(noted, key=lambda each: (each[0], each[1].number))]
    for app in _apps_of(told):
        by_endpoint = app.url_map._rules_by_endpoint
        place = {(r.endpoint, r.path): number for number, r in enumerate(told) if r.app() is app}
        known = iter(dict.fromkeys(endpoint for endpoint, _ in place if endpoint in by_endpoint))
        named = {endpoint for endpoint, _ in place}
        wanted = [next(known) if endpoint in named else endpoint for endpoint in by_endpoint]
        content = {endpoint: _sorted(endpoint, by_endpoint[endpoint], place) for endpoint in wanted}
        if list(content.items()) != list(by_endpoint.items()):
            fill(by_endpoint, content)
            _give_matcher(app.url_map, Journal())


def _sorted(endpoint: str, rules: list[Any], place: dict[tuple[str, str], int]) -> list[Any]:
    """The rules of one endpoint as their statements stand; as they are when one of them is not known."""
    at = [place.get((endpoint, rule.rule)) for rule in rules]
    known = [number for number in at if number is not None]
    return [rules[at.index(number)] for number in sorted(known)] if len(known) == len(set(known)) == len(at) else rules
