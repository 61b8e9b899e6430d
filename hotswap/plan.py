"""Edits + graph → Plan: which statements run again, in which order, and why.

Takes what the index and the graph know; returns a `Plan`.  Never imports, executes or patches anything.  What is only
known once a statement ran (whether its value really changed) becomes the condition of the steps that depend on it.

The rule (docs/explanation/design.md): a statement runs again if its text changed, if another statement than before gives
a name that it reads its value, or if what it reads, calls or looks into changed.  Flows tell where values come from.
"""

from __future__ import annotations

import ast
from abc import ABCMeta
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import FunctionType

from hotswap.affected import Affected, IsPlain
from hotswap.codes import docstring, pair_codes
from hotswap.diff import Diff
from hotswap.edition import value_of
from hotswap.editions import Editions
from hotswap.effects import lasting
from hotswap.events import HOOKS, abstractness, bare, behaviour, content, described, is_content
from hotswap.graph import Graph
from hotswap.groups import LOADED, Group
from hotswap.looking import family
from hotswap.main_program import is_main_program, refusal
from hotswap.model import (
    ALWAYS,
    NEVER,
    Action,
    Cause,
    ChangeSet,
    Condition,
    Edit,
    Findings,
    Name,
    Place,
    Plan,
    Reason,
    Step,
)
from hotswap.source import StatementPath, first_line, name_of, prefix_of


def make_plan(
    changes: ChangeSet,
    edits: Sequence[Edit],
    created: Iterable[str],
    graph: Graph,
    is_plain: IsPlain,
    found: Findings,
) -> Plan:
    """Decide what a change set means.

    `edits` are the loaded modules among the changed files, `created` the names of modules whose files are new, `found`
    what earlier tries have shown.  Raises SyntaxError when a new source cannot be compiled.
    """
    whole: set[Place] = set()
    while True:
        planner = Planner(edits, graph, is_plain, whole, found)
        try:
            planner.work(tuple(created), found.causes)
        except RunsWhole as divided:
            whole.add(divided.place)  # its members are no places of their own then, so all begins anew
            continue
        return planner.plan(changes)


class RunsWhole(Exception):
    """A class whose members could run one by one has to run whole."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.place = place


@dataclass(slots=True)
class Draft:
    """A statement that is to run when `due`; or, without anything else changing by it, when `needed`."""

    reason: str
    due: Condition = NEVER
    needed: Condition = NEVER

    @property
    def runs(self) -> Condition:
        """When it runs at all."""
        return self.due | self.needed


class Planner:
    """Collects drafts from the edits outwards until nothing more can be affected."""

    def __init__(self, edits: Sequence[Edit], graph: Graph, is_plain: IsPlain, whole: set[Place], found: Findings) -> None:
        self.edits = {e.module: e for e in edits}
        self.editions = Editions(self.edits, graph, is_plain, whole, found.calls)
        self.affected = Affected(self.editions, graph)
        self.graph, self.index = graph, graph.index
        self.drafts: dict[Place, Draft] = {}
        self.steps: list[Step] = []
        self.restart: list[Reason] = []
        self.warnings: list[Reason] = []
        self.queue: deque[Cause] = deque()
        self.known: set[Cause] = set()
        self.created: tuple[str, ...] = ()
        self.gone: set[Name] = set()
        self.views: set[Name] = set()
        """Containers that are built once more for statements that look into them at an earlier place."""
        self.pulled: dict[Place, set[Place]] = {}
        """By a statement, those that have others run before it because of what it may cause."""

    def work(self, created: tuple[str, ...], seeds: Iterable[Cause]) -> None:
        """Draft all that there is to do.  Raises RunsWhole when a class turns out not to be divisible."""
        for edit in self.edits.values():
            self.edit(edit)
        self.compare_flows()
        self.created = created
        for name in created:
            self.happens((name, "*"))
        for event, place in seeds:
            self.happens(event, place)
        self.close()

    # ------------------------------------------------------------------ the edits themselves

    def edit(self, edit: Edit) -> None:
        """Draft what the edit of one file asks for by itself."""
        if edit.new is None:
            self.steps.append(Step(action=Action.REMOVE, module=edit.module, target="*", reason="its file is gone"))
            self.happens((edit.module, "*"))
            gone = self.editions.find_old(edit.module)
            for path in gone.paths if gone is not None else ():
                self.removed_statement(edit, path)
                self.withdraw(edit.module, path)
        elif edit.whole or edit.diff is None:
            for path in self.editions.new(edit.module).paths:
                self.draft((edit.module, path), edit.whole, ALWAYS)
        else:
            self.changed_text(edit)
            self.patches(edit, edit.diff)

    def changed_text(self, edit: Edit) -> None:
        """Draft the statements that were edited or added."""
        edition, matching = self.editions.new(edit.module), self.editions.matching(edit.module)
        for path in edition.paths:
            if matching.fate(path) == "added":
                self.changed_statement(edit, path, "it is new")
            elif matching.fate(path) == "edited":
                self.changed_statement(edit, path, "it was edited")
            elif matching.fate(path) == "members" and not edition.memberwise(path):
                self.changed_statement(edit, path, "its body was edited")
        for path in matching.removed:
            self.removed_statement(edit, path)
            self.withdraw(edit.module, path)

    def changed_statement(self, edit: Edit, path: StatementPath, reason: str) -> None:
        """A statement whose text is another one now."""
        assert edit.new is not None
        node = edit.new.statement(path)
        if edit.module == "__main__" and len(path) == 1 and is_main_program(node):
            self.restart.append(refusal(edit, node, "was edited"))
        else:
            self.draft((edit.module, path), reason, ALWAYS)

    def removed_statement(self, edit: Edit, path: StatementPath) -> None:
        """A statement that is gone, or another one now: what it did outside of the program stays."""
        node, edition = edit.old.statement(path), self.editions.find_old(edit.module)
        if edit.module == "__main__" and len(path) == 1 and is_main_program(node):
            self.restart.append(refusal(edit, node, "was removed"))
            return
        for effect in lasting(edition, path) if edition is not None and not edit.whole else ():
            if edit.new is not None and effect in self.effects_now(edit.module):
                continue
            self.restart.append(
                Reason(
                    code="HS401",
                    what=f"`{effect}` was removed or edited",
                    where=f"{edit.path}:{first_line(node)} (before the edit)",
                    why="what it did when it ran cannot be taken back",
                    remedy="restart",
                )
            )

    def withdraw(self, module: str, path: StatementPath) -> None:
        """A statement that is gone filled a container of another module, which is built again without it."""
        edition = self.editions.find_old(module)
        for name in edition.mutates(path) if edition is not None else ():
            group = self.editions.group(name[0])
            if group is not None and module not in group.modules and self.editions.is_container(name):
                self.rebuild(group, name, ALWAYS, f"{name[1]} is filled by other statements now")

    def effects_now(self, module: str) -> set[str]:
        """What the statements of the newest source do outside of the program."""
        edition = self.editions.new(module)
        return {effect for path in edition.paths for effect in lasting(edition, path)}

    def patches(self, edit: Edit, diff: Diff) -> None:
        """Note the functions whose code is replaced in place."""
        assert edit.new is not None
        for pair in pair_codes(edit.old, edit.new, diff):
            if not pair.new.co_flags & 0x2:
                continue  # a class body
            action = Action.PATCH if pair.edited else Action.RELOCATE
            if "<locals>" not in pair.qualname or pair.edited:
                line = pair.new.co_firstlineno
                reason = "its body was edited" if pair.edited else "its lines moved"
                step = Step(action=action, module=edit.module, target=pair.qualname, line=line, reason=reason)
                self.steps.append(step)
            if pair.edited:
                name = edit.module, pair.qualname
                self.known.add((behaviour(name), None))  # this concerns those who called it, and nobody else
                for each in self.affected.callers_of(name, behaviour(name)):
                    self.follow(each.place, each.reason, (behaviour(name), None))
                if docstring(pair.old) != docstring(pair.new):
                    self.happens(described(name))

    # ------------------------------------------------------------------ where values come from

    def compare_flows(self) -> None:
        """Find out what else has to run because names get their values from other statements than before."""
        for group in {id(g): g for e in self.edits.values() if (g := self.editions.group(e.module))}.values():
            restless = group.restless()
            names = restless if group.is_in_order else None
            if names is None or names:
                self.compare_readers(group, names)
            self.compare_ends(group, restless if names is not None else {*group.old.names, *group.new.names})

    def compare_readers(self, group: Group, names: set[Name] | None) -> None:
        """Statements that see a name as another statement left it (`names`: only these need a look)."""
        for place in group.new.order:
            before = group.old_place(place)
            if place[1] == LOADED or before is None or before not in group.old.order:
                continue
            for name, is_used in self.editions.new(place[0]).reads(place[1]).items():
                if names is None or name in names:
                    self.compare_value(group, name, place, before)
                    if is_used:
                        self.compare_filling(group, name, place, before)

    def compare_value(self, group: Group, name: Name, place: Place, before: Place) -> None:
        """Whether the value that a name has at a place was given by other statements."""
        if name not in group.new and name not in group.old:
            return
        new, old = group.new.before(name, place), group.old.before(name, before)
        if group.as_before(new, old):
            return
        reason = f"it reads {name[1]}, which another statement binds"
        draft = self.drafts.get(new[0]) if new else None
        if draft is not None and draft.due != NEVER and old == group.old.final(name):
            self.follow(place, reason, (name, new[0]))  # it may be the same value all the same
        else:
            self.draft(place, reason, ALWAYS)

    def compare_filling(self, group: Group, name: Name, place: Place, before: Place) -> None:
        """Whether the container that a name stands for at a place was filled by other statements."""
        new, old = group.new.filled_before(name, place), group.old.filled_before(name, before)
        if not group.as_before(new, old):
            self.draft(place, f"it looks into {name[1]}, which other statements fill", ALWAYS)

    def compare_ends(self, group: Group, names: Iterable[Name]) -> None:
        """Names that other statements leave behind now, or none at all."""
        for name in sorted(names):
            new, old = group.new.final(name), group.old.final(name)
            if name[0] in self.index.modules and self.editions.source(name[0]) is None:
                continue  # its module is gone, with all that is in it
            if name not in group.new:
                self.remove(name, group)
            elif new and not group.as_before(new, old):
                self.draft(new[0], f"it gives {name[1]} its value now", ALWAYS)
            elif not group.as_before(group.new.content_final(name), group.old.content_final(name)):
                self.compare_content(group, name)

    def compare_content(self, group: Group, name: Name) -> None:
        """A container that other statements fill now: it is built again, unless something was only added to it."""
        if not self.editions.is_container(name):
            return
        new, old = group.new.content_final(name), group.old.content_final(name)
        mapped = [group.old_place(place) for place in new]
        if mapped[: len(old)] != list(old):
            self.rebuild(group, name, ALWAYS, f"{name[1]} is filled by other statements now")

    def rebuild(self, group: Group, name: Name, condition: Condition, reason: str) -> None:
        """Have all statements run that make a container and its content."""
        for place in group.new.content_final(name):
            self.draft(place, reason, condition)

    def remove(self, name: Name, group: Group) -> None:
        """A name that left the source goes before anything runs; with the last annotation goes the table of them."""
        module, target = name
        home = self.editions.group(module)
        if home is not None and home is not group and home.new.final(name):
            return self.draft(home.new.final(name)[0], f"it gives {target} its value now", ALWAYS)
        if "." in target and not self.is_there(name):
            return None
        owner, found, _ = target.rpartition("__annotations__.")
        if found and not any(n[0] == module and n[1].startswith(owner + found) for n in group.new.names):
            target = f"{owner}__annotations__"
        if (module, target) not in self.gone:
            self.gone.add((module, target))
            self.steps.append(Step(action=Action.REMOVE, module=module, target=target, reason="it left the source"))
            self.happens((module, target))
            self.happens(behaviour((module, target)))
            if "." in target:
                self.class_changes((module, target.rpartition(".")[0].removesuffix(".__annotations__")), None, [target])
        return None

    def is_there(self, name: Name) -> bool:
        """Whether the class or function that a member or attribute left stays itself."""
        module, target = name
        owner = module, target.rpartition(".")[0].removesuffix(".__annotations__")
        group = self.editions.group(module)
        return group is None or not any(place in self.drafts for place in group.new.binders(owner))

    # ------------------------------------------------------------------ drafts

    def draft(self, place: Place, reason: str, due: Condition) -> None:
        """Have a statement run, and look at what follows from that."""
        if not self.may_run(place):
            return
        self.check_divided(place)
        draft = self.drafts.setdefault(place, Draft(reason))
        if draft.due.covers(due):
            return
        if due.always and not draft.due.always:
            draft.reason = reason
        is_new, before = draft.due == NEVER, draft.runs
        draft.due |= due
        if not before.covers(draft.runs):
            self.runs_more_often(place)
        if is_new:
            self.consequences(place)

    def need(self, place: Place, condition: Condition, name: Name) -> None:
        """Have a statement run for the sake of a value that another statement reads at its place."""
        if not self.may_run(place):
            return
        self.check_divided(place)
        draft = self.drafts.setdefault(place, Draft(f"its value of {name[1]} is needed"))
        if not draft.runs.covers(condition):
            draft.needed |= condition
            self.runs_more_often(place)

    def runs_more_often(self, place: Place) -> None:
        """See to it that what a statement reads is there whenever it runs, and also for those that run because it does."""
        self.supply(place, self.drafts[place].runs)
        for other in list(self.pulled.get(place, ())):
            self.supply(other, self.drafts[other].runs)

    def check_divided(self, place: Place) -> None:
        """A class statement runs whole: its members are no places of their own then.  Raises RunsWhole."""
        if isinstance(self.editions.node(place), ast.ClassDef) and self.editions.memberwise(*place):
            raise RunsWhole(place)

    def back_to(self, place: Place, reader: Place, condition: Condition) -> Condition:
        """The condition for the sake of `reader`, as it can be told when `place` has its turn.

        Causes that arise later stand for whatever leads to them.
        """
        found, seen, todo = Condition(condition.always), set(condition.causes), list(condition.causes)
        while todo:
            cause = todo.pop()
            if cause[1] is None or self.is_before(cause[1], place):
                found |= Condition(causes=frozenset((cause,)))
                continue
            self.pulled.setdefault(cause[1], set()).add(reader)
            leading = self.drafts[cause[1]].runs if cause[1] in self.drafts else ALWAYS
            found |= Condition(leading.always)
            todo += leading.causes - seen
            seen |= leading.causes
        return found

    def is_before(self, one: Place, other: Place) -> bool:
        """Whether one statement surely has its turn before another one."""
        group = self.editions.group(one[0])
        if group is None or one not in group.new.order or other not in group.new.order:
            return False
        return group.new.order[one] < group.new.order[other]

    def is_behind(self, one: Place, other: Place) -> bool:
        """Whether one statement surely has run when the other one has its turn."""
        if self.is_before(one, other):
            return True
        mine, theirs = self.editions.group(one[0]), self.editions.group(other[0])
        return mine is not theirs and one[0] in self.editions.ahead(other[0])

    def may_run(self, place: Place) -> bool:
        """Whether it is a statement, and not one of the script's own course, which is not run twice."""
        module, path = place
        if path == LOADED or self.editions.source(module) is None:
            return False
        return module != "__main__" or len(path) > 1 or not is_main_program(self.editions.node(place))

    def follow(self, place: Place, reason: str, cause: Cause) -> None:
        """Have a statement run if the cause arises."""
        self.draft(place, reason, Condition(causes=frozenset((cause,))))

    def supply(self, place: Place, condition: Condition) -> None:
        """See to it that what the statement reads has its value of that place when it runs."""
        group = self.editions.group(place[0])
        if group is None or place not in group.new.order:
            return
        edition = self.editions.new(place[0])
        for name, is_used in edition.reads(place[1]).items():
            if name in group.new:
                self.supply_name(group, name, place, condition)
            if is_used:
                self.supply_view(name, place, condition)
        for name in edition.mutates(place[1]) - self.editions.plainly_stored(place):
            self.supply_content(name, place, condition)
        for binding in edition.bindings(place[1]):
            if binding.maybe and group.new.final(binding.name)[:1] == (place,):
                self.supply_name(group, binding.name, place, condition)

    def supply_name(self, group: Group, name: Name, reader: Place, condition: Condition) -> None:
        """The statements before the reader that may have given the name its value run too, if that value is not kept."""
        for place in group.new.before(name, reader):
            wanted = self.back_to(place, reader, condition)
            draft = self.drafts.get(place)
            if draft is None or not draft.runs.covers(wanted):
                if group.holds_now(name, place):
                    return
                self.need(place, wanted, name)

    def supply_view(self, name: Name, reader: Place, condition: Condition) -> None:
        """A statement that looks into a container sees what was in it at its place: that is built for it to see."""
        home, group = self.editions.group(name[0]), self.editions.group(reader[0])
        if home is None or group is None or name not in home.new or not self.editions.is_container(name):
            return
        if group is home:
            before, now = group.new.content_before(name, reader), group.old.content_final(name)
        else:
            before = (*home.new.content_final(name), *group.new.filled_before(name, reader))
            now = (*home.old.content_final(name), *group.old.mutators(name))
        if [self.editions.old_place(place) for place in before] == list(now) or not now:
            return
        for place in before:
            draft = self.drafts.get(place)
            if draft is None or not draft.due.covers(condition):
                self.views.add(name)
                self.need(place, self.back_to(place, reader, condition), name)

    def supply_content(self, name: Name, reader: Place, condition: Condition) -> None:
        """A statement that changes a container in place finds it as it was left for it, not as it changed it before."""
        group = self.editions.group(name[0])
        if group is None or name not in group.new or not self.editions.is_container(name):
            return
        if reader in group.new.order:
            before = group.new.content_before(name, reader)
            if group.as_before(before, group.old.content_final(name)):
                return  # nobody has added to it since
        elif self.editions.old_place(reader) is None:
            return  # it only adds
        else:
            before = group.new.content_final(name)
        for place in before:
            self.draft(place, f"{name[1]} is built again", self.back_to(place, reader, condition))

    def consequences(self, place: Place) -> None:
        """Note what may change when a statement runs."""
        module, path = place
        edition = self.editions.new(module)
        defines = {prefix_of(edition.source, path) + n for n in edition.facts(path).defines}
        for binding in edition.bindings(path):
            self.happens(binding.name, place)
            if binding.name[0] == module and binding.name[1] in defines:
                self.happens(behaviour(binding.name), place)
                self.happens(described(binding.name), place)
        for name in edition.mutates(path) | edition.may_mutate(path):
            self.happens(content(name), place)
        for binding in edition.bindings(path):
            value = value_of(binding.name, self.graph)
            if isinstance(value, FunctionType) and value.__module__ in self.index.modules:  # a lambda has another name
                self.happens(behaviour((value.__module__, value.__code__.co_qualname)), place)
        prefix = prefix_of(edition.source, path)
        if prefix:
            self.class_changes((module, prefix.rstrip(".")), place, {b.name[1] for b in edition.bindings(path)})

    def class_changes(self, cls: Name, place: Place | None, members: Iterable[str]) -> None:
        """What a class tells of itself changes; some members have a say when subclasses or members are made."""
        self.happens(described(cls), place)
        live = value_of(cls, self.graph)
        for each in family(live) if isinstance(live, ABCMeta) else ():
            self.happens(abstractness((each.__module__, each.__qualname__)), place)
        if any(name.rpartition(".")[2] in HOOKS for name in members):
            self.happens(behaviour(cls), place)

    # ------------------------------------------------------------------ events

    def happens(self, event: Name, place: Place | None = None) -> None:
        """Note that something may happen to a name, and which statement does it."""
        cause = event, place
        if cause not in self.known:
            self.known.add(cause)
            self.queue.append(cause)

    def close(self) -> None:
        """Follow all events to the end."""
        while self.queue:
            event, place = self.queue.popleft()
            for each in self.affected.by(event):
                if self.reaches(event, place, each.place):
                    self.follow(each.place, each.reason, (event, place))

    def reaches(self, event: Name, origin: Place | None, reader: Place) -> bool:
        """Whether what a statement does to a name is what another one sees of it."""
        if origin is None:
            return True
        if origin == reader or self.is_behind(reader, origin):
            return False
        name = bare(event)
        group = self.editions.group(origin[0])
        if group is None or (name not in group.new and not group.new.mutators(name)):
            return True
        seen = group.new.content_before if is_content(event) else group.new.before
        if reader in group.new.order:
            return is_among(origin, seen(name, reader))
        final = group.new.content_final(name) if is_content(event) else group.new.final(name)
        return is_among(origin, final) or not group.new.binders(name)

    # ------------------------------------------------------------------ the result

    def plan(self, changes: ChangeSet) -> Plan:
        """Put the drafts in order."""
        groups = self.editions.in_order({module for module, _ in self.drafts} | set(self.edits))
        places = [place for group in groups for place in group.new.order if place in self.drafts]
        return Plan(
            changes=changes,
            modules=tuple(m for g in groups for m in g.modules),
            steps=(*self.steps, *self.ordered(places)),
            groups=tuple(groups),
            restart=tuple(self.restart),
            warnings=tuple(self.warnings),
            edits=tuple(self.edits.values()),
            created=self.created,
            foreseen=frozenset(self.known),
            affected=self.affected,
            views=frozenset(self.views),
        )

    def ordered(self, places: Iterable[Place]) -> Iterator[Step]:
        """The drafts as steps."""
        for module, path in places:
            source = self.editions.source(module)
            assert source is not None
            draft, node = self.drafts[module, path], source.statement(path)
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
