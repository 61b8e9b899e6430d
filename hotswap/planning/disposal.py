"""Hooks that put away what statements made (`on_dispose`): which are called, and what runs again then.  Pure.

A hook is for the names that its code reads; one that was made at run time for those that the statement reads which
registered it.  Before one of their makers runs again, the hook is called, and all makers of what it may have put away
run too: that is made again.  Plain data is not put away, only read; texts and numbers do not count at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from types import ModuleType

from hotswap.asked import Asked
from hotswap.hooks import Disposer, disposers, is_kept
from hotswap.model import ALWAYS, Edit, Name, Place, Reason
from hotswap.planning.drafts import Drafts
from hotswap.planning.editions import Editions
from hotswap.planning.effects import root_of
from hotswap.planning.groups import LOADED
from hotswap.planning.live_names import value_of
from hotswap.planning.reading import is_plain_data, reading_of
from hotswap.source import first_line, innermost


@dataclass(frozen=True, slots=True)
class Disposal:
    """A hook that is called before the first of some statements runs; `at_once`: before anything else is done."""

    entry: Asked[Disposer]
    before: frozenset[Place]
    at_once: bool = False
    names: frozenset[Name] = frozenset()
    """What it puts away."""


@dataclass(frozen=True, slots=True)
class _Hook:
    """A hook with all statements that make what it puts away, and those that call it or make what it only reads.

    `whole` are those of its module if that runs whole; `is_gone`: a name that it reads, or its module, leaves.
    """

    entry: Asked[Disposer]
    makers: tuple[Place, ...] = ()
    feeders: tuple[Place, ...] = ()
    whole: frozenset[Place] = frozenset()
    kept: tuple[Name, ...] = ()
    names: frozenset[Name] = frozenset()
    is_gone: bool = False


class Disposals:
    """The hooks that a round may have to call."""

    def __init__(self, editions: Editions, drafts: Drafts, called: frozenset[object]) -> None:
        """`called` are those that were called in an earlier try of the round."""
        self.editions, self.drafts, self.called = editions, drafts, called
        self._hooks: list[_Hook] | None = None
        self._undone: set[Name] = set()
        self.warnings: list[Reason] = []
        self.restart: list[Reason] = []

    def _find(self, edits: Collection[Edit], gone: Collection[Name]) -> list[_Hook]:
        """All hooks that there is something to put away for; none when the round runs and removes nothing."""
        by_module = {edit.module: edit for edit in edits}
        is_quiet = not self.drafts.of and not gone and not self.called and not self._undone
        if is_quiet and all(edit.new is not None and not edit.whole for edit in edits):
            return []
        touched = {*by_module, *(module for module, _ in (*self.drafts.of, *gone))}
        entries = [entry for entry in disposers if entry.thing.module in self.editions.index.modules]
        concerned = [entry for entry in entries if self.called or self._may_concern(entry, touched)]
        found = (self._hook(entry, by_module.get(entry.thing.module), set(gone)) for entry in concerned)
        return [hook for hook in found if hook is not None]

    def _may_concern(self, entry: Asked[Disposer], touched: set[str]) -> bool:
        """Whether what happens in these modules may concern a hook: its own, or one from which it takes a name."""
        graph = self.editions.graph
        named = {entry.module, *(module for module, _ in reading_of(entry.thing.call, graph).names)}
        return any(module in named or not named.isdisjoint(graph.dependents(module)) for module in touched)

    def _hook(self, entry: Asked[Disposer], edit: Edit | None, gone: set[Name]) -> _Hook | None:
        if edit is not None and edit.new is None:
            return _Hook(entry, is_gone=True)
        names = dict(self._names(entry))
        kept = {name for name in names if is_kept(value_of(name, self.editions.graph))}
        wanted = [name for name in sorted(names) if name not in kept]
        closed = [name for name in wanted if names[name]]
        makers = dict.fromkeys(place for name in closed for place in self._makers(name))
        makers |= dict.fromkeys(self._registering(entry))
        feeders = dict.fromkeys(place for name in wanted if not names[name] for place in self._makers(name))
        feeders |= dict.fromkeys(place for name in closed for place in self._users(name) if place not in makers)
        is_whole = edit is not None and bool(edit.whole)
        whole = frozenset(self.editions.new(entry.thing.module).places) if is_whole else frozenset[Place]()
        is_gone = not gone.isdisjoint(wanted)
        hook = _Hook(entry, tuple(makers), tuple(feeders), whole, tuple(sorted(kept)), frozenset(closed), is_gone)
        return hook if makers or feeders or whole or is_gone else None

    # ------------------------------------------------------------------ what a hook is for

    def _names(self, entry: Asked[Disposer]) -> Iterator[tuple[Name, bool]]:
        """The names that it reads, if a statement computed what they hold, and whether it may put that away."""
        reading = reading_of(entry.thing.call, self.editions.graph)
        for read in {*reading.names, *self._read_when_registered(entry)}:
            name = self.editions.home(read, before=True)
            group = self.editions.group(name[0])
            if group is not None and any(self._makes(name, place) for place in group.old.binders(name)):
                value = value_of(name, self.editions.graph)
                yield name, type(value) is int or read in reading.emptied or not is_plain_data(value)

    def _read_when_registered(self, entry: Asked[Disposer]) -> Iterator[Name]:
        edition = self.editions.find_old(entry.module) if entry.line and not entry.thing.is_definition() else None
        path = innermost(edition.source, entry.line) if edition is not None else None
        if edition is not None and path is not None:
            yield from ((entry.module, root) for root in edition.source.facts(path).roots)

    def _registering(self, entry: Asked[Disposer]) -> list[Place]:
        """The statement that registers what is no definition: it has another object to register then."""
        edition = self.editions.find_old(entry.module) if entry.line and not entry.thing.is_definition() else None
        path = innermost(edition.source, entry.line) if edition is not None else None
        now = self.editions.matching(entry.module).new(path) if path is not None else None
        return [] if now is None else [(entry.module, now)]

    def _makes(self, name: Name, place: Place, *, now: bool = False) -> bool:
        """Whether the statement gives the name something that counts: no definition, import, text, number."""
        edition = (self.editions.find_new if now else self.editions.find_old)(place[0])
        if edition is None or place[1] == LOADED:
            return False
        facts, leaf = edition.facts(place[1]), name[1].rpartition(".")[2]
        if leaf in facts.defines or any(each.bound == leaf for each in facts.imports):
            return False
        kind = type(value_of(name, self.editions.graph))
        # A number may be a descriptor, which a call returned.
        return kind not in _NOTHING and (kind is not int or facts.runs_code)

    def _makers(self, name: Name) -> Iterator[Place]:
        group = self.editions.group(name[0])
        for place in group.new.binders(name) if group is not None else ():
            if self._makes(name, place, now=True):
                yield place
        if group is not None and self.editions.is_container(name):
            yield from group.new.mutators(name)  # what they put into it is put away with it

    def _users(self, name: Name) -> Iterator[Place]:
        """Statements that do nothing but call what the name stands for: `sock.listen(5)`."""
        edition = self.editions.find_new(name[0])
        for path in edition.paths if edition is not None else ():
            if edition is not None and root_of(edition.source.statement(path)) == name[1]:
                yield name[0], path

    # ------------------------------------------------------------------ what follows

    def takes_back(self, name: Name) -> bool:
        """Whether a hook takes back what a statement, which is gone now, did to what the name stands for.

        It will be called then.
        """
        if not any(is_closed and each == name for entry in disposers for each, is_closed in self._names(entry)):
            return False
        self._undone.add(name)
        return True

    def spread(self, edits: Collection[Edit], gone: Collection[Name]) -> bool:
        """Have all makers run of what is put away because one of them runs.  Whether anything was new.

        `gone` are the names that leave the program.
        """
        if self._hooks is None:
            self._hooks = self._find(edits, gone)
        spread = [self._spread(hook) for hook in self._hooks]
        return any(spread)

    def _spread(self, hook: _Hook) -> bool:
        before = [self._state(place) for place in hook.makers]
        running = [place for place in (*hook.makers, *hook.feeders) if place in self.drafts.of]
        reason = f"it is disposed of with {hook.entry.thing.name}"
        for place in hook.makers:
            if self._is_called_for(hook):
                self.drafts.draft(place, reason, ALWAYS)
            for other in running:
                if other != place:
                    self.drafts.draft_along(place, reason, other)
            self.drafts.count(place)  # what it makes for a value only would be held, and put away, by nobody
        return [self._state(place) for place in hook.makers] != before

    def _is_called_for(self, hook: _Hook) -> bool:
        """Whether it is called, or was, for another reason than that its makers run."""
        return hook.is_gone or hook.entry.key in self.called or not self._undone.isdisjoint(hook.names)

    def _state(self, place: Place) -> object:
        draft = self.drafts.of.get(place)
        return None if draft is None else (draft.is_due, draft.counts, draft.always, len(draft.along_with))

    # ------------------------------------------------------------------ the result

    @property
    def is_concerned(self) -> bool:
        """Whether there are hooks that may be called."""
        return bool(self._hooks)

    def found(self) -> tuple[Disposal, ...]:
        """The hooks that are called, oldest first, each if one of its makers runs.  To be asked when all is settled."""
        found = []
        for hook in self._hooks or ():
            running = frozenset(place for place in (*hook.makers, *hook.feeders) if place in self.drafts.of)
            if not running and not hook.whole and not self._is_called_for(hook):
                continue
            self._check(hook)
            if hook.entry.key not in self.called:
                found.append(Disposal(hook.entry, hook.whole | running, at_once=hook.is_gone, names=hook.names))
        return tuple(found)

    def _check(self, hook: _Hook) -> None:
        """What is put away and not made again is said."""
        name = str(hook.entry.thing)
        for place in hook.makers:
            if not self.drafts.may_run(place):
                self.restart.append(_cannot_be_made(name, self.editions, place))
        for module, kept in hook.kept if hook.makers else ():
            self.warnings.append(_is_kept(name, f"{module}.{kept}"))


_NOTHING = (bool, float, complex, str, bytes, ModuleType)


def _cannot_be_made(hook: str, editions: Editions, place: Place) -> Reason:
    source = editions.source(place[0])
    assert source is not None
    return Reason(
        code="HS511",
        what=f"{hook} puts away what the main program made",
        where=f"{source.path}:{first_line(source.statement(place[1]))}",
        why="this statement runs once and cannot make it again",
        remedy="restart",
    )


def _is_kept(hook: str, name: str) -> Reason:
    return Reason(
        code="HS504",
        what=f"{hook} was called, which reads {name} too",
        where=name,
        why="it is kept, so that it is not made again; if the hook closes it, it stays closed",
        remedy="put away what is kept in a hook of its own, which is called before a restart only",
    )
