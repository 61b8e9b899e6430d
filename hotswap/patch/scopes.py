"""What is known of the names around a statement that is to run: whose they are, what they keep."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType

from hotswap.diff import header
from hotswap.factfinder import facts_of
from hotswap.imprint import Imprint, take
from hotswap.index import Tracked
from hotswap.looking import is_a, is_instance
from hotswap.model import Place
from hotswap.planning.edition import Edition
from hotswap.planning.editions import Editions
from hotswap.resolving import resolve_value
from hotswap.source import StatementPath, first_line, innermost
from hotswap.trace import Footprint


def set_from_outside(node: ast.stmt, tracked: Tracked) -> set[str]:
    """Attributes that the program gave to a class after its statement had run."""
    if not isinstance(node, ast.ClassDef):
        return set()
    cls = resolve_value(tracked.namespace, (node.name,))
    if not is_instance(cls, type):
        return set()
    if tracked.imprint is not None:
        built = tracked.imprint.names.get(cls.__qualname__, frozenset(vars(cls)))
    else:
        built = _stated(node, tracked) or frozenset(vars(cls))
    return {n for n in vars(cls) if n not in built and not (n.startswith("__") and n.endswith("__"))}


def computed_attributes(edition: Edition, path: StatementPath) -> Iterator[tuple[type, str]]:
    """The attributes that `setattr` under computed names gave to classes of the module when a statement ran before.

    They are those that nobody else names, of plain classes to which no other statement does the like.  None where it
    was noted what the statement did.
    """
    imprint = edition.tracked.imprint if not edition.tracked.deposits else None
    for chain in edition.facts(path).computed if imprint is not None else ():
        assert imprint is not None
        cls = resolve_value(edition.tracked.namespace, chain)
        if type(cls) is not type or cls.__bases__ != (object,) or cls.__qualname__ not in imprint.names:
            continue
        bound = {binding.name for each in edition.paths for binding in edition.bindings(each)}
        functions = [value.__qualname__ for value in vars(cls).values() if is_a(value, FunctionType)]
        own = {(edition.module, name) for name in functions if name.startswith(f"{cls.__qualname__}.")}
        is_told = cls.__module__ == edition.module and own <= bound
        others = [p for p in edition.paths if p != path and chain in edition.facts(p).computed]
        for leaf in imprint.names[cls.__qualname__] & vars(cls).keys() if is_told and not others else ():
            is_special = leaf.startswith("__") and leaf.endswith("__")
            if not is_special and (edition.module, f"{cls.__qualname__}.{leaf}") not in bound:
                yield cls, leaf


def _stated(node: ast.ClassDef, tracked: Tracked) -> frozenset[str] | None:
    """The members that the body of the class names, if its own line is as it was."""
    old = next((s for s in tracked.source.statements if isinstance(s, ast.ClassDef) and s.name == node.name), None)
    if old is None or header(old) != header(node):
        return None
    facts = (facts_of(s, postponed=True, first=False, owner=old.name) for s in old.body)
    return frozenset(name for each in facts for name in each.binds)


def carry_imprint(
    module: str, editions: Editions, bound: Mapping[str, set[str]], kept: Mapping[tuple[str, str], int]
) -> Imprint | None:
    """What the module looks like now that some of its statements ran again and bound names.

    `kept` are members of classes that were kept although the class was made anew, with the sizes that they have by it.
    """
    tracked = editions.index.modules[module]
    if tracked.imprint is None:
        return None
    now = take(tracked.namespace, module)
    names = {
        owner: (tracked.imprint.names.get(owner, present) | bound.get(owner, set())) & present
        for owner, present in now.names.items()
    }
    changed = {f"{owner}.{name}".lstrip(".") for owner, found in bound.items() for name in found}
    blanks = {blank for blank in tracked.imprint.blanks if blank[0] not in changed}
    before, ran = tracked.imprint.sizes, {(owner, name) for owner, found in bound.items() for name in found}
    sizes = {at: size if at in ran else before.get(at, size) for at, size in now.sizes.items()} | dict(kept)
    return Imprint(names, frozenset(blanks | {blank for blank in now.blanks if blank[0] in changed}), sizes)


def carry_calls(
    module: str, editions: Editions, seen: Mapping[Place, Mapping[int, Footprint]], has_run: Callable[[Place], bool]
) -> dict[int, Footprint] | None:
    """What the statements of the newest source called, by line: seen in this round, or as before.

    One that ran only for the sake of a value at its place (not `has_run`) has left in containers what it did before.
    """
    tracked, source, matching = editions.index.modules[module], editions.source(module), editions.matching(module)
    if tracked.calls is None or source is None:
        return None
    ran = [path for home, path in seen if home == module]
    found: dict[int, Footprint] = {}
    for line, footprint in tracked.calls.items():
        before = innermost(tracked.source, line)
        path = matching.new(before) if before is not None else None
        if path is None:
            continue
        at = found.setdefault(first_line(source.statement(path)), Footprint())
        if not any(path[: len(r)] == r for r in ran):
            at.add(footprint)
            continue
        if not any(path[: len(r)] == r for r in ran if has_run((module, r))):
            at.deposits += footprint.deposits
            at.routes |= footprint.routes
        if editions.index.caching and before is not None and matching.fate(path) == "same":
            at.imported |= footprint.imported  # a cache may have answered this time
            at.listed |= footprint.listed
    for path in ran:
        for line, footprint in seen[module, path].items():
            found.setdefault(line, Footprint()).add(footprint)
    return found
