"""Compares what the live process says of itself with what a fresh one says, and with what it said before."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tests.properties.process import Look, Sources

_STATE = re.compile(r"^(state\d) = (\[\]|\{\}|set\(\)|collections\.deque\(\))$", re.MULTILINE)
_IDENTICAL = frozenset(("plain function", "type", "EnumType", "ABCMeta"))


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it has to be; `kind` says which promise is broken."""

    kind: str
    expression: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"[{self.kind}] {self.expression}\n    expected {self.expected}\n    actual   {self.actual}"


def judge(fresh: Look, live: Look, before: Look, old: Sources, new: Sources) -> list[Difference]:
    """What is wrong after a round; nothing is, when the list is empty."""
    if live.kind == "lost":
        return [Difference("lost", "the process", "answers", live.told)]
    if live.kind == "raised":
        return [Difference("raised", "outcome", "sync() does not raise", live.told.replace("\n", " | "))]
    if live.kind == "not imported":
        same = fresh.kind == "failed"
        return [] if same else [Difference("not imported", "the process", "as a fresh one", live.error)]
    if live.kind in ("rolled_back", "restart_required"):
        return refused(fresh, live, before)
    if fresh.kind == "failed" and in_constructor(fresh.lines, new):
        return []  # an instance that is there already is state, which no edit of its constructor makes anew
    if fresh.kind == "failed":
        return [Difference("not refused", "outcome", f"rolled_back: {fresh.error}", live.told)]
    return [
        *compare("fresh", fresh.facts, live.facts),
        *held(fresh, live),
        *state(live, old, new),
    ]


def in_constructor(lines: Iterable[tuple[str, int]], sources: Sources) -> bool:
    """Whether one of the lines is in the body of a constructor."""
    found = list(lines)
    for path, text in sources.items():
        here = [line for file, line in found if file.endswith(path)]
        for node in ast.walk(ast.parse(text)) if here else ():
            if isinstance(node, ast.FunctionDef) and node.name in ("__init__", "__post_init__"):
                if any(node.body[0].lineno <= line <= (node.end_lineno or 0) for line in here):
                    return True
    return False


def refused(fresh: Look, live: Look, before: Look) -> list[Difference]:
    """A round that did not go live: the process is as before, and there was a reason."""
    found = []
    if live.kind == "rolled_back" and fresh.kind == "imported":
        found.append(Difference("wrong rollback", "outcome", "swapped", live.told))
    if "HS900" in live.error:
        found.append(Difference("own fault", "outcome", "no fault of hotswap", live.told))
    # An import in a function finds the file that has come meanwhile, whatever became of the round.
    late = {k for k, v in before.facts.items() if "ModuleNotFoundError" in v}
    found += compare("undo", *({k: v for k, v in each.facts.items() if k not in late} for each in (before, live)))
    come = {k for k in live.identities.keys() - before.identities.keys() if late and is_of_new_module(k, before, live)}
    known = (before.identities.keys() | live.identities.keys()) - come
    same = ({k: str(v) for k, v in each.identities.items() if k in known} for each in (before, live))
    found += compare("undo identity", *same)
    if not found:
        latest = {k: v for k, v in live.held.items() if k in before.held}
        found += compare("undo held", {k: before.held[k] for k in latest}, latest)
    lost = [k for k, kept in live.state.items() if not kept and before.state.get(k, True)]
    return found + [Difference("undo state", k, "kept", "another object, or emptied") for k in lost]


def is_of_new_module(key: str, before: Look, live: Look) -> bool:
    """Whether it is a module that was not there before, or something in one; not what is new in one that was."""
    return f"{key}.__doc__" in live.identities or key.rpartition(".")[0] not in before.identities


def compare(kind: str, expected: dict[str, str], actual: dict[str, str]) -> list[Difference]:
    """Entries that differ, the plainest first."""
    differing = [k for k in expected.keys() | actual.keys() if expected.get(k) != actual.get(k)]
    found = [Difference(kind, k, expected.get(k, "nothing"), actual.get(k, "nothing")) for k in differing]
    return sorted(found, key=lambda d: (_rank(d), len(d.expression), d.expression))


def _rank(difference: Difference) -> int:
    """The plainest symptom first: a value, then an answer, then the rest."""
    if "nothing" in (difference.expected, difference.actual):
        return 3
    if re.fullmatch(r"[\w.]+", difference.expression):
        return 0
    return 2 if difference.expression.startswith(("inspect", "type(", "vars(")) or "__" in difference.expression else 1


def held(fresh: Look, live: Look) -> list[Difference]:
    """References that were taken before answer as the definitions of a fresh process do."""
    found = []
    for key, actual in live.held.items():
        generation, _, expression = key.partition(" ")
        word, _, place = expression.partition(" ")
        if word in ("is", "kind"):
            kind = live.held.get(f"{generation} kind {place}")
            if word == "is" and actual == "False" and kind == fresh.definitions.get(place) and kind in _IDENTICAL:
                found.append(Difference("held identity", f"held is {place}", "True", "False"))
            continue
        place = live.held_places.get(key, "")
        expected = fresh.facts.get(expression)
        kind = live.held.get(f"{generation} kind {place}")
        if kind not in _IDENTICAL and not expression.endswith(")"):
            continue  # a wrapper from before answers as the new one; what it looks like is its own affair
        if fresh.definitions.get(place) == kind and expected not in (None, actual):
            found.append(Difference("held", f"held: {expression}", str(expected), actual))
    return sorted(found, key=lambda d: (_rank(d), len(d.expression)))


def state(live: Look, old: Sources, new: Sources) -> list[Difference]:
    """Containers whose statement nobody touched are the same objects with the same content."""
    found = []
    for path in old.keys() & new.keys():
        if "import *" in old[path] + new[path]:
            continue  # which may bring another container of that name
        module = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for name, text in _STATE.findall(new[path]):
            once = all(
                len(re.findall(rf"\b{name}\b", s[path])) == 1 and f"\n{name} = {text}\n" in s[path] for s in (old, new)
            )
            if once and live.state.get(f"{module}.{name}") is False:
                found.append(Difference("state", f"{module}.{name}", "the same object", "another one, or emptied"))
    return found
