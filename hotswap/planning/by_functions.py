"""Which statements an event concerns because functions that they called read something.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from types import FunctionType, ModuleType

from hotswap.codefacts import GLOBALS
from hotswap.events import is_content, is_description
from hotswap.graph import Graph
from hotswap.index import Index, Tracked
from hotswap.looking import is_a, is_any
from hotswap.model import Name, Place
from hotswap.planning.aliased import keeps_instance
from hotswap.planning.asking import is_listed
from hotswap.planning.chosen import TELLING, is_data
from hotswap.planning.edition import Edition
from hotswap.planning.editions import Editions
from hotswap.planning.finding import LOOKING, is_plain, looks_into
from hotswap.planning.handed import Handed
from hotswap.planning.live_names import value_of
from hotswap.resolving import module_at
from hotswap.source import StatementPath
from hotswap.syntax import Chain

MADE = (type, FunctionType)
IMPLICIT = frozenset(("__match_args__",))
"""Attributes that are read without being named."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """A statement that an event concerns, and how."""

    place: Place
    reason: str


class ByFunctions:
    """The part of the answers that is about functions."""

    editions: Editions
    graph: Graph
    index: Index
    callers_of: Callable[[Name], Iterable[Concerned]]
    names_elsewhere: Callable[[Name, object], dict[Name, None]]
    keeps_none: Callable[[Edition, StatementPath, Name], bool]

    def __init__(self, editions: Editions, graph: Graph) -> None:
        self.editions, self.graph, self.index = editions, graph, graph.index
        self.handed = Handed(editions, graph)
        self._referring: dict[tuple[str, Chain], frozenset[Name]] | None = {}

    def functions_reading(self, event: Name, name: Name) -> Iterator[Concerned]:
        """Functions that read the name, and from them the statements that called such a function."""
        for reader, qualname in self.functions_that_read(event, name):
            for each in self.callers_of((reader, qualname)):
                yield Concerned(each.place, f"it calls {reader}.{qualname}, which reads {name[1]}")
        if "." in name[1]:
            yield from self.inherited_reading(name)
            yield from self.reading_what_was_handed(name) if event == name else ()

    def reading_what_was_handed(self, member: Name) -> Iterator[Concerned]:
        """Statements that read a member of a class of which they know by way of a table, say."""
        owner, _, leaf = member[1].rpartition(".")
        cls = value_of((member[0], owner), self.graph)
        for place, function in self.handed.readers(cls, leaf) if is_a(cls, type) else ():
            told = f"it calls {function[0]}.{function[1]}, which reads" if function is not None else "it reads"
            yield Concerned(place, f"{told} {member[1]}")
        if owner.rpartition(".")[2] == "__annotations__":
            yield from self.asking_what_was_handed((member[0], owner.removesuffix("__annotations__").rstrip(".")))

    def asking_what_was_handed(self, name: Name) -> Iterator[Concerned]:
        """Statements that call a function which looks at a definition of which it knows in such a way.

        Without a name in it, at the module itself.
        """
        definition = value_of(name, self.graph) if name[1] else module_at(name[0])
        for place, function in self.handed.examiners(definition) if is_any(definition, *MADE, ModuleType) else ():
            edition = self.editions.new(place[0])
            if self.keeps_none(edition, place[1], name) and not keeps_instance(edition, place[1]):
                yield Concerned(place, f"it calls {function[0]}.{function[1]}, which looks at {name[1] or name[0]}")

    def tellers_of(self, name: Name) -> Iterator[Concerned]:
        """Statements that called a function which hands a class on whole, and keep nothing but plain data of it."""
        if not is_a(value_of(name, self.graph), type):
            return
        for reader, qualname in self.functions_that_read(name, name):
            tracked = self.index.modules[reader]
            named = tracked.source.functions[qualname].whole if qualname in tracked.source.functions else ()
            if any(name in self.graph.references(tracked, chain) for chain in named):
                for each in self.callers_of((reader, qualname)):
                    if self.keeps_plain_data(each.place):
                        yield Concerned(each.place, f"it calls {reader}.{qualname}, which asks about {name[1]}")

    def keeps_plain_data(self, place: Place) -> bool:
        """Whether all names that a statement binds stand for plain data: these are no state of what made them."""
        edition = self.editions.find_new(place[0])
        if edition is None or len(place[1]) > 1:
            return False
        facts, space = edition.facts(place[1]), edition.tracked.namespace
        return bool(facts.binds) and not facts.defines and all(is_data(space.get(bound)) for bound in facts.binds)

    def inherited_reading(self, member: Name) -> Iterator[Concerned]:
        """Statements that called a method which a class inherits from another module, and which reads its member."""
        owner, _, leaf = member[1].rpartition(".")
        cls = value_of((member[0], owner), self.graph)
        bases = type.__dict__["__mro__"].__get__(cls)[1:] if is_a(cls, type) else ()
        homes = {base.__module__ for base in bases} & self.index.modules.keys()
        knowing = {member[0], *self.graph.dependents(member[0])}
        for home in sorted(homes - {member[0], *self.graph.importers(member[0])}):
            source = self.index.modules[home].source
            for qualname in source.function_mentions.get(leaf, ()):
                if leaf not in source.functions[qualname].attributes:
                    continue
                for each in self.callers_of((home, qualname)):
                    if each.place[0] in knowing and self.may_be_for(cls, (home, qualname), each.place):
                        yield Concerned(each.place, f"it calls {home}.{qualname}, which reads {member[1]}")

    def may_be_for(self, cls: type, function: Name, place: Place) -> bool:
        """Whether a statement that calls a method may do so for a class, or one derived from it."""
        classes = self.editions.new(place[0]).call(place[1]).classes_named(function, self.index)
        return not classes or any(cls in type.__dict__["__mro__"].__get__(each) for each in classes)

    def functions_that_read(self, event: Name, name: Name, among: AbstractSet[Name] | None = None) -> Iterator[Name]:
        """The functions (of those in `among`, if given) whose code reads the name, or another one of its object."""
        find = self._functions_that_read if among is None else partial(self._those_that_read, among)
        yield from find(event, name)
        if event != name and "." not in name[1]:
            kind = event[1].removeprefix(name[1])
            for module, alias in self.names_elsewhere(name, value_of(name, self.graph)):
                yield from find((module, alias + kind), (module, alias))

    def _those_that_read(self, among: AbstractSet[Name], event: Name, name: Name) -> Iterator[Name]:
        leaf, plainly = name[1].rpartition(".")[2], is_plain(event, name)
        words, module = {leaf, GLOBALS[0], *(LOOKING if plainly else ())}, module_at(name[0]) if plainly else None
        for reader, qualname in among:
            if reader != name[0] and not self.graph.is_importer(reader, name[0]):
                continue
            tracked = self.index.modules.get(reader)
            mentioned = tracked.source.function_words.get(qualname) if tracked is not None else None
            if tracked is None or mentioned is None:
                continue
            space = tracked.namespace if plainly and reader != name[0] else {}
            if not words.isdisjoint(mentioned) or any(w in space and space[w] is module for w in mentioned):
                if self.function_reads(reader, qualname, event, name):
                    yield reader, qualname

    def _functions_that_read(self, event: Name, name: Name) -> Iterator[Name]:
        leaf = name[1].rpartition(".")[2]
        for reader in {name[0], *self.graph.importers(name[0])} & self.index.modules.keys():
            tracked = self.index.modules[reader]
            if reader != name[0] and leaf not in IMPLICIT:
                if leaf not in tracked.source.text and name[0].rpartition(".")[2] not in tracked.source.text:
                    continue
            mentions = tracked.source.function_mentions
            words = {leaf, GLOBALS[0], *(LOOKING if is_plain(event, name) else ())}
            if reader != name[0] and is_plain(event, name):
                module = module_at(name[0])
                words |= {held for held, value in list(tracked.namespace.items()) if value is module}
            found = set[str]().union(*(mentions.get(word, ()) for word in words))
            for qualname in sorted(found):
                if self.function_reads(reader, qualname, event, name):
                    yield reader, qualname

    def referred_to(self, tracked: Tracked, chain: Chain) -> Iterable[Name]:
        """The names that a dotted name in a function of a module stands for."""
        if self._referring is None:
            return self.graph.references(tracked, chain)
        at = tracked.name, chain
        if at not in self._referring:
            self._referring[at] = frozenset(self.graph.references(tracked, chain))
        return self._referring[at]

    def function_reads(self, reader: str, qualname: str, event: Name, name: Name) -> bool:
        """Whether the code of a function reads the name, as far as that can be told."""
        tracked = self.index.modules[reader]
        code = tracked.source.functions[qualname]
        if is_plain(event, name):
            if GLOBALS in code.reads if reader == name[0] else looks_into(code, module_at(name[0]), tracked.namespace):
                return True
        if "." in name[1] and not is_content(event):
            return name[1].rpartition(".")[2] in code.attributes
        if is_description(event) and not (code.attributes & TELLING or is_listed(value_of(name, self.graph))):
            return False
        chains = code.uses if is_content(event) else code.reads
        names = {name}
        if event != name and "." not in name[1] and tracked.namespace.get(name[1]) is value_of(name, self.graph):
            names.add((reader, name[1]))  # it was imported from there: what is in it changes without a new name
        named = (chain for chain in chains if name[1].rpartition(".")[2] in chain)
        if any(not names.isdisjoint(self.referred_to(tracked, chain)) for chain in named):
            return True
        leaf = name[1].partition(".")[0]
        found = set(self.graph.imported_by(tracked, code)) if code.imports else frozenset[Name]()
        as_attribute = {(name[0], "*"), (name[0].rpartition(".")[0], name[0].rpartition(".")[2])} & found
        return name in found or (bool(as_attribute) and leaf in code.attributes)
