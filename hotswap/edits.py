"""What the edit of one body of statements asks for: which of them run, which names go.  Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import Protocol

from hotswap.diff import Diff, Match
from hotswap.facts import Facts
from hotswap.model import Edit, Reason
from hotswap.source import Source, StatementPath, first_line

UNGROUPED = frozenset(("__doc__", "__annotations__", "_"))
"""Names that many statements bind without having to do with each other."""


class Drafts(Protocol):
    """Where a body puts what it finds (the planner)."""

    def draft(self, module: str, path: StatementPath, reason: str, *, always: bool = False) -> None:
        """Have a statement run, and others about the same names with it."""

    def draft_alone(self, module: str, path: StatementPath, reason: str) -> None:
        """Have a statement run that needs no other one about its names to run before it."""

    def remove(self, module: str, prefix: str, names: Iterable[str]) -> None:
        """Have names removed."""

    def refuse(self, reason: Reason) -> None:
        """Only a restart can do it."""

    def star_names(self, module: str, facts: Facts) -> set[str]:
        """What the star imports of a statement have brought."""

    def memberwise(self, module: str, source: Source, path: StatementPath) -> bool:
        """Whether the statements of a class body can run one by one."""


class Body:
    """The statements of a module or class body before and after."""

    def __init__(
        self,
        drafts: Drafts,
        edit: Edit,
        path: StatementPath,
        prefix: str,
        old: Sequence[ast.stmt],
        new: Sequence[ast.stmt],
        old_path: StatementPath = (),
    ) -> None:
        self.drafts, self.edit, self.path, self.prefix = drafts, edit, path, prefix
        self.old, self.new, self.old_path = old, new, old_path
        assert edit.new is not None
        self.source: Source = edit.new

    def facts(self, number: int) -> Facts:
        """The facts of a statement as it is now."""
        return self.source.facts((*self.path, number))

    def old_facts(self, number: int) -> Facts:
        """The facts of a statement as it was."""
        return self.edit.old.facts((*self.old_path, number))

    def draft(self, diff: Diff) -> None:
        """Draft what was edited, added, removed or moved in this body."""
        gone = self.removed(diff)
        if not self.path and self.stars_matter(diff, gone):
            for number in range(len(self.new)):
                if self.is_star(self.facts(number)):
                    self.run(number, "what star imports bring may be another thing now")
        for match in diff.matches:
            if match.kind == "members":
                self.members(match)
            elif match.kind in ("edited", "added"):
                self.changed(match)
            elif match.kind == "body" and self.count_differs(match):
                self.run(match.new, "its name is bound another number of times")
            elif match.moved and self.order_matters(match):
                self.run(match.new, "it was moved")

    def count_differs(self, match: Match) -> bool:
        """Whether a definition's name has more or fewer binders than before."""
        names = self.facts(match.new).defines
        now = sum(bool(names & self.facts(n).binds) for n in range(len(self.new)))
        return now != sum(bool(names & self.old_facts(n).binds) for n in range(len(self.old)))

    def run(self, number: int, reason: str) -> None:
        """Have a statement of this body run."""
        self.drafts.draft(self.edit.module, (*self.path, number), reason, always=True)

    def changed(self, match: Match) -> None:
        """An edited or added statement."""
        node = self.new[match.new]
        if self.edit.module == "__main__" and not self.path and is_main_program(node):
            self.drafts.refuse(main_program_reason(self.edit, node, "was edited"))
        elif match.kind == "added" and self.comes_last(match.new):
            self.drafts.draft_alone(self.edit.module, (*self.path, match.new), "it is new")
        else:
            self.run(match.new, "it was edited" if match.kind == "edited" else "it is new")

    def comes_last(self, number: int) -> bool:
        """Whether no later statement binds or changes the same names (so that earlier ones need not run again)."""
        mine = self.facts(number)
        names = (mine.binds | mine.mutates) - UNGROUPED
        later = range(number + 1, len(self.new))
        return not any(names & (self.facts(n).binds | self.facts(n).mutates) for n in later)

    def members(self, match: Match) -> None:
        """A class of which only the body was edited."""
        old, new = self.old[match.old or 0], self.new[match.new]
        assert isinstance(old, ast.ClassDef)
        assert isinstance(new, ast.ClassDef)
        assert match.inner is not None
        path = (*self.path, match.new)
        if not self.drafts.memberwise(self.edit.module, self.source, path):
            self.run(match.new, "its body was edited")
            return
        inner = Body(
            self.drafts,
            self.edit,
            path,
            f"{self.prefix}{new.name}.",
            old.body,
            new.body,
            (*self.old_path, match.old or 0),
        )
        inner.draft(match.inner)

    def is_star(self, facts: Facts) -> bool:
        """Whether the statement is a star import."""
        return any(each.name == "*" for each in facts.imports)

    def stars_matter(self, diff: Diff, gone: set[str]) -> bool:
        """Whether star imports came, went or changed places, or may supply a name that another statement binds."""
        changed = (m for m in diff.matches if m.moved or m.kind in ("edited", "added"))
        return bool(gone) or any(self.facts(m.new).binds or self.is_star(self.facts(m.new)) for m in changed)

    def removed(self, diff: Diff) -> set[str]:
        """Statements that left the source: their names go, and other binders of those names run again."""
        bound_now = frozenset[str]().union(*(self.facts(n).binds for n in range(len(self.new))))
        before = [
            *diff.removed,
            *(m.old for m in diff.matches if m.old is not None and m.kind in ("edited", "members")),
        ]
        annotated = frozenset[str]().union(*(self.facts(n).annotates for n in range(len(self.new))))
        gone: set[str] = set()
        unannotated: set[str] = set()
        for number in before:
            facts = self.old_facts(number)
            gone |= facts.binds - bound_now
            if not self.path and self.is_star(facts):
                gone |= self.drafts.star_names(self.edit.module, facts) - bound_now
            unannotated |= facts.annotates - annotated
            if number in diff.removed:
                self.regroup(facts)
                if self.edit.module == "__main__" and not self.path and is_main_program(self.old[number]):
                    reason = main_program_reason(self.edit, self.old[number], "was removed")
                    self.drafts.refuse(reason)
        owner = self.prefix.rstrip(".").rpartition(".")[2]
        self.drafts.remove(self.edit.module, self.prefix, sorted(mangled(owner, n) for n in gone))
        if unannotated and "__annotations__" not in gone:
            names = (f"__annotations__.{mangled(owner, n)}" for n in unannotated)
            self.drafts.remove(self.edit.module, self.prefix, sorted(names))
        return gone

    def regroup(self, facts: Facts) -> None:
        """A statement went: the others about its names run again."""
        names = (facts.binds | facts.mutates) - UNGROUPED
        for number in range(len(self.new)):
            theirs = self.facts(number)
            if names & (theirs.binds | theirs.mutates):
                self.run(number, "another statement about the same name was removed")

    def order_matters(self, match: Match) -> bool:
        """Whether a moved statement shares a name with another one."""
        mine = self.facts(match.new)
        names = (mine.binds | mine.mutates) - UNGROUPED
        others = (self.facts(n) for n in range(len(self.new)) if n != match.new)
        return any(names & (o.binds | o.mutates) for o in others)


def mangled(owner: str, name: str) -> str:
    """The name under which a class keeps it (`__x` becomes `_Owner__x`)."""
    private = owner and name.startswith("__") and not name.endswith("__")
    return f"_{owner.lstrip('_')}{name}" if private else name


def is_main_program(node: ast.stmt) -> bool:
    """Whether a statement of a script is part of its course rather than a definition or a constant."""
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    return isinstance(
        node, ast.For | ast.While | ast.With | ast.AsyncFor | ast.AsyncWith | ast.If | ast.Try | ast.Match
    )


def main_program_reason(edit: Edit, node: ast.stmt, what: str) -> Reason:
    """Why an edit of the script's own course needs a restart."""
    return Reason(
        code="HS101",
        what="a statement of the running script " + what,
        where=f"{edit.path}:{first_line(node)}",
        why="the main program runs once and cannot be run a second time in the same process",
        remedy="restart",
    )
