"""One edition of a module's text: its statements as places, and what each of them binds, reads and changes.

Names are resolved in the live program, read through `__dict__`s only.  Pure: nothing is imported, run or changed.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

from hotswap.codefacts import GLOBALS
from hotswap.deposits import Deposit
from hotswap.factfinder import WRITES_BY_NAME
from hotswap.facts import Facts, Store
from hotswap.graph import Graph
from hotswap.imports import resolve
from hotswap.index import Tracked
from hotswap.looking import is_a, is_any, own_space
from hotswap.model import Name, Place
from hotswap.planning.containers import is_self_contained
from hotswap.planning.filling import filled_as_arguments, filled_by_methods
from hotswap.planning.flow import Binding, Scheduled
from hotswap.planning.imported import BroughtByStar, Importing
from hotswap.planning.live_names import DEFINITIONS, name_of_holder, value_of
from hotswap.planning.setting import Call, altered_by, attributes_set_by, constructors, filled_by
from hotswap.reach import CodeOf
from hotswap.resolving import definition_of, resolve_value
from hotswap.source import Source, StatementPath, first_line, prefix_of
from hotswap.syntax import Chain, chain_of, is_own_module, names_in_order

COMPOUND = (ast.If, ast.Try, ast.For, ast.While, ast.With, ast.Match, ast.AsyncFor, ast.AsyncWith)
UNRELATED = frozenset(("__annotations__", "_"))
"""Names that many statements bind without having to do with each other."""

ReadBy = dict[Name, tuple[tuple[Name, bool], ...]]
"""By function, the names that it reads when it is called, and whether it looks into their value."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a module needs to know about others, in the version that goes with it."""

    memberwise: Callable[[StatementPath], bool]
    """Of which classes the members are places of their own."""
    called: Callable[[StatementPath], Iterable[Name]]
    """The functions that a statement calls."""
    star: Callable[[str], BroughtByStar]
    """What an import of all names of a module brings."""
    code: CodeOf
    """What a function refers to."""
    home: Callable[[Name], Name]
    """Where a name that was only imported comes from."""
    follows: Callable[[Name, Name], bool]
    """Whether it matters that a function which a statement calls sets the attribute of that name."""
    read: Callable[[], ReadBy | None]
    """What functions read, as far as it was looked up; None: nothing is to be remembered."""
    deposits: Callable[[StatementPath], list[Deposit] | None]
    """What a statement has put into containers and objects; None: nobody knows."""
    by_name: Callable[[StatementPath], Iterable[str]]
    """The modules that a statement asked for by names that were computed, when it ran."""
    by_new: Callable[[StatementPath], Iterable[str]] = lambda _: ()
    """The modules that a statement asks for by way of new ones."""


NAMESPACES = ("globals", "vars", "locals")


class Edition(Importing):
    """A module in one version."""

    def __init__(self, tracked: Tracked, source: Source, graph: Graph, around: Surroundings) -> None:
        self.tracked, self.source, self.graph = tracked, source, graph
        self.module = tracked.name
        self.code, self.home, self._remembered = around.code, around.home, around.read
        super().__init__(lambda: around.read() is not None)
        self._reads: dict[StatementPath, dict[Name, bool]] = {}
        self._bindings: dict[StatementPath, tuple[Binding, ...]] = {}
        self._bodies: dict[StatementPath, dict[str, list[tuple[int, bool]]]] = {}
        self.memberwise, self.called, self._star = around.memberwise, around.called, around.star
        self.follows, self.deposits = around.follows, around.deposits
        self.by_name, self.by_new = around.by_name, around.by_new
        self._filled: dict[StatementPath, frozenset[Name]] = {}
        self._handed_on: dict[StatementPath, frozenset[Name]] = {}

    @cached_property
    def paths(self) -> list[StatementPath]:
        """All places, in the order in which they run; the members of a class before the class."""
        return [path for n, node in enumerate(self.source.statements) for path in self._paths_in((n,), node)]

    def _paths_in(self, path: StatementPath, node: ast.stmt) -> Iterator[StatementPath]:
        if isinstance(node, ast.ClassDef) and self.memberwise(path):
            for number, member in enumerate(node.body):
                yield from self._paths_in((*path, number), member)
        yield path

    @cached_property
    def _order(self) -> dict[StatementPath, int]:
        return {path: number for number, path in enumerate(self.paths)}

    @cached_property
    def _by_statement(self) -> list[list[StatementPath]]:
        found: list[list[StatementPath]] = [[] for _ in self.source.statements]
        for path in self.paths:
            found[path[0]].append(path)
        return found

    def mentioning(self, words: Iterable[str], alone: Iterable[str] = ()) -> list[StatementPath]:
        """The places at which one of these identifiers is mentioned in what is read or imported, in order.

        Those of `alone` count where they are read as a whole, not on the way to an attribute.
        """
        mentions, ends, places = self.source.mentions, self.source.ends, self._order
        within = set().union(*(mentions.get(word, ()) for word in words), *(ends.get(word, ()) for word in alone))
        # a member of a class that runs as a whole is no place of its own
        found = {
            path if path in places else next(each for n in range(len(path), 0, -1) if (each := path[:n]) in places)
            for path in within
        }
        return sorted(found, key=places.__getitem__)

    def path_at(self, line: int) -> StatementPath | None:
        """The innermost place that covers a line."""
        for paths in self._by_statement:
            first, last = span(self.source, paths[-1])  # the statement itself comes last
            if first <= line <= last:
                return next(p for p in paths if p is paths[-1] or covers(self.source, p, line))
        return None

    @cached_property
    def places(self) -> list[Place]:
        """The same with the module's name."""
        return [(self.module, path) for path in self.paths]

    def scheduled(self, path: StatementPath) -> Scheduled:
        """A statement with all that a flow has to know of it."""
        return Scheduled((self.module, path), tuple(self.bindings(path)), frozenset(self.mutates(path)))

    def facts(self, path: StatementPath) -> Facts:
        """The facts of a statement; of a class whose members are places, those of its header."""
        node = self.source.statement(path)
        if isinstance(node, ast.ClassDef) and self.memberwise(path):
            return self.source.header_facts(path)
        return self.source.facts(path)

    def class_around(self, path: StatementPath) -> Name:
        """The class in whose body the statement stands ("": the module itself)."""
        return self.module, prefix_of(self.source, path).rstrip(".")

    # ------------------------------------------------------------------ what it binds

    def bindings(self, path: StatementPath) -> Iterable[Binding]:
        """The names that the statement gives a value: its own, members of a class, attributes of other definitions."""
        if self._remembered() is None:
            return self._find_bindings(path)
        if path not in self._bindings:
            self._bindings[path] = tuple(self._find_bindings(path))
        return self._bindings[path]

    def _find_bindings(self, path: StatementPath) -> Iterator[Binding]:
        facts, node, prefix = self.facts(path), self.source.statement(path), prefix_of(self.source, path)
        for name in facts.binds - self._unrelated(path, facts):
            full = self.module, prefix + name
            reuses = name in facts.roots
            yield Binding(full, name in facts.maybe, name in facts.deletes, name in facts.defines, reuses)
        for name in facts.annotates:
            yield Binding((self.module, f"{prefix}__annotations__.{name}"))
        if isinstance(node, ast.ClassDef) and not self.memberwise(path):
            yield from self._members(path, node, prefix)
        if facts.opaque and not prefix:
            words = None if fills_namespace(node, self.source.own_aliases) else words_in(node)
            for name in self.made_up | self._overwritten(path, words):
                yield Binding((self.module, name), maybe=True)
        for name, sure in self.brought(path).items():
            yield Binding((self.module, name), maybe=not sure)
        yield from self._elsewhere(facts, path, node)
        yield from self._submodules(path)

    def _members(self, path: StatementPath, node: ast.ClassDef, prefix: str) -> Iterator[Binding]:
        for number in range(len(node.body)):
            for name in self.source.facts((*path, number)).binds - UNRELATED:
                yield Binding((self.module, f"{prefix}{node.name}.{name}"))

    def _unrelated(self, path: StatementPath, facts: Facts) -> AbstractSet[str]:
        if "_" not in facts.binds or len(path) > 1 or self.underscores > 1:
            return UNRELATED
        return UNRELATED - {"_"}

    @cached_property
    def own_names(self) -> dict[str, int]:
        """The names that statements of the module bind, in the order in which they first do, each with the first."""
        found: dict[str, int] = {}
        for number, facts in self.source.all_facts():
            binds = facts.binds - UNRELATED
            told = [name for name in names_in_order(self.source.statements[number]) if name in binds]
            for name in [*told, *self.brought((number,)), *sorted(binds)]:
                found.setdefault(name, number)
            for name in facts.deletes - facts.maybe:
                found.pop(name, None)
        return found

    def surveys(self, path: StatementPath) -> bool:
        """Whether a statement looks at all names of the module, or calls a function of the module that does."""
        facts = self.facts(path)
        if facts.surveys or facts.defines:
            return facts.surveys
        codes = (self.code(called) for called in self.called(path) if called[0] == self.module)
        return any(code is not None and GLOBALS in code.reads for code in codes)

    def surveyed(self, path: StatementPath) -> list[str] | None:
        """The names that a statement sees which looks at all that the module has, in order; None when it does not."""
        if len(path) > 1 or not self.surveys(path):
            return None
        return [name for name, number in self.own_names.items() if number < path[0]]

    @cached_property
    def underscores(self) -> int:
        """How many statements bind `_`."""
        return sum("_" in facts.binds for _, facts in self.source.all_facts())

    def _overwritten(self, path: StatementPath, words: AbstractSet[str] | None) -> frozenset[str]:
        """The names of before to which a statement that fills the namespace may give another value.

        `words` are those of the code that it executes: only these can be meant.
        """
        if words is not None and not words:
            return frozenset()
        earlier = [facts for number, facts in self.source.all_facts() if number < path[0]]
        imported = {each.bound for facts in earlier for each in facts.imports}
        found = frozenset().union(*(facts.binds - facts.defines - imported - UNRELATED for facts in earlier))
        return found if words is None else found & words

    @cached_property
    def made_up(self) -> frozenset[str]:
        """The names that the module has, but that no statement of it names: `globals()[...] = …` made them, say."""
        imprint = self.tracked.imprint
        if imprint is None:
            return frozenset()
        named = {name for _, facts in self.source.all_facts() for name in facts.binds}
        brought = {name for n in range(len(self.source.statements)) for name in self.brought((n,))}
        return frozenset(
            n for n in imprint.names[""] - named - brought if not (n.startswith("__") and n.endswith("__"))
        )

    def _elsewhere(self, facts: Facts, path: StatementPath, node: ast.stmt) -> Iterator[Binding]:
        """Attributes set on classes, functions and modules, and globals that called functions rebind."""
        maybe = isinstance(node, COMPOUND)
        for store in facts.stores:
            name = self.attribute_set(store, path)
            if name is not None:
                yield Binding(name, maybe)
        for name in self.written_by_functions(path):
            yield Binding(name, maybe=True)
        index, call = self.graph.index, self.call(path)
        for function in {*self.called(path), *constructors(self.tracked, facts, index)}:
            code = self.code(function)
            for name in attributes_set_by(function, code, call, index) if code is not None else ():
                if self.follows(name, function):
                    yield Binding(name, maybe=True)

    def written_by_functions(self, path: StatementPath) -> set[Name]:
        """The globals that functions which the statement calls rebind."""
        codes = ((called[0], self.code(called)) for called in self.called(path))
        return {(module, name) for module, code in codes if code is not None for name in code.writes}

    def attribute_set(self, store: Store, path: StatementPath) -> Name | None:
        """The name of an attribute that a store sets on a class, function or module of the program."""
        if not store.attribute:
            return None
        owner = resolve_value(self.tracked.namespace, store.chain)
        if is_a(owner, ModuleType):
            return (owner.__name__, store.attribute) if owner.__name__ in self.graph.index.modules else None
        home = definition_of(owner, self.graph.index)
        if home is not None and len(store.chain) == 1 and self.is_defined_before(store.chain[0], path):
            home = self.module, store.chain[0]  # whatever the name stood for until now
        return None if home is None else (home[0], f"{home[1]}.{store.attribute}")

    def is_defined_before(self, name: str, path: StatementPath) -> bool:
        """Whether the statement that gives a global its value for this one is a definition."""
        for number in reversed(range(path[0])):
            facts = self.source.facts((number,))
            if name in facts.binds:
                return name in facts.defines
        return False

    # ------------------------------------------------------------------ what it changes in place

    def mutates(self, path: StatementPath) -> set[Name]:
        """The names whose value the statement itself changes in place: containers, instances."""
        facts = self.facts(path)
        set_elsewhere = {s.chain for s in facts.stores if self.attribute_set(s, path) is not None}
        chains = (facts.mutates - set_elsewhere) | {c[:-1] for c in facts.calls if len(c) > 1 and self._is_filled_by(c)}
        holders = (self.holder(chain, path) for chain in chains)
        return {name for name in holders if name is not None and not is_a(value_of(name, self.graph), ModuleType)}

    def _is_filled_by(self, method: Chain) -> bool:
        """Whether it is a method of an object that is filled by calls whatever their name."""
        owner = resolve_value(self.tracked.namespace, method[:-1])
        return is_self_contained(owner) or (is_a(owner, ContextVar) and method[-1] == "set")

    def may_mutate(self, path: StatementPath) -> set[Name]:
        """The names whose value functions that the statement calls may change in place: containers, instances."""
        call = self.call(path)
        found: set[Name] = set()
        for called in self.called(path):
            code = self.code(called)
            found.update(filled_by(called, code, call, self.graph) if code is not None else ())
        for chain, owner in altered_by(self.called(path), self.code, call, self.graph):
            name = self.holder(chain, path) if chain else self.name_of(owner)
            found |= {name} if name is not None else set()
        return found | self.filled(path) | self._handed(path)

    def filled(self, path: StatementPath) -> frozenset[Name]:
        """The names of instances into which the statement puts something by way of their methods."""
        if self._remembered() is None:
            return frozenset(filled_by_methods(self, path))
        if path not in self._filled:
            self._filled[path] = frozenset(filled_by_methods(self, path))
        return self._filled[path]

    def _handed(self, path: StatementPath) -> frozenset[Name]:
        """The names of containers that the statement was seen to fill, whatever function has done so."""
        if self._remembered() is None:
            return frozenset(filled_as_arguments(self, path))
        if path not in self._handed_on:
            self._handed_on[path] = frozenset(filled_as_arguments(self, path))
        return self._handed_on[path]

    def name_of(self, owner: object) -> Name | None:
        """The global, here or in a module that is imported, that stands for an object."""
        index = self.graph.index
        modules = [self.module, *sorted(self.graph.imports(self.tracked) & index.modules.keys())]
        return next(
            (self.home((m, n)) for m in modules for n, v in index.modules[m].namespace.items() if v is owner), None
        )

    def call(self, path: StatementPath) -> Call:
        """What the statement calls, with what that needs to be told apart from other calls."""
        index, within = self.graph.index, []
        for called in self.called(path):
            code, tracked = self.code(called), index.modules.get(called[0])
            within += [(tracked, code.reads)] if code is not None and tracked is not None else []
        return Call(self.tracked, self.facts(path), tuple(within))

    def holder(self, chain: Chain, path: StatementPath) -> Name | None:
        """The name, at home, that holds what the dotted name leads to before it goes on into an instance."""
        for root in self.roots(chain[0], path):
            if root != (self.module, chain[0]):
                return root
        found = name_of_holder(self.tracked, chain, self.graph)
        return None if found is None else self.home(found)

    # ------------------------------------------------------------------ what it reads

    def reads(self, path: StatementPath) -> dict[Name, bool]:
        """The names that the statement reads as it runs, also through the functions that it calls.

        True: it looks into the value; False: it only refers to it.
        """
        if self._remembered() is None:
            return self._find_reads(path)
        if path not in self._reads:
            self._reads[path] = self._find_reads(path)
        return self._reads[path]

    def _find_reads(self, path: StatementPath) -> dict[Name, bool]:
        found: dict[Name, bool] = {}
        facts = self.facts(path)
        stored = {s.chain: self.holder(s.chain, path) for s in facts.stores if not s.attribute}
        for chain in facts.reads:
            target = stored.get(chain) if chain not in facts.uses else None
            for name, is_used in self.along(chain, path, used=chain in facts.uses):
                found[name] = found.get(name, False) or (is_used and name != target)
        for binding in self.bindings(path):
            if binding.maybe or binding.deletes or isinstance(self.source.statement(path), ast.Delete):
                # on another way it has the value from before; `del` asks for one
                found.setdefault(binding.name, False)
        for name in self.mutates(path):
            found[name] = found.get(name, False) or name not in stored.values()
        for imported in self.imported_names(path):
            found.setdefault(imported, False)
        for origin in self.stars(facts):
            found[origin, "__all__"] = True
        if len(path) == 1 and self.surveys(path):
            found |= {(self.module, own): True for own in self.own_names}
        for called in self.called(path):
            if "." in called[1] and "<" not in called[1]:
                found.setdefault(called, False)  # a method is taken from its class, which may get another one later
            for name, is_used in self.read_by(called):
                found[name] = found.get(name, False) or is_used
        return found

    def along(self, chain: Chain, path: StatementPath, *, used: bool) -> Iterator[tuple[Name, bool]]:
        """The names on the way of a dotted name, and whether their value is looked into."""
        for root in self.roots(chain[0], path):
            if root != (self.module, chain[0]):
                yield root, used or len(chain) > 1
                member = tuple(root[1].split("."))
                for name in self.graph.references(self.tracked, (*member, *chain[1:])) if len(chain) > 1 else ():
                    if name[0] != self.module or len(name[1].split(".")) > len(member):
                        yield name, True
        spaces = [None, *({chain[0]: value} for value in self.passing.get(chain[0], ()))] if len(chain) > 1 else [None]
        for space in spaces:
            names = list(self.graph.references(self.tracked, chain, space))
            for number, name in enumerate(names):
                is_used = used or number < len(names) - 1 or len(chain) > 1
                yield name, is_used
                if is_used and (home := self.home(name)) != name:
                    yield home, True

    @cached_property
    def passing(self) -> dict[str, list[object]]:
        """By names that several statements bind, or that are new, what modules and definitions they stand for then."""
        found: dict[str, list[object]] = {}
        stars = {number: self.brought((number,)) for number, facts in self.source.all_facts() if any(self.stars(facts))}
        count = Counter(name for _, facts in self.source.all_facts() for name in facts.binds)
        count.update(name for brought in stars.values() for name in brought)
        for number, facts in self.source.all_facts():
            for name in [n for n in facts.binds if count[n] > 1 or n not in self.tracked.namespace]:
                found.setdefault(name, []).extend(self._passing(name, facts, self.source.statements[number]))
            for name in [n for n in stars.get(number, ()) if count[n] > 1]:
                values = (own_space(sys.modules.get(origin)).get(name) for origin in self.stars(facts))
                found.setdefault(name, []).extend(values)
        return {name: [v for v in values if is_any(v, *DEFINITIONS)] for name, values in found.items()}

    def _passing(self, name: str, facts: Facts, node: ast.stmt) -> Iterator[object]:
        for each in facts.imports:
            base = resolve(self.tracked, "." * each.level + each.module)
            if not each.bound and not each.name and base.partition(".")[0] == name:  # `import name.inner`
                yield sys.modules.get(name)
            elif each.bound == name:
                full = f"{base}.{each.name}" if each.name else base
                yield sys.modules.get(full) or resolve_value(own_space(sys.modules.get(base)), (each.name,))
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        chain = chain_of(value) if value is not None else None
        if chain is not None:
            yield resolve_value(self.tracked.namespace, chain)

    def roots(self, name: str, path: StatementPath) -> list[Name]:
        """What a bare name may stand for: in a class body a member that was bound before, else a global."""
        found = []
        prefix = prefix_of(self.source, path)
        for number, maybe in self._bound_in(path[:-1]).get(name, ()) if prefix else ():
            if number < path[-1]:
                found.append((self.module, prefix + name))
                if not maybe:
                    return found[-1:]
        return [*found, (self.module, name)]

    def _bound_in(self, cls: StatementPath) -> dict[str, list[tuple[int, bool]]]:
        """By name the statements of a class body that bind it, and whether not on every way."""
        if cls not in self._bodies:
            found = self._bodies[cls] = {}
            node = self.source.statement(cls)
            for number in range(len(node.body) if isinstance(node, ast.ClassDef) else 0):
                facts = self.source.facts((*cls, number))
                for name in facts.binds:
                    found.setdefault(name, []).append((number, name in facts.maybe))
        return self._bodies[cls]

    def read_by(self, function: Name) -> Iterable[tuple[Name, bool]]:
        """The names that a function of the program reads when it is called, and whether it looks into their value."""
        known = self._remembered()
        if known is None:
            return self._find_read_by(function)
        if function not in known:
            known[function] = tuple(self._find_read_by(function))
        return known[function]

    def _find_read_by(self, function: Name) -> Iterator[tuple[Name, bool]]:
        code, tracked = self.code(function), self.graph.index.modules.get(function[0])
        if code is None or tracked is None:
            return
        for chain in code.reads:
            for name in self.graph.references(tracked, chain):
                yield name, chain in code.uses
                if chain in code.uses and (home := self.home(name)) != name:
                    yield home, True
        for name in self._lazily(function):
            yield name, False


def fills_namespace(node: ast.stmt, aliases: AbstractSet[str]) -> bool:
    """Whether a statement puts names into its module by `globals().update(…)`, `setattr(this, …)` and the like.

    `aliases` are names that stand for the module itself.
    """
    for call in (each for each in ast.walk(node) if isinstance(each, ast.Call)):
        if isinstance(call.func, ast.Attribute) and is_namespace(call.func.value):
            return True
        if isinstance(call.func, ast.Name) and call.func.id in WRITES_BY_NAME and call.args:
            target = call.args[0]
            if is_own_module(target) or (isinstance(target, ast.Name) and target.id in aliases):
                return True
    return False


def words_in(node: ast.stmt) -> set[str]:
    """The words of the texts that a statement writes down: code for `exec`, maybe."""
    texts = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str))
    return {word for text in texts for word in re.findall(r"[^\W\d]\w*", text)}


def is_namespace(node: ast.expr) -> bool:
    """Whether it is a call of `globals()`, `vars()` or `locals()`."""
    if not isinstance(node, ast.Call) or node.args:
        return False
    return isinstance(node.func, ast.Name) and node.func.id in NAMESPACES


def span(source: Source, path: StatementPath) -> tuple[int, int]:
    """The first and the last line of a statement."""
    node = source.statement(path)
    return first_line(node), node.end_lineno or node.lineno


def covers(source: Source, path: StatementPath, line: int) -> bool:
    """Whether a line belongs to a statement; that of `class C(base()): pass` to the class, which may call something."""
    first, last = span(source, path)
    on_header = len(path) > 1 and line == source.statement(path[:-1]).lineno
    return first <= line <= last and not on_header
