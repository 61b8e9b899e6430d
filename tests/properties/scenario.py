"""A failing case as the text of a conformance scenario."""

from __future__ import annotations

import ast
import itertools
import re

from tests.properties.cases import Verdict, Version, sources_of
from tests.properties.judge import Difference
from tests.properties.process import module_names

_CANNED = """def canned(cls):
    instance = object.__new__(cls)
    vars(instance).update(x=3, y=5, z=7, items=())
    return instance"""


def as_scenario(versions: list[Version], verdict: Verdict, title: str) -> str:
    """The files, the edits, and a check of the first difference; what was seen stands in comments."""
    difference = verdict.differences[0]
    parts = [f"# title: {title}", f"# expects: {'rollback' if difference.kind == 'not refused' else 'live'}"]
    parts += [f"--- file {path}\n{text}".rstrip("\n") for path, text in sources_of(versions[0]).items()]
    imports = [f"import {name}" for name in module_names(sources_of(versions[0]))]
    parts.append("\n".join(["--- run", *imports, *_preparation(difference)]))
    for number, (old, new) in enumerate(itertools.pairwise(versions), 2):
        parts += _edits(sources_of(old), sources_of(new))
        if number < len(versions):
            parts.append("--- check\npass")
    told = [f"# {line}" for d in verdict.differences[:4] for line in str(d).splitlines()]
    parts.append("\n".join(["--- check", f"# outcome: {verdict.told}", *told, *_check(difference)]))
    return "\n".join(parts) + "\n"


def _edits(old: dict[str, str], new: dict[str, str]) -> list[str]:
    deleted = [f"--- delete {path}" for path in old.keys() - new.keys()]
    return deleted + [f"--- edit {path}\n{text}".rstrip("\n") for path, text in new.items() if old.get(path) != text]


def _preparation(difference: Difference) -> list[str]:
    lines = _CANNED.splitlines() if "canned(" in difference.expression else []
    expression = difference.expression.removeprefix("held: ")
    if difference.kind == "held identity":
        return [*lines, f"held = {difference.expression.removeprefix('held is ')}"]
    if difference.kind == "held" and (split := _call(expression)):
        return [*lines, "import inspect", f"held = {split[0]}"]
    return [*lines, f"held = {difference.expression}"] if difference.kind == "state" else lines


def _call(expression: str) -> tuple[str, str] | None:
    """What is held, and what is asked of it, with `held` in its place."""
    if signature := re.fullmatch(r"inspect\.signature\((.*)\)", expression):
        return signature[1], "str(inspect.signature(held))"
    match = re.fullmatch(r"(.*?)(\([^()]*\))?", expression)
    return (match[1], f"held{match[2] or ''}") if match else None


def _check(difference: Difference) -> list[str]:
    expression = difference.expression
    if difference.kind in ("held identity", "state"):
        return [f"assert held is {expression.removeprefix('held is ')}"]
    if difference.kind not in ("fresh", "held"):
        return []
    if difference.kind == "held" and (split := _call(expression.removeprefix("held: "))):
        expression = split[1]
    return _expectation(expression, difference.expected)


def _expectation(expression: str, expected: str) -> list[str]:
    if raised := re.match(r"raises (\w+)", expected):
        return [
            "try:",
            f"    found = {expression}",
            f"except {raised[1]}:",
            "    pass",
            "else:",
            "    assert False, found",
        ]
    if stands := re.fullmatch(r"<(?:module )?([\w.]+)>", expected):
        return [f"assert {expression} is {stands[1]}, {expression}"]
    if expected == "nothing":
        owner, _, name = expression.rpartition(".")
        return [f"assert not hasattr({owner}, {name!r})"] if owner and name.isidentifier() else []
    try:
        ast.literal_eval(expected)
    except (SyntaxError, ValueError):
        return [f"assert repr({expression}) == {expected!r}, {expression}"]
    return [f"assert {expression} == {expected}, {expression}"]
