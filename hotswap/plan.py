"""Edits + graph → Plan: which statements run again, in which order, and why.

Takes what the index and the graph know; returns a plan.  Never imports, executes or patches anything.  What is only
known once a statement ran (whether its value really changed) becomes the condition of the steps that depend on it.

The rule (docs/explanation/design.md): a statement runs again if its text changed, if a name that it reads gets its
value from another statement than before, or if what it reads, calls or looks into changed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from types import FunctionType

from hotswap.codes import CodePair, function_around, is_of_another_kind, pair_codes, tells_otherwise
from hotswap.diff import Diff
from hotswap.events import bare, behaviour, content, described, is_content, listed, loaded, written
from hotswap.graph import Graph
from hotswap.looking import family, is_a
from hotswap.model import ALWAYS, Action, Cause, ChangeSet, Edit, Findings, Name, Place, Reason, Step
from hotswap.planning.acceptance import Acceptance
from hotswap.planning.affected import Affected, Concerned, IsPlain
from hotswap.planning.answers import Answers
from hotswap.planning.asking import registers
from hotswap.planning.beside import beside
from hotswap.planning.comparison import Comparison
from hotswap.planning.computed import addressed
from hotswap.planning.containers import has_filled_defaults
from hotswap.planning.disposal import Disposals
from hotswap.planning.drafts import Drafts, RunsWhole
from hotswap.planning.editions import Editions, Lookups
from hotswap.planning.effects import Effect, lasting, root_of
from hotswap.planning.filling import has_left_something
from hotswap.planning.live_names import value_of
from hotswap.planning.loading import Loaders
from hotswap.planning.main_program import is_main_program, refusal
from hotswap.planning.orphaned import left_behind
from hotswap.planning.prepared import Beside, Prepared
from hotswap.planning.untaken import BLOCKS
from hotswap.planning.whole import may_stay
from hotswap.resolving import brings_others
from hotswap.source import StatementPath, first_line, name_of, prefix_of
from hotswap.syntax import annotated


def make_plan(
    changes: ChangeSet,
    edits: Sequence[Edit],
    graph: Graph,
    is_plain: IsPlain,
    found: Findings,
    beside: Beside = Beside(),  # noqa: B008  it is frozen
) -> Prepared:
    """Decide what a change set means.

    `edits` are the loaded modules among the changed files, `beside` what there is in it besides, `found` what earlier
    tries have shown.  Raises SyntaxError when a new source cannot be compiled.
    """
    whole = set(found.whole)
    lookups: Lookups | None = None
    while True:
        planner = Planner(edits, graph, is_plain, whole, found, lookups)
        lookups = planner.editions.lookups
        try:
            planner.work(beside, found.causes)
        except RunsWhole as divided:
            for place in divided.places:  # members are no places of their own then, so all begins anew
                whole |= planner.undivided(place)
            continue
        return planner.plan(changes, beside.files)


class Planner:
    """Collects drafts from the edits outwards until nothing more can be affected."""

    def __init__(
        self,
        edits: Sequence[Edit],
        graph: Graph,
        is_plain: IsPlain,
        whole: set[Place],
        found: Findings,
        lookups: Lookups | None = None,
    ) -> None:
        self.edits = {e.module: e for e in edits}
        self.editions = Editions(self.edits, graph, is_plain, whole, found.calls, lookups, found.asks)
        self.affected = Affected(self.editions, graph)
        self.drafts = Drafts(self.editions, graph, found.refills)
        self.refused = found.refused
        self.comparison = Comparison(self.editions, self.drafts, graph.index)
        self.acceptance = Acceptance(self.editions, self.drafts)
        self.disposals = Disposals(self.editions, self.drafts, found.disposed)
        self.loaders = Loaders(graph)
        self.answers = Answers(graph)
        self.forgotten: set[Name] = set()
        self.steps: list[Step] = []
        self.restart: list[Reason] = []
        self.created: tuple[str, ...] = ()
        self.certain: set[Name] = set()

    def work(self, beside: Beside, seeds: Iterable[Cause]) -> None:
        """Draft all that there is to do.  Raises RunsWhole when a class turns out not to be divisible."""
        for edit in self.edits.values():
            self.edit(edit)
        self.comparison.flows(self.edits)
        self.created = beside.created
        for name in beside.created:
            self.drafts.happens((name, "*"))
        for path in beside.coming:
            for folder in self.drafts.graph.scanned(path):
                self.surely_happens(listed(folder.folder, deep=folder.deep))
        for event, place in seeds:
            self.drafts.happens(event, place)
        for path in beside.files:
            self.drafts.happens(loaded(path))
        self.close()
        self.drafts.check_whole()
        while self.disposals.spread(self.edits.values(), self.comparison.gone):
            self.close()
        self.drafts.check_whole()
        self.drafts.settle()

    def undivided(self, place: Place) -> set[Place]:
        """A class statement that runs whole, and those of its subclasses, which read it and do so too."""
        source = self.editions.source(place[0])
        found = {place}
        if source is not None:
            name = prefix_of(source, place[1]) + name_of(source.statement(place[1]))
            live = value_of((place[0], name), self.drafts.graph)
            for each in family(live) if is_a(live, type) else ():
                group = self.editions.group(each.__module__)
                found |= set(group.new.definers((each.__module__, each.__qualname__)) if group is not None else ())
        return found

    # ------------------------------------------------------------------ the edits themselves

    def edit(self, edit: Edit) -> None:
        """Draft what the edit of one file asks for by itself."""
        if edit.new is None:
            self.steps.append(Step(action=Action.REMOVE, module=edit.module, target="*", reason="its file is gone"))
            self.drafts.happens((edit.module, "*"))
            gone = self.editions.find_old(edit.module)
            for path in gone.paths if gone is not None else ():
                self.removed_statement(edit, path)
                self.withdraw(edit.module, path)
        elif edit.whole or edit.diff is None:
            for path in self.editions.new(edit.module).paths:
                if not may_stay(edit, path, self.editions):
                    self.drafts.draft((edit.module, path), edit.whole, ALWAYS)
        else:
            self.changed_text(edit)
            self.patches(edit, edit.diff)
            if edit.revived is not None:
                self.reaching_out(edit)
        if edit.new is not None:
            self.annotations(edit)
            if self.affected.text_is_read(edit.module):
                self.texts(edit)

    def changed_text(self, edit: Edit) -> None:
        """Draft the statements that were edited or added."""
        assert edit.new is not None
        edition, matching = self.editions.new(edit.module), self.editions.matching(edit.module)
        for path in edition.paths:
            if matching.fate(path) == "added":
                self.changed_statement(edit, path, "it is new")
            elif matching.fate(path) == "edited":
                self.changed_statement(edit, path, "it was edited")
            elif matching.fate(path) == "members" and not edition.memberwise(path):
                self.changed_statement(edit, path, "its body was edited")
            elif matching.fate(path) == "same" and len(path) == 1 and isinstance(edit.new.statement(path), BLOCKS):
                self.branch_not_taken(edit, path)
        for path in matching.removed:
            self.removed_statement(edit, path)
            self.withdraw(edit.module, path)

    def reaching_out(self, edit: Edit) -> None:
        """Draft what a module did in other ones, and to what decorates: that was taken back when its file went."""
        edition = self.editions.new(edit.module)
        for path in edition.paths:
            names = {*edition.mutates(path), *edition.may_mutate(path), *(b.name for b in edition.bindings(path))}
            node = edition.source.statement(path)
            if any(module != edit.module for module, _ in names) or is_decorated(node) or self.has_left(edit, node):
                self.drafts.draft((edit.module, path), "its file is back", ALWAYS)
            elif len(path) == 1 and brings_others(edition.tracked, edition.facts(path)):
                self.drafts.draft((edit.module, path), "its file is back, and it brings another object by now", ALWAYS)

    def has_left(self, edit: Edit, node: ast.stmt) -> bool:
        """Whether what a statement has defined became another module's definition while the file was away."""
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return False
        held = value_of((edit.module, node.name), self.drafts.graph)
        if is_a(held, FunctionType):
            return held.__code__.co_filename not in (edit.path, edit.old.path)  # it hands on to that one
        return is_a(held, type) and held.__module__ != edit.module

    def changed_statement(self, edit: Edit, path: StatementPath, reason: str) -> None:
        """A statement whose text is another one now."""
        assert edit.new is not None
        node = edit.new.statement(path)
        if edit.module == "__main__" and len(path) == 1 and is_main_program(node):
            self.restart.append(refusal(edit, node, "was edited"))
        else:
            self.drafts.draft((edit.module, path), reason, ALWAYS)

    def removed_statement(self, edit: Edit, path: StatementPath) -> None:
        """A statement that is gone, or another one now: what it did outside of the program stays."""
        node, edition = edit.old.statement(path), self.editions.find_old(edit.module)
        if edit.module == "__main__" and len(path) == 1 and is_main_program(node):
            self.restart.append(refusal(edit, node, "was removed"))
            return
        for name in registers(edition, path) if edition is not None else ():
            self.surely_happens(content(name))
        for other in beside(edit.module, path, self.editions):
            self.drafts.draft(other, "it stood on the same line as one that is another now", ALWAYS)
        self.restart += left_behind(edit, path, self.editions) if edit.new is not None else ()
        for name in edition.may_mutate(path) if edition is not None else ():
            self.drafts.happens(content(name))  # what it has registered by way of functions goes with it
        for name in addressed(edition, path) if edition is not None else ():
            self.drafts.library_object_changes(name, None)
        if edit.new is not None and edition is not None and has_left_something(edition, path):
            self.steps.append(
                Step(
                    action=Action.REMOVE,
                    module=edit.module,
                    target=name_of(node),
                    line=first_line(node),
                    statement=path,
                    reason="it left the source, and what it put into others goes with it",
                )
            )
        if self.disposals.takes_back((edit.module, root_of(node))):
            return
        effects = lasting(edition, path) if edition is not None and not edit.whole else ()
        self.lost(edit, node, effects, "was removed or edited")

    def branch_not_taken(self, edit: Edit, path: StatementPath) -> None:
        """A block of which a branch was taken that is not any more, for it hangs on a constant that was edited."""
        old, before = self.editions.find_old(edit.module), self.editions.matching(edit.module).old(path)
        if old is not None and before is not None:
            now = set(lasting(self.editions.new(edit.module), path))
            effects = [effect for effect in lasting(old, before) if effect not in now]
            self.lost(edit, edit.old.statement(before), effects, "does not run any more")

    def lost(self, edit: Edit, node: ast.stmt, effects: Iterable[Effect], what: str) -> None:
        """Effects that a fresh process would not have, unless other statements have them, or take their place."""
        for effect in effects:
            if edit.new is not None and any(now.outdoes(effect) for now in self.effects_now(edit.module)):
                continue
            self.restart.append(
                Reason(
                    code="HS401",
                    what=f"`{effect.words}` {what}",
                    where=f"{edit.path}:{first_line(node)} (before the edit)",
                    why="what it did when it ran cannot be taken back",
                    remedy="restart",
                )
            )

    def withdraw(self, module: str, path: StatementPath) -> None:
        """A statement that is gone filled a container of another module, which is to be without what it put there."""
        edition = self.editions.find_old(module)
        for name in edition.mutates(path) if edition is not None else ():
            group = self.editions.group(name[0])
            if group is not None and module not in group.modules and self.editions.is_container(name):
                self.comparison.exchange(group, name)

    def effects_now(self, module: str) -> set[Effect]:
        """What the statements of the newest source do outside of the program."""
        edition = self.editions.new(module)
        return {effect for path in edition.paths for effect in lasting(edition, path)}

    def patches(self, edit: Edit, diff: Diff) -> None:
        """Note the functions whose code is replaced in place."""
        assert edit.new is not None
        for pair in pair_codes(edit.old, edit.new, diff):
            if not pair.new.co_flags & 0x2:
                self.class_in_function(edit, pair)
                continue
            action = Action.PATCH if pair.edited else Action.RELOCATE
            if "<locals>" not in pair.qualname or pair.edited:
                line = pair.new.co_firstlineno
                reason = "its body was edited" if pair.edited else "its lines moved"
                step = Step(action=action, module=edit.module, target=pair.qualname, line=line, reason=reason)
                self.steps.append(step)
            if pair.edited:
                name = edit.module, pair.qualname
                self.drafts.known.add((behaviour(name), None))  # this concerns those who called it, and others
                self.spread(behaviour(name))
                callers = list(self.affected.callers_of(name)) if pair.acts_otherwise else []
                for each in callers:
                    self.follow(each, (behaviour(name), None))
                if callers and has_filled_defaults(value_of(name, self.drafts.graph)):
                    self.make_again(name, "the old code has filled its default values")
                if is_of_another_kind(pair):
                    # Who made a generator or a coroutine with it has not run its code yet, and was not seen to call it.
                    self.surely_happens(name)
                if tells_otherwise(pair):
                    self.drafts.happens(described(name))

    def make_again(self, definition: Name, reason: str) -> None:
        """Have the statement run that defines a function."""
        group = self.editions.group(definition[0])
        for place in group.new.definers(definition) if group is not None else ():
            self.drafts.draft(place, reason, ALWAYS)

    def texts(self, edit: Edit) -> None:
        """Note of which definitions the text is another one, for those who ask for it."""
        assert edit.new is not None
        self.surely_happens(written((edit.module, "")))
        for pair in pair_codes(edit.old, edit.new, edit.diff) if edit.diff is not None else ():
            parts = pair.qualname.split(".")
            for number in range(1, len(parts) + 1):
                self.surely_happens(written((edit.module, ".".join(parts[:number]))))

    def annotations(self, edit: Edit) -> None:
        """Annotated names of a module that only change places: who goes through them finds another order."""
        assert edit.new is not None
        before, now = (list(annotated(source.statements)) for source in (edit.old, edit.new))
        pairs = zip((n for n in before if n in now), (n for n in now if n in before), strict=True)
        moved = [name for name, other in pairs if name != other]
        for name in ["__annotations__", *(f"__annotations__.{name}" for name in moved)] if moved else ():
            self.surely_happens((edit.module, name))

    def surely_happens(self, event: Name) -> None:
        """Note what the edit itself does."""
        self.certain.add(event)
        self.drafts.happens(event)

    def class_in_function(self, edit: Edit, pair: CodePair) -> None:
        """An edited class body in a function: whoever called that has a class of before."""
        maker = pair.edited and function_around(pair.qualname)
        if maker:
            event = behaviour((edit.module, maker))
            self.drafts.known.add((event, None))
            for each in self.affected.callers_of((edit.module, maker)):
                self.follow(each, (event, None))

    # ------------------------------------------------------------------ what follows

    def close(self) -> None:
        """Follow all events to the end."""
        while self.drafts.queue:
            event, place = self.drafts.queue.popleft()
            self.spread(event)
            for each in self.affected.by(event):
                if self.reaches(event, place, each.place):
                    self.follow(each, (event, place))

    def spread(self, event: Name) -> None:
        """Note what happens to files that are loaded, and to what `__getattr__` has answered, when this happens."""
        for path in self.loaders.concerned(event):
            self.drafts.happens(loaded(path))
        for answered in self.answers.concerned(event):
            self.forgotten.add(answered)
            self.surely_happens(answered)

    def follow(self, concerned: Concerned, cause: Cause) -> None:
        """Have a statement run if the cause arises, unless its module takes care of that itself."""
        if not self.acceptance.stops(*cause, concerned.place):
            self.drafts.follow(concerned.place, concerned.reason, cause)

    def reaches(self, event: Name, origin: Place | None, reader: Place) -> bool:
        """Whether what a statement does to a name is what another one sees of it."""
        if origin is None:
            return True
        if origin == reader or self.drafts.is_behind(reader, origin):
            return False
        name = bare(event)
        group, readers = self.editions.group(origin[0]), self.editions.group(reader[0])
        if group is not readers and readers is not None and name[0] != origin[0]:
            if group is not None and self.editions.precedes(reader, group):
                return False  # it has looked into a third module before this one changed something there
        if group is None or (name not in group.new and not group.new.mutators(name)):
            return True
        if not is_content(event) and not is_among(origin, group.new.binders(name)):
            return True  # it did something else to it: an attribute of a class, say
        if is_content(event) and not is_among(origin, [*group.new.binders(name), *group.new.mutators(name)]):
            return True  # it changes it by way of a function; a reader before it was told apart already
        seen = group.new.content_before if is_content(event) else group.new.before
        if reader in group.new.order:
            return is_among(origin, seen(name, reader))
        final = group.new.content_final(name) if is_content(event) else group.new.final(name)
        return is_among(origin, final) or not final  # a name that is deleted at the end has gone for all others

    # ------------------------------------------------------------------ the result

    def plan(self, changes: ChangeSet, files: tuple[str, ...] = ()) -> Prepared:
        """Put the drafts in order."""
        disposals = self.disposals.found()
        groups = self.editions.in_order({module for module, _ in self.drafts.of} | set(self.edits))
        places = self.editions.schedule(self.drafts.of)
        return Prepared(
            changes=changes,
            modules=tuple(m for g in groups for m in g.modules),
            steps=(*self.comparison.removals, *self.steps, *self.ordered(places)),
            groups=tuple(groups),
            restart=(*self.restart, *self.disposals.restart),
            warnings=tuple(self.disposals.warnings),
            files=files,
            disposals=disposals,
            is_perishable=self.disposals.is_concerned,
            away=self.disposals.called,
            loaders=self.loaders,
            edits=tuple(self.edits.values()),
            created=self.created,
            foreseen=frozenset(self.drafts.known),
            affected=self.affected,
            views=frozenset(self.drafts.views),
            refused=self.refused,
            certain=frozenset(self.certain),
            forgotten=frozenset(self.forgotten),
        )

    def ordered(self, places: Iterable[Place]) -> Iterator[Step]:
        """The drafts as steps."""
        for module, path in places:
            source = self.editions.source(module)
            assert source is not None
            draft, node = self.drafts.of[module, path], source.statement(path)
            yield Step(
                action=Action.RUN,
                module=module,
                target=prefix_of(source, path) + name_of(node),
                line=first_line(node),
                statement=path,
                reason=draft.reason,
                due=draft.due,
                needed=draft.needed,
            )


def is_among(place: Place, others: Iterable[Place]) -> bool:
    """Whether a statement is one of the others, or stands in one of them (a member in its class)."""
    return any(place[0] == module and place[1][: len(path)] == path for module, path in others)


def is_decorated(node: ast.stmt) -> bool:
    """Whether a definition is in the hands of others before its name is bound."""
    return bool(getattr(node, "decorator_list", ()))
