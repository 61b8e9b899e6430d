"""What a statement that is to run has around it: the names that it reads and sets, and what it was before."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from types import FunctionType, ModuleType
from typing import Any

from hotswap.graph import Graph
from hotswap.journal import MISSING
from hotswap.looking import is_a, is_any, own_space
from hotswap.model import Name, Place
from hotswap.patch import registries
from hotswap.patch.dispatch import named_in
from hotswap.patch.values import Values
from hotswap.planning.live_names import value_of


class Scene:
    """Of the statement at one place of the new sources."""

    def __init__(self, place: Place, values: Values, graph: Graph) -> None:
        self.place, self.values, self.graph, self.index = place, values, graph, graph.index
        self.editions = values.editions
        self.edition = self.editions.new(place[0])
        self.group = values.group(place[0])
        self.tracked = self.index.modules[place[0]]
        self.node = self.edition.source.statement(place[1])
        self.facts = self.edition.source.facts(place[1])
        self.before = self._node_before()
        """The statement as it stands in the source that ran until now."""

    def runs_nothing(self) -> bool:
        """Whether no code of the program runs with the statement: a plain `def`, annotated with what is no instance."""
        if not isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef) or self.node.decorator_list:
            return False
        roots = [self.tracked.namespace.get(root, vars(builtins).get(root, MISSING)) for root in self.facts.roots]
        return not self.facts.runs_code and all(is_any(r, type, ModuleType) or self._is_foreign(r) for r in roots)

    def _is_foreign(self, value: Any) -> bool:
        return value is not MISSING and type(value).__module__ not in self.index.modules

    def names_shown(self) -> AbstractSet[Name]:
        """The names that must hold what they held at the statement's place."""
        edition, group = self.edition, self.group
        named = set(edition.reads(self.place[1]))
        for origin in edition.stars(edition.facts(self.place[1])):  # without its `__all__` it gives away all it has
            named |= {name for name in group.new.names if name[0] == origin and "." not in name[1]}
        takes = isinstance(self.node, ast.Delete)  # what it deletes has to be there
        return named | {b.name for b in group.new.bindings(self.place) if b.maybe or takes}

    def imports_anew(self) -> bool:
        """Whether the statement loads a module, which may look at any name of those that are half way through."""
        return any(
            home not in sys.modules or (name and name != "*" and name not in own_space(sys.modules[home]))
            for home, name in self.edition.asked_names(self.place[1])
        )

    def qualified_names(self) -> dict[Name, Name]:
        """The functions that the statement will replace, as their code calls them: lambdas have names of their own."""
        found = {}
        for binding in self.group.new.bindings(self.place):
            value = self.values.original(binding.name)
            if is_a(value, FunctionType) and value.__module__ in self.index.modules:
                found[binding.name] = value.__module__, value.__code__.co_qualname
        return found

    def instances_bound(self) -> list[Name]:
        """The names that the statement gives a value, and that stand for instances of the program's classes."""
        bindings = self.group.new.bindings(self.place)
        names = {b.name for b in bindings if b.name[0] == self.place[0] and "." not in b.name[1] and not b.defines}
        return [name for name in names if type(self.values.original(name)).__module__ in self.index.modules]

    def generic_functions(self) -> Iterator[Any]:
        """Those with which the statement registers something, or has done so before."""
        before = self.editions.old_place(self.place)
        yield from named_in(self.edition.facts(self.place[1]), self.tracked.namespace)
        if before is not None:
            yield from named_in(self.tracked.source.facts(before[1]), self.tracked.namespace)

    def within_reach(self) -> Iterator[Any]:
        """What the statement reads; one that loads a module may read anything."""
        edition, path = self.edition, self.place[1]
        for name in edition.reads(path):
            yield value_of(name, self.graph)
        facts = edition.facts(path)
        yield from registries.read_on_the_way(self.node, facts, edition.tracked, self.graph, self.editions.code_now)
        if self.imports_anew():
            for module in list(self.index.modules):
                yield from list(own_space(sys.modules.get(module)).values())

    def set_elsewhere(self) -> dict[Name, Any]:
        """What the statement, which has run, gave to names of other modules, to attributes of classes and functions.

        To names of its own module, too, where functions that it called did so: `global total`.
        """
        found = {}
        written = self.edition.written_by_functions(self.place[1])
        for binding in self.group.new.bindings(self.place):
            module, target = binding.name
            owner, _, leaf = target.rpartition(".")
            is_own = module == self.place[0] and not owner and binding.name not in written
            if is_own or (owner and self.edition.class_around(self.place[1]) == (module, owner)):
                continue
            holder = value_of((module, owner), self.graph) if owner else sys.modules.get(module)
            value = own_space(holder).get(leaf, MISSING)
            if value is not MISSING or isinstance(self.node, ast.Delete):
                found[binding.name] = value
        return found

    def _node_before(self) -> ast.stmt | None:
        before = self.editions.old_place(self.place)
        if before is None:
            return None
        return self.index.modules[before[0]].source.statement(before[1])
