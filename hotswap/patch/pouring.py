"""Pours the classes that a statement makes anew into the live ones, and notes what became other for whoever asks.

`classes.pour` moves the members of one class; here stands what a round has to know besides: which members stay what
they are, what was registered with them, who held the fresh class meanwhile, and which events follow from it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from types import FunctionType
from typing import Any, TypeGuard

from hotswap.containers import size_of
from hotswap.errors import CannotSwap
from hotswap.events import behaviour, members, subclasses
from hotswap.graph import Graph
from hotswap.holders import cell_content
from hotswap.journal import MISSING, Journal
from hotswap.looking import family, is_a
from hotswap.members import initial
from hotswap.model import Place
from hotswap.patch import classes, enums, mapped, models
from hotswap.patch.alike import Pair
from hotswap.patch.arranging import arrange
from hotswap.patch.changes import Changes
from hotswap.patch.collected import Collected, collected, made_by_body
from hotswap.patch.dispatch import Registrations, methods_of, registry_of
from hotswap.patch.equality import is_plain, same_value
from hotswap.patch.functions import Merge, Merger, functions_within, same_definition
from hotswap.patch.inheritance import inherited_by, other_inheritance
from hotswap.patch.live import substitute, substitute_in
from hotswap.patch.moved import Made, made_with, made_with_each, take_over
from hotswap.patch.standing import Found
from hotswap.patch.statements import is_foreign
from hotswap.patch.values import Values
from hotswap.planning.editions import Editions
from hotswap.planning.live_names import value_of
from hotswap.resolving import definition_of, is_alias

NO_NAMES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Making:
    """What is known of the statement that runs, before it has made its class.

    The members in `kept` stay what they are; those `from_outside` were set by others and stay, too, unless the fresh
    class has them; functions in `taken` belong to somebody else.  The statement defines the qualified names `defined`.
    """

    place: Place = ("", ())
    defined: frozenset[str] = NO_NAMES
    kept: frozenset[str] = NO_NAMES
    taken: frozenset[str] = NO_NAMES
    from_outside: Collection[str] = NO_NAMES


class Pourer:
    """The classes of one round."""

    merger: Merger
    """Set by whoever makes one: the two need each other."""

    def __init__(
        self,
        editions: Editions,
        graph: Graph,
        journal: Journal,
        changes: Changes,
        values: Values,
        tolerate: Callable[[CannotSwap], None],
    ) -> None:
        """`tolerate` raises what it is given, or takes note that it is left out."""
        self.editions, self.graph, self.index, self.journal = editions, graph, graph.index, journal
        self.changes, self.values, self.tolerate = changes, values, tolerate
        self.making = Making()
        self.bound: dict[str, dict[str, set[str]]] = {}
        """By module and class the members that the fresh classes had."""
        self.sizes: dict[str, dict[tuple[str, str], int]] = {}
        """By module the members of classes that were kept, and how many entries the making of the class put there."""
        self.has_poured = False
        self.exchanged: list[Any] = []
        """Members of enumerations for which others stand now; whoever held them has to be made anew in the round."""
        self._made: dict[int, Made] = {}
        """By the ids of classes what was made with them, as far as that was looked up before."""

    def pour_remade(self, pairs: Collection[Pair], found: Iterable[Found]) -> None:
        """Pour classes that a statement made anew without defining them; `found` is where they stand now."""
        making, self.making = self.making, Making(self.making.place, self.making.defined)
        self._made = made_with_each([pair.fresh for pair in pairs])
        for pair in pairs:
            self.making = Making(making.place, making.defined, self._initial(pair.live))
            self.merger(pair.live, pair.fresh)
        self.making, self._made = making, {}
        for holder in {id(each.holder): each.holder for each in found if each.holder is not None}.values():
            substitute_in(holder, self.merger.twins, self.journal, is_new=True)

    def pour(self, live: type, fresh: type, merge: Merge) -> type:
        """Pour `fresh` into `live`, and note what changed; returns the class that the name must be bound to."""
        keep, taken = self._kept_and_taken(fresh)
        self.has_poured = True
        self.bound.setdefault(live.__module__, {}).setdefault(live.__qualname__, set()).update(vars(fresh))
        before = _Before(live)
        mark, twins = len(self.journal), dict(self.merger.twins)
        outer = models.containing(live) if enums.have_other_members(live, fresh) else []
        node = self.editions.node(self.making.place)
        is_statement = isinstance(node, ast.ClassDef)  # else it was there for others to use
        made = self._made.get(id(fresh)) or (([], []) if is_statement else made_with(fresh))
        gathered, of_fresh, of_live = self._gathered(live, fresh, keep), enums.members(fresh), enums.members(live)
        own = made_by_body(node, fresh, self.values.was_there) if isinstance(node, ast.ClassDef) else NO_NAMES
        try:
            known = classes.Known(keep, taken, own, self._stated(live))
            merged = classes.pour(
                live, fresh, journal=self.journal, merge=merge, known=known, define=self._define_in(live)
            )
        except CannotSwap as refusal:
            self.tolerate(refusal)
            self.journal.rollback(mark)
            self.merger.twins = twins
            self.changes.add((live.__module__, live.__qualname__), self.making.place)
            return fresh
        if merged is live:
            self.values.replace(fresh, live)  # another module's statement may have made it
            take_over(made, live, fresh, self.journal)
            for each in gathered:
                each.exchange(self.journal)
            arrange(live, list(vars(fresh)), self.journal)
            replaced = enums.replaced(of_fresh, live)
            self.exchanged += enums.exchanged(of_live, live)
            self.merger.twins |= replaced
            if not is_statement and replaced:
                substitute(replaced, self.journal, [self.merger.twins, of_fresh], self.values.made)
        else:
            # Another layout, and nothing made from the old one: whoever holds the old class gets the new.
            self.merger.twins[id(live)] = live, fresh
            self.exchanged += of_live.values()
        self._note_changes(before, live, merged)
        for model in outer:  # what was asked of them tells of this one, too
            self.changes.add((model.__module__, f"{model.__qualname__}.model_json_schema"), self.making.place)
        return merged

    def _initial(self, cls: type) -> frozenset[str]:
        """The members of a class that keep what they hold, although the class was made anew by a statement."""
        tracked = self.index.modules.get(cls.__module__)
        new = self.editions.source(cls.__module__) if tracked is not None else None
        return initial(tracked.source, new, cls.__qualname__) if tracked is not None and new is not None else NO_NAMES

    def note_bases(self, before: tuple[type, ...], after: tuple[type, ...]) -> None:
        """A class derives from other bases now: note it for those who ask these for their subclasses."""
        for base in {*before, *after} if before != after else ():
            self.changes.add(subclasses((base.__module__, base.__qualname__)), self.making.place)

    def _kept_and_taken(self, fresh: type) -> tuple[frozenset[str], frozenset[str]]:
        """The members that stay, and those that are others'; only the first class that the statement makes has such."""
        making = self.making
        self.making = Making(making.place, making.defined)
        return making.kept | (frozenset(making.from_outside) - vars(fresh).keys()), making.taken

    def _note_changes(self, before: _Before, live: type, merged: type) -> None:
        place, after = self.making.place, vars(merged)
        for event in before.registrations.events(self.index):
            self.changes.add(event, place)
        for name in before.members.keys() - after.keys():
            former = before.home, f"{live.__qualname__}.{name}"
            self.merger.formers.add_own(former, before.members[name], self.journal)
        payloads = set(enums.other_payloads(before.payloads, merged))
        changed = before.changed(after) | payloads
        missing = {""} if "_missing_" in changed else NO_NAMES
        for module in {before.home, live.__module__}:
            for name in changed:
                self.changes.add((module, f"{live.__qualname__}.{name}"), place)
            for key in {*enums.answers_otherwise(before.lookups, merged, payloads), *missing}:
                self.changes.add(behaviour(members((module, live.__qualname__), key)), place)
        self.note_bases(before.bases, merged.__bases__)
        for cls, name in other_inheritance(before.inherited):
            self.changes.add((cls.__module__, f"{cls.__qualname__}.{name}"), place)

    def _stated(self, live: type) -> list[type]:
        """The subclasses of a class that statements of modules make, and so make anew when they get another base."""
        found = []
        for child in family(live)[1:]:
            home = definition_of(child, self.index)
            if home is not None and value_of(home, self.graph) is child and not mapped.is_mapped(child):
                found.append(child)
        return found

    def _gathered(self, live: type, fresh: type, keep: frozenset[str]) -> list[Collected]:
        """The members that stay what they are, but into which the making of the class has put something else now."""
        node, tracked = self.editions.node(self.making.place), self.index.modules.get(live.__module__)
        if not isinstance(node, ast.ClassDef) or node.name != live.__name__ or tracked is None:
            return []
        sizes = tracked.imprint.sizes if tracked.imprint is not None else {}
        group = self.values.group(self.making.place[0])
        twins = {id(vars(fresh).get(n)): vars(live).get(n) for n in keep}
        found, noted = [], self.sizes.setdefault(live.__module__, {})
        for name in keep & vars(live).keys():
            if type(held := vars(live)[name]) in (list, dict):  # what the program has added is not the making's
                noted[live.__qualname__, name] = sizes.get((live.__qualname__, name), size_of(held))
        for each in collected(node, live, fresh, keep, sizes):
            at = live.__qualname__, each.name
            noted[at] = each.size
            if each.is_another(twins) and not group.new.mutators((live.__module__, ".".join(at))):
                noted[at] = len(each.fresh)
                found.append(each)
        return found

    def _define_in(self, cls: type) -> classes.Define:
        """What `classes.pour` asks for the members that a class body defines: all that they stood for follows them."""

        def define(leaf: str, old: object, fresh: object) -> object:
            target = f"{cls.__qualname__}.{leaf}"
            if self.merger.module is None:
                return None
            if target not in self.making.defined:
                if is_member(old, cls, leaf) and is_member(fresh, cls, leaf) and not same_definition(old, fresh):
                    return self.merger.define((self.merger.module, target), old, fresh)  # others have made both
                return None
            registered = {id(each) for generic in methods_of(cls) for each in registry_of(generic).values()}
            if self.merger.twin(fresh) is not fresh and id(self.merger.twin(fresh)) in registered:
                return self.merger.twin(fresh)
            if leaf == "_" or id(old) in registered:  # several of one name: it is another one's implementation
                return fresh
            owned = MISSING if old is MISSING or is_alias(old, target) or is_foreign(old, self.merger) else old
            if not is_alias(fresh, target):
                return self.merger.define((self.merger.module, target), owned, fresh)
            self.merger.succeed((self.merger.module, target), [] if owned is MISSING else [owned], fresh)
            return fresh

        return define


def is_member(value: object, cls: type, leaf: str) -> TypeGuard[FunctionType]:
    """Whether a function says that it is the class's own, whoever made it: the class body, or the machinery."""
    own = cls.__module__, f"{cls.__qualname__}.{leaf}"
    return is_a(value, FunctionType) and (value.__module__, value.__qualname__) == own


class _Before:
    """A class as it was before another one was poured into it."""

    def __init__(self, live: type) -> None:
        self.members, self.payloads = dict(vars(live)), enums.payloads(live)
        self.lookups = enums.lookups(live)
        self.home, self.bases = live.__module__, live.__bases__
        self.inherited = {cls: inherited_by(cls) for cls in family(live)}
        self.registrations = Registrations(methods_of(live))
        self.given = {name: _given(value) for name, value in self.members.items()}

    def changed(self, after: Any) -> set[str]:
        """The names that stand for something else in `after`, or that only one of the two has."""
        before, found = self.members, set[str]()
        for name in before.keys() | after.keys():
            one, other = before.get(name, MISSING), after.get(name, MISSING)
            if name == "__abstractmethods__" and all(each is MISSING or not each for each in (one, other)):
                continue  # each making of a class has a set of its own, if an empty one; the metaclass may be another
            if one is not other:
                found.add(name)
            elif self.given.get(name) and not same_value(self.given[name], _given(other)):
                found.add(name)  # the function is the same object, and answers otherwise
        return found


def _given(member: object) -> list[tuple[Any, ...]]:
    """What the functions in a member were given as they were made: default values, and plain variables of closures."""
    found = []
    for each in functions_within(member):
        cells = [content for cell in each.__closure__ or () if is_plain(content := cell_content(cell))]
        found.append((each.__defaults__, each.__kwdefaults__, *cells))
    return found
