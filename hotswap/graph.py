"""The name-level module graph: who imports a module, what a statement refers to, in which order to go.

Edges run importer → imported.  The graph is read from the index and from the live namespaces (what is really bound
there); nothing is imported, executed or changed.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from types import FunctionType, ModuleType
from typing import Any

from hotswap.codefacts import CodeFacts
from hotswap.events import BY_NAME, IN_FOLDERS, behaviour, content, member
from hotswap.facts import Facts
from hotswap.imports import imports_of, resolve
from hotswap.index import Index, Tracked
from hotswap.looking import in_classes, is_a, is_instance, look_up, own_space
from hotswap.model import Name
from hotswap.reach import Reach
from hotswap.resolving import bound_by, definition_of, holds_instance, resolve_value
from hotswap.scanning import Listed, folders_around
from hotswap.source import Source, StatementPath, first_line, innermost
from hotswap.syntax import Chain
from hotswap.trace import Footprint


class Graph:
    """Answers questions about the tracked modules as they are loaded now."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._imports: dict[str, tuple[int, frozenset[str]]] = {}
        self._importers: dict[str, set[str]] = defaultdict(set)
        self._indexed: dict[str, frozenset[str]] = {}
        self._callers: dict[Name, set[tuple[str, int]]] = defaultdict(set)
        self._called_by: dict[str, set[Name]] = {}
        self._by_name: dict[str, frozenset[str]] = {}
        self._scanned: dict[str, set[Listed]] = {}
        self._scanners: dict[Listed, set[str]] = defaultdict(set)
        self._eager: dict[str, tuple[Source, frozenset[str]]] = {}
        self._version = 0
        self._estimates: dict[str, tuple[int, dict[Name, set[tuple[str, int]]]]] = {}

    # ------------------------------------------------------------------ edges

    def imports(self, tracked: Tracked) -> frozenset[str]:
        """The modules that a module may import."""
        known = self._imports.get(tracked.name)
        if known is None or known[0] != tracked.generation:
            known = tracked.generation, imports_of(tracked) | dynamic_imports_of(tracked)
            self._imports[tracked.name] = known
        return known[1]

    def importers(self, name: str) -> set[str]:
        """The tracked modules that may import the module (dependents)."""
        self._take_in()
        return {n for n in self._importers.get(name, ()) if n in self.index.modules}

    def is_importer(self, reader: str, name: str) -> bool:
        """Whether a tracked module is one of those."""
        self._take_in()
        return reader in self._importers.get(name, ()) and reader in self.index.modules

    @property
    def version(self) -> int:
        """A number for the edges as they are now: while it is the same, so are they."""
        self._take_in()
        return self._version

    def _take_in(self) -> None:
        for changed in self.index.take_changed():
            self._version += 1
            tracked = self.index.modules.get(changed)
            imports = self.imports(tracked) if tracked else frozenset()
            before = self._indexed.get(changed, frozenset())
            for gone in before - imports:
                self._importers[gone].discard(changed)
            for imported in imports - before:
                self._importers[imported].add(changed)
            self._indexed[changed] = imports
            self._note_calls(changed, tracked)
            self._note_scans(changed, tracked)

    def dependents(self, name: str) -> set[str]:
        """The modules that import the module, directly or by way of others."""
        return self._reachable(name, self.importers)

    def dependencies(self, name: str) -> set[str]:
        """The tracked modules that the module imports, directly or by way of others."""
        return self._reachable(name, lambda each: self.imports(self.index.modules[each]) & self.index.modules.keys())

    def _reachable(self, name: str, edges: Callable[[str], AbstractSet[str]]) -> set[str]:
        found: set[str] = set()
        todo = [name]
        while todo:
            new = edges(todo.pop()) - found
            found |= new
            todo += new
        return found

    def texts_around(self, name: str) -> dict[str, bytes]:
        """What the modules say that a module imports, directly or by way of others, by their names."""
        found: dict[str, bytes] = {}
        todo = [name]
        while todo:
            for imported in self.imports(self.index.modules[todo.pop()]):
                tracked = self.index.modules.get(imported)
                if tracked is not None and tracked.away is None and imported not in found:
                    found[imported] = tracked.source.data
                    todo.append(imported)
        return found

    def eager_imports(self, name: str) -> frozenset[str]:
        """The modules that a module asks for as it is imported itself; nothing for one that is not there."""
        tracked = self.index.modules.get(name)
        if tracked is None or tracked.away is not None:
            return frozenset()
        known = self._eager.get(name)
        if known is None or known[0] is not tracked.source:
            known = self._eager[name] = tracked.source, imports_of(tracked, eager=True)
        self._take_in()
        return known[1] | self._by_name[name] if name in self._by_name else known[1]

    def asked_by_name(self) -> frozenset[str]:
        """The modules that statements were seen to ask for by computed names."""
        self._take_in()
        return frozenset[str]().union(*self._by_name.values())

    def asks_by_name(self, name: str) -> bool:
        """Whether a module asked for others by computed names as it was imported."""
        self._take_in()
        return name in self._by_name

    def order(self, names: Iterable[str], imports: Callable[[str], Iterable[str]]) -> list[str]:
        """The modules of these names, dependencies before dependents, as a fresh process would finish them."""
        position = {name: n for n, name in enumerate(list(sys.modules))}
        wanted = sorted(set(names), key=lambda n: position.get(n, len(position)))
        found: dict[str, None] = {}
        seen: set[str] = set()
        for root in wanted:
            if root in seen:
                continue
            seen.add(root)
            stack = [(root, iter(sorted(imports(root), key=lambda n: position.get(n, len(position)))))]
            while stack:
                name, rest = stack[-1]
                following = next((n for n in rest if n not in seen and n in self.index.modules), None)
                if following is None:
                    found[name] = None
                    stack.pop()
                else:
                    seen.add(following)
                    ahead = sorted(imports(following), key=lambda n: position.get(n, len(position)))
                    stack.append((following, iter(ahead)))
        return [name for name in found if name in set(wanted)]

    # ------------------------------------------------------------------ who called a function while importing

    def callers(self, function: Name) -> set[tuple[str, int]]:
        """(module, line) of the statements that called the function when they ran.

        As observed, or estimated for modules that were imported before anybody looked.
        """
        self._take_in()
        dependents = self.dependents(function[0]) if self.index.unobserved else set()
        found = set(self._callers.get(function, ()))
        for name in {function[0], *dependents} & self.index.unobserved:
            found |= self._estimated_callers(name).get(function, set())
        return found

    def calls_seen(self) -> Iterator[tuple[Name, set[tuple[str, int]]]]:
        """The functions that statements were seen to call when they ran, with the places of these."""
        self._take_in()
        return ((function, set(callers)) for function, callers in list(self._callers.items()) if callers)

    def scanned(self, path: str) -> list[Listed]:
        """The folders that statements looked through when they ran, and in which a module's file stands."""
        self._take_in()
        return [each for each in folders_around(path) if self._scanners.get(each)] if self._scanned else []

    def all_scanned(self) -> set[Listed]:
        """All folders that statements looked through when they ran."""
        self._take_in()
        return set().union(*self._scanned.values())

    def scanners(self, listed: Listed) -> set[tuple[str, int]]:
        """(module, line) of the statements that looked through a folder when they ran."""
        self._take_in()
        modules = {n: t for n in self._scanners.get(listed, ()) if (t := self.index.modules.get(n)) is not None}
        calls = ((n, line, each) for n, t in modules.items() for line, each in list((t.calls or {}).items()))
        return {(n, line) for n, line, each in calls if listed in each.listed}

    def _note_scans(self, name: str, tracked: Tracked | None) -> None:
        for listed in self._scanned.pop(name, ()):
            self._scanners[listed].discard(name)
        self._by_name.pop(name, None)
        seen = list(tracked.calls.values()) if tracked is not None and tracked.calls else []
        if asked := frozenset[str]().union(*(each.imported for each in seen)):
            self._by_name[name] = asked
        if found := set[Listed]().union(*(each.listed for each in seen)):
            self._scanned[name] = found
            for listed in found:
                self._scanners[listed].add(name)

    def _note_calls(self, name: str, tracked: Tracked | None) -> None:
        for function in self._called_by.pop(name, ()):
            self._callers[function] = {at for at in self._callers[function] if at[0] != name}
        for line, footprint in list(tracked.calls.items()) if tracked and tracked.calls else ():
            derived = (c for cls, c in footprint.constructing.items() if not self._made_instance(tracked, line, cls))
            for called in footprint.called.union(footprint.enums, *derived):
                self._callers[called].add((name, line))
                self._called_by.setdefault(name, set()).add(called)

    def _made_instance(self, tracked: Tracked | None, line: int, cls: Name) -> bool:
        """Whether the statement on the line keeps an instance of the class: state, which no edit makes anew.

        A statement that only derived something from one (`SIZE = Config().size`) does run again.
        """
        path = innermost(tracked.source, line) if tracked else None
        if tracked is None or path is None:
            return True
        return any(holds_instance(value, cls) for value in bound_by(tracked.source, path, tracked.namespace))

    def _estimated_callers(self, name: str) -> dict[Name, set[tuple[str, int]]]:
        """Estimates rest on what other modules hold, so any change makes them void."""
        known = self._estimates.get(name)
        if known is None or known[0] != self.index.generation:
            tracked = self.index.modules[name]
            found: dict[Name, set[tuple[str, int]]] = defaultdict(set)
            reach = Reach(self.index, self.code_facts)
            for number, facts in tracked.source.all_facts():
                line = first_line(tracked.source.statements[number])
                for called in self.estimate(tracked, facts, reach).called:
                    found[called].add((name, line))
            known = self._estimates[name] = self.index.generation, found
        return known[1]

    # ------------------------------------------------------------------ what a statement refers to

    def references(self, tracked: Tracked, chain: Chain, space: dict[str, Any] | None = None) -> Iterator[Name]:
        """The names that a dotted name stands for, in the module itself, and in modules and classes on the way."""
        namespace = tracked.namespace if space is None else space
        yield tracked.name, chain[0]
        value = namespace.get(chain[0])
        yield from self._definition(value)
        for attribute in chain[1:]:
            if is_instance(value, ModuleType):
                yield value.__name__, attribute
                yield from self._computed(value, attribute)
            elif is_a(value, type):
                yield value.__module__, f"{value.__qualname__}.{attribute}"
                yield from self._inherited(value, attribute)
            elif is_a(value, FunctionType):
                yield value.__module__, f"{value.__qualname__}.{attribute}"
            elif type(value).__module__ in self.index.modules:
                yield from self._inherited(type(value), attribute)
            else:
                return
            value = look_up(value, attribute)
            yield from self._definition(value)

    def _computed(self, module: ModuleType, attribute: str) -> Iterator[Name]:
        """What a property of a module's own class reads of the module, if the attribute is one."""
        cls = type(module)
        found = in_classes(cls.__mro__, attribute) if cls.__module__ in self.index.modules else None
        if is_a(found, property) and is_a(found.fget, FunctionType):
            yield cls.__module__, f"{cls.__qualname__}.{attribute}"
            yield from ((module.__name__, name) for name in found.fget.__code__.co_names if name in own_space(module))

    def _inherited(self, cls: type, attribute: str) -> Iterator[Name]:
        """The member in each class that has it, or may get it: by an edit, or from another base."""
        for each in cls.__mro__:
            if attribute in each.__dict__ or each.__module__ in self.index.modules:
                yield each.__module__, f"{each.__qualname__}.{attribute}"

    def _definition(self, value: object) -> Iterator[Name]:
        home = definition_of(value, self.index)
        if home is not None:
            yield home

    # ------------------------------------------------------------------ footprints

    def footprint(
        self,
        tracked: Tracked,
        node: ast.stmt,
        facts: Facts,
        without: Iterable[ast.stmt] = (),
        reach: Reach | None = None,
    ) -> Footprint:
        """What the statement called when it ran: observed, or else estimated from what the names stand for.

        `without` are statements in it that are looked at by themselves.
        """
        seen = tracked.footprint(*lines_of(node), [lines_of(each) for each in without])
        return seen if seen is not None else self.estimate(tracked, facts, reach)

    def called(
        self,
        tracked: Tracked,
        source: Source,
        path: StatementPath,
        without: Iterable[ast.stmt] = (),
        reach: Reach | None = None,
    ) -> set[Name]:
        """The functions that a statement called when it ran, constructors of instances that it keeps aside."""
        node, facts = source.statement(path), source.facts(path)
        footprint = self.footprint(tracked, node, facts, without, reach)
        line = first_line(node)
        derived = (c for cls, c in footprint.constructing.items() if not self._made_instance(tracked, line, cls))
        return footprint.called.union(*derived)

    def imported_by(self, tracked: Tracked, code: CodeFacts) -> Iterator[Name]:
        """The names that a function of the module imports when it is called ("*": the module itself, or all of it)."""
        for each in code.imports:
            yield resolve(tracked, "." * each.level + each.module), each.name or "*"

    def estimate(self, tracked: Tracked, facts: Facts, reach: Reach | None = None) -> Footprint:
        """All functions that a statement may reach through the names that it calls."""
        found = Footprint()
        if facts.runs_code:
            roots = [resolve_value(tracked.namespace, chain) for chain in facts.calls | facts.arguments]
            found.called |= (reach or Reach(self.index, self.code_facts)).functions(roots, facts.attributes)
        return found

    def code_facts(self, function: Name) -> CodeFacts | None:
        """What the code of a tracked function refers to, as it is compiled from the source that runs."""
        tracked = self.index.modules.get(function[0])
        return tracked.source.functions.get(function[1]) if tracked else None


def reachable_functions(function: Any, graph: Graph) -> set[Name]:
    """The events that would change what the function returns: code that it may run, names that this code reads."""
    reached = Reach(graph.index, graph.code_facts).functions([function])
    return set[Name]().union(*(events_in(name, graph) for name in reached))


def events_in(function: Name, graph: Graph) -> set[Name]:
    """The same of the code of one tracked function alone."""
    found = {behaviour(function)}
    tracked, code = graph.index.modules[function[0]], graph.code_facts(function)
    if code is None:
        return found
    for chain in code.reads:
        for read in graph.references(tracked, chain):
            found |= {read, behaviour(read), *((content(read),) if chain in code.uses else ())}
    imported = set(graph.imported_by(tracked, code))
    found |= imported | {(module, "*") for module, _ in imported}
    found |= {BY_NAME} if code.imports_by_name else set()
    found |= {IN_FOLDERS} if code.lists_folders else set()
    return found | {member(attribute) for attribute in code.attributes}


def dynamic_imports_of(tracked: Tracked) -> frozenset[str]:
    """The modules that a module holds, or asked for by name as it ran: what its text does not tell."""
    found = {footprint_name for f in (tracked.calls or {}).values() for footprint_name in f.imported}
    if is_instance(tracked.module, ModuleType):
        found |= {v.__name__ for v in list(tracked.namespace.values()) if type(v) is ModuleType}
    named = {name for names in tracked.source.loaded_by_name.values() for name in names}
    return frozenset(found | named | {name.rpartition(".")[0] for name in named if "." in name})


def lines_of(node: ast.stmt) -> tuple[int, int]:
    """The first and the last line of a statement."""
    return first_line(node), node.end_lineno or node.lineno


def statement_at(source: Source, line: int) -> int | None:
    """The number of the statement that covers a line."""
    spans = ((n, first_line(s), s.end_lineno or s.lineno) for n, s in enumerate(source.statements))
    return next((n for n, first, last in spans if first <= line <= last), None)
