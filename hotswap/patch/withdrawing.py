"""What a statement that is gone had registered, taken out of the registries."""

from __future__ import annotations

import ast
import dis
from collections.abc import Container, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from types import CodeType, FunctionType
from typing import Any

from hotswap.codefacts import all_codes
from hotswap.containers import fill
from hotswap.errors import CannotSwap
from hotswap.facts import Facts
from hotswap.graph import Graph
from hotswap.index import Tracked
from hotswap.journal import Journal
from hotswap.looking import is_a, is_any, is_instance, own_space
from hotswap.model import Edit, Name
from hotswap.patch import abstract
from hotswap.patch.filling import filled_by
from hotswap.patch.foreign import Foreign, parts_of
from hotswap.patch.kept import is_kept
from hotswap.patch.libraries.flask_routes import is_taken_back
from hotswap.patch.recorded import apart, made_of
from hotswap.patch.registries import (
    DEFINITIONS,
    Entry,
    containers,
    definitions_of,
    entries,
    foreign_decorators,
    is_dispatch_cache,
    of_decorator,
    of_decorators,
    read_on_the_way,
    with_inner,
    withdraw,
)
from hotswap.patch.repeats import removed_effect
from hotswap.patch.worded import Removed
from hotswap.patch.words import words_of
from hotswap.planning.effects import bare_calls, is_harmless, root_of
from hotswap.resolving import resolve_value
from hotswap.source import StatementPath
from hotswap.trace import Footprint


def withdraw_removed(
    edit: Edit,
    graph: Graph,
    journal: Journal,
    members: Iterable[StatementPath] = (),
    made_again: AbstractSet[Name] = frozenset(),
    taken: Mapping[StatementPath, AbstractSet[int]] | None = None,
) -> Iterator[CannotSwap]:
    """Take what removed statements, and removed `members` of classes, registered out of the registries.

    Yields refusals where a removed call had an effect that cannot be found, unless it was made of what these names
    stand for, which is put away and made again.  `taken`: by statement the identities of containers out of which all
    was taken that it had put there.
    """
    tracked = graph.index.modules[edit.module]
    removed = edit.diff.removed if edit.diff is not None else ()
    numbers = range(len(edit.old.statements)) if edit.new is None else removed
    for path in [*((number,) for number in numbers), *members]:
        node = edit.old.statement(path)
        if len(path) > 1 or (edit.module, root_of(node)) not in made_again:
            done = taken.get(path, set()) if taken is not None else set()
            for each in (node, *_decorated_in(node, tracked.namespace)):
                yield from _withdraw_removed(edit, each, edit.old.facts(path), tracked, graph, journal, done)


def _decorated_in(node: ast.AST, namespace: Container[str]) -> Iterator[ast.stmt]:
    """The decorated definitions in the blocks of a statement, those of branches that did not run aside."""
    for child in ast.iter_child_nodes(node) if not isinstance(node, DEFINITIONS) else ():
        if isinstance(child, DEFINITIONS) and child.decorator_list and child.name in namespace:
            yield child
        elif isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _decorated_in(child, namespace)


def _withdraw_removed(
    edit: Edit,
    node: ast.stmt,
    facts: Facts,
    tracked: Tracked,
    graph: Graph,
    journal: Journal,
    done: AbstractSet[int] = frozenset(),
) -> Iterator[CannotSwap]:
    abstract.withdraw_registration(node, tracked.namespace, journal)
    footprint = graph.footprint(tracked, node, facts)
    foreign = list(foreign_decorators(node, tracked, graph))
    if not footprint.called and not footprint.constructing and not getattr(node, "decorator_list", ()):
        return
    places = containers(footprint, graph) + [place for each in foreign for place in of_decorator(each)]
    places = [place for place in (*places, *of_decorators(node, tracked, graph)) if id(place) not in done]
    if isinstance(node, DEFINITIONS):
        definitions = definitions_of(node, node, tracked, places)
    else:
        chains = {(n,) for n in facts.defines} | (facts.arguments if isinstance(node, ast.Expr) else frozenset())
        values = [resolve_value(tracked.namespace, chain) for chain in chains]
        definitions = [d for v in values if v is not None for d in with_inner(v, edit.module)]
    places, records = apart(places, footprint, graph)
    definitions += made_of(definitions, records)
    found = entries(definitions, places)
    withdraw(found, definitions, journal)
    for place in places:
        if is_a(place, dict) and any(is_dispatch_cache(place, each) for each in foreign):
            journal.remember(place)
            fill(place, {})
    gone = Removed(node, edit, graph, words_of(node, edit.module), definitions)
    mark = len(journal)
    if not done:
        gone.withdraw(filled_by(footprint, node, tracked, graph), [place for place, _ in found], journal)
    found_some = bool(found) or bool(done) or len(journal) > mark
    bound = [each for each in foreign if hasattr(each, "__self__") and not is_instance(each.__self__, type)]
    bound = [each for each in bound if not is_taken_back(each, definitions)]
    is_known = not all(_has_forgotten(each, found, definitions, graph) for each in bound)
    if isinstance(node, DEFINITIONS) and not is_known:
        is_known = is_kept(definitions, read_on_the_way(node, facts, tracked, graph, graph.code_facts), graph.index)
    is_unclear = bool(gone.unclear) and not has_put_nothing(node, footprint, tracked)
    if is_unclear or is_known or (not found_some and _leaves_something(node, footprint, edit, graph)):
        yield CannotSwap(removed_effect(edit, node))


def has_put_nothing(node: ast.stmt, footprint: Footprint, tracked: Tracked) -> bool:
    """Whether it was seen that a definition put nothing anywhere, whatever the functions fill that it called."""
    return isinstance(node, DEFINITIONS) and tracked.deposits and not footprint.is_unclear and not footprint.deposits


def _has_forgotten(decorator: Any, found: list[Entry], definitions: list[Any], graph: Graph) -> bool:
    """Whether the foreign object that a decorator belongs to tells nothing of a definition that it had registered.

    That is so if each entry of it, now withdrawn, stood under the definition's own name, and that name and the
    definition are nowhere else within the object: a click group, but not a Flask app, which has the route as well.
    """
    places = {id(place) for place in of_decorator(decorator)}
    keys = [key for place, key in found if id(place) in places]
    told = [text for each in definitions for text in own_space(each).values()]
    names = {each.__name__ for each in definitions if is_any(each, FunctionType, type)}
    names |= {text for text in told if type(text) is str}
    if not keys or not all(type(key) is str and key in names for key in keys):
        return False
    wanted, foreign = {id(each) for each in definitions}, Foreign(Journal(), graph.index, ())
    for _, content in foreign.within_reach([decorator.__self__]):
        if any(map(partial(_tells_of, keys, wanted), parts_of(content))):
            return False
    return foreign.saw_all


def _tells_of(keys: list[Any], wanted: set[int], part: Any) -> bool:
    return id(part) in wanted or (type(part) is str and part in keys)


def _leaves_something(node: ast.stmt, footprint: Footprint, edit: Edit, graph: Graph) -> bool:
    """Whether a removed call may have done something that stays, and that the new source does not do again."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    if is_harmless(node.value.func, graph.index.modules[edit.module].namespace):
        return False
    now = edit.new.statements if edit.new is not None else ()
    if any(ast.dump(node.value) == ast.dump(call) for statement in now for call in bare_calls(statement)):
        return False
    called = footprint.called.union(*footprint.constructing.values())
    return not all(_is_quiet(function, graph) for function in called)


def _is_quiet(function: Name, graph: Graph) -> bool:
    """Whether the code of a function shows that a call of it leaves nothing behind but its result."""
    tracked = graph.index.modules.get(function[0])
    codes = [code for code in all_codes(tracked.source.code) if code.co_qualname == function[1]] if tracked else []
    return bool(codes) and not any(_does_something(code) for code in codes)


def _does_something(code: CodeType) -> bool:
    """Whether the code stores anywhere but in its own variables, or calls something for the sake of what that does."""
    before = ""
    for instruction in dis.get_instructions(code):
        if instruction.opname.startswith(_STORING) or (instruction.opname == "POP_TOP" and before.startswith("CALL")):
            return True
        before = instruction.opname
    return False


# Not `STORE_GLOBAL`: such a name goes as one that a statement gave something itself.
_STORING = (
    "STORE_ATTR",
    "STORE_SUBSCR",
    "STORE_DEREF",
    "DELETE_",
    "IMPORT_",
    "YIELD_",
    "RETURN_GENERATOR",
)
