"""Where names get their values now and where they got them before: what has to run, or to go, because that differs."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable
from types import FunctionType

from hotswap.events import behaviour, content, subclasses
from hotswap.index import Index
from hotswap.looking import is_a, is_any
from hotswap.model import ALWAYS, Action, Condition, Name, Place, Step
from hotswap.planning.drafts import Drafts
from hotswap.planning.editions import Editions
from hotswap.planning.exchanged import fill_again, is_exchanged, only_adds
from hotswap.planning.groups import LOADED, Group
from hotswap.planning.live_names import bases_of, value_of
from hotswap.planning.outside import concerned

MADE_BY_DEF = frozenset("__defaults__ __kwdefaults__ __annotations__ __code__".split())
"""Attributes of functions that only their `def` can give them again."""
NAMES = frozenset("__name__ __qualname__ __module__".split())
"""What a definition is called is left alone when its statement runs: a decorator may have set it."""


class Comparison:
    """Compares the flows of the newest sources with those of the sources that run."""

    def __init__(self, editions: Editions, drafts: Drafts, index: Index) -> None:
        self.editions, self.drafts, self.index = editions, drafts, index
        self.removals: list[Step] = []
        self.gone: set[Name] = set()

    def flows(self, modules: Iterable[str]) -> None:
        """Find out what else has to run because names get their values from other statements than before."""
        for group in {id(g): g for m in modules if (g := self.editions.group(m))}.values():
            restless = group.restless()
            names = restless if group.is_in_order else None
            self.ends(group, restless if names is not None else {*group.old.names, *group.new.names})
            if names is None or names:
                self.readers(group, names)
            self.imports_move(group)
        for module in modules:
            self.throw_away(module)
            self.overtaken(module)
            self.outside(module)

    def throw_away(self, module: str) -> None:
        """The name `_`, which many statements bind without meaning it, goes with the last of them."""
        old, new = self.editions.find_old(module), self.editions.find_new(module)
        if old is not None and new is not None and old.underscores > 1 and not new.underscores:
            self.removals.append(Step(action=Action.REMOVE, module=module, target="_", reason="it left the source"))

    def outside(self, module: str) -> None:
        """Attributes of modules of libraries that the module sets otherwise than before, and reads."""
        old, new = self.editions.find_old(module), self.editions.find_new(module)
        if old is not None and new is not None:
            for path, chain in concerned(old, new, self.editions.matching(module)):
                self.drafts.draft((module, path), f"{'.'.join(chain)} is set by other statements now", ALWAYS)

    def overtaken(self, module: str) -> None:
        """What a new statement puts into a container of which statements of other modules have their turn later.

        In a list it stands before what they put there; in a dictionary they have the last word.
        """
        edition = self.editions.find_new(module)
        for path in edition.paths if edition is not None else ():
            assert edition is not None
            is_new = self.editions.matching(module).fate(path) == "added"
            for name in sorted(edition.mutates(path) | edition.may_mutate(path)) if is_new else ():
                if self.editions.is_container(name):
                    self.overtaken_in(name, (module, path))

    def overtaken_in(self, name: Name, place: Place) -> None:
        """The same for one container."""
        home, later = self.editions.group(name[0]), self.editions.filled_later(name, place)
        value = value_of(name, self.drafts.graph)
        if home is not None and self.looks_too_late(name, place):
            self.rebuild(home, name, ALWAYS, f"{name[1]} is looked into before other statements fill it")
        if home is not None and is_any(value, list, deque, bytearray):
            calls = self.drafts.later_calls(name, place)
            is_told = later or (calls and all(self.drafts.only_fills(call, name) for call in calls))
            if is_told and len(value) <= self.most_entries(home, name):  # else the program has put more into it since
                self.rebuild(home, name, ALWAYS, f"{name[1]} is filled by other statements now")
        for other in later:
            if self.editions.has_last_word(other, place, name):
                self.drafts.draft(other, f"it fills {name[1]} once more", ALWAYS)

    def looks_too_late(self, name: Name, place: Place) -> bool:
        """Whether a new statement looks into a container of another module that statements behind it have filled."""
        group, edition = self.editions.group(place[0]), self.editions.new(place[0])
        if group is None or name[0] in group.modules or only_adds(edition, place[1], name):
            return False
        fillers = (p for p in group.new.mutators(name) if self.editions.old_place(p) is not None)
        return any(group.new.order[place] < group.new.order[each] for each in fillers)

    def most_entries(self, home: Group, name: Name) -> int:
        """How many entries the statements before the edit have put into a list, if each of them added one."""
        made = [self.editions.find_old(place[0]) for place in home.old.final(name)[:1]]
        nodes = [e.source.statement(p[1]) for e, p in zip(made, home.old.final(name), strict=False) if e is not None]
        values = [node.value for node in nodes if isinstance(node, ast.Assign | ast.AnnAssign)]
        first = sum(len(value.elts) for value in values if isinstance(value, ast.List))
        fillers = [p for g in (home, *self.editions.fillers(name)) for p in g.old.mutators(name)]
        calls = [p for p in self.editions.filled_by_calls(name) if self.editions.old_place(p) is not None]
        return first + len(fillers) + len(calls)

    def readers(self, group: Group, names: set[Name] | None) -> None:
        """Statements that see a name as another statement left it (`names`: only these need a look)."""
        for place in group.new.order:
            before = group.old_place(place)
            if place[1] == LOADED or before is None or before not in group.old.order:
                continue
            reads = self.editions.new(place[0]).reads(place[1])
            self.survey(place, before)
            if len(place[1]) > 1 and not self.means_the_same(place, before, reads):
                self.drafts.draft(place, "its names mean something else now", ALWAYS)
            for name, is_used in reads.items():
                if names is None or name in names:
                    self.value(group, name, place, before)
                    if is_used:
                        self.filling(group, name, place, before)

    def imports_move(self, group: Group) -> None:
        """Statements that read what another module fills or sets, which is asked for before them now, or no more."""
        if group.is_in_order and not any(map(self.imports_otherwise, group.modules)):
            return
        for other in self.editions.moved(group):
            for place in group.new.order:
                before = group.old_place(place)
                if place[1] == LOADED or before is None or before not in group.old.order:
                    continue
                if self.editions.was_through_at(other, before) == self.editions.is_through_at(other, place):
                    continue
                for name, is_used in self.editions.new(place[0]).reads(place[1]).items():
                    if is_used and self.editions.is_container(name) and self.is_filled_by(other, name):
                        self.drafts.draft(place, f"it looks into {name[1]}, which other statements fill", ALWAYS)
                    elif name[0] not in other.modules and (name in other.new or name in other.old):
                        self.drafts.draft(place, f"it reads {name[1]}, which another statement sets", ALWAYS)

    def imports_otherwise(self, module: str) -> bool:
        """Whether statements with imports were added, edited or removed."""
        new, old, matching = (
            self.editions.find_new(module),
            self.editions.find_old(module),
            self.editions.matching(module),
        )
        changed = [path for path in new.paths if matching.fate(path) in ("added", "edited")] if new is not None else []
        gone = [*matching.removed, *(before for path in changed if (before := matching.old(path)) is not None)]
        now = any(new.facts(path).imports for path in changed if new is not None)
        return now or any(old.facts(path).imports for path in gone if old is not None)

    def is_filled_by(self, group: Group, name: Name) -> bool:
        """Whether statements of a group fill a container, themselves or by way of functions."""
        if group.new.mutators(name) or group.old.mutators(name):
            return True
        return any(place[0] in group.modules for place in self.editions.filled_by_calls(name))

    def survey(self, place: Place, before: Place) -> None:
        """Whether a statement that looks at all names of its module finds them in the same order."""
        new, old = self.editions.new(place[0]).surveyed(place[1]), self.editions.find_old(place[0])
        if new is not None and old is not None and new != old.surveyed(before[1]):
            self.drafts.draft(place, "it looks at the names of the module, which are others now", ALWAYS)

    def means_the_same(self, place: Place, before: Place, reads: Iterable[Name]) -> bool:
        """Whether a statement in a class body finds its names where it found them: in the class, or in the module."""
        old = self.editions.find_old(place[0])
        return old is None or old.reads(before[1]).keys() == set(reads)

    def value(self, group: Group, name: Name, place: Place, before: Place) -> None:
        """Whether the value that a name has at a place was given by other statements."""
        if name not in group.new and name not in group.old:
            return
        new, old = group.new.before(name, place), group.old.before(name, before)
        if group.as_before(new, old):
            is_definition = is_any(value_of(name, self.drafts.graph), FunctionType, type)
            if is_definition and (group.goes_over(name, new) or group.comes_over(name, new)):
                self.drafts.draft(place, f"the object that {name[1]} was here goes over to another definition", ALWAYS)
            return
        reason = f"it reads {name[1]}, which another statement binds"
        draft = self.drafts.of.get(new[0]) if new else None
        if draft is not None and draft.is_due and old == group.old.final(name):
            self.drafts.follow(place, reason, (name, new[0]))  # it may be the same value all the same
        else:
            self.drafts.draft(place, reason, ALWAYS)

    def filling(self, group: Group, name: Name, place: Place, before: Place) -> None:
        """Whether the container that a name stands for at a place was filled by other statements."""
        new, old = group.new.filled_before(name, place), group.old.filled_before(name, before)
        if not group.as_before(new, old) or self.calls_change_places(group, name, place, before):
            if only_adds(self.editions.new(place[0]), place[1], name) and is_exchanged(self.editions, name):
                return  # it is none of its business what is there
            self.drafts.draft(place, f"it looks into {name[1]}, which other statements fill", ALWAYS)

    def calls_change_places(self, group: Group, name: Name, place: Place, before: Place) -> bool:
        """Whether a statement that fills a container by way of functions came before a reader, or behind it."""
        if not self.editions.is_container(name):
            return False
        calls = [(call, self.editions.old_place(call)) for call in self.editions.filled_by_calls(name) if call != place]
        return any(
            (group.new.order[call] < group.new.order[place]) != (group.old.order[was] < group.old.order[before])
            for call, was in calls
            if was in group.old.order and call in group.new.order
        )

    def ends(self, group: Group, names: Iterable[Name]) -> None:
        """Names that other statements leave behind now, or none at all."""
        for name in sorted(names):
            new, old = group.new.final(name), group.old.final(name)
            if name[0] in self.index.modules and self.editions.source(name[0]) is None:
                continue  # its module is gone, with all that is in it
            if name not in group.new or self.may_be_gone(group, name):
                self.remove(name, group)
            if name not in group.new:
                continue
            if old and not new:  # it is deleted in the end
                self.remove(name, group)
            elif new and not group.as_before(new, old):
                self.drafts.draft(new[0], f"it gives {name[1]} its value now", ALWAYS)
            elif not group.as_before(group.new.content_final(name), group.old.content_final(name)):
                self.content(group, name)

    def may_be_gone(self, group: Group, name: Name) -> bool:
        """Whether an attribute that was set on a definition need not be set again."""
        new = group.new.final(name)
        if "." not in name[1] or not new or group.new.is_sure(name) or group.as_before(new, group.old.final(name)):
            return False
        return all(self.editions.is_set_from_outside(name, place) for place in new)

    def content(self, group: Group, name: Name) -> None:
        """A container that other statements fill now: it is built again, unless something was only added to it."""
        if not self.editions.is_container(name):
            return
        new, old = group.new.content_final(name), group.old.content_final(name)
        mapped = [group.old_place(place) for place in new]
        if mapped[: len(old)] != list(old):
            self.exchange(group, name)

    def exchange(self, group: Group, name: Name) -> None:
        """Other statements fill a container: what they put there is exchanged, or all of it is built again."""
        if is_exchanged(self.editions, name):
            self.drafts.happens(content(name))
            for place in fill_again(self.editions, name):
                self.drafts.draft(place, f"it fills {name[1]} once more", ALWAYS)
        else:
            self.rebuild(group, name, ALWAYS, f"{name[1]} is filled by other statements now")

    def rebuild(self, group: Group, name: Name, condition: Condition, reason: str) -> None:
        """Have all statements run that make a container and its content."""
        for place in group.new.content_final(name):
            self.drafts.draft(place, reason, condition)

    def remove(self, name: Name, group: Group) -> None:
        """A name that left the source goes before anything runs; with the last annotation goes the table of them."""
        module, target = name
        home = self.editions.group(module)
        if home is not None and home is not group and home.new.final(name):
            return self.drafts.draft(home.new.final(name)[0], f"it gives {target} its value now", ALWAYS)
        definition, leaf = (module, target.rpartition(".")[0]), target.rpartition(".")[2]
        owned = value_of(definition, self.drafts.graph) if leaf in NAMES | MADE_BY_DEF else None
        if "." in target and not self.is_there(name) and not (leaf in NAMES and is_any(owned, FunctionType, type)):
            return None
        if leaf in MADE_BY_DEF and is_a(owned, FunctionType):
            for place in home.new.final(definition)[:1] if home is not None else ():
                self.drafts.draft(place, f"it gives {target} its value now", ALWAYS)
            return None
        if target == "_" and self.editions.new(module).underscores:
            return None
        owner, found, _ = target.rpartition("__annotations__.")
        if found and not any(n[0] == module and n[1].startswith(owner + found) for n in group.new.names):
            target = f"{owner}__annotations__"
        if (module, target) not in self.gone:
            self.gone.add((module, target))
            self.removals.append(Step(action=Action.REMOVE, module=module, target=target, reason="it left the source"))
            self.drafts.happens((module, target))
            self.drafts.happens(behaviour((module, target)))
            for base in bases_of((module, target), self.drafts.graph):
                self.drafts.happens(subclasses(base))
            if "." in target:
                self.drafts.class_changes(
                    (module, target.rpartition(".")[0].removesuffix(".__annotations__")), None, [target]
                )
        return None

    def is_there(self, name: Name) -> bool:
        """Whether the class or function that a member or attribute left stays itself."""
        module, target = name
        owner = module, target.rpartition(".")[0].removesuffix(".__annotations__")
        group = self.editions.group(module)
        if group is None:
            return True
        binders = group.new.binders(owner)
        behind = max((n for n, place in enumerate(binders) if group.new.defines(owner, place)), default=0)
        return not any(place in self.drafts.of for place in binders[behind:])  # what a star brings first is another one
