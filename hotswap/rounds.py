"""One change set → one outcome: plans, applies, falls back to the next rung of the ladder, keeps what is pending."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from hotswap import asked, assets
from hotswap.ahead import Larder, Ready, take_snapshot
from hotswap.diff import diff_sources
from hotswap.errors import CannotSwap, Unforeseen
from hotswap.files import read, text_of
from hotswap.graph import Graph
from hotswap.index import Index, Tracked
from hotswap.looking import is_instance
from hotswap.marks import mark_of
from hotswap.model import (
    NOTHING,
    Change,
    ChangeSet,
    Edit,
    Findings,
    Outcome,
    Pending,
    Plan,
    Reason,
    RestartRequired,
    RolledBack,
    Swapped,
    Unchanged,
)
from hotswap.patch import classes
from hotswap.patch.formers import Formers
from hotswap.patch.orphans import Orphan, left_alive
from hotswap.patch.replaced import has_run
from hotswap.plan import make_plan
from hotswap.planning.needed import still_needed
from hotswap.planning.prepared import Beside, Prepared
from hotswap.planning.whole import keeps_definitions, why_whole
from hotswap.remaking import make_again, remake
from hotswap.report import error_text, place_of
from hotswap.resolving import resolve_value
from hotswap.scope import showing
from hotswap.source import first_line, opened
from hotswap.trace import Tracer
from hotswap.transaction import Done, Transaction
from hotswap.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Failed:
    """A round that did not go live: what was changed, what was read on the way, and how it ended."""

    changes: ChangeSet
    contents: dict[str, object]
    outcome: RolledBack | RestartRequired


class Rounds:
    """Runs rounds one after the other; a failed one stays pending and is tried again, whole, with the next save."""

    def __init__(self, index: Index, graph: Graph, tracer: Tracer, watch_more: Callable[[Iterable[str]], None]) -> None:
        self.index, self.graph, self.tracer, self.watch_more = index, graph, tracer, watch_more
        self.failed: Failed | None = None
        self.formers = Formers()
        self.larder = Larder()
        self.is_untidy = False
        """Whether a round has left things that `tidy()` would drop."""
        self.wanted = Wanted(index, graph)
        self._put_away: dict[object, str] = {}
        """By their keys the names of the `on_dispose` hooks that this round has called."""

    @property
    def awaited(self) -> frozenset[str]:
        """The files that the next round looks at in any case: those of the one that failed."""
        return frozenset(self.failed.contents) if self.failed else frozenset()

    @property
    def pending(self) -> tuple[Pending, ...]:
        """The files whose newest text is not live."""
        faulty = {path: Pending(path=path, why=why) for path, why in assets.faulty().items()}
        if self.failed is not None:
            outcome = self.failed.outcome
            why = error_text(outcome.error) if isinstance(outcome, RolledBack) else "; ".join(map(str, outcome.reasons))
            faulty |= {change.path: Pending(path=change.path, why=why) for change in self.failed.changes}
        return tuple(faulty.values())

    def forget(self) -> frozenset[str]:
        """Nothing is pending any more; returns the files that were."""
        failed, self.failed = self.failed, None
        return frozenset(failed.contents) if failed else frozenset()

    # ------------------------------------------------------------------ from paths to a plan

    def changes(self, paths: Iterable[str]) -> ChangeSet:
        """What differs among these files, and those of a round that is pending."""
        paths = {*paths, *self.awaited}
        found = {path: change for path in paths if (change := assets.change_of(path)) is not None}
        of_modules = self.index.changes(path for path in paths if self.index.at(path) or not assets.is_followed(path))
        found |= {c.path: c for c in of_modules if c.kind != "added" or self.wanted.is_news(c.path)}
        found |= {c.path: c for c in self.wanted.gone(paths)}
        return tuple(found[path] for path in sorted(found))

    # What can be done about a round beforehand, in pieces; each goes on from the one before, and `run()` from the last.
    # They touch nothing, and raise what planning raises (SyntaxError among others); then `run()` finds out by itself.

    def parse_ahead(self, paths: AbstractSet[str]) -> None:
        """Read, parse and compare."""
        self.larder.keep(self._edits(self.changes(paths)), None)

    def plan_ahead(self, paths: AbstractSet[str]) -> None:
        """Make the plan."""
        snapshot, changes, number = take_snapshot(self.index), self.changes(paths), asked.version()
        edits = self._edits(changes)
        plan = self._plan(changes, edits) if edits else None
        self.larder.keep(edits, Ready(changes, tuple(edits), plan, snapshot, number) if plan is not None else None)

    def open_ahead(self, _paths: AbstractSet[str]) -> None:
        """Parse the modules of which calls are estimated: once anything has changed, that is done anew."""
        for module in self.larder.edits:
            for name in {module, *self.graph.dependents(module)} & self.index.unobserved:
                _ = self.index.modules[name].source.tree

    def plan(self, paths: Iterable[str]) -> Plan:
        """What a round for these files would do."""
        return self._plan(self.changes(paths), self._edits(self.changes(paths)))

    def _plan(self, changes: ChangeSet, edits: list[Edit], found: Findings = NOTHING) -> Prepared:
        blocked = tuple(self._blocked(changes, edits))
        if blocked:
            return Prepared(changes=changes, restart=blocked, edits=tuple(edits))
        moved = {e.path for e in edits}
        new = [c.path for c in changes if c.kind == "added" and c.path not in moved and not assets.is_followed(c.path)]
        created = [name for path in new if (name := self.wanted.module_name(path))]
        created += [e.module for e in edits if e.revived is not None]
        files = tuple(sorted({c.path for c in changes if c.path in assets.assets} | assets.faulty().keys()))
        beside = Beside(created=tuple(created), files=files, coming=tuple(self.wanted.coming(changes)))
        return make_plan(changes, edits, self.graph, self._is_plain, found, beside)

    def _edits(self, changes: ChangeSet) -> list[Edit]:
        edits = []
        for change in changes:
            for tracked in self.index.at(change.path):
                if tracked.away is None and (tracked.name not in sys.modules or mode(tracked) == "off"):
                    continue
                edits.append(self._edit(tracked, change))
        return edits

    def _edit(self, tracked: Tracked, change: Change) -> Edit:
        path = self._new_place(tracked) if change.kind == "deleted" else tracked.path
        if path is None:
            return Edit(module=tracked.name, path=tracked.path, old=tracked.source, new=None)
        self.index.attempted.add(path)  # of a module that became a package another file than the one that went
        new = self.larder.source(tracked.name, path, text_of(path))
        anew = self._anew(tracked)
        diff = self.larder.diff(tracked.name, tracked.source, new) or diff_sources(tracked.source, new)
        return Edit(
            module=tracked.name,
            path=path,
            old=tracked.source,
            new=new,
            diff=diff,
            whole=anew or why_whole(tracked, new, diff),
            anew=bool(anew),
            revived=tracked.away,
        )

    def _anew(self, tracked: Tracked) -> str:
        """Why all statements of a module have to run, state or not, if they have to."""
        if mode(tracked) == "reload":
            return "the module asks for it"
        if tracked.away is not None and tracked.name in asked.departed:
            return "its file is back, and what it had asked for is gone"
        if tracked.away is not None and tracked.around != self.graph.texts_around(tracked.name):
            return "its file is back, and what it imports says something else"
        if not tracked.certain:
            return "the file was saved before watching began"
        return ""

    def _new_place(self, tracked: Tracked) -> str | None:
        """Where a module's file went when it became a package, or a package's when it became a module."""
        if tracked.is_package:
            place = os.path.dirname(tracked.path) + ".py"
        else:
            place = os.path.join(os.path.splitext(tracked.path)[0], "__init__.py")
        return place if os.path.isfile(place) else None

    def _is_plain(self, module: str, qualname: str) -> bool:
        cls = resolve_value(self.index.modules[module].namespace, tuple(qualname.split(".")))
        return (
            is_instance(cls, type) and cls.__module__ == module and cls.__qualname__ == qualname and classes.plain(cls)
        )

    def _blocked(self, changes: ChangeSet, edits: list[Edit]) -> Iterable[Reason]:
        for change in changes:
            if change.path in self.index.extensions:
                yield Reason(
                    code="HS102",
                    what=f"the extension module {self.index.extensions[change.path][0]} changed",
                    where=change.path,
                    why="compiled code cannot be loaded a second time",
                    remedy="restart",
                )
        for edit in edits:
            tracked = self.index.modules[edit.module]
            self.index.check_place(tracked)
            keeps_names = edit.diff is not None and keeps_definitions(edit.diff)
            shown = [] if keeps_names else showing(edit.path, edit.module)
            if tracked.replaced:
                yield Reason(
                    code="HS103",
                    what=f"{edit.module} put another object in its place in sys.modules",
                    where=edit.path,
                    why="what stands there is not the module, and may hold anything",
                    remedy="restart",
                )
            elif shown:
                yield Reason(
                    code="HS103",
                    what=f"{shown[0]} was filled with the names of {edit.module} by a loader of the program",
                    where=edit.path,
                    why="which names it would have now is for that loader to say",
                    remedy="restart",
                )
            elif mode(tracked) == "restart":
                yield Reason(
                    code="HS104",
                    what=f"{edit.module} asks for it",
                    where=edit.path,
                    why='it sets __hotswap__ = "restart"',
                    remedy="restart",
                )

    # ------------------------------------------------------------------ from a plan to an outcome

    def run(self, paths: Iterable[str], began: float, *, force: bool = False) -> Outcome:
        """One round.  The same contents that failed before are not tried again until something else is saved.

        With `force`, what would need a restart is left out, and the outcome's warnings name it.
        """
        changes = self.changes(paths)
        if not changes:
            self.failed = None
            return Unchanged()
        if self.failed is not None and not force and not self._is_worth_another_try(self.failed, changes):
            return self.failed.outcome
        self.index.attempted.clear()
        outcome = self._attempt(changes, began)
        self.larder.empty()
        if force and isinstance(outcome, RestartRequired):
            outcome = self._attempt(changes, began, force=True)
        contents = {path: self._content(path) for path in self.index.attempted | {c.path for c in changes}}
        self.watch_more(contents)
        for path in contents if isinstance(outcome, Swapped) else ():
            self.wanted.note(path)
            assets.marks.accept(path)
        failed = isinstance(outcome, RolledBack | RestartRequired)
        self.failed = Failed(changes, contents, outcome) if isinstance(outcome, RolledBack | RestartRequired) else None
        if force and isinstance(outcome, Swapped):
            self.failed = self._left_out(changes, contents, began)
        self.is_untidy = self.is_untidy or not (failed or isinstance(outcome, Unchanged))
        return outcome

    def _is_worth_another_try(self, failed: Failed, changes: ChangeSet) -> bool:
        """Whether anything was saved since, or a file appeared that was asked for in vain."""
        paths = {c.path for c in changes}
        appeared = any(c.kind == "added" and not assets.is_followed(c.path) for c in changes)
        if appeared or not paths <= failed.contents.keys():
            return True
        return any(self._content(path) != content for path, content in failed.contents.items())

    def _content(self, path: str) -> object:
        """What tells one content of a file from another."""
        return mark_of(path) if assets.is_followed(path) and not self.index.at(path) else read(path)

    def _attempt(self, changes: ChangeSet, began: float, *, force: bool = False) -> Outcome:
        try:
            ready = self.larder.ready
            if ready is not None and not force and ready.fits(changes, self.index):
                plan = ready.plan
            else:
                edits = self._edits(changes)
                plan = self._plan(changes, edits) if not force else self._forced(changes, edits)
        except SyntaxError as error:
            return self._rolled_back(changes, error, began)
        except Exception as error:  # noqa: BLE001  a fault of ours must not look like success, nor end the program
            return self._restart(changes, (own_fault(error, changes[0].path),), began)
        if plan.restart:
            return self._not_to_be_found(plan, began) or self._restart(changes, plan.restart, began)
        if not plan.edits and not plan.steps and not any(assets.is_followed(c.path) for c in changes):
            return Unchanged()
        self._put_away = {}
        try:
            outcome = self._apply(plan, began, force=force)
        except KeyboardInterrupt:
            if self._put_away:
                remake(self._put_away, self._plan_of_before, self._carry_out)
            raise
        if self._put_away and isinstance(outcome, RolledBack | RestartRequired):
            return make_again(outcome, self._put_away, self._plan_of_before, self._carry_out)
        return outcome

    def _not_to_be_found(self, plan: Prepared, began: float) -> RolledBack | None:
        """A restart would not help where a file was deleted that modules still import."""
        editions = plan.affected.editions if plan.affected is not None else None
        for gone, place in still_needed(editions) if editions is not None else ():
            assert editions is not None
            error = ModuleNotFoundError(f"No module named {gone!r}", name=gone)
            source = editions.new(place[0]).source
            line = first_line(source.statement(place[1]))
            return replace(self._rolled_back(plan.changes, error, began), path=source.path, line=line)
        return None

    def _plan_of_before(self, found: Findings) -> Prepared:
        """What runs of the sources that are live, because it was put away."""
        return make_plan((), (), self.graph, self._is_plain, found)

    def _carry_out(self, plan: Prepared) -> None:
        Transaction(plan, self.graph, self.tracer, self.formers).apply()

    def _forced(self, changes: ChangeSet, edits: list[Edit]) -> Prepared:
        """A plan without what needs a restart, which is named among its warnings."""
        blocked = tuple(self._blocked(changes, edits))
        places = {reason.where for reason in blocked}
        possible = [edit for edit in edits if edit.path not in places]
        if blocked and not possible:
            return Prepared(changes=changes, restart=blocked, edits=tuple(edits))
        plan = self._plan(tuple(c for c in changes if c.path not in places), possible)
        return replace(plan, changes=changes, restart=(), warnings=(*blocked, *plan.restart))

    def _left_out(self, changes: ChangeSet, contents: dict[str, object], began: float) -> Failed | None:
        """What is still to be done after a forced round: files of which nothing could be applied."""
        left = tuple(c for c in changes if self.index.changes([c.path]))
        reasons = tuple(self._blocked(left, self._edits(left)))
        return Failed(left, contents, self._restart(left, reasons, began)) if reasons else None

    def _apply(self, plan: Prepared, began: float, found: Findings = NOTHING, *, force: bool = False) -> Outcome:
        transaction = Transaction(plan, self.graph, self.tracer, self.formers, force=force)
        try:
            done = self._transact(transaction)
        except CannotSwap as error:
            return self._not_to_be_found(plan, began) or self._restart(plan.changes, (error.reason,), began)
        except Unforeseen as error:
            if found | error.findings == found:
                return self._restart(plan.changes, (unsettled(error, plan.changes[0].path),), began)
            found |= error.findings | self._found()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  user code may raise anything, SystemExit too
            if transaction.failed_module and not any(e.whole for e in plan.edits):
                return self._whole_module(plan, transaction, error, began, force=force)
            self.watch_more(self._want_for(plan.edits))
            return self._given_up(plan.changes, transaction, error, began)
        else:
            orphans = transaction.orphans
            transaction.let_go()
            del transaction
            return self._swapped(plan, done, orphans, began)
        del transaction  # nothing of this try may be alive in the next: not the error either, whose frames hold it
        again = self._plan(plan.changes, list(plan.edits), found)
        if force:
            again = replace(again, restart=(), warnings=plan.warnings)
        return self._apply(again, began, found, force=force)

    def _swapped(self, plan: Prepared, done: Done, orphans: list[Orphan], began: float) -> Outcome:
        told = tuple(c.path for c in plan.changes if assets.is_only_told(c.path))
        if not plan.edits and not plan.steps and not done.loaded and not done.warnings and not told:
            return Unchanged()  # a file of which nobody wants anything any more
        changed = tuple(sorted({n.module for n in plan.steps if n.action.value != "ran"} | set(done.modules)))
        return Swapped(
            changes=plan.changes,
            tracked=len(self.index),
            modules=changed,
            relocated=tuple(done.relocated),
            patched=tuple(done.patched),
            ran=tuple(done.ran),
            reloaded=tuple(done.reloaded),
            imported=tuple(done.imported),
            removed=tuple(done.removed),
            disposed=tuple(self._put_away.values()),
            loaded=(*done.loaded, *told),
            warnings=(*done.warnings, *self._unknown_wishes(plan.edits), *left_alive(orphans)),
            why=tuple(done.why),
            links=tuple(done.links),
            duration=time.perf_counter() - began,  # last: the search for warnings takes its time too
        )

    def _transact(self, transaction: Transaction) -> Done:
        try:
            return transaction.apply()
        finally:
            self._put_away |= transaction.disposed

    def _found(self) -> Findings:
        """What every further try of the round has to know."""
        return Findings(disposed=frozenset(self._put_away))

    def _unknown_wishes(self, edits: Iterable[Edit]) -> Iterator[Reason]:
        for tracked in (self.index.modules[e.module] for e in edits if e.module in self.index.modules):
            wish = mode(tracked)
            if wish is not None and not (is_instance(wish, str) and wish in WISHES):
                yield unknown_wish(tracked, wish)

    def _whole_module(
        self, plan: Prepared, failed: Transaction, error: BaseException, began: float, *, force: bool
    ) -> Outcome:
        """Some class machinery works only once: run the module whole before giving up."""
        module = failed.failed_module
        reason = f"single statements of it raised {type(error).__name__}"
        edits = [replace(e, whole=reason) if e.module == module else e for e in plan.edits]
        if not any(e.module == module for e in edits):
            tracked = self.index.modules[module]
            edits.append(Edit(module=module, path=tracked.path, old=tracked.source, new=tracked.source, whole=reason))
        try:
            again = replace(self._plan(plan.changes, edits, self._found()), warnings=plan.warnings)
            outcome = self._apply(replace(again, restart=()) if force else again, began, force=force)
        except Exception:  # noqa: BLE001  the first error is the one to tell
            return self._given_up(plan.changes, failed, error, began)
        is_settled = isinstance(outcome, Swapped) or (isinstance(outcome, RestartRequired) and has_run(outcome.reasons))
        return outcome if is_settled else self._given_up(plan.changes, failed, error, began)

    def _want_for(self, edits: Iterable[Edit]) -> list[str]:
        return [p for e in edits if e.new is not None for p in self.wanted.want(Tracked(e.module, e.path, e.new))]

    def _given_up(
        self, changes: ChangeSet, failed: Transaction, error: BaseException, began: float
    ) -> RolledBack | RestartRequired:
        """What raised is a mistake in the sources, unless it was a statement that a library lets happen once only."""
        if failed.refusal is not None:
            return self._restart(changes, (failed.refusal,), began)
        return self._rolled_back(changes, error, began)

    def _rolled_back(self, changes: ChangeSet, error: BaseException, began: float) -> RolledBack:
        import_nothing_to_tell(error)
        files = {t.path for t in self.index.modules.values()} | {c.path for c in changes}
        path, line = place_of(error, files)
        return RolledBack(
            changes=changes,
            tracked=len(self.index),
            duration=time.perf_counter() - began,
            error=error,
            path=path or changes[0].path,
            line=line,
        )

    def _restart(self, changes: ChangeSet, reasons: tuple[Reason, ...], began: float) -> RestartRequired:
        duration = time.perf_counter() - began
        return RestartRequired(changes=changes, tracked=len(self.index), duration=duration, reasons=reasons)

    def tidy(self) -> None:
        """Drop the trees that the round needed."""
        self.is_untidy = False
        for source in list(opened):
            source.release()
        opened.clear()


def import_nothing_to_tell(error: BaseException) -> None:
    """See to it that nobody who shows the error imports the module that it is about.

    From Python 3.12 on a traceback suggests another name (`Did you mean`), for which it imports the module that lacks
    the name; after a round that was undone it is not loaded.
    """
    todo: list[BaseException | None] = [error]
    seen: set[int] = set()
    while todo:
        each = todo.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, ImportError) and each.name not in sys.modules and hasattr(each, "name_from"):
            each.name_from = None
        todo += [each.__cause__, each.__context__, *(each.exceptions if isinstance(each, BaseExceptionGroup) else ())]


def own_fault(error: Exception, path: str) -> Reason:
    """What to say when hotswap itself fails while planning: never that all is well."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return Reason(
        code="HS900",
        what="hotswap could not work out what to do",
        where=path,
        why=f"{type(error).__name__}: {error} (a fault in {os.path.basename(place.filename)}:{place.lineno})",
        remedy="restart, and please report it",
    )


def unsettled(error: Unforeseen, path: str) -> Reason:
    """What to say when the consequences of a round cannot be worked out."""
    return Reason(
        code="HS901",
        what="the consequences of the edit do not settle",
        where=path,
        why=f"each attempt changed something that had not been foreseen: {error.findings}",
        remedy="restart",
    )


def unknown_wish(tracked: Tracked, wish: object) -> Reason:
    """What to say when a module asks for something that does not exist."""
    return Reason(
        code="HS404",
        what=f"{tracked.name} sets __hotswap__ = {wish!r}, which is not known",
        where=tracked.path,
        why="it was treated as any other module",
        remedy=f"write one of {', '.join(sorted(WISHES))}, or take the line out",
    )


WISHES = frozenset(["off", "reload", "restart"])


def mode(tracked: Tracked) -> object:
    """The module's own wish: `__hotswap__ = "off" | "reload" | "restart"`."""
    return (
        tracked.namespace.get("__hotswap__") if is_instance(getattr(tracked.module, "__dict__", None), dict) else None
    )
