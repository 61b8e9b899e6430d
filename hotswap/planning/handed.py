"""Who asks something of a definition that he was handed: it stands in a table, say, and he need not know its module.

`[plugin.label for plugin in PLUGINS]` in a function of the module that has the table, which the plugins import.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from functools import cached_property
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from hotswap.codefacts import BY_NAME
from hotswap.graph import Graph
from hotswap.looking import is_a, is_any, own_space
from hotswap.model import Name, Place
from hotswap.planning.asking import LISTING
from hotswap.planning.chosen import TELLING
from hotswap.planning.editions import Editions
from hotswap.planning.live_names import value_of
from hotswap.resolving import resolve_value
from hotswap.syntax import Chain
from hotswap.targets import ATOMS, CONTAINERS, DEEPEST, attributes_of, cells_of, is_special

MOST = 5_000
"""How many objects are looked at for one statement."""

ABOUT = (TELLING | LISTING | frozenset(("fields", "is_dataclass", "get_annotations"))) - frozenset(
    "__name__ __qualname__ __module__ __wrapped__".split()
)
"""What a function names that looks at definitions themselves, at more than what they are called."""


class Handed:
    """Answers for one round, by what stood where when somebody asked first."""

    def __init__(self, editions: Editions, graph: Graph) -> None:
        self.editions, self.graph = editions, graph
        self._known: dict[tuple[Place, Name | None], set[int]] = {}
        """The identities of definitions that a statement reaches, by itself or by a function that it calls."""
        self._standing: dict[str, frozenset[int]] = {}
        """By module the identities of definitions that stand somewhere in it."""
        self._places: dict[tuple[str, int], Place | None] = {}

    def readers(self, cls: type, attribute: str) -> Iterator[tuple[Place, Name | None]]:
        """The statements that read an attribute of a class, or call such a function, in modules that do not import it.

        With each the function; None: the statement does itself.  Those that import its module are found otherwise.
        """
        if is_special(attribute):
            return
        near = {cls.__module__, *self.graph.importers(cls.__module__)}
        yield from self._callers(cls, self._naming.get(attribute, ()), near)
        for home in sorted(self._who_knows(cls, near) - near):
            edition = self.editions.find_new(home)
            if edition is not None and f".{attribute}" in edition.source.text:
                for path in edition.mentioning([attribute]):
                    if attribute in edition.facts(path).attributes and self._reaches(cls, (home, path), None):
                        yield (home, path), None

    def examiners(self, definition: Any) -> Iterator[tuple[Place, Name]]:
        """The statements that call a function which looks at a definition itself: its docstring, its members."""
        return self._callers(definition, self._examining, frozenset())

    @cached_property
    def _naming(self) -> dict[str, list[Name]]:
        """By word the functions of which calls were seen that name it."""
        found: dict[str, list[Name]] = {}
        for function, _ in self.graph.calls_seen():
            for word in _words_of(value_of(function, self.graph)):
                found.setdefault(word, []).append(function)
        return found

    @cached_property
    def _examining(self) -> list[Name]:
        """Those that look at definitions themselves."""
        return list(dict.fromkeys(function for word in sorted(ABOUT) for function in self._naming.get(word, ())))

    @cached_property
    def _calls(self) -> dict[Name, list[tuple[str, int]]]:
        return {function: sorted(callers) for function, callers in self.graph.calls_seen()}

    def _callers(
        self, definition: Any, functions: Iterable[Name], without: AbstractSet[str]
    ) -> Iterator[tuple[Place, Name]]:
        """The statements that call one of these functions, of other modules than some."""
        for function in functions:
            for module, line in self._calls[function] if function[0] not in without else ():
                place = self._place_at(module, line)
                if place is not None and self._reaches(definition, place, function):
                    yield place, function

    def _place_at(self, module: str, line: int) -> Place | None:
        if (module, line) not in self._places:
            self._places[module, line] = self.editions.place_at(module, line)
        return self._places[module, line]

    def _reaches(self, definition: Any, place: Place, function: Name | None) -> bool:
        """Whether a definition, or of a class one derived from it or an instance, can be reached from what is named."""
        if (place, function) not in self._known:
            self._known[place, function] = self._reached(place, function)
        return id(definition) in self._known[place, function]

    def _reached(self, place: Place, function: Name | None) -> set[int]:
        edition, modules = self.editions.new(place[0]), self.graph.index.modules
        roots = list(_named(edition.facts(place[1]).reads, edition.tracked.namespace))
        code = edition.code(function) if function is not None else None
        if function is not None and code is not None:
            roots += _named(code.reads, modules[function[0]].namespace)
        return set(map(id, _definitions_within(roots, modules.keys())))

    def _who_knows(self, cls: type, near: AbstractSet[str]) -> set[str]:
        """The modules in which the class stands somewhere, of those that it may have been handed to, and importers."""
        modules = self.graph.index.modules
        around = set().union(*(self.graph.imports(modules[name]) for name in near & modules.keys())) & modules.keys()
        holding = {name for name in around - near if id(cls) in self._standing_in(name)}
        return holding.union(*map(self.graph.importers, holding))

    def _standing_in(self, module: str) -> frozenset[int]:
        if module not in self._standing:
            modules = self.graph.index.modules
            held = list(modules[module].namespace.values())
            self._standing[module] = frozenset(map(id, _definitions_within(held, modules.keys())))
        return self._standing[module]


def _words_of(function: Any) -> frozenset[str]:
    """What the code of a function, and of those in it, names."""
    function = function.__func__ if is_any(function, staticmethod, classmethod, MethodType) else function
    return _words_in(function.__code__) if is_a(function, FunctionType) else frozenset()


def _words_in(code: CodeType) -> frozenset[str]:
    if code not in _known:
        inner = [_words_in(each) for each in code.co_consts if is_a(each, CodeType)]
        texts = [each for each in code.co_consts if type(each) is str] if not BY_NAME.isdisjoint(code.co_names) else ()
        _known[code] = frozenset(code.co_names).union(texts, *inner)
    return _known[code]


# Weak, because whether anybody holds an old code object is told by its reference count.
_known: WeakKeyDictionary[CodeType, frozenset[str]] = WeakKeyDictionary()


def _named(chains: Iterable[Chain], namespace: dict[str, Any]) -> Iterator[Any]:
    for chain in chains:
        yield from (resolve_value(namespace, chain[:length]) for length in range(1, len(chain) + 1))


def _definitions_within(roots: Iterable[Any], ours: AbstractSet[str]) -> Iterator[Any]:
    """The functions and modules, and the classes with those that they, or instances, derive from, that are reached."""
    for value in _within(roots, ours):
        if is_any(value, FunctionType, ModuleType):
            yield value
        else:
            yield from type.__dict__["__mro__"].__get__(value if is_a(value, type) else type(value))


def _within(roots: Iterable[Any], ours: AbstractSet[str]) -> Iterator[Any]:
    """What can be reached from objects.  No code of the program runs."""
    seen: dict[int, Any] = {}  # held, so that their identity stays theirs
    level = list(roots)
    for _ in range(DEEPEST):
        inside: list[Any] = []
        for value in level:
            if type(value) in ATOMS or id(value) in seen or len(seen) > MOST:
                continue
            seen[id(value)] = value
            yield value
            inside += _parts(value, ours)
        level = inside


def _parts(value: Any, ours: AbstractSet[str]) -> Iterable[Any]:
    if is_a(value, dict):
        return [*dict.keys(value), *dict.values(value)]
    if type(value) in CONTAINERS or type(value) in (tuple, frozenset):
        return list(value)
    if is_a(value, ModuleType):
        return ()
    if is_a(value, FunctionType):
        return [held for _, held in cells_of(value)]
    if is_a(value, MethodType):
        return [value.__self__, value.__func__]
    if is_a(value, type):
        is_own = own_space(value).get("__module__") in ours
        return [part for part in own_space(value).values() if type(part) in CONTAINERS] if is_own else ()
    return list(attributes_of(value).values()) if type.__getattribute__(type(value), "__module__") in ours else ()
