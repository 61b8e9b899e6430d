"""After a round that failed: what its `on_dispose` hooks had put away is made again, by the statements of before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from hotswap.errors import CannotSwap, Unforeseen
from hotswap.handover import explain
from hotswap.model import Findings, Outcome, Reason, RestartRequired, RolledBack
from hotswap.planning.prepared import Prepared

MOST_TRIES = 5


def make_again(
    outcome: RolledBack | RestartRequired,
    put_away: Mapping[object, str],
    plan: Callable[[Findings], Prepared],
    apply: Callable[[Prepared], object],
) -> Outcome:
    """Run the statements that make what was put away; returns the outcome with what there is to say of it.

    `put_away` are the names of the hooks by their keys, `plan` tells what runs, `apply` does it.
    """
    names, warnings = tuple(put_away.values()), remake(put_away, plan, apply)
    if isinstance(outcome, RolledBack):
        return replace(outcome, disposed=names, warnings=(*outcome.warnings, *warnings))
    return replace(outcome, reasons=(*outcome.reasons, *warnings))


def remake(
    put_away: Mapping[object, str], plan: Callable[[Findings], Prepared], apply: Callable[[Prepared], object]
) -> tuple[Reason, ...]:
    """The same; returns why not, if it failed."""
    found, names = Findings(disposed=frozenset(put_away)), tuple(put_away.values())
    try:
        for _ in range(MOST_TRIES):
            prepared = plan(found)
            if prepared.restart:
                return prepared.restart
            try:
                apply(prepared)
            except Unforeseen as error:
                found |= error.findings
            else:
                return ()
    except KeyboardInterrupt:
        raise
    except CannotSwap as refusal:
        return (refusal.reason,)
    except BaseException as error:  # noqa: BLE001  statements of the program may raise anything
        return (_stays_away(names, explain(error)),)
    return (_stays_away(names, "its consequences do not settle"),)


def _stays_away(names: tuple[str, ...], why: str) -> Reason:
    return Reason(
        code="HS509",
        what=f"what {', '.join(names)} put away could not be made again",
        where=names[0],
        why=why,
        remedy="save again, or restart",
    )
