"""Which statements called a function, made instances with it, or got its results out of a cache.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from hotswap.codefacts import CodeFacts
from hotswap.events import content
from hotswap.graph import Graph
from hotswap.looking import is_a, is_instance
from hotswap.model import Name, Place
from hotswap.planning.by_functions import ByFunctions, Concerned
from hotswap.planning.cached import Cached
from hotswap.planning.edition import Edition
from hotswap.planning.editions import Editions
from hotswap.planning.live_names import value_of
from hotswap.source import StatementPath


@dataclass(frozen=True, slots=True)
class Link:
    """A function, or a cache (of which all users count, or those that call it), by way of which results get around."""

    name: Name
    calls_only: bool | None = None
    is_own: bool = False
    """Whether it is the function behind the cache that led to it: the cache is known already."""
    reason: str = ""

    @property
    def is_cache(self) -> bool:
        """Whether it is one."""
        return self.calls_only is not None


class ByCalls(ByFunctions):
    """The part of the answers that is about calls which were made."""

    place_at: Callable[[str, int], Place | None]
    readers_of: Callable[[Name, Name], Iterator[Concerned]]
    known_in: Callable[[str, str], set[str]]
    kinds_at: Callable[[Edition, StatementPath], AbstractSet[type]]

    def __init__(self, editions: Editions, graph: Graph) -> None:
        super().__init__(editions, graph)
        self.cached = Cached(graph)

    def callers_of(self, function: Name) -> Iterator[Concerned]:
        """Statements that called the function when they ran, or may have got its result out of a cache."""
        yield from self._along([Link(function)])

    def _along(self, todo: list[Link]) -> Iterator[Concerned]:
        """The statements to which the links lead, each in turn."""
        done: set[tuple[Name, bool | None]] = set()
        while todo:
            link = todo.pop()
            if (link.name, link.calls_only) in done:
                continue
            if link.is_cache or not link.is_own:
                done.add((link.name, link.calls_only))
            concerned, onward = self._by_cache(link) if link.is_cache else self._by_function(link)
            for each in concerned:
                yield Concerned(each.place, link.reason or each.reason)
            todo += reversed(list(onward))

    def _by_function(self, link: Link) -> tuple[Iterator[Concerned], Iterator[Link]]:
        """Statements that called a function when they ran, and the caches that may have answered with its results."""
        function = link.name
        places = (self.place_at(module, line) for module, line in sorted(self.graph.callers(function)))
        called = (Concerned(place, f"it calls {function[0]}.{function[1]}") for place in places if place is not None)
        answering = self.cached.answering(function, value_of(function, self.graph)) if not link.is_own else ()
        return called, (Link(cached, cached != function, reason=link.reason) for cached in answering)

    def _by_cache(self, link: Link) -> tuple[Iterator[Concerned], Iterator[Link]]:
        """Statements that name a cached function, and functions that do: a call that the cache answers is not seen.

        Or only those that call it: one that hands it on is not concerned by what it calls in turn.
        """
        cached, new = link.name, self.editions.new
        aliases = list(self.aliases_of(cached))
        readers = (each for alias in aliases for each in self.readers_of(content(alias), alias))
        if link.calls_only:
            readers = (e for e in readers if self.cached.is_asked_by(new(e.place[0]), e.place[1], cached))
        asking = (
            function
            for alias in aliases
            for function in self.functions_that_read(alias, alias)
            if not link.calls_only or self.cached.is_named_by(function, alias)
        )
        told = "it calls {0[0]}.{0[1]}, which calls {1}"
        return readers, (Link(f, None, f == cached, link.reason or told.format(f, cached[1])) for f in asking)

    def aliases_of(self, name: Name) -> Iterator[Name]:
        """The name, and the names under which its module and others hold the same object."""
        value, found = value_of(name, self.graph), {name: None}
        todo = [name]
        while todo:
            module, alias = todo.pop()
            for reader in {module, *self.known_in(module, alias.partition(".")[0])} & self.index.modules.keys():
                todo += [each for own in self._names_of(reader, value) if (each := (reader, own)) not in found]
                found |= dict.fromkeys(todo)
        yield from found

    def _names_of(self, module: str, value: object) -> list[str]:
        return [name for name, held in list(self.index.modules[module].namespace.items()) if held is value]

    def callers_of_hidden(self, name: Name) -> Iterator[Concerned]:
        """Statements that called the inherited method which a member hides, or brings to the fore when it goes."""
        owner, _, leaf = name[1].rpartition(".")
        cls = value_of((name[0], owner), self.graph)
        for base in cls.__mro__[1:] if is_instance(cls, type) else ():
            if leaf in vars(base) and base.__module__ in self.index.modules:
                yield from self.callers_of((base.__module__, f"{base.__qualname__}.{leaf}"))
                return

    def users_of_instances(self, member: Name) -> Iterator[Concerned]:
        """Statements that work with an instance of a class, which has a special method of that name now, or no more.

        Those that keep an instance made it: that is state.
        """
        owner = member[1].rpartition(".")[0]
        cls = value_of((member[0], owner), self.graph)
        if not is_a(cls, type):
            return
        for reader in {member[0], *self.known_in(member[0], owner.partition(".")[0])} & self.index.modules.keys():
            edition = self.editions.find_new(reader)
            for path in edition.paths if edition is not None else ():
                assert edition is not None
                if cls in self.kinds_at(edition, path) and self.keeps_none(edition, path, (member[0], owner)):
                    yield Concerned((reader, path), f"it works with instances of {owner}")

    def users_of_constructor(self, member: Name) -> Iterator[Concerned]:
        """Statements that called a function which makes instances of a class, and keep none."""
        cls = member[0], member[1].rpartition(".")[0]
        if not is_a(value_of(cls, self.graph), type):
            return
        for reader, qualname in self.functions_that_read(cls, cls):
            for each in self.callers_of((reader, qualname)):
                if self.keeps_none(self.editions.new(each.place[0]), each.place[1], cls):
                    yield Concerned(each.place, f"it calls {reader}.{qualname}, which makes a {cls[1]}")

    def finders_by_cache(self, module: str) -> Iterator[Concerned]:
        """Statements that call a cached function which asks for modules by name: of this one the cache may answer."""
        if module in self.graph.asked_by_name():
            yield from self.users_of_caches(lambda code: code.imports_by_name)

    def users_of_caches(self, is_wanted: Callable[[CodeFacts], bool]) -> Iterator[Concerned]:
        """Statements that call a cached function behind which such ones run."""
        found = self.cached.running(is_wanted) if self.index.caching else ()
        yield from self._along([Link(cached, calls_only=True) for cached in found])
