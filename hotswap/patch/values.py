"""What each name holds at each place of a round: as it was before, or as the statements that ran have left it.

A name that is bound several times holds different values at different places, and a name is not there before it is
bound.  While a statement runs, the live namespaces show what a fresh process would show at that place; afterwards they
hold what the last statement about each name left.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from types import FunctionType, ModuleType
from typing import Any
from weakref import ref

from hotswap.containers import at_once
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_a, is_any, is_instance, own_space
from hotswap.model import Name, Place
from hotswap.patch.given import given
from hotswap.patch.views import Content
from hotswap.planning.editions import Editions
from hotswap.planning.groups import LOADED, Group
from hotswap.planning.live_names import value_of
from hotswap.resolving import definition_of, resolve_value
from hotswap.source import first_line, prefix_of
from hotswap.syntax import mangled


class Unavailable(Exception):
    """The value that a name had at an earlier place is needed and was not kept: run the module whole."""


class Values:
    """Kept for one round."""

    def __init__(self, editions: Editions, journal: Journal, views: Collection[tuple[Place, Name]] = ()) -> None:
        """`views` are statements that see or fill a container as it was at an earlier place, each with its name."""
        self.views = frozenset(views)
        self._in_views = {name for _, name in views}
        self.is_aside = False
        """The running statement runs for the sake of a value at its place."""
        self.editions, self.index, self.journal = editions, editions.index, journal
        self._originals: dict[str, dict[str, Any]] = {}
        self._made: dict[tuple[Place, Name], Any] = {}
        self._ran: dict[Place, bool] = {}
        self._remembered: set[str] = set()
        self._shown: dict[Name, Group] = {}
        """Names to which another value was given than the one that they held, and for whose statements."""
        self._before: set[str] = set()
        self._standing: set[int] | None = None
        self.classes: dict[int, ref[type]] = {}
        """All classes there were when the round began, by their ids, if that was asked.  None of them is kept alive."""
        self._seen: dict[Name, Any] = {}
        """What globals held when they were last looked at; something else was given to them since, by the program."""
        editions.stands_for = self._stands_for

    def begin(self, groups: Iterable[Group]) -> None:
        """Note what the names hold before anything runs."""
        self._before = set(self.index.modules)
        for group in groups:
            for module in group.modules:
                self.originals(module)

    # ------------------------------------------------------------------ asking

    def original(self, name: Name) -> Any:
        """What a name held when the round began, or MISSING."""
        module, target = name
        owner, _, leaf = target.rpartition(".")
        return self.originals(module, owner).get(leaf, MISSING)

    def originals(self, module: str, owner: str = "") -> dict[str, Any]:
        """The names of a module, or the attributes of a class or function in it, when the round came to it first."""
        key = f"{module}:{owner}"
        if key not in self._originals:
            space = resolve_value(self.originals(module), tuple(owner.split("."))) if owner else None
            self._originals[key] = self._names(module) if not owner else dict(own_space(space)) if space else {}
        return self._originals[key]

    def _names(self, module: str) -> dict[str, Any]:
        tracked = self.index.modules.get(module)
        if module not in sys.modules and (tracked is None or tracked.away is None):
            return {}
        return dict(self._namespace(module))

    def _namespace(self, module: str) -> dict[str, Any]:
        tracked = self.index.modules.get(module)  # a package without a file is not tracked
        return vars(sys.modules[module]) if tracked is None else tracked.namespace

    def owner(self, module: str, prefix: str) -> type:
        """The class in whose body statements run one by one ("Enemy.", "Enemy.Part."); it is never made anew itself."""
        first, *rest = prefix.rstrip(".").split(".")
        value: Any = self.originals(module)[first]
        for outer, name in zip([first, *rest], rest, strict=False):
            value = vars(value)[mangled(outer, name)]
        assert is_instance(value, type)
        self.originals(module, prefix.rstrip("."))  # before anything is written
        return value

    def makes_view(self, names: Iterable[Name]) -> bool:
        """Whether the running statement gives one of the names a container only for others to look into."""
        return self.is_aside and any(name in self._in_views for name in names)

    def kept(self) -> list[object]:
        """The containers in which objects are kept for the round."""
        return [*self._originals.values(), self._made, self._seen]

    def let_go(self) -> None:
        """Hold nothing any more."""
        for original in self._originals.values():
            original.clear()
        self._made.clear()
        self._seen.clear()

    def group(self, module: str) -> Group:
        """The group of a module."""
        group = self.editions.group(module)
        assert group is not None
        return group

    def value(
        self,
        group: Group,
        name: Name,
        binders: Sequence[Place],
        *,
        at_end: bool = True,
        view: bool = False,
        reader: Place | None = None,
    ) -> Any:
        """What the first of these statements that binds the name left in it; MISSING when none does.

        `view`: if it was only built once more for others to look into, that.  `reader` sees it at its place.
        """
        for place in binders:
            if place[1] == LOADED:
                return sys.modules.get(place[0], MISSING)
            if view and (place, name) in self._made:
                return self._made[place, name]
            if not self._ran.get(place, False) and self.editions.holds_now(group, name, place):
                held = self.original(name)
                return self._made.get((place, name), held) if held is MISSING and not at_end else held
            if place not in self._ran:
                return self._not_run(place, name)
            if (place, name) in self._made:
                return self._made[place, name]
        home = self.editions.group(name[0])
        if home is not None and home is not group and (name in home.new or "." in name[1]):
            places = self.editions.set_before(name, group, reader)
            if places or name in home.new:
                return self._elsewhere(places, name)
        is_half_way = any(place[1] == LOADED for place in group.new.binders(name))
        return MISSING if is_half_way else self._unbound(name)

    def _not_run(self, place: Place, name: Name) -> Any:
        """What a statement that has not run in this round gives a name that came from another one before."""
        edition = self.editions.find_new(place[0])
        brought = edition.would_bring(place[1], name[1]) if edition is not None else MISSING
        if brought is MISSING:
            raise Unavailable(f"{name[0]}.{name[1]}")
        return brought

    def _elsewhere(self, places: Iterable[Place], name: Name) -> Any:
        """What statements of other modules give a name before those of another one do: made anew if need be."""
        for place in places:
            is_view = name in self._in_views and not self._ran.get(place, False)
            if (place, name) in self._made and not is_view:
                return self._made[place, name]
        return self.original(name)

    def _unbound(self, name: Name) -> Any:
        """What a name holds to which no statement has given a value: a submodule, or what every module has."""
        found = sys.modules.get(f"{name[0]}.{name[1]}")
        return found if is_instance(found, ModuleType) else given(name[0], self.originals(name[0]), name[1])

    def before(self, name: Name, place: Place) -> Any:
        """What the name holds when the statement begins."""
        group = self.group(place[0])
        is_view = (place, name) in self.views
        return self.value(group, name, group.new.before(name, place), at_end=False, view=is_view, reader=place)

    def after(self, name: Name, place: Place) -> Any:
        """What it holds when the statement has run."""
        group = self.group(place[0])
        return self.value(group, name, (place, *group.new.before(name, place)))

    def was(self, name: Name, place: Place) -> Any:
        """What the statement's earlier version left in the name, or else what the name held at the end.

        MISSING when neither can be told.
        """
        group, final = self.group(place[0]), self.group(place[0]).new.final(name)
        if self.editions.is_set_behind(name, group):
            return MISSING
        if group.holds_now(name, place) or place in final:
            is_anothers = place not in final[:1] and self._maker(name, final) not in (None, place)
            return MISSING if is_anothers else self.original(name)
        held, is_only = self.original(name), group.new.definers(name) == [place]
        is_own = is_only and definition_of(held, self.index) == name
        comes_back = self.editions.returns(name) or self.editions.only_repeated(name, group.new.final(name))
        return held if is_own and comes_back else MISSING

    def _maker(self, name: Name, places: Iterable[Place]) -> Place | None:
        """Which of the statements made the function that the name holds, as its lines tell; its code is relocated."""
        held = self.original(name)
        line = held.__code__.co_firstlineno if is_a(held, FunctionType) and held.__module__ == name[0] else 0
        nodes = ((place, self.editions.node(place)) for place in places if place[1] != LOADED and place[0] == name[0])
        return next((p for p, node in nodes if first_line(node) <= line <= (node.end_lineno or node.lineno)), None)

    # ------------------------------------------------------------------ showing

    def show(self, place: Place, names: Iterable[Name]) -> None:
        """Let modules, classes and functions hold what these names hold when the statement begins.

        An import only hands on what it finds, so it finds containers themselves, not what was in them at its place.
        """
        imports = isinstance(self.editions.node(place), ast.Import | ast.ImportFrom)
        views = {name for at, name in self.views if at == place} if not imports else set()
        group = self.group(place[0])
        known = [n for n in names if n[0] in self.index.modules or n[0] in sys.modules]
        attributes = [
            n for n in known if "." in n[1] and (n in group.new or self.editions.is_set_behind(n, group, place))
        ]
        self._show_attributes(group, place, [name for name in attributes if name not in views])
        for name in [name for name in known if "." in name[1] and name in views]:
            self._put(name, self._viewed(name, place), group)
        plain = [name for name in known if "." not in name[1]]
        homes = {name: home for name in plain if (home := self.editions.home(name)) in views} if views else {}
        for name in plain:
            is_bound = name not in group.new or bool(group.new.before(name, place))
            if name in homes and is_bound and (name != homes[name] or name not in group.new):
                self._put(name, self._viewed(homes[name], place), group)
            elif name in group.new:
                self._put(name, self.before(name, place), group)

    def _show_attributes(self, group: Group, place: Place, names: Iterable[Name]) -> None:
        """Attributes that several statements give a value, those of the class around the statement aside."""
        edition = self.editions.new(place[0])
        around = {edition.class_around(place[1][:n]) for n in range(2, len(place[1]) + 1)}
        for name in names:
            several = len(group.new.binders(name)) > 1 or name[0] not in group.modules
            is_shared = several and not has_several_owners(name, group)
            if is_shared and (name[0], name[1].rpartition(".")[0]) not in around and "__annotations__" not in name[1]:
                self._put(name, self.before(name, place), group)

    def _viewed(self, name: Name, place: Place) -> Any:
        """A container as it is at an earlier place, for a statement of another module, or under another name."""
        home = self.group(name[0])
        at = home.new.before(name, place) if place in home.new.order else home.new.final(name)
        return self.value(home, name, at, at_end=False, view=True)

    def doubled(self, place: Place, filled: Iterable[Name]) -> Iterator[tuple[Name, Content, Any]]:
        """Those of the containers that a statement fills of which it sees a view: what is in that, and themselves."""
        for name in {home for name in filled if (place, home := self.editions.home(name)) in self.views}:
            view, container = self._viewed(name, place), self._at_end(name)
            content = Content.of(view) if view is not container else None
            if content is not None:
                yield name, content, container

    def out_of_sight(self) -> list[Any]:
        """The containers in the place of which their names hold views just now, for other statements to see."""
        names = [name for name in self._in_views if "." not in name[1] and name[0] in self.index.modules]
        held = [(self._namespace(module).get(name, MISSING), self._at_end((module, name))) for module, name in names]
        return [container for shown, container in held if shown is not container]

    def views_made(self) -> Iterator[tuple[Any, Any]]:
        """The views that were built, each with the container itself, for which it may have been taken."""
        for name in self._in_views:
            container = self._at_end(name)
            for place in self.group(name[0]).new.binders(name):
                view = self._made.get((place, name), MISSING)
                # The name may have been something else at that place, a number which others hold as well.
                is_view = type(view) is type(container) and Content.of(view, 0) is not None
                if not self._ran.get(place, False) and is_view and view is not container:
                    yield view, container

    def _at_end(self, name: Name) -> Any:
        """What a name will hold at the end, as far as that is known already."""
        group = self.group(name[0])
        try:
            return self.value(group, name, group.new.final(name))
        except Unavailable:
            return self.original(name)

    def show_all(self, place: Place) -> None:
        """The same for all globals of the group, as far as what they held is known."""
        for name in [name for name in self.group(place[0]).new.names if "." not in name[1]]:
            with suppress(Unavailable):
                self.show(place, [name])

    def reveal(self) -> None:
        """Let the names that were shown hold what they will hold at the end, as far as that is known already."""
        for name, group in list(self._shown.items()):
            self._put(name, self._known_at_end(name, group), group)
            if "." in name[1]:
                del self._shown[name]

    def _stands_for(self, name: Name) -> Any:
        group = self.group(name[0]) if name in self._in_views else self._shown.get(name)
        return value_of(name, self.editions.graph) if group is None else self._known_at_end(name, group)

    def _known_at_end(self, name: Name, group: Group) -> Any:
        if self.editions.is_set_behind(name, group):
            return self._set_last(name)
        try:
            return self.value(group, name, group.new.final(name))
        except Unavailable:
            return self.original(name)

    def _set_last(self, name: Name) -> Any:
        """What an attribute that statements of several groups set holds at the end, as far as that is known already."""
        for group in reversed(self.editions.setters(name)):
            for place in group.new.final(name):
                return self._made[place, name] if self._ran.get(place, False) else self.original(name)
        return self._elsewhere(self.group(name[0]).new.final(name), name)

    def class_space(self, place: Place, owner: str) -> dict[str, Any]:
        """The names that a class body has when the statement in it begins."""
        module = place[0]
        space: dict[str, Any] = {}
        for name in self.group(module).new.names:
            if name[0] == module and name[1].rpartition(".")[0] == owner:
                with suppress(Unavailable):  # nobody asked for it, so the statement does not read it
                    space[name[1].rpartition(".")[2]] = self.before(name, place)
        return {leaf: value for leaf, value in space.items() if value is not MISSING}

    def _put(self, name: Name, value: Any, group: Group) -> None:
        if "." in name[1]:
            self._put_attribute(name, value, group)
            return
        self.originals(name[0])  # before anything is written
        namespace = self._namespace(name[0])
        held = namespace.get(name[1], MISSING)
        if held is value or self._seen.get(name, held) is not held:
            return
        self._seen[name] = value
        self._remember(name[0])
        self._shown[name] = group
        if value is MISSING:
            namespace.pop(name[1], None)
        else:
            namespace[name[1]] = value

    def _remember(self, module: str) -> None:
        if module not in self._remembered:
            self._remembered.add(module)
            self.journal.remember(self._namespace(module))

    def arrange(self, module: str) -> None:
        """Let the names of a module stand in the order in which a fresh process would bind them."""
        namespace, position = self._namespace(module), self.editions.new(module).own_names
        order = sorted(namespace, key=lambda n: -1 if is_special(n) else position.get(n, len(position)))
        if order != list(namespace):
            self._remember(module)
            at_once([(namespace.clear,), (namespace.update, {name: namespace[name] for name in order})])

    def _put_attribute(self, name: Name, value: Any, group: Group) -> None:
        owner, _, leaf = name[1].rpartition(".")
        self.originals(name[0], owner)  # before anything is written
        holder = resolve_value(self._namespace(name[0]), tuple(owner.split(".")))
        if not is_any(holder, type, FunctionType) or own_space(holder).get(leaf, MISSING) is value:
            return
        self._shown[name] = group
        if value is MISSING:
            self.journal.delete_attribute(holder, leaf)
        else:
            self.journal.set_attribute(holder, leaf, value)

    # ------------------------------------------------------------------ keeping

    def has_run(self, place: Place) -> bool:
        """Whether the statement ran in this round, for its own sake."""
        return self._ran.get(place, False)

    def has_bound(self, place: Place, name: Name) -> bool:
        """Whether the statement ran in this round and gave the name a value."""
        return (place, name) in self._made

    def ran(self, place: Place, made: dict[Name, Any], *, due: bool) -> None:
        """Note what a statement has bound (not `due`: only for the sake of a value at its place)."""
        self._ran[place] = self._ran.get(place, False) or due
        group = self.group(place[0])
        for name in {binding.name for binding in group.new.bindings(place)} | made.keys():
            if "." not in name[1] and (name[0] in self.index.modules or name[0] in sys.modules):
                self._seen[name] = self._namespace(name[0]).get(name[1], MISSING)
        for name, value in made.items():
            self._made[place, name] = value
            is_overwritten = name in group.new and place not in group.new.final(name)
            is_one = "." not in name[1] or (len(place[1]) == 1 and not has_several_owners(name, group))
            if (is_overwritten and is_one) or self.editions.is_set_behind(name, group):
                self._shown[name] = group  # a later statement has set it to something else

    def bound(self) -> set[Name]:
        """The names that statements have given a value for its own sake, members of classes among them."""
        return {name for place, name in self._made if self._ran.get(place, False)}

    def was_there(self, thing: object) -> bool:
        """Whether a name of a module, or a member of a class in it, stood for the object before the round.

        A class was there if it existed at all, as far as that was asked when the round began: a class that a name comes
        to stand for may have been chosen among several.
        """
        if is_a(thing, type):
            known = self.classes.get(id(thing))
            return known is not None and known() is thing
        if self._standing is None:
            spaces = [self.originals(module) for module in self._before & self.index.modules.keys()]
            classes = [value for space in spaces for value in space.values() if is_a(value, type)]
            members = [own_space(cls) for cls in classes]
            spaces += [space for space in members if space.get("__module__") in self.index.modules]
            held = [value for space in spaces for value in space.values()]
            held += [value.__func__ for value in held if is_any(value, staticmethod, classmethod)]
            self._standing = set(map(id, held))  # what is replaced meanwhile is kept for the rollback
        return id(thing) in self._standing

    @property
    def made(self) -> set[int]:
        """The ids of the objects that statements of the round have given to names, and nobody held before."""
        before = {id(value) for names in self._originals.values() for value in names.values()}
        return {id(value) for value in self._made.values()} - before

    def replace(self, old: object, new: object) -> None:
        """Where a statement of the round made the one object, take it to have made the other."""
        for key in [key for key, value in self._made.items() if value is old]:
            self._made[key] = new

    def settle(self, group: Group) -> None:
        """Let the names hold what they hold at the end."""
        names = {name for name, shown_for in self._shown.items() if shown_for is group}
        names |= {name for place, name in self._made if place in group.new.order}
        names |= {b.name for place in self._ran if place in group.new.order for b in group.new.bindings(place)}
        for name in names:
            if name in group.new and "__annotations__" not in name[1] and name[0] in self.index.modules:
                final = group.new.final(name)
                if "." not in name[1]:
                    is_set_behind = self.editions.is_set_behind(name, group)
                    self._put(name, self._set_last(name) if is_set_behind else self.value(group, name, final), group)
                elif final and all(self._is_member(name, place) for place in final):
                    self._settle_member(name, self._known_at_end(name, group))
                elif final and self.editions.is_set_from_outside(name, final[0]):
                    self._settle_attribute(name, self._known_at_end(name, group))
        for module in {n[0] for n in names if "." not in n[1] and n[0] in self.index.modules}:
            if self.editions.find_new(module) is not None and self._has_new_names(module):
                self.arrange(module)

    def _has_new_names(self, module: str) -> bool:
        return bool(self._namespace(module).keys() - self.originals(module).keys())

    def _is_member(self, name: Name, place: Place) -> bool:
        """Whether a statement of a class body binds the name in that very class."""
        edition = self.editions.find_new(place[0])
        owner = prefix_of(edition.source, place[1]).rstrip(".") if edition is not None else ""
        return bool(owner) and name[1].rpartition(".")[0] == owner

    def _settle_attribute(self, name: Name, value: Any) -> None:
        """An attribute that a statement sets on a definition which stands elsewhere."""
        owner = resolve_value(self._namespace(name[0]), tuple(name[1].split(".")[:-1]))
        leaf = name[1].rpartition(".")[2]
        if owner is not None and value is not MISSING and own_space(owner).get(leaf, MISSING) is not value:
            self.journal.set_attribute(owner, leaf, value)

    def _settle_member(self, name: Name, value: Any) -> None:
        owner, _, leaf = name[1].rpartition(".")
        cls = self.owner(name[0], owner)
        if vars(cls).get(leaf, MISSING) is value or leaf == "__doc__":
            return
        if value is MISSING:
            self.journal.delete_attribute(cls, leaf)
        else:
            self.journal.set_attribute(cls, leaf, value)


def has_several_owners(name: Name, group: Group) -> bool:
    """Whether the class that an attribute belongs to is made more than once: each of them has attributes of its own."""
    return len(group.new.binders((name[0], name[1].rpartition(".")[0]))) > 1


def is_special(name: str) -> bool:
    """Whether Python itself gives modules a name like this one."""
    return name.startswith("__") and name.endswith("__")
