"""Names that the `__getattr__` of a module has answered once and put into the module, to be asked no more.

They are no state: what it would answer now is what a fresh process has, so they are forgotten when that may be another
answer.  Pure.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from types import FunctionType, ModuleType

from hotswap.codefacts import CodeFacts, code_facts
from hotswap.events import bare, is_content, is_description
from hotswap.graph import Graph
from hotswap.index import Tracked
from hotswap.looking import is_a
from hotswap.model import Name
from hotswap.planning.live_names import value_of

ASKED = "__getattr__"
STORING = frozenset(("globals", "vars", "setattr"))
"""What a function calls that puts names into its module without saying which."""


class Answers:
    """Which answers to forget, for one round."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.index = graph, graph.index

    def concerned(self, event: Name) -> Iterator[Name]:
        """The names that may be answered otherwise when this happens."""
        if is_description(event):
            return
        module, name = bare(event)
        if name == "*":
            yield from self._taken_from(module, list(self._values(module)))
        elif "." not in name:
            if module in self._kept and name in self._read_by(module):
                yield from ((module, kept) for kept in self._kept[module])
            if not is_content(event):
                yield from self._taken_from(module, [value_of((module, name), self.graph)])

    def _taken_from(self, module: str, values: list[object]) -> Iterator[Name]:
        """Answers that are values of a module which those who answered may know."""
        leaf, taken = module.rpartition(".")[2], {id(value) for value in values}
        for keeper, names in self._kept.items():
            tracked = self.index.modules[keeper]
            if keeper != module and leaf in tracked.source.text:
                yield from ((keeper, name) for name in names if id(tracked.namespace.get(name)) in taken)

    def _values(self, module: str) -> Iterable[object]:
        tracked = self.index.modules.get(module)
        return list(tracked.namespace.values()) if tracked is not None else ()

    @cached_property
    def _kept(self) -> dict[str, list[str]]:
        """By module the names that were answered and kept."""
        found = {tracked.name: list(kept_in(tracked)) for tracked in self.index.mentioning(ASKED)}
        return {name: kept for name, kept in found.items() if kept}

    def _read_by(self, module: str) -> set[str]:
        """The global names that a module's `__getattr__` reads, with the functions of the module that it calls."""
        tracked = self.index.modules[module]
        return {ASKED} | {chain[0] for facts in _reached(tracked) for chain in facts.reads}


def kept_in(tracked: Tracked) -> Iterator[str]:
    """The names in a module that its `__getattr__` put there: no statement binds them, and its text spells them."""
    if ASKED not in tracked.source.function_names or not is_a(sys.modules.get(tracked.name), ModuleType):
        return
    space = tracked.namespace
    if not any(_stores(facts) for facts in _reached(tracked)):
        return
    words, imprint = _words_of(tracked.source.statements), tracked.imprint
    if imprint is not None:
        bound = set(imprint.names.get("", ()))
    else:
        facts = [each for _, each in tracked.source.all_facts()]
        if any(imported.name == "*" for each in facts for imported in each.imports):
            return
        bound = {name for each in facts for name in each.binds}
    for name, value in list(space.items()):
        is_part = is_a(value, ModuleType) and sys.modules.get(f"{tracked.name}.{name}") is value
        if name in words and name not in bound and not is_part and not name.startswith("__"):
            yield name


def _reached(tracked: Tracked) -> Iterator[CodeFacts]:
    space = tracked.namespace
    todo, seen = [ASKED], set[str]()
    while todo:
        name = todo.pop()
        function = space.get(name)
        if name not in seen and is_a(function, FunctionType) and function.__globals__ is space:
            seen.add(name)
            facts = code_facts(function.__code__)
            yield facts
            todo += [chain[0] for chain in facts.reads]


def _stores(facts: CodeFacts) -> bool:
    """Whether a function may put names into its module: `globals()[name] = value`."""
    by_call = any(chain[-1] in STORING for chain in facts.reads)
    return bool(facts.writes) or by_call or "__dict__" in facts.attributes


def _words_of(statements: Iterable[ast.stmt]) -> set[str]:
    """The words in the strings of a module."""
    nodes = (node for statement in statements for node in ast.walk(statement))
    return {word for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str) for word in n.value.split()}
