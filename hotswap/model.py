"""The values that flow through the pipeline: changes, plans, steps, reasons, outcomes.

All of them are frozen.  Nothing in here reads the disk or touches the program.
"""

from __future__ import annotations

import os
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

if TYPE_CHECKING:
    from hotswap.diff import Diff
    from hotswap.source import Source

Name: TypeAlias = tuple[str, str]
"""A name in a module: ("pkg.level", "SPEED"), ("pkg.enemy", "Enemy.update")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file whose content is no longer what the process runs."""

    path: str
    kind: Literal["edited", "added", "deleted"]


ChangeSet: TypeAlias = tuple[Change, ...]


class Action(Enum):
    """The rungs of the ladder, cheapest first, and what they are called in reports."""

    RELOCATE = "relocated"
    PATCH = "patched"
    REMOVE = "removed"
    RUN = "ran"
    RELOAD = "reloaded"


ASSET = "<asset>"
"""Stands for the module in the name of an event that is about a file: ("<asset>", "/game/level.json")."""


def spoken(event: Name) -> str:
    """What an event is about, for people."""
    module, text = event
    return os.path.basename(text) if module == ASSET else f"{module}.{text.rstrip('()[]?')}"


Place: TypeAlias = tuple[str, tuple[int, ...]]
"""A statement: its module, and where it stands there ((3, 0): the first in the class that is the fourth statement)."""

Cause: TypeAlias = tuple[Name, Place | None]
"""A name that changed, and the statement that changed it (None: it was patched, removed, or came from elsewhere)."""


@dataclass(frozen=True, slots=True)
class Condition:
    """When a step is carried out: always, or if one of the causes arose earlier in the round."""

    always: bool = False
    causes: frozenset[Cause] = frozenset()

    def __or__(self, other: Condition) -> Condition:
        return Condition(self.always or other.always, self.causes | other.causes)

    def covers(self, other: Condition) -> bool:
        """Whether it holds whenever the other one does."""
        return self.always or (not other.always and other.causes <= self.causes)

    def holds(self, changed: AbstractSet[Cause]) -> bool:
        """Whether it holds when these causes have arisen."""
        return self.always or not self.causes.isdisjoint(changed)


ALWAYS = Condition(always=True)
NEVER = Condition()


@dataclass(frozen=True, slots=True)
class Findings:
    """What only a try showed: what statements changed, and which functions they called."""

    causes: frozenset[Cause] = frozenset()
    calls: frozenset[tuple[Place, Name]] = frozenset()
    disposed: frozenset[object] = frozenset()
    """The keys of `on_dispose` hooks that were called: what they put away has to be made again."""
    refills: frozenset[tuple[Place, Name]] = frozenset()
    """Statements that added to a container a second time, by way of functions: it has to be made anew for them."""
    whole: frozenset[Place] = frozenset()
    """Classes that have to run whole, although their members could run one by one."""
    refused: frozenset[Place] = frozenset()
    """Definitions that raised as they ran, maybe because of what is registered of them or others already."""
    asks: frozenset[tuple[Place, str]] = frozenset()
    """Known modules for which statements asked by way of new ones, and that ask for those of the statements in turn."""

    def __or__(self, other: Findings) -> Findings:
        return Findings(
            self.causes | other.causes,
            self.calls | other.calls,
            self.disposed | other.disposed,
            self.refills | other.refills,
            self.whole | other.whole,
            self.refused | other.refused,
            self.asks | other.asks,
        )

    def __str__(self) -> str:
        names = {name for (name, _) in self.causes} | {name for _, name in self.calls | self.refills}
        return ", ".join(sorted(map(spoken, names)))


NOTHING = Findings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do, why, and when.

    `due` makes it count; if only `needed` holds, the statement runs for the sake of a value that another one needs at
    its place, and nothing else changes by it.
    """

    action: Action
    module: str
    target: str
    line: int = 0
    statement: tuple[int, ...] = ()
    due: Condition = ALWAYS
    needed: Condition = NEVER
    reason: str = ""

    def __str__(self) -> str:
        where = f" (line {self.line})" if self.line else ""
        return f"{self.action.name.lower():8} {self.module}.{self.target}{where}{self._condition()}: {self.reason}"

    @property
    def conditions(self) -> frozenset[str]:
        """The names of which one has to change before it is carried out; none when it is carried out in any case."""
        if self.due.always or self.needed.always:
            return frozenset()
        return frozenset(spoken(event) for event, _ in self.due.causes | self.needed.causes)

    def _condition(self) -> str:
        names = sorted(self.conditions)
        return f" if {' or '.join(names)} changed" if names else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something cannot be made true in the process, or is true only with a reservation.

    `code` is stable (see docs/reference); `where` is a file and line or a name.
    """

    code: str
    what: str
    where: str
    why: str
    remedy: str

    def __str__(self) -> str:
        return f"[{self.code}] {self.what} ({self.where}): {self.why}; {self.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A loaded module whose file has another content now (`new` is None: the file is gone).

    `whole`: all its statements run, because it cannot be told which would be enough; `anew`: those that only make room
    for state as well.
    """

    module: str
    path: str
    old: Source
    new: Source | None
    diff: Diff | None = None
    whole: str = ""
    anew: bool = False
    revived: ModuleType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a round is going to do, in order, or the reasons why only a restart can do it."""

    changes: ChangeSet = ()
    modules: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    restart: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()
    edits: tuple[Edit, ...] = field(default=(), repr=False, compare=False)
    created: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Files that are no modules, and of which something is made anew."""

    def __bool__(self) -> bool:
        return bool(self.steps or self.restart or self.files)

    def __str__(self) -> str:
        if self.restart:
            return "needs a restart because " + "; ".join(map(str, self.restart))
        lines = [*(f"load     {path}: it was saved" for path in self.files), *map(str, self.steps)]
        return "\n".join(lines) or "nothing to do"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A file whose newest text is not live, and why."""

    path: str
    why: str

    def __str__(self) -> str:
        return f"{self.path}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """What every outcome tells: the files, the size of the program, how long it took (seconds)."""

    changes: ChangeSet = ()
    tracked: int = field(default=0, compare=False)
    duration: float = field(default=0.0, compare=False)

    def __str__(self) -> str:
        from hotswap.report import one_line

        return one_line(self)  # type: ignore[arg-type]  # a _Round is only made as one of its four kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One name that a round touched, and what led to it.

    `binds` are the names that its statement gave a value.  `cause` is the event that made it due, with the statement
    that brought it about (None: the file itself was edited, or nobody but the plan knows).
    """

    name: str
    action: Action
    reason: str
    path: str = ""
    place: Place | None = None
    line: int = 0
    binds: frozenset[str] = frozenset()
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped(_Round):
    """The process now behaves as the new sources say.  Each field lists names, as "module.name"."""

    kind: ClassVar[Literal["swapped"]] = "swapped"
    modules: tuple[str, ...] = ()
    relocated: tuple[str, ...] = ()
    patched: tuple[str, ...] = ()
    ran: tuple[str, ...] = ()
    reloaded: tuple[str, ...] = ()
    imported: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    disposed: tuple[str, ...] = ()
    """The `on_dispose` hooks that were called."""
    loaded: tuple[str, ...] = ()
    """The files other than modules that went live: what was made of them, or who was told."""
    warnings: tuple[Reason, ...] = ()
    why: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    links: tuple[Link, ...] = field(default=(), compare=False, repr=False)
    __str__ = _Round.__str__


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack(_Round):
    """Something raised; the process is what it was before, and the files stay pending."""

    kind: ClassVar[Literal["rolled_back"]] = "rolled_back"
    error: BaseException = field(compare=False)
    path: str = ""
    line: int = 0
    disposed: tuple[str, ...] = ()
    """The `on_dispose` hooks that were called before it raised; what they put away was made again."""
    warnings: tuple[Reason, ...] = ()
    __str__ = _Round.__str__


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartRequired(_Round):
    """Only a new process can be what the sources say; this one is what it was before."""

    kind: ClassVar[Literal["restart_required"]] = "restart_required"
    reasons: tuple[Reason, ...] = ()
    __str__ = _Round.__str__


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged(_Round):
    """No source differs from what the process runs."""

    kind: ClassVar[Literal["unchanged"]] = "unchanged"
    __str__ = _Round.__str__


Outcome: TypeAlias = Swapped | RolledBack | RestartRequired | Unchanged
