"""The editions of all modules that a round looks at, before and after the edit, and the groups that they form."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any, TypeAlias

from hotswap.codefacts import CodeFacts
from hotswap.codes import pair_codes
from hotswap.deposits import Deposit
from hotswap.events import content, subclasses
from hotswap.graph import Graph, lines_of
from hotswap.imports import imports_of, resolve
from hotswap.index import Tracked
from hotswap.looking import is_any, is_instance
from hotswap.model import Edit, Name, Place
from hotswap.planning.edition import Edition, ReadBy, Surroundings
from hotswap.planning.fillers import Filling
from hotswap.planning.filling import deposits_of
from hotswap.planning.groups import LOADED, Group, circle_around, make_group, reachable, refine
from hotswap.planning.imported import BroughtByStar
from hotswap.planning.live_names import value_of
from hotswap.planning.matching import Matching
from hotswap.planning.turns import Turns
from hotswap.reach import Reach
from hotswap.resolving import definition_of, exports, module_at, resolve_value
from hotswap.source import Source, StatementPath, prefix_of, siblings
from hotswap.syntax import chain_of
from hotswap.unloaded import Unloaded

IsPlain: TypeAlias = Callable[[str, str], bool]
"""Whether the class of that module and qualified name can be edited member by member."""


AT_THE_START = frozenset(("__slots__", "__module__", "__qualname__", "__dict__", "__weakref__"))
"""Names in a class body that say what the class is to be when it is made; later they say nothing."""


@dataclass(slots=True)
class Lookups:
    """What was looked up in the live program for one plan.  While that is carried out, everything is looked up anew."""

    now: Reach | None
    before: Reach | None
    read_now: ReadBy | None = field(default_factory=dict)
    read_before: ReadBy | None = field(default_factory=dict)
    brought: dict[str, BroughtByStar] | None = field(default_factory=dict)

    def end(self) -> None:
        """Let go of it: the program is going to change."""
        self.now = self.before = self.read_now = self.read_before = self.brought = None


class Editions(Filling, Turns):
    """Made for one round.

    `whole` are classes that run whole although their members could run alone, `calls` are calls that statements were
    seen to make in an earlier try, `asks` modules for which they were seen to ask by way of new ones.
    """

    def __init__(
        self,
        edits: Mapping[str, Edit],
        graph: Graph,
        is_plain: IsPlain,
        whole: set[Place],
        calls: Iterable[tuple[Place, Name]] = (),
        lookups: Lookups | None = None,
        asks: Iterable[tuple[Place, str]] = (),
    ) -> None:
        Filling.__init__(self)
        Turns.__init__(self)
        self.edits, self.graph, self.index = edits, graph, graph.index
        self._is_plain, self.whole = is_plain, whole
        self.stands_for: Callable[[Name], Any] = lambda name: value_of(name, graph)
        """What a name holds, apart from what it is made to hold for a statement that runs in this round."""
        self._matchings: dict[str, Matching] = {}
        self._old: dict[str, Edition] = {}
        self._new: dict[str, Edition | None] = {}
        self._groups: dict[str, Group] = {}
        self._calls: dict[Place, set[Name]] = {}
        for place, function in calls:
            self._calls.setdefault(place, set()).add(function)
        self.asks: dict[Place, list[str]] = {}
        for place, module in sorted(asks):
            self.asks.setdefault(place, []).append(module)
        self._eager: dict[str, frozenset[str]] = {}
        self._unloaded = Unloaded(self.index)
        self._memberwise: dict[Place, bool] = {}
        self._read_anywhere: dict[Name, bool] = {}
        self._called_now: dict[Place, set[Name]] = {}
        self._called_then: dict[Place, set[Name]] = {}
        self.lookups = lookups or Lookups(Reach(self.index, self.code_now), Reach(self.index, graph.code_facts))

    # ------------------------------------------------------------------ one module

    def source(self, module: str) -> Source | None:
        """The newest source of a module; None when its file is gone."""
        edit, tracked = self.edits.get(module), self.index.modules[module]
        if edit is not None:
            return edit.new
        return tracked.source if tracked.away is None else None

    def node(self, place: Place) -> ast.stmt:
        """A statement of the newest source."""
        source = self.source(place[0])
        assert source is not None
        return source.statement(place[1])

    def matching(self, module: str) -> Matching:
        """Which statements of the module are which of before."""
        if module not in self._matchings:
            edit = self.edits.get(module)
            old, new = self.index.modules[module].source, self.source(module)
            self._matchings[module] = Matching(old, new or old, edit.diff if edit and edit.new else None)
        return self._matchings[module]

    def old_place(self, place: Place) -> Place | None:
        """Where a statement stood before."""
        before = self.matching(place[0]).old(place[1])
        return None if before is None else (place[0], before)

    def memberwise(self, module: str, path: StatementPath) -> bool:
        """Whether the statements of a class body (in the newest source) can run one by one."""
        place = module, path
        if place not in self._memberwise:
            self._memberwise[place] = place not in self.whole and self._can_run_by_members(module, path)
        return self._memberwise[place]

    def _can_run_by_members(self, module: str, path: StatementPath) -> bool:
        source = self.source(module)
        if source is None:
            return False
        node = source.statement(path)
        if not isinstance(node, ast.ClassDef):
            return False
        edit = self.edits.get(module)
        if (edit is not None and edit.whole) or self.matching(module).fate(path) in ("edited", "added"):
            return False
        within = [source.facts(each) for each in source.paths_within(path)]
        if any(facts.opaque or facts.surveys for facts in within) or has_globals(node):
            return False
        if self._decides_at_the_start(module, path, source):
            return False
        if sum(node.name in facts.binds for _, facts in siblings(source, path)) > 1:
            return False  # the class of that name need not be this one
        simple = not node.decorator_list and not node.keywords and not getattr(node, "type_params", None)
        return simple and self._is_plain(module, prefix_of(source, path) + node.name)

    def _decides_at_the_start(self, module: str, path: StatementPath, source: Source) -> bool:
        """Whether a statement of the body that counts only when the class is made was added, edited or removed."""
        matching, before = self.matching(module), self.matching(module).old(path)
        now = [(*path, number) for number in range(len(source.statement(path).body))]  # type: ignore[attr-defined]
        found = [source.facts(each) for each in now if matching.fate(each) in ("edited", "added")]
        was = self.index.modules[module].source
        found += [was.facts(each) for each in matching.removed if before is not None and each[:-1] == before]
        found += [was.facts(old) for each in now if (old := matching.old(each)) and matching.fate(each) == "edited"]
        return any(not AT_THE_START.isdisjoint(facts.binds) for facts in found)

    def new(self, module: str) -> Edition:
        """The module as it is saved now.  Not for one whose file is gone."""
        edition = self.find_new(module)
        assert edition is not None
        return edition

    def find_new(self, module: str) -> Edition | None:
        """The same; None when it is not there."""
        if module not in self._new:
            self._new[module] = self._make_new(module)
        return self._new[module]

    def _make_new(self, module: str) -> Edition | None:
        tracked = self.index.modules.get(module)
        source = self.source(module) if tracked is not None else None
        if tracked is None or source is None:
            return None
        around = Surroundings(
            lambda path: self.memberwise(module, path),
            lambda path: self._called(tracked, source, path),
            lambda origin: self._brought_to(module, origin),
            self.code_now,
            self.home,
            self.follows,
            lambda: self.lookups.read_now,
            lambda path: self.deposits((module, path)),
            lambda path: self.asked_by_name(module, self.matching(module).old(path)),
            lambda path: self.asks.get((module, path), ()),
        )
        return Edition(tracked, source, self.graph, around)

    def changes_elsewhere(self, module: str) -> Iterator[Name]:
        """What a module that was just loaded has done to names of others: events."""
        self._new.pop(module, None)  # it was not there when somebody asked
        edition = self.find_new(module)
        for path in edition.paths if edition is not None else ():
            assert edition is not None
            yield from (content(name) for name in edition.mutates(path) | edition.may_mutate(path))
            yield from (b.name for b in edition.bindings(path) if b.name[0] != module and path != LOADED)
            node = edition.source.statement(path)
            for chain in map(chain_of, node.bases if isinstance(node, ast.ClassDef) else ()):
                base = resolve_value(edition.tracked.namespace, chain) if chain is not None else None
                home = definition_of(base, self.index)
                if home is not None and home[0] != module:
                    yield subclasses(home)

    def asked_anew(self, place: Place) -> Iterator[str]:
        """The modules that were loaded already, but are through before a statement since it imports them."""
        if self.matching(place[0]).fate(place[1]) in ("added", "edited"):
            known = reachable(place[0], self.graph.eager_imports)
            asked = self.new(place[0]).asked(place[1]) & self.index.modules.keys()
            yield from (name for name in asked if name not in known and name in sys.modules)

    def find_old(self, module: str) -> Edition | None:
        """The module as it runs until now; None when it is not there."""
        tracked = self.index.modules.get(module)
        if module not in self.edits:
            return self.find_new(module)
        if tracked is None:
            return None
        if module not in self._old:
            matching = self.matching(module)
            new_of = {o.path: path for path, o in matching.origins.items() if o.path is not None}
            around = Surroundings(
                lambda path: path in new_of and self.memberwise(module, new_of[path]),
                lambda path: self._called_before(tracked, path),
                self._brought_before,
                self.graph.code_facts,
                lambda name: self.home(name, before=True),
                self.follows,
                lambda: self.lookups.read_before,
                lambda path: deposits_of(tracked, path, self._members_apart(tracked, path)),
                lambda path: self.asked_by_name(module, path),
            )
            self._old[module] = Edition(tracked, tracked.source, self.graph, around)
        return self._old[module]

    def _called(self, tracked: Tracked, source: Source, path: StatementPath) -> Iterable[Name]:
        """What a statement calls: as seen when it ran, or estimated when it has not run yet.

        An estimate looks at what the names hold when the plan is made, and is not made anew while it is carried out.
        """
        place = tracked.name, path
        if place not in self._called_now:
            self._called_now[place] = self._calls_of(tracked, source, path)
        return self._called_now[place]

    def _calls_of(self, tracked: Tracked, source: Source, path: StatementPath) -> set[Name]:
        matching = self.matching(tracked.name)
        before = matching.old(path)
        if before is None or matching.fate(path) == "edited":
            found = self.graph.estimate(
                tracked, source.facts(path), self.lookups.now or Reach(self.index, self.code_now)
            ).called
        else:
            found = self._called_before(tracked, before)
        return found | self._calls.get((tracked.name, path), set())

    def _called_before(self, tracked: Tracked, path: StatementPath) -> set[Name]:
        place = tracked.name, path
        if place not in self._called_then:
            self._called_then[place] = self._calls_before(tracked, path)
        return self._called_then[place]

    def _calls_before(self, tracked: Tracked, path: StatementPath) -> set[Name]:
        members = self._members_apart(tracked, path)
        return self.graph.called(tracked, tracked.source, path, members, self.lookups.before)

    def _members_apart(self, tracked: Tracked, path: StatementPath) -> Sequence[ast.stmt]:
        """The statements in a class of the source that runs which are looked at by themselves."""
        node, now = tracked.source.statement(path), self.matching(tracked.name).new(path)
        is_divided = isinstance(node, ast.ClassDef) and now is not None and self.memberwise(tracked.name, now)
        return node.body if isinstance(node, ast.ClassDef) and is_divided else ()

    def deposits(self, place: Place) -> list[Deposit] | None:
        """What a statement of the newest source has put into containers and objects; None if nobody knows."""
        before = self.matching(place[0]).old(place[1])
        if before is None or self.matching(place[0]).fate(place[1]) == "edited":
            return None
        tracked = self.index.modules[place[0]]
        return deposits_of(tracked, before, self._members_apart(tracked, before))

    def asked_by_name(self, module: str, before: StatementPath | None) -> Sequence[str]:
        """The modules that a statement of the source that runs asked for by computed names, as they were loaded."""
        tracked = self.index.modules[module]
        if before is None or len(before) > 1 or not self.graph.asks_by_name(module):
            return ()
        footprint, begun = tracked.footprint(*lines_of(tracked.source.statement(before))), self.index.begun
        known = footprint.imported & self.index.modules.keys() if footprint is not None else ()
        return sorted(known, key=lambda name: begun.get(name, -1))

    def code_now(self, function: Name) -> CodeFacts | None:
        """What the code of a function refers to in the newest source."""
        if function[0] not in self.index.modules:
            return None
        source = self.source(function[0])
        return source.functions.get(function[1]) if source is not None else None

    def home(self, name: Name, *, before: bool = False) -> Name:
        """Where a name that its module only imports comes from, if that holds the same object; else the name itself."""
        seen = [name]
        while True:
            edition = self._edition(name[0], before=before)
            origin = edition.origins.get(name[1]) if edition is not None else None
            if origin is None or origin[0] not in self.index.modules:
                return name
            if origin in seen:  # modules in a circle that import all names of each other
                circle = ((n, self._edition(n[0], before=before)) for n in seen)
                return next((n for n, e in circle if e is not None and n[1] in e.not_imported), name)
            if self.stands_for(origin) is not self.stands_for(name) and not self._is_new(name):
                return name
            seen.append(origin)
            name = origin

    def _is_new(self, name: Name) -> bool:
        """Whether the module does not have the name yet."""
        return name[0] in self.edits and name[1] not in self.index.modules[name[0]].namespace

    def _edition(self, module: str, *, before: bool) -> Edition | None:
        return self.find_old(module) if before else self.find_new(module) or self.find_old(module)

    def follows(self, name: Name, function: Name) -> bool:
        """Whether an attribute that a function sets is given its value anew with the statements that call it.

        It is when the function is a hook of class definitions, when it is edited, when it is a collection, or when
        statements, or functions that do not set it, read the attribute: a counter that only tells instances apart
        counts on.
        """
        if function in self._edited or function[1].endswith((".__init_subclass__", ".__set_name__")):
            return True
        if is_any(value_of(name, self.graph), tuple, list, dict, set, frozenset, str):
            return True
        if name not in self._read_anywhere:
            self._read_anywhere[name] = self._is_read(name)
        return self._read_anywhere[name]

    @cached_property
    def _edited(self) -> set[Name]:
        pairs = (
            (e.module, pair)
            for e in self.edits.values()
            if e.new is not None and e.diff is not None
            for pair in pair_codes(e.old, e.new, e.diff)
        )
        return {(module, pair.qualname) for module, pair in pairs if pair.edited}

    def _is_read(self, name: Name) -> bool:
        leaf = name[1].rpartition(".")[2]
        for module in {name[0], *self.graph.dependents(name[0])} & self.index.modules.keys():
            tracked, source = self.index.modules[module], self.source(module)
            if source is None:
                continue
            for path in source.mentions.get(leaf, ()):
                chains = [chain for chain in source.facts(path).reads if leaf in chain[1:]]
                if any(name in self.graph.references(tracked, chain) for chain in chains):
                    return True
            for qualname in source.function_mentions.get(leaf, ()):
                code = source.functions[qualname]
                if leaf in code.attributes and not any(chain[-1] == leaf for chain in code.sets):
                    return True
        return False

    def is_set_from_outside(self, name: Name, place: Place) -> bool:
        """Whether the statement sets the attribute of that name on a definition, rather than being a part of it."""
        edition, owner = self.find_new(place[0]), name[1].rpartition(".")[0]
        if edition is None or (place[0] == name[0] and prefix_of(edition.source, place[1]).rstrip(".") == owner):
            return False
        return any(edition.attribute_set(store, place[1]) == name for store in edition.facts(place[1]).stores)

    def returns(self, name: Name) -> bool:
        """Whether a name that its module defines comes back to it by an import from another module."""
        at, seen = name, {name}
        while (edition := self.find_new(at[0])) is not None and at[1] in edition.origins:
            at = edition.origins[at[1]]
            if at in seen:
                return at == name
            seen.add(at)
        return False

    def only_repeated(self, name: Name, binders: Sequence[Place]) -> bool:
        """Whether the statement that gives a name its value gives it what it holds already: `name = name`."""
        node = self.node(binders[0]) if len(binders) == 1 and binders[0][1] != LOADED else None
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Name) or node.value.id != name[1]:
            return False
        return all(isinstance(target, ast.Name) and target.id == name[1] for target in node.targets)

    # ------------------------------------------------------------------ star imports

    def _brought_before(self, origin: str) -> BroughtByStar:
        module = module_at(origin)
        return dict.fromkeys(exports(module), True) if module is not None else {}

    def _brought_to(self, module: str, origin: str) -> BroughtByStar:
        """The same for one that may be half way through itself: then nothing is sure."""
        found = self._brought_now(origin)
        return dict.fromkeys(found, False) if module in self.ahead(origin) else found

    def _brought_now(self, origin: str) -> BroughtByStar:
        """What it may bring now, or has brought before: only when it ran is known that a name did not come again."""
        known = self.lookups.brought
        if known is None or origin not in known:
            found = {**dict.fromkeys(self._brought_before(origin), False), **self._will_bring(origin, frozenset())}
            if known is None:
                return found
            known[origin] = found
        return known[origin]

    def _will_bring(self, origin: str, seen: frozenset[str]) -> BroughtByStar:
        edit, tracked = self.edits.get(origin), self.index.modules.get(origin)
        if tracked is None or origin in seen:
            return self._brought_before(origin) if tracked is None else {}
        source = self.source(origin)
        if source is None:
            return {}
        found = self._brought_before(origin) if edit is None else {}
        if edit is not None or b"import *" in source.data:
            now = self._names_of(tracked, source, seen | {origin}, bound=edit is not None)
            lost = self._came_by_stars(tracked, source) - now.keys() if edit is None else ()
            found = {**found, **now, **dict.fromkeys(lost, False)}
        return found

    def _came_by_stars(self, tracked: Tracked, source: Source) -> set[str]:
        """The names of a module that star imports have brought, and that no other statement of it binds."""
        all_facts = [facts for _, facts in source.all_facts()]
        imports = [each for facts in all_facts for each in facts.imports if each.name == "*"]
        origins = {resolve(tracked, "." * each.level + each.module) for each in imports}
        return set().union(*map(self._brought_before, origins)).difference(*(facts.binds for facts in all_facts))

    def _names_of(self, tracked: Tracked, source: Source, seen: frozenset[str], *, bound: bool) -> BroughtByStar:
        """What a star import of the module will bring, as far as its text tells."""
        found: BroughtByStar = {}
        for _, facts in source.all_facts():
            if bound:
                found |= {n: n not in facts.maybe and n not in facts.deletes for n in facts.binds}
            for each in facts.imports:
                if each.name == "*":
                    origin = resolve(tracked, "." * each.level + each.module)
                    found = {**self._will_bring(origin, seen), **found}
        listed = source.listed_names
        if listed is not None:
            return dict.fromkeys(listed, True)
        if "__all__" in found or "__all__" in vars_of(tracked):
            return dict.fromkeys(found, False)
        return {name: sure for name, sure in found.items() if not name.startswith("_")}

    # ------------------------------------------------------------------ groups

    def group(self, module: str) -> Group | None:
        """The modules that form a circle with this one, itself at least; None when it is not tracked."""
        if module not in self.index.modules:
            return None
        if module not in self._groups:
            members = circle_around(module, self._eager_importers, self.eager)
            names = refine(module, members, self._asked) if len(members) > 1 else (module,)
            matchings = {n: self.matching(n) for n in names}
            entries, certain = self._in_order_of_start(names)
            group = make_group(entries, self.find_old, self.find_new, matchings, certain=certain)
            self._groups |= dict.fromkeys(names, group)
        return self._groups[module]

    def _in_order_of_start(self, names: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
        """The modules of a circle in the order in which they were asked for, and whether that was seen."""
        begun = self.index.begun
        known = {name: begun[name] for name in names if name in begun and not self.comes_back(name)}
        if known and all(name in known or self.comes_back(name) for name in names):
            return tuple(sorted(names, key=lambda name: (name not in known, begun.get(name, -1)))), True
        # The import system moves a module to the end of sys.modules when it is through: a circle's last was its first
        # to be asked for.
        position = {name: number for number, name in enumerate(list(sys.modules))}
        return tuple(sorted(names, key=lambda n: -position.get(n, -1))), False

    def eager(self, module: str) -> frozenset[str]:
        """The modules that a module asks for as it is imported, before the edit or after it.

        With those that it will ask for by way of modules that are not loaded yet.
        """
        edit, found = self.edits.get(module), self.graph.eager_imports(module)
        found = found.union(*(names for place, names in self.asks.items() if place[0] == module))
        if edit is None or edit.new is None:
            return found
        if module not in self._eager:
            asked = imports_of(Tracked(module, edit.path, edit.new), eager=True)
            self._eager[module] = asked.union(*(reachable(name, self._unloaded.asks) for name in asked))
        return found | self._eager[module]

    def comes_back(self, module: str) -> bool:
        """Whether the module was away until now, and is asked for after all others."""
        edit = self.edits.get(module)
        return edit is not None and edit.revived is not None

    def _eager_importers(self, module: str) -> set[str]:
        edited = {n for n in self.edits if module in self.eager(n)}
        return edited | {n for n in self.graph.importers(module) if module in self.graph.eager_imports(n)}

    def _asked(self, module: str) -> set[str]:
        found: set[str] = set()
        for edition in (self.find_old(module), self.find_new(module)):
            for path in edition.paths if edition else ():
                assert edition is not None
                found |= edition.asked(path)
        return found


def has_globals(node: ast.ClassDef) -> bool:
    """Whether a class body binds names of the module."""
    todo: list[ast.AST] = list(node.body)
    while todo:
        each = todo.pop()
        if isinstance(each, ast.Global):
            return True
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            todo += ast.iter_child_nodes(each)
    return False


def vars_of(tracked: Tracked) -> dict[str, object]:
    """The live names of a module; none for something that is not a module."""
    module: object = tracked.module
    return vars(module) if is_instance(module, ModuleType) else {}
