"""Takes back what statements had put into containers and objects, when they go or are about to run again.

What others have put there, the running program among them, stays, and stays in order: what the statement puts there
when it runs again comes where its entries stood before.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import FunctionType, MappingProxyType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

from hotswap.containers import fill
from hotswap.deposits import GROWN, NOTHING, NUMBERS, Deposit, Entry, Token
from hotswap.facts import Facts
from hotswap.graph import Graph, lines_of
from hotswap.index import Tracked
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_a, is_any, own_space
from hotswap.model import Name
from hotswap.patch.filling import filled_by
from hotswap.planning.edition import Edition
from hotswap.resolving import owner_of, resolve_value
from hotswap.source import StatementPath, first_line
from hotswap.targets import ATOMS, CONTAINERS, GROWING, Kind, Target, attributes_of, kind_of, within
from hotswap.trace import Footprint

if TYPE_CHECKING:  # it moves entries, too
    from hotswap.patch.authors import Authors


IsCountedOn: TypeAlias = Callable[[int, Entry, Any], bool]
"""Whether only statements that run again as well have made an attribute of an object what it is now."""
Beneath: TypeAlias = Callable[[tuple[int, Kind], Entry], Token]
"""What stands beneath an entry of a target: what statements before have put there, or what was there."""


@dataclass(slots=True)
class Deposited:
    """The deposits of one statement that were found, and what was done about them."""

    journal: Journal
    gaps: dict[int, tuple[Any, int]] = field(default_factory=dict)
    """By the identity of containers these, and the position from which the first entry was taken out."""
    restored: set[tuple[int, str]] = field(default_factory=set)
    """By the identity of objects the attributes that are what they were."""
    were: dict[tuple[int, str], tuple[type | ModuleType, Any]] = field(default_factory=dict)
    """By the identity of classes and modules, and by name, what was taken back: whose, and what it was."""
    memos: set[int] = field(default_factory=set)
    """The identities of containers that functions also answer from: what they keep there is state."""
    is_unclear: bool = False
    """Whether a number has been counted on by others."""
    handled: set[int] = field(default_factory=set)
    """The identities of the targets that were found."""
    is_complete: bool = False
    """Whether it is known what the statement had put anywhere, and all of that was found."""
    astray: set[int] = field(default_factory=set)
    """Those of them, containers, for which the names of the statement do not stand any more."""
    is_anew: Callable[[int], bool] = lambda _: False
    """Whether the container of that identity was made anew in this round, so that nothing has to be taken out."""
    is_counted_on: IsCountedOn = lambda *_: False
    beneath: Beneath = lambda _, entry: entry.before
    is_others: Callable[[tuple[int, Kind]], bool] = lambda _: False
    """Whether other statements have put something into a target, too."""
    viewed: dict[int, Any] = field(default_factory=dict)
    """By identity the containers of which the statement sees a view."""
    left: dict[int, list[Any]] = field(default_factory=dict)
    """What was in these containers before the statement ran."""
    kept: set[Name] = field(default_factory=set)
    """Attributes of classes that are seen to in another way, as names are."""

    def fill_in(
        self,
        edition: Edition,
        path: StatementPath,
        graph: Graph,
        authors: Authors,
        originals: Mapping[str, Any],
        is_counted_on: IsCountedOn = lambda *_: False,
        viewed: Iterable[Any] = (),
    ) -> None:
        """Take back what a statement of the sources that run until now has put anywhere.

        `originals` are the names of its module as they were: one may stand for another container by now.  So may those
        of `viewed`, containers of which the statement sees a view.
        """
        tracked, node = edition.tracked, edition.source.statement(path)
        self.is_counted_on = is_counted_on
        self.beneath = partial(authors.beneath, edition.module, first_line(node))
        self.is_others = partial(authors.is_others, edition.module, lines_of(node))
        footprint = tracked.footprint(*lines_of(node)) if tracked.deposits else None
        self.is_complete = footprint is not None and not footprint.is_unclear
        if footprint is None or not footprint.deposits:
            return
        filled = filled_by(footprint, node, tracked, graph)
        self.memos = {id(each.container) for each in filled if each.is_asked}
        self.kept = {binding.name for binding in edition.bindings(path)}
        facts = edition.source.facts(path)
        ours = graph.index.modules.keys()
        owner = edition.class_around(path)[1]
        deposits = [deposit for deposit in footprint.deposits if not self.is_anew(deposit.target)]
        self.viewed = {id(each): each for each in viewed}
        roots = [*self.viewed.values(), *roots_of(tracked, facts, footprint, graph, owner)]
        self.take_back(deposits, roots, ours, originals)
        known = set(self.handled)
        left = [d for d in deposits if d.target not in known and d.kind != "attributes"]
        self.take_back(left, [originals[c[0]] for c in facts.reads if c[0] in originals], ours, originals)
        self.astray = self.handled - known
        self.is_complete &= all(d.target in self.handled for d in deposits)

    def take_back(
        self,
        deposits: Iterable[Deposit],
        roots: Iterable[Any],
        ours: Container[object],
        originals: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Take back what is still there of the deposits, in what can be reached from the roots."""
        wanted: dict[tuple[int, Kind], list[Deposit]] = {}
        for each in deposits:
            wanted.setdefault((each.target, each.kind), []).append(each)
        reached = within(roots, ours.__contains__, {}) if wanted else ()
        found = [target for target in reached if target.key in wanted]
        for target in found:
            if id(target.value) not in self.viewed:
                wanted[target.key] = [d for d in wanted[target.key] if d.mark.stands_for(target.value, originals)]
        for target in [target for target in found if wanted[target.key]]:
            self.handled.add(id(target.value))
            for each in reversed(wanted[target.key]):
                self._take_out(target, each)
        self.left = {number: contents_of(place) for number, (place, _) in self.gaps.items()}

    def _take_out(self, target: Target, deposit: Deposit) -> None:
        value = target.value
        if target.kind == "attributes":
            self._attributes(value, deposit)
        elif target.kind == "keys":
            self._keys(value, deposit)
        elif target.kind == "items":
            self._items(value, deposit)
        else:
            self._members(value, deposit)

    def _attributes(self, owner: Any, deposit: Deposit) -> None:
        held = attributes_of(owner)
        for entry in reversed(deposit.entries):
            value = held.get(entry.key, MISSING)
            if entry.after is GROWN:
                self._grown(owner, entry, value)
                continue
            if not entry.after.stands_for(value) and not self.is_counted_on(id(owner), entry, value):
                self.is_unclear = self.is_unclear or type(value) in NUMBERS
                continue
            token = self.beneath((id(owner), "attributes"), entry)
            before = token.thing()
            if self._is_kept(owner, entry.key) or (before is MISSING and token is not NOTHING):
                continue
            self.restored.add((id(owner), entry.key))
            self._set(owner, entry.key, before)

    def _is_kept(self, owner: Any, name: str) -> bool:
        if is_a(owner, ModuleType):
            return (own_space(owner).get("__name__"), name) in self.kept
        return is_a(owner, type) and (owner.__module__, f"{owner.__qualname__}.{name}") in self.kept

    def _grown(self, owner: Any, entry: Entry, value: Any) -> None:
        """What was added to a collection goes: the attribute gets another one."""
        if type(value) not in GROWING or entry.within is None or self._is_kept(owner, entry.key):
            return
        left = list(value)
        for each in entry.within.entries:
            at = next((n for n, part in enumerate(left) if each.after.stands_for(part)), None)
            left = [part for n, part in enumerate(left) if n != at]
        if len(left) < len(value):
            self._set(owner, entry.key, type(value)(left))

    def _set(self, owner: Any, name: str, value: Any) -> None:
        space, held = own_space(owner), attributes_of(owner).get(name, MISSING)
        if is_any(owner, type, ModuleType):
            self.were.setdefault((id(owner), name), (owner, held))
        if not is_a(owner, type) and (name in space or held is MISSING):  # else it is a slot
            if value is MISSING:
                self.journal.delete_item(space, name)
            else:
                self.journal.set_item(space, name, value)
        elif value is MISSING:
            self.journal.delete_attribute(owner, name)
        else:
            self.journal.set_attribute(owner, name, value)

    def _keys(self, place: dict[Any, Any], deposit: Deposit) -> None:
        content = Target(place, "keys").content()
        after = dict(content)
        for entry in reversed(deposit.entries):
            key = _key_in(content, entry.key)
            if entry.after is NOTHING or key is MISSING:
                self._put_back(after, entry, key)
            elif not entry.after.stands_for(content[key]) or (id(place) in self.memos and is_state(content[key])):
                continue
            elif not self._only_its_part(content, key, entry):
                token = self.beneath((id(place), "keys"), entry)
                before = token.thing()
                if before is not MISSING:
                    after[key] = before
                elif token is NOTHING:
                    del after[key]
        gone = [number for number, key in enumerate(content) if key not in after]
        self._write(place, content, after, gone)

    def _put_back(self, after: dict[Any, Any], entry: Entry, key: Any) -> None:
        """What the statement had taken out is there again, unless somebody has put something else there."""
        before = entry.before.thing()
        name = entry.key.thing() if is_a(entry.key, Token) else entry.key
        if entry.after is NOTHING and key is MISSING and before is not MISSING and name is not MISSING:
            after[name] = before

    def _only_its_part(self, content: dict[Any, Any], key: Any, entry: Entry) -> bool:
        """Whether others have filled on the container that came with an entry: then only the statement's part goes."""
        inner, kind = content[key], kind_of(content[key])
        if kind is None or type(inner) not in CONTAINERS:
            return False
        if entry.within is None:
            return self.is_others((id(inner), kind))
        if _is_all(entry.within, inner):
            return False
        self.handled.add(id(inner))
        self._take_out(Target(inner, kind), entry.within)
        return True

    def _items(self, place: Any, deposit: Deposit) -> None:
        content = Target(place, "items").content()
        gone: list[int] = []
        for entry in deposit.entries:
            if entry.after is not NOTHING:
                equal = [n for n, value in enumerate(content) if entry.after.stands_for(value)]
                left = [n for n in equal[entry.nth : entry.nth + 1] if n not in gone]
                gone += left or [n for n in equal if n not in gone][-1:]
        after = [value for number, value in enumerate(content) if number not in gone]
        for entry in deposit.entries:
            if entry.after is NOTHING and (value := entry.before.thing()) is not MISSING:
                after.insert(entry.key, value)
        self._write(place, content, after, gone)

    def _members(self, place: set[Any], deposit: Deposit) -> None:
        content = Target(place, "members").content()
        gone = [n for n, v in enumerate(content) if any(e.after.stands_for(v) for e in deposit.entries)]
        again = [value for e in deposit.entries if e.after is NOTHING and (value := e.before.thing()) is not MISSING]
        self._write(place, content, [*(v for n, v in enumerate(content) if n not in gone), *again], gone)

    def _write(self, place: Any, before: Any, after: Any, gone: list[int]) -> None:
        if gone and not is_a(place, set):
            _, known = self.gaps.get(id(place), (None, len(before)))
            self.gaps[id(place)] = place, min(known, *gone)
        if gone or len(after) != len(before) or _differ(before, after):
            self.journal.on_rollback(fill, place, before)
            fill(place, after)

    # ------------------------------------------------------------------ order

    def close_gap(self, place: Any) -> None:
        """What came in at the end of a container goes where entries were taken out."""
        if id(place) in self.gaps:
            move_added(place, self.left[id(place)], self.gaps[id(place)][1], self.journal)


def move_added(place: Any, before: list[Any], position: int, journal: Journal) -> None:
    """Move what was added at the end of a container to a position, if nothing else has changed there."""
    now = contents_of(place)
    added = len(now) - len(before)
    if added <= 0 or position >= len(before) or any(a is not b for a, b in zip(before, now, strict=False)):
        return
    order = [*now[:position], *now[len(before) :], *now[position : len(before)]]
    content = Target(place, kind_of(place) or "items").content()
    journal.on_rollback(fill, place, content)
    fill(place, {key: content[key] for key in order} if isinstance(content, dict) else order)


def contents_of(place: Any) -> list[Any]:
    """The entries of a list, or the keys of a dictionary."""
    return list(Target(place, kind_of(place) or "items").content())


def is_state(value: Any) -> bool:
    """Whether it is an object that may have a life of its own: no plain value, container or definition."""
    return type(value) not in ATOMS | CONTAINERS and not is_any(value, tuple, type, FunctionType, MethodType)


def _key_in(content: dict[Any, Any], key: Any) -> Any:
    if not is_a(key, Token):
        return key if key in content else MISSING
    return next((each for each in content if key.stands_for(each)), MISSING)


def _is_all(deposit: Deposit, container: Any) -> bool:
    """Whether a container holds what the statement put there, and nothing else."""
    content = Target(container, deposit.kind).content()
    if len(content) != len(deposit.entries):
        return False
    values = content.values() if isinstance(content, dict) else content
    return all(any(e.after.stands_for(value) for e in deposit.entries) for value in values)


def _differ(before: Any, after: Any) -> bool:
    return isinstance(before, dict) and any(after[key] is not before[key] for key in after)


def roots_of(tracked: Tracked, facts: Facts, footprint: Footprint, graph: Graph, owner: str = "") -> list[Any]:
    """The objects from which all can be reached that a statement may have written to.

    `owner` is the class in whose body the statement stands, if it does.
    """
    cls = resolve_value(tracked.namespace, tuple(owner.split("."))) if owner else None
    spaces = [tracked.namespace, *([own_space(cls)] if is_a(cls, type) else [])]
    chains = facts.reads | {(name,) for name in facts.binds}
    found: list[Any] = [tracked.module]
    found += [resolve_value(space, chain[:n]) for space in spaces for chain in chains for n in range(1, len(chain) + 1)]
    for called in footprint.called.union(*footprint.constructing.values()):
        home, code = graph.index.modules.get(called[0]), graph.code_facts(called)
        if home is not None:
            found += [
                home.module,
                owner_of(home, called[1]),
                resolve_value(home.namespace, tuple(called[1].split("."))),
            ]
            found += [
                resolve_value(home.namespace, chain[:n])
                for chain in (code.reads if code is not None else ())
                for n in range(1, len(chain) + 1)
            ]
    return found
