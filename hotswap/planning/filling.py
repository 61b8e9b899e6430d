"""What statements were seen to fill, and instances that they fill by way of methods, which no text tells.  Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from types import FunctionType
from typing import TYPE_CHECKING, Any

from hotswap.deposits import Deposit
from hotswap.graph import lines_of
from hotswap.index import Tracked
from hotswap.looking import is_a, is_any, look_up
from hotswap.model import Name, Place
from hotswap.planning.live_names import DEFINITIONS, name_of_holder, value_of
from hotswap.resolving import resolve_value
from hotswap.source import StatementPath
from hotswap.syntax import Chain
from hotswap.targets import CONTAINERS, LARGEST, within

if TYPE_CHECKING:  # it asks here
    from hotswap.planning.edition import Edition
    from hotswap.planning.editions import Editions


def deposits_of(tracked: Tracked, path: StatementPath, without: Iterable[ast.stmt] = ()) -> list[Deposit] | None:
    """What a statement of the source that runs has put into containers and objects; None if nobody knows.

    `without` are statements in it that are looked at by themselves.
    """
    if not tracked.deposits:
        return None
    footprint = tracked.footprint(*lines_of(tracked.source.statement(path)), [lines_of(each) for each in without])
    return footprint.deposits if footprint is not None and not footprint.is_unclear else None


def has_left_something(edition: Edition, path: StatementPath) -> bool:
    """Whether a statement of the sources that run until now gives no name a value, but put something somewhere."""
    return len(path) == 1 and not edition.facts(path).binds and bool(deposits_of(edition.tracked, path))


def is_known_of(editions: Editions, place: Place, name: Name) -> bool:
    """Whether it is known what a statement had put into a container, so that just that can be taken back."""
    before = editions.old_place(place)
    if len(place[1]) > 1 and "." in name[1]:
        return False  # what the body of a class does to its own members is made again with these
    deposits = deposits_of(editions.index.modules[before[0]], before[1]) if before is not None else None
    value = value_of(name, editions.graph)
    if deposits is None or type(value) not in CONTAINERS or len(value) > LARGEST:
        return False
    replaced = (entry.before for each in deposits if each.target == id(value) for entry in each.entries)
    return all(token.is_found_again for token in replaced)


def filled_by_methods(edition: Edition, path: StatementPath) -> Iterator[Name]:
    """The names of the instances, at home: as it was seen when the statement ran, else those whose methods it calls."""
    deposits = edition.deposits(path)
    if deposits is None:
        yield from _receivers(edition, path)
        return
    targets = {(each.target, each.kind) for each in deposits}
    for name in set(_candidates(edition, path)) if targets else ():
        value = value_of(name, edition.graph)
        reached = within([value], edition.graph.index.modules.keys().__contains__, {})
        if _is_instance(value, edition) and any(target.key in targets for target in reached):
            yield name


def filled_as_arguments(edition: Edition, path: StatementPath) -> Iterator[Name]:
    """The containers, at home, that the statement or functions which it calls name, and that were seen to be filled.

    Which of these functions has filled them is not told by its text: it was given them, `plugin.setup(COMMANDS)`.
    """
    targets = {each.target for each in edition.deposits(path) or () if each.kind != "attributes"}
    for name in set(_candidates(edition, path)) if targets else ():
        value = value_of(name, edition.graph)
        if type(value) in CONTAINERS and id(value) in targets:
            yield name


def _candidates(edition: Edition, path: StatementPath) -> Iterator[Name]:
    for chain in edition.facts(path).reads:
        yield from _holders(edition, chain, path)
    for called in edition.called(path):
        code, home = edition.code(called), edition.graph.index.modules.get(called[0])
        for chain in code.reads if code is not None and home is not None else ():
            assert home is not None
            name = name_of_holder(home, chain, edition.graph)
            if name is not None:
                yield edition.home(name)


def _receivers(edition: Edition, path: StatementPath) -> Iterator[Name]:
    space = edition.tracked.namespace
    for chain in edition.facts(path).calls:
        owner = resolve_value(space, chain[:-1]) if len(chain) > 1 else None
        if _is_instance(owner, edition) and is_a(look_up(owner, chain[-1]), FunctionType):
            yield from _holders(edition, chain[:-1], path)


def _holders(edition: Edition, chain: Chain, path: StatementPath) -> Iterable[Name]:
    name = edition.holder(chain, path)
    return () if name is None else (name,)


def _is_instance(value: Any, edition: Edition) -> bool:
    if value is None or is_any(value, *DEFINITIONS):
        return False
    return type.__getattribute__(type(value), "__module__") in edition.graph.index.modules
