"""What statements that ran again did a second time, outside of the program or in it."""

from __future__ import annotations

import ast
import os
import re
import traceback
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from hotswap.events import behaviour
from hotswap.graph import lines_of
from hotswap.model import Edit, Name, Place, Reason, Step
from hotswap.planning.editions import Editions
from hotswap.planning.effects import bare_calls, lasting
from hotswap.report import error_text
from hotswap.source import first_line


def done_twice(step: Step, editions: Editions, made_again: AbstractSet[Name]) -> Iterator[Reason]:
    """Warnings of what a statement has done once more.

    Not of what it did with something new, where the old one was put away (`made_again`).
    """
    if step.module not in editions.index.modules or editions.old_place((step.module, step.statement)) is None:
        return
    edition = editions.new(step.module)
    if any((step.module, root) in made_again for root in edition.facts(step.statement).roots):
        return
    for effect in lasting(edition, step.statement):
        if effect.about is None and editions.matching(step.module).fate(step.statement) == "same":
            yield _done_again(edition.tracked.path, step, effect.words)


def _done_again(path: str, step: Step, words: str) -> Reason:
    return Reason(
        code="HS403",
        what=f"`{words}` ran again",
        where=f"{path}:{step.line}",
        why="what it did before stays",
        remedy="if that is too much, restart, or put away in @hotswap.on_dispose what it did",
    )


def added_twice(editions: Editions, place: Place, name: Name) -> Reason:
    """Why a round cannot go on: what a statement did before cannot be told from what it did now."""
    source = editions.new(place[0]).source
    return Reason(
        code="HS402",
        what=f"a statement that ran again added to {name[0]}.{name[1]}",
        where=f"{source.path}:{first_line(source.statement(place[1]))}",
        why="what it added the first time cannot be told from the rest",
        remedy="restart",
    )


def not_called_again(
    editions: Editions, place: Place, called: AbstractSet[Name], happened: AbstractSet[Name]
) -> Reason | None:
    """Why a round cannot go on: a library called an edited function when a call ran first, and does so once only."""
    before, node = editions.old_place(place), editions.node(place)
    if before is None or not isinstance(node, ast.Expr) or editions.matching(place[0]).fate(place[1]) != "same":
        return None
    tracked = editions.index.modules[before[0]]
    footprint = tracked.footprint(*lines_of(tracked.source.statement(before[1])))
    missed = sorted(f for f in (footprint.called if footprint is not None else ()) if behaviour(f) in happened)
    missed = [function for function in missed if function not in called]
    if not missed or not any(True for _ in lasting(editions.new(place[0]), place[1])):
        return None
    return Reason(
        code="HS405",
        what=f"`{_in_words(node)}` has not called {'.'.join(missed[0])} again, which was edited",
        where=f"{tracked.path}:{first_line(node)}",
        why="the library does that only once",
        remedy="restart",
    )


def loaded_twice(editions: Editions, place: Place, module: str) -> Reason:
    """Why a round cannot go on: a module was made once more, by a loader that the program calls itself."""
    source = editions.new(place[0]).source
    return Reason(
        code="HS402",
        what=f"a statement that ran again loaded {module} a second time",
        where=f"{source.path}:{first_line(source.statement(place[1]))}",
        why="who holds what is in the first one would keep that",
        remedy="restart, or import it by its name",
    )


ALREADY = re.compile(
    r"already|conflict|duplicat|overwrit|redefin|\bexist(s|ing)\b|no longer|\btwice\b|\bonce\b|second time",
    re.IGNORECASE,
)
"""How libraries say that what they are asked for has been done before."""
TOO_LATE = re.compile(
    r"can no longer|has already (handled|started|been started)|(after|once|because) .{0,60}\bstarted\b"
    r"|\bfrozen (router|list|app)",
    re.IGNORECASE,
)
"""How they say that it should have been done before the program began to work: a route after the first request."""
_OWN = os.path.dirname(os.path.dirname(__file__)) + os.sep
"""The folder of hotswap itself."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def refused_by_library(error: Exception, place: Place, editions: Editions) -> Reason | None:
    """Why a statement raised although nothing may be wrong with it: a library lets it happen once, or at first, only.

    None when that cannot be told from a mistake in the sources: the statement has not run before, only computes
    something, raised in the program's own code, or the error says nothing of the kind.
    """
    node, source, text = editions.node(place), editions.new(place[0]).source, error_text(error)
    ran_before = editions.old_place(place) is not None and _tells_others(node)
    is_second = ran_before and ALREADY.search(text) is not None
    if not is_second and not TOO_LATE.search(text):
        return None
    frames = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = {tracked.path for tracked in editions.index.modules.values()} | {source.path}
    if source.path not in frames or frames[-1] in ours or frames[-1].startswith(_OWN):
        return None
    return Reason(
        code="HS405",
        what=f"`{_in_words(node)}` {'refuses to run a second time' if is_second else 'comes too late'}: {text}",
        where=f"{source.path}:{first_line(node)}",
        why="what it did when it ran before cannot be taken back"
        if is_second
        else "the library takes that only before the program has begun its work",
        remedy="restart",
    )


def _tells_others(node: ast.stmt) -> bool:
    """Whether the statement stands there for what it does: a bare call, or a definition in the hands of others."""
    if isinstance(node, _DEFINITIONS):
        return bool(node.decorator_list) or isinstance(node, ast.ClassDef)
    return any(True for _ in bare_calls(node))


def _in_words(node: ast.stmt) -> str:
    if isinstance(node, _DEFINITIONS):
        return f"@{_called(node.decorator_list[0])}" if node.decorator_list else f"class {node.name}"
    call = next(bare_calls(node), None)
    return _called(call) if call is not None else ast.unparse(node).partition("\n")[0]


def _called(node: ast.expr) -> str:
    return f"{ast.unparse(node.func)}(…)" if isinstance(node, ast.Call) else ast.unparse(node)


def removed_effect(edit: Edit, node: ast.stmt) -> Reason:
    """Why a round cannot go on: a statement is gone, and what it did cannot be found."""
    return Reason(
        code="HS401",
        what="a call was removed from the source",
        where=f"{edit.path}:{first_line(node)} (before the edit)",
        why="what it did when it ran cannot be taken back",
        remedy="restart",
    )
