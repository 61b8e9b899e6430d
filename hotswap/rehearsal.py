"""`hotswap plan`: what saving an edit would do to a running program, found out without touching one.

The program as it was is imported from a copy of the project; then the copy is given the files as they are now, and the
reloader says what it would do, or (with `carry_out`) does it in this process, which is thrown away.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import hotswap
from hotswap.launch import Program
from hotswap.model import Outcome, Plan, RestartRequired, RolledBack, Step, Swapped
from hotswap.report import error_text, one_line, place_of
from hotswap.stage import DoesNotStart, find_place, perform, stage
from hotswap.versions import changed_since, copy_of, project_around, write

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What was found out: the files that differ, the plan or why there is none, how it went if it was carried out."""

    against: str
    files: tuple[str, ...]
    plan: Plan | None = None
    outcome: Outcome | None = None
    error: str = ""

    @property
    def can_be_swapped(self) -> bool:
        """Whether, as far as is known, the edit would go live."""
        refused = self.plan is not None and bool(self.plan.restart)
        return not (self.error or refused or isinstance(self.outcome, RolledBack | RestartRequired))


def rehearse(program: Program, *, against: str, carry_out: bool, as_json: bool, say: Say) -> int:
    """Tell what an edit would do.  Returns the exit status: 0 when it would go live, else 1.

    Raises UsageError when there is no such program, or nothing to compare it with.
    """
    place = find_place(program)
    project = project_around(place.entry)
    older = changed_since(project, against)
    with tempfile.TemporaryDirectory(prefix="hotswap-plan-", ignore_cleanup_errors=True) as folder:
        copy = os.path.join(os.path.realpath(folder), "copy")
        copy_of(project, copy)
        try:
            found = _Stage(project, copy, older, against).rehearse(program, carry_out=carry_out)
        except hotswap.UsageError as error:
            raise hotswap.UsageError(f"{error} (as it was at {against!r})".replace(copy, project)) from error
        text = json.dumps(as_dictionary(found), indent=2) if as_json else "\n".join(lines(found))
    say(text.replace(copy + os.sep, ""))
    return 0 if found.can_be_swapped else 1


@dataclass(frozen=True, slots=True)
class _Stage:
    """The copy of a project, and what its files held before."""

    project: str
    copy: str
    older: dict[str, bytes | None]
    against: str

    def rehearse(self, program: Program, *, carry_out: bool) -> Rehearsed:
        """Import the old program, save the new files."""
        newest = {name: self._read(name) for name in self.older}
        self._save(self.older)
        program, files = self._moved(program), tuple(self.older)
        self._enter_copy()
        place = find_place(program)
        with stage() as reloader:
            try:
                perform(program, place, reloader)
            except DoesNotStart as failed:
                why = f"the program as it was does not start: {self._told(failed.error)}"
                return Rehearsed(against=self.against, files=files, error=why)
            reloader.sync()
            self._save(newest)
            try:
                plan = reloader.plan()
            except SyntaxError as error:
                why = f"the edit would be rolled back: {self._told(error)}"
                return Rehearsed(against=self.against, files=files, error=why)
            outcome = reloader.sync() if carry_out else None
            return Rehearsed(against=self.against, files=files, plan=plan, outcome=outcome)

    def _moved(self, program: Program) -> Program:
        if program.is_module:
            return program
        path = os.path.join(self.copy, os.path.relpath(os.path.realpath(program.name), self.project))
        return Program(name=path, arguments=program.arguments)

    def _enter_copy(self) -> None:
        """Look for modules, and for a module by name, in the copy; write no bytecode there."""
        sys.dont_write_bytecode = True
        sys.path[:] = [self._in_copy(entry) for entry in sys.path]
        os.chdir(self._in_copy(os.getcwd()))

    def _in_copy(self, folder: str) -> str:
        real = os.path.realpath(folder or os.curdir)
        is_own = real == self.project or real.startswith(self.project + os.sep)
        there = os.path.normpath(os.path.join(self.copy, os.path.relpath(real, self.project))) if is_own else folder
        # An environment in the project is a link in the copy: its packages are no part of the program.
        return there if is_own and os.path.isdir(there) and not os.path.realpath(there).startswith(real) else folder

    def _save(self, files: dict[str, bytes | None]) -> None:
        for name, data in files.items():
            write(os.path.join(self.copy, name), data)

    def _read(self, name: str) -> bytes | None:
        try:
            with open(os.path.join(self.copy, name), "rb") as file:
                return file.read()
        except OSError:
            return None

    def _told(self, error: BaseException) -> str:
        files = {os.path.join(here, name) for here, _, names in os.walk(self.copy) for name in names}
        path, line = place_of(error, files)
        return f"{path}:{line}: {error_text(error)}" if path else error_text(error)


# ---------------------------------------------------------------------- telling


def lines(found: Rehearsed) -> list[str]:
    """What was found out, for people."""
    count = len(found.files)
    told = [
        f"{count} file{'' if count == 1 else 's'} changed since {found.against}: {', '.join(found.files) or 'none'}"
    ]
    if found.error:
        return [*told, found.error]
    assert found.plan is not None
    told += str(found.plan).splitlines() if found.plan or not found.files else ["nothing that is loaded would change"]
    told += [f"note: {warning}" for warning in found.plan.warnings]
    if found.outcome is not None:
        told.append(f"carried out in the copy: {one_line(found.outcome)}")
    return told


def as_dictionary(found: Rehearsed) -> dict[str, Any]:
    """What was found out, for programs."""
    plan = found.plan or Plan()
    return {
        "against": found.against,
        "files": list(found.files),
        "error": found.error,
        "modules": list(plan.modules),
        "created": list(plan.created),
        "steps": [step_as_dictionary(step) for step in plan.steps],
        "restart": [asdict(reason) for reason in plan.restart],
        "warnings": [asdict(reason) for reason in plan.warnings],
        "outcome": outcome_as_dictionary(found.outcome) if found.outcome is not None else None,
        "can_be_swapped": found.can_be_swapped,
    }


def step_as_dictionary(step: Step) -> dict[str, Any]:
    """A step; `if` names what has to change first, and is empty when the step is certain."""
    return {
        "action": step.action.name.lower(),
        "module": step.module,
        "target": step.target,
        "line": step.line,
        "reason": step.reason,
        "if": sorted(step.conditions),
    }


def outcome_as_dictionary(outcome: Outcome) -> dict[str, Any]:
    """How it went."""
    told: dict[str, Any] = {"kind": outcome.kind, "report": str(outcome)}
    if isinstance(outcome, Swapped):
        names = ("patched", "ran", "reloaded", "imported", "removed")
        told |= {name: list(getattr(outcome, name)) for name in names}
        told["warnings"] = [asdict(reason) for reason in outcome.warnings]
    if isinstance(outcome, RestartRequired):
        told["reasons"] = [asdict(reason) for reason in outcome.reasons]
    return told
