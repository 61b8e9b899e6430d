"""Who fills containers, and who gives attributes of definitions a value, in all modules that a round looks at."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from hotswap.graph import Graph
from hotswap.index import Index
from hotswap.looking import is_a
from hotswap.model import Edit, Name, Place
from hotswap.planning.containers import is_filled
from hotswap.planning.edition import Edition
from hotswap.planning.groups import Group
from hotswap.planning.live_names import name_of_holder, value_of
from hotswap.planning.matching import Matching
from hotswap.source import Source

_SETS = rb"\.%b\b(?:[^=\n(]*(?<![!<>])=(?!=)|\s*:)"
"""`config.DEBUG = True`, also among several targets, and what `with` binds."""
_SETS_BY_NAME = rb"attr\([^\n]*[\"']%b[\"']"
"""`setattr(config, "DEBUG", True)`."""


class Filling:
    """The part of the editions that is about containers."""

    edits: Mapping[str, Edit]
    graph: Graph
    index: Index
    source: Callable[[str], Source | None]
    node: Callable[[Place], ast.stmt]
    matching: Callable[[str], Matching]
    old_place: Callable[[Place], Place | None]
    new: Callable[[str], Edition]
    find_new: Callable[[str], Edition | None]
    find_old: Callable[[str], Edition | None]
    group: Callable[[str], Group | None]
    eager: Callable[[str], frozenset[str]]
    is_through: Callable[[Group, str], bool]
    precedes: Callable[[Place, Group], bool]
    comes_first: Callable[[Place, Place], bool]
    in_order: Callable[[Iterable[str]], list[Group]]

    def __init__(self) -> None:
        self._filled_by_calls: dict[Name, list[Place]] = {}
        self._no_more_filled: dict[Name, list[tuple[str, int]]] = {}
        """By container the lines on which statements filled it by way of functions that are gone."""
        self._setters: dict[Name, list[Group]] = {}
        self._set_by_functions: dict[Name, bool] = {}

    def plainly_stored(self, place: Place) -> set[Name]:
        """The containers that a statement changes only by `container[constant] = …`, which can be done twice."""
        node, edition = self.node(place), self.new(place[0])
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            return set()
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(not isinstance(t, ast.Subscript | ast.Attribute) for t in targets):
            return set()
        chains = {store.chain for store in edition.facts(place[1]).stores}
        return {name for chain in chains if (name := edition.holder(chain, place[1])) is not None}

    def stores(self, place: Place, name: Name) -> set[tuple[str, object]]:
        """Into which attributes and constant keys of what the name stands for the statement stores."""
        edition = self.new(place[0])
        stores = edition.facts(place[1]).stores
        return {(s.attribute, s.key) for s in stores if edition.holder(s.chain, place[1]) == name}

    def is_container(self, name: Name) -> bool:
        """Whether the name stands for a container that the statements which fill it can build again."""
        return is_filled(value_of(name, self.graph))

    def fillers(self, name: Name) -> list[Group]:
        """The groups, other than that of the container's own module, with statements that may fill it."""
        home, leaf = self.group(name[0]), name[1].rpartition(".")[2].encode()
        dependents = self.graph.dependents(name[0]) | {n for n in self.edits if name[0] in self.eager(n)}
        mentioning = (n for n in dependents & self.index.modules.keys() if self.mentions(n, leaf))
        groups = {id(g): g for n in sorted(mentioning) if (g := self.group(n)) is not None and g is not home}
        return [g for g in groups.values() if g.old.mutators(name) or g.new.mutators(name)]

    def set_before(self, name: Name, group: Group, reader: Place | None = None) -> tuple[Place, ...]:
        """The statements of the last other group that give an attribute a value before this one, or a reader, begins.

        Those of the group of the definition if no other one does.
        """
        for each in reversed(self.setters(name)):
            binders = each.new.binders(name) if each is not group else ()
            done = [place for place in binders if self._is_done(each, place, group, reader)]
            if done:
                return each.new.final(name) if len(done) == len(binders) else (done[-1],)
        home = self.group(name[0])
        return home.new.final(name) if home is not None else ()

    def is_set_behind(self, name: Name, group: Group, reader: Place | None = None) -> bool:
        """Whether statements of other groups give an attribute another value when this one is through, or a reader."""
        if "." in name[1] and group is self.group(name[0]) and not self._is_set_by_functions(name):
            return False
        others = [each for each in self.setters(name) if each is not group]
        return any(
            not self._is_done(each, place, group, reader)
            for each in others
            for place in each.new.binders(name) or (None,)
        )

    def holds_now(self, group: Group, name: Name, place: Place) -> bool:
        """Whether what a name holds comes from what this statement was before, and stays with it."""
        return group.holds_now(name, place) and not self.is_set_behind(name, group)

    def setters(self, name: Name) -> list[Group]:
        """The groups, other than that of a name, with statements that give it a value from outside, in order."""
        if name not in self._setters:
            dependents = self.graph.dependents(name[0]) | {n for n in self.edits if name[0] in self.eager(n)}
            if "." not in name[1]:  # a global, which many read, and hardly anybody sets
                dependents = {n for n in dependents & self.index.modules.keys() if self._may_set(n, name[1].encode())}
            groups, home = self.in_order(dependents & self.index.modules.keys()), self.group(name[0])
            self._setters[name] = [g for g in groups if g is not home and (name in g.new or name in g.old)]
        return self._setters[name]

    def _is_done(self, group: Group, place: Place | None, other: Group, reader: Place | None) -> bool:
        """Whether a statement of a group (None: all of it) runs before another group, or a reader in it."""
        if place is not None and reader is not None:
            return self.comes_first(place, reader)
        return any(self.is_through(group, module) for module in other.modules)

    def _is_set_by_functions(self, name: Name) -> bool:
        """Whether functions of the module of a class set an attribute of that name."""
        if name not in self._set_by_functions:
            leaf, source = name[1].rpartition(".")[2], self.source(name[0]) if name[0] in self.index.modules else None
            functions = source.function_mentions.get(leaf, ()) if source is not None else ()
            sets = (source.functions[qualname].sets for qualname in functions if source is not None)
            self._set_by_functions[name] = any(chain[-1] == leaf for each in sets for chain in each)
        return self._set_by_functions[name]

    def filled_later(self, name: Name, place: Place) -> list[Place]:
        """Statements of other modules that have filled the container before the edit, and do so after this one."""
        mine = self.group(place[0])
        groups = [g for g in (*self.fillers(name), self.group(name[0])) if g is not None and g is not mine]
        later = [g for g in groups if mine is not None and self.precedes(place, g)]
        return [p for g in later for p in g.new.mutators(name) if g.old_place(p) is not None]

    def has_last_word(self, other: Place, one: Place, name: Name) -> bool:
        """Whether a statement may store into the same place of a container as another one, and can do so twice."""
        if name not in self.plainly_stored(other):
            return False  # to have it run again would make the container anew, without what the program put there
        return name not in self.plainly_stored(one) or not self.stores(one, name).isdisjoint(self.stores(other, name))

    def filled_by_calls(self, name: Name) -> list[Place]:
        """Statements that fill the container by way of functions: that were seen, or are expected, to call these."""
        if name not in self._filled_by_calls:
            known = {name[0], *self.graph.dependents(name[0])} & self.index.modules.keys()
            filling = [f for module in sorted(known) for f in self._functions_filling(module, name)]
            filling += self._inherited_filling(name)
            called = {(at, function) for function in filling for at in self.graph.callers(function)}
            found = [(self.place_at(module, line), function) for (module, line), function in sorted(called)]
            gone = [at for at, (place, _) in zip(sorted(called), found, strict=True) if place is None]
            self._no_more_filled[name] = [at for (at, _) in gone]
            places = [place for place, function in found if place and self._is_filled_at(place, name, function)]
            places = [place for place in places if self._goes_on_filling(place, name)]
            for module in known & self.edits.keys() if filling else ():
                edition = self.find_new(module)
                changed = (p for p in edition.paths if self.matching(module).old(p) is None) if edition else ()
                places += [(module, path) for path in changed if edition and name in edition.may_mutate(path)]
            self._filled_by_calls[name] = list(dict.fromkeys(places))
        return self._filled_by_calls[name]

    def was_filled_behind(self, name: Name, reader: Place) -> bool:
        """Whether a statement of the reader's circle that is gone filled the container by way of functions, later."""
        self.filled_by_calls(name)
        group, before = self.group(reader[0]), self.old_place(reader)
        if group is None or before not in group.old.order:
            return False
        for module, line in self._no_more_filled.get(name, ()):
            edition = self.find_old(module)
            path = edition.path_at(line) if edition is not None else None
            if path is not None and group.old.order.get((module, path), -1) > group.old.order[before]:
                return True
        return False

    def _functions_filling(self, module: str, name: Name) -> Iterator[Name]:
        tracked, source = self.index.modules[module], self.source(module)
        for qualname in source.function_mentions.get(name[1].rpartition(".")[2], ()) if source is not None else ():
            assert source is not None
            if any(name_of_holder(tracked, c, self.graph) == name for c in source.functions[qualname].mutates):
                yield module, qualname

    def _inherited_filling(self, name: Name) -> Iterator[Name]:
        """The methods of base classes that fill the attribute of a class: what they reach as `cls.name`."""
        owner, _, leaf = name[1].rpartition(".")
        cls = value_of((name[0], owner), self.graph) if owner else None
        for base in type.__dict__["__mro__"].__get__(cls)[1:] if is_a(cls, type) else ():
            source = self.source(base.__module__) if base.__module__ in self.index.modules else None
            for qualname in source.function_mentions.get(leaf, ()) if source is not None else ():
                assert source is not None
                is_method = qualname.rpartition(".")[0] == base.__qualname__
                reached = (*base.__qualname__.split("."), leaf)
                if is_method and any(c[: len(reached)] == reached for c in source.functions[qualname].mutates):
                    yield base.__module__, qualname

    def _is_filled_at(self, place: Place, name: Name, function: Name) -> bool:
        """Whether a statement that calls a method which fills an attribute by way of `cls` does so for this class."""
        owner = function[1].rpartition(".")[0]
        if not owner or name[1].rpartition(".")[0] == "":
            return True
        return name in self.new(place[0]).may_mutate(place[1])

    def _goes_on_filling(self, place: Place, name: Name) -> bool:
        """Whether a statement that has filled a container by way of functions does so as it is written now."""
        if self.matching(place[0]).fate(place[1]) != "edited":
            return True
        return name in self.new(place[0]).may_mutate(place[1])

    def place_at(self, module: str, line: int) -> Place | None:
        """Where the statement stands now that stood on a line of the sources that run until now."""
        edition = self.find_old(module)
        before = edition.path_at(line) if edition is not None else None
        after = self.matching(module).new(before) if before is not None and self.find_new(module) is not None else None
        return None if after is None else (module, after)

    def _may_set(self, module: str, attribute: bytes) -> bool:
        """Whether the text of a module, before the edit or after it, looks as if it set such an attribute."""
        edit, texts = self.edits.get(module), [self.index.modules[module].source.data]
        texts += [edit.new.data] if edit is not None and edit.new is not None else []
        pattern = _SETS % re.escape(attribute), _SETS_BY_NAME % re.escape(attribute)
        return any(attribute in text and any(re.search(each, text) for each in pattern) for text in texts)

    def mentions(self, module: str, word: bytes) -> bool:
        """Whether the word is anywhere in the text of a module, before the edit or after it."""
        edit = self.edits.get(module)
        is_new = edit is not None and edit.new is not None and word in edit.new.data
        return is_new or word in self.index.modules[module].source.data
