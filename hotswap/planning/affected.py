"""Which statements a change of a name concerns: those that read it, call it, subclass it, import it.  Pure."""

from __future__ import annotations

import ast
import os
import re
from abc import ABCMeta
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from types import FunctionType

from hotswap.assets import askers
from hotswap.events import (
    BEHAVIOUR,
    abstractness,
    bare,
    content,
    is_behaviour,
    is_content,
    is_description,
    is_loaded,
)
from hotswap.facts import Facts
from hotswap.graph import Graph, dynamic_imports_of
from hotswap.looking import is_a, is_any, is_instance
from hotswap.model import Name, Place
from hotswap.planning.aliased import attributes_with, functions_with, hands_owner, methods_of, tells_of, with_parts
from hotswap.planning.asking import asks_about_classes, asks_class, classes_met
from hotswap.planning.by_calls import ByCalls
from hotswap.planning.by_functions import Concerned
from hotswap.planning.chosen import answers_itself, chains_for
from hotswap.planning.edition import Edition
from hotswap.planning.editions import Editions, IsPlain
from hotswap.planning.finding import (
    as_argument,
    finds,
    hands_on_text,
    in_namespace,
    is_plain,
    lines_that_import,
    loads,
)
from hotswap.planning.live_names import DEFINITIONS, value_of
from hotswap.resolving import bound_by, definition_of, holds_instance, module_at, resolve_value
from hotswap.scanning import Listed
from hotswap.source import StatementPath
from hotswap.targets import CONTAINERS

__all__ = ["Affected", "Concerned", "IsPlain"]

SPECIAL = re.compile(r"__(?!init__|new__|slots__|doc__|init_subclass__|set_name__|class_getitem__|annotations__)\w+__")
"""Methods that Python calls by itself when something is done with an instance."""

OTHERWISE = ("__code__", ".__abstractmethods__")
"""Parts of definitions that concern statements which do not name them."""


@dataclass(frozen=True, slots=True)
class Referred:
    """The names that dotted names of a statement lead to, and the identities of the objects that they stand for."""

    names: frozenset[Name]
    values: frozenset[int]


class Affected(ByCalls):
    """Answers, for one round, which statements an event concerns."""

    def __init__(self, editions: Editions, graph: Graph) -> None:
        super().__init__(editions, graph)
        self._places: dict[tuple[str, int], Place | None] = {}
        self._found: dict[Name, tuple[Concerned, ...]] | None = {}
        self._referred: dict[tuple[str, StatementPath, str], Referred] | None = {}
        self._known: tuple[int, dict[tuple[str, str], set[str]]] = 0, {}
        self._names: dict[str, dict[int, list[str]]] | None = {}
        self._asking: dict[str, list[StatementPath]] | None = {}
        self._naming: dict[Place, tuple[AbstractSet[Name], AbstractSet[str]]] | None = {}
        self._kinds: dict[Place, AbstractSet[type]] | None = {}

    def by(self, event: Name) -> Iterable[Concerned]:
        """All statements that may have to run when this happens."""
        if self._found is None:
            return self._found_by(event)
        if event not in self._found:
            self._found[event] = tuple(self._found_by(event))
        return self._found[event]

    def _found_by(self, event: Name) -> Iterator[Concerned]:
        return (each for each in self._find(event) if not self.fills_on(each.place, event))

    def fills_on(self, place: Place, event: Name) -> bool:
        """Whether a statement only puts something into an instance that others fill, too."""
        edition = self.editions.find_new(place[0])
        return is_content(event) and edition is not None and bare(event) in edition.filled(place[1])

    def begin(self) -> None:
        """What is found is found anew from now on, because the program changes."""
        self._found = self._referred = self._names = self._asking = self._kinds = None
        self._referring = self._naming = None

    def end(self) -> None:
        """Nothing changes from now on: what was found once can be kept again."""
        self._found, self._referred, self._names, self._asking, self._kinds = {}, {}, {}, {}, {}
        self._referring, self._naming = {}, {}

    def _find(self, event: Name) -> Iterator[Concerned]:
        name = bare(event)
        if is_loaded(event):
            yield from self.askers_of(event[1])
            return
        if name[1] == "*":
            yield from self.importers_of(name[0])
            return
        if is_content(event) and self.is_instance(name):
            yield from self.lookers_into(event, name)
            return
        yield from self.readers_of(event, name)
        if event == name:
            yield from self.fillers_of(name)
        if is_plain(event, name):
            yield from self.finders_of(name)
        if name[1].endswith("__code__"):
            return  # functions look at the code of whatever they are given
        if is_behaviour(event):
            yield from self.callers_of(name)
        else:
            yield from self.functions_reading(event, name)
        if "." in name[1] and not is_content(event):
            yield from self.callers_of_hidden(name)
        if is_description(event) or is_content(event):
            yield from self.askers_about(name)
        if is_description(event):
            yield from self.tellers_of(name)
        if is_content(event) and "." not in name[1]:
            yield from self.knowing_otherwise(name)
        if event == name and name[1].endswith((".__init__", ".__new__")):
            yield from self.users_of_constructor(name)
        if event == name and SPECIAL.fullmatch(name[1].rpartition(".")[2]):
            yield from self.users_of_instances(name)

    def knowing_otherwise(self, container: Name) -> Iterator[Concerned]:
        """Statements that look into what classes or functions of their modules have for their own, or methods of it."""
        value = value_of(container, self.graph)
        if type(value) not in CONTAINERS and not self.is_instance(container):
            return
        known = sorted({container[0], *self.known_in(*container)} & self.index.modules.keys())
        for alias in attributes_with(value, known, self.index):
            yield from self.readers_of(content(alias), alias)
        for function in functions_with(value, known, self.index):
            yield from self.callers_of(function)
        for reader, method in methods_of(value, known, self.index):
            yield from self.readers_of((reader, method), (reader, method))

    def is_instance(self, name: Name) -> bool:
        """Whether the name stands for an instance of a class of the program."""
        value = value_of(name, self.graph)
        return not is_any(value, *DEFINITIONS) and type(value).__module__ in self.index.modules

    def lookers_into(self, event: Name, instance: Name) -> Iterator[Concerned]:
        """Statements that derive something from what is in an instance, and do not change it themselves."""
        by_name = (*self.readers_of(event, instance), *self.functions_reading(event, instance))
        otherwise = set(self.knowing_otherwise(instance)).difference(by_name)
        for each in (*by_name, *sorted(otherwise, key=str)):
            edition, path = self.editions.find_new(each.place[0]), each.place[1]
            if edition is None or instance in edition.may_mutate(path):
                continue
            facts = edition.facts(path)
            if facts.binds - facts.defines and tells_of(edition, path, instance, known=each in otherwise):
                yield each

    def fillers_of(self, name: Name) -> Iterator[Concerned]:
        """Statements that were seen to put something into the container that the name stands for."""
        value = value_of(name, self.graph)
        for module, line in self.filled.get(id(value), ()) if type(value) in CONTAINERS else ():
            place = self.place_at(module, line)
            if place is not None:
                yield Concerned(place, f"it fills {name[1]}")

    @cached_property
    def filled(self) -> dict[int, list[tuple[str, int]]]:
        """By the identity of containers where the statements stood that had put something there before the round."""
        found: dict[int, list[tuple[str, int]]] = {}
        for module, tracked in list(self.index.modules.items()):
            for line, footprint in (tracked.calls or {}).items():
                for deposit in footprint.deposits:
                    found.setdefault(deposit.target, []).append((module, line))
        return found

    def finders_of(self, name: Name) -> Iterator[Concerned]:
        """Statements that ask for a module by a name that they are given, and may find the name in it."""
        for reader in self.graph.importers(name[0]):
            edition = self.editions.find_new(reader)
            if edition is None:
                continue
            for line, footprint in lines_that_import(name[0], reader, self.graph):
                place = self.place_at(reader, line)
                if place is not None and finds(edition, place[1], name[1], footprint):
                    yield Concerned(place, f"it imports {name[0]} by name")
            for path in edition.paths if edition.source.loaded_by_name else ():
                if loads(edition, path, name[0]):
                    yield Concerned((reader, path), f"it takes all that is in {name[0]}")
        yield from self.finders_by_cache(name[0])

    def askers_of(self, path: str) -> Iterator[Concerned]:
        """Statements that asked for what was loaded from a file."""
        for entry in askers:
            place = self.place_at(entry.module, entry.line) if entry.thing.path == path else None
            if place is not None:
                yield Concerned(place, f"it asks for {os.path.basename(path)}")
        folder, depth = os.path.split(path)
        for module, line in sorted(self.graph.scanners(Listed(folder, depth == "**"))):
            place = self.place_at(module, line)
            if place is not None:
                yield Concerned(place, f"it looks for files in {os.path.basename(folder)}")
        if depth in ("*", "**"):
            yield from self.users_of_caches(lambda code: code.lists_folders)

    # ------------------------------------------------------------------ who asks about it

    def text_is_read(self, module: str) -> bool:
        """Whether a module, or one that depends on it or is imported by such, may look at texts of definitions."""
        reading = {tracked.name for tracked in self.index.mentioning("getsource", "__code__")}
        if not reading:
            return False
        known = {module, *self.graph.dependents(module)} & self.index.modules.keys()
        return bool(reading & known.union(*(self.graph.imports(self.index.modules[name]) for name in known)))

    def askers_about(self, name: Name) -> Iterator[Concerned]:
        """Statements that ask what a class has, or what it derives from: `dir(square)`, `isinstance(square, Named)`.

        Those that keep an instance of it made it: that is state.
        """
        cls = value_of(name, self.graph)
        yield from self.asking_what_was_handed(name)
        if not is_a(cls, type) and not is_instance(cls, ABCMeta):
            return
        for reader in {name[0], *self.known_in(name[0], name[1].partition(".")[0])} & self.index.modules.keys():
            edition = self.editions.find_new(reader)
            for path in self.asking(edition) if edition is not None else ():
                assert edition is not None
                if self.is_about(edition, path, cls, name):
                    yield Concerned((reader, path), f"it asks what {name[1]} is")

    def asking(self, edition: Edition) -> Iterable[StatementPath]:
        """The statements of a module that ask anything about classes."""
        if self._asking is None:
            return (path for path in edition.paths if asks_about_classes(edition, path))
        if edition.module not in self._asking:
            self._asking[edition.module] = [path for path in edition.paths if asks_about_classes(edition, path)]
        return self._asking[edition.module]

    def is_about(self, edition: Edition, path: StatementPath, cls: type, name: Name) -> bool:
        """Whether a statement names the class, one that derives from it, an instance of these, or what holds such."""
        facts, space = edition.facts(path), edition.tracked.namespace
        # In `KINDS.values()` KINDS, too.
        chains = {chain[:n] for chain in facts.reads for n in range(1, len(chain) + 1)}
        kinds = (kind for chain in chains for kind in classes_met(resolve_value(space, chain)))
        if not any(cls in type.__dict__["__mro__"].__get__(kind) for kind in kinds):
            return False
        return not any(holds_instance(space.get(bound), name) for bound in facts.binds)

    def kinds_at(self, edition: Edition, path: StatementPath) -> AbstractSet[type]:
        """The classes of the instances that a statement reads, in containers too, or makes, and their bases."""
        if self._kinds is None:
            return self.find_kinds(edition, path)
        if (edition.module, path) not in self._kinds:
            self._kinds[edition.module, path] = self.find_kinds(edition, path)
        return self._kinds[edition.module, path]

    def find_kinds(self, edition: Edition, path: StatementPath) -> AbstractSet[type]:
        """The same, found anew."""
        facts, space = edition.facts(path), edition.tracked.namespace
        if not facts.binds or facts.defines:
            return NO_KINDS
        values = [resolve_value(space, chain) for chain in facts.reads]
        through = {chain[:-1] for chain in facts.reads if len(chain) > 1}  # in `KINDS.values()` KINDS
        holders = [each for chain in through if type(each := resolve_value(space, chain)) in CONTAINERS]
        values = [part for value in (*values, *holders) for part in with_parts(value)]
        made = (resolve_value(space, chain) for chain in facts.calls)
        return {base for kind in (*map(type, values), *(m for m in made if is_a(m, type))) for base in kind.__mro__}

    def keeps_none(self, edition: Edition, path: StatementPath, cls: Name) -> bool:
        """Whether no name that the statement binds holds an instance of the class."""
        held = bound_by(edition.source, path, edition.tracked.namespace)
        return not any(holds_instance(value, cls) for value in held)

    def place_at(self, module: str, line: int) -> Place | None:
        """Where the statement that stood on a line of the running source stands in the newest one."""
        if (module, line) not in self._places:
            self._places[module, line] = self._find_place(module, line)
        return self._places[module, line]

    def _find_place(self, module: str, line: int) -> Place | None:
        edition = self.editions.find_old(module)
        before = edition.path_at(line) if edition is not None else None
        if before is None or self.editions.find_new(module) is None:
            return None
        after = self.editions.matching(module).new(before)
        return None if after is None else (module, after)

    # ------------------------------------------------------------------ who reads it

    def readers_of(self, event: Name, name: Name) -> Iterator[Concerned]:
        """Statements that read the name in a way for which the event makes a difference."""
        root, leaf = name[1].partition(".")[0], name[1].rpartition(".")[2]
        value = value_of(name, self.graph) if event != name else None
        module = module_at(name[0])
        others = self.names_elsewhere(name, value) if value is not None and "." not in name[1] else {}
        known = {name[0], *self.known_in(name[0], root)}.union(*(self.known_in(*other) for other in others))
        for reader in known & self.index.modules.keys():
            edition = self.editions.find_new(reader)
            if edition is None:
                continue
            words, known_as = {leaf, "*", *self.other_names(edition, value)}, self.other_names(edition, module)
            words.update(alias for _, alias in others)
            if event == name and "." not in name[1]:
                words.add("__dict__")  # all that the module has
            if leaf == "__getattr__" or answers_itself(module):
                words.update(known_as)  # any attribute of it may come from the name
            if leaf == "__abstractmethods__" or (is_content(event) and "." in name[1]):
                words.add(name[1].split(".")[-2])
            if leaf == "__code__":
                words.update(name[1].split(".")[-2:-1], known_as)  # it may be handed to who looks there
            for path in edition.mentioning(words, known_as):
                if self.refers(edition, path, event, name) or self.holds(edition, path, event, value):
                    yield Concerned((reader, path), f"it reads {name[1]}")

    def names_elsewhere(self, name: Name, value: object) -> dict[Name, None]:
        """The other names that modules have given to an object which they import: `import x as y` and then `b.y`."""
        editions = (self.editions.find_new(reader) for reader in sorted(self.known_in(name[0], name[1])))
        known = [edition for edition in editions if edition is not None and edition.module != name[0]]
        found = ((edition.module, alias) for edition in known for alias in self.other_names(edition, value))
        return {each: None for each in found if each[1] != name[1]}

    def other_names(self, edition: Edition, value: object) -> Sequence[str]:
        """The names under which a module knows an object besides its own."""
        if value is None:
            return ()
        if self._names is None:
            return [n for n, v in list(edition.tracked.namespace.items()) if v is value]
        if edition.module not in self._names:
            known = self._names[edition.module] = {}
            for name, held in list(edition.tracked.namespace.items()):
                known.setdefault(id(held), []).append(name)
        return self._names[edition.module].get(id(value), ())

    def known_in(self, module: str, root: str) -> set[str]:
        """Modules that may know the name: importers of its module, and of packages that hand it on."""
        version = self.graph.version
        if self._known[0] != version:  # the texts and the edges tell it, whatever runs meanwhile
            self._known = version, {}
        known = self._known[1]
        if (module, root) not in known:
            known[module, root] = self._find_known_in(module, root)
        return known[module, root]

    def _find_known_in(self, module: str, root: str) -> set[str]:
        found: set[str] = set()
        todo = [module]
        while todo:
            for importer in self.graph.importers(todo.pop()) - found:
                found.add(importer)
                source = self.editions.source(importer)
                if source is not None and (root in source.text or "*" in source.text):
                    todo.append(importer)
        return found

    def refers(self, edition: Edition, path: StatementPath, event: Name, name: Name) -> bool:
        """Whether what happens to the name makes a difference to a statement."""
        if event == name and self._naming is not None and "." in name[1] and not name[1].endswith(OTHERWISE):
            names, hidden = self.named(edition, path)
            return name in names or name[1].rpartition(".")[2] in hidden
        facts = edition.facts(path)
        if event == name and self.takes(edition, path, facts, name):
            return True
        if event == name and (self.may_find(edition, path, facts, name) or self.makes_instance(edition, facts, name)):
            return True
        if is_behaviour(event) and self.derives_from_instance(edition, path, facts, name):
            return True
        if is_content(event) and "." in name[1] and hands_owner(edition, path, name):
            return True
        if is_content(event) and name[1] == "__all__" and name[0] in edition.stars(facts):
            return True
        if name[1].endswith("__code__") and hands_on_text(edition, path, name):
            return True
        if is_description(event) and asks_class(edition, facts, value_of(name, self.graph), name):
            return True
        return name in self.looked_up(edition, path, event).names

    def named(self, edition: Edition, path: StatementPath) -> tuple[AbstractSet[Name], AbstractSet[str]]:
        """The members whose change makes a difference to a statement, and the attributes that may be any such."""
        assert self._naming is not None
        at = edition.module, path
        if at not in self._naming:
            maybe = {binding.name for binding in edition.bindings(path) if binding.maybe}
            names = maybe.union(edition.imported_names(path), self.looked_up(edition, path, ("", "")).names)
            self._naming[at] = names, edition.facts(path).hidden
        return self._naming[at]

    def holds(self, edition: Edition, path: StatementPath, event: Name, value: object) -> bool:
        """Whether a dotted name of the statement stands for the very object to which something happens."""
        return is_any(value, FunctionType, type) and id(value) in self.looked_up(edition, path, event).values

    def looked_up(self, edition: Edition, path: StatementPath, event: Name) -> Referred:
        """What the dotted names of a statement stand for that events of this kind may concern."""
        kind = event[1][len(bare(event)[1]) :]
        at = edition.module, path, kind
        if self._referred is None:
            return self.look_up(edition, path, kind)
        if at not in self._referred:
            self._referred[at] = self.look_up(edition, path, kind)
        return self._referred[at]

    def look_up(self, edition: Edition, path: StatementPath, kind: str) -> Referred:
        """The same, found anew."""
        facts = edition.facts(path)
        chains = chains_for(kind, facts)
        held = frozenset(id(resolve_value(edition.tracked.namespace, chain)) for chain in chains)
        if kind == BEHAVIOUR and isinstance(edition.source.statement(path), ast.FunctionDef | ast.AsyncFunctionDef):
            chains |= facts.calls  # an instance that is a default value is no state of the program's
        return Referred(frozenset(n for c in chains for n, _ in edition.along(c, path, used=True)), held)

    def takes(self, edition: Edition, path: StatementPath, facts: Facts, name: Name) -> bool:
        """Whether the statement imports the name, or may leave it as it was."""
        if name in edition.imported_names(path):
            return True
        if any(name[0] == origin for origin in edition.stars(facts)) and "." not in name[1]:
            return True
        return any(b.maybe and b.name == name for b in edition.bindings(path))

    def makes_instance(self, edition: Edition, facts: Facts, name: Name) -> bool:
        """Whether the statement calls a class that became abstract, or is so no more."""
        if not name[1].endswith(".__abstractmethods__"):
            return False
        called = (resolve_value(edition.tracked.namespace, chain) for chain in facts.calls)
        return any(abstractness(home) == name for c in called if (home := definition_of(c, self.index)) is not None)

    def derives_from_instance(self, edition: Edition, path: StatementPath, facts: Facts, name: Name) -> bool:
        """Whether the statement makes an instance of the class, and keeps something else than that."""
        namespace = edition.tracked.namespace
        if not any(definition_of(resolve_value(namespace, chain), self.index) == name for chain in facts.calls):
            return False
        value = value_of(name, self.graph)
        kept = bound_by(edition.source, path, namespace)
        return is_a(value, type) and bool(facts.binds) and not any(holds_instance(each, name) for each in kept)

    def may_find(self, edition: Edition, path: StatementPath, facts: Facts, name: Name) -> bool:
        """Whether the statement may look at the name without saying so.

        It reads an attribute of that name of something that is no name itself, or of a module that it got hold of
        dynamically; or it hands the whole module to a call.
        """
        if "." in name[1]:
            leaf = name[1].rpartition(".")[2]
            return leaf in facts.attributes and leaf in facts.hidden
        if edition.module == name[0]:
            return facts.surveys
        if name[1] in facts.attributes and name[0] in dynamic_imports_of(edition.tracked):
            return True
        module = module_at(name[0]) if facts.binds or facts.calls else None
        return module is not None and (as_argument(edition, path, module) or in_namespace(edition, path, module))

    # ------------------------------------------------------------------ modules that come and go

    def importers_of(self, gone: str) -> Iterator[Concerned]:
        """A module came or went: the statements that import it run again."""
        for reader in self.graph.importers(gone):
            edition = self.editions.find_new(reader)
            for path in edition.paths if edition is not None else ():
                assert edition is not None
                if gone in edition.asked(path):
                    yield Concerned((reader, path), f"it imports {gone}")
            for line, _ in lines_that_import(gone, reader, self.graph) if edition is not None else ():
                place = self.place_at(reader, line)
                if place is not None:
                    yield Concerned(place, f"it imports {gone} by name")
        yield from self.finders_by_cache(gone)


NO_KINDS: frozenset[type] = frozenset()
