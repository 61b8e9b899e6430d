"""Entries that a statement put into the program's registries as it ran, and that must go when it does.

A registering decorator or call leaves no trace in the module that it stands in.  But it is known which functions it
called, so the containers that those functions read are known, and in them the entries that hold the definition.
"""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from hotswap.codefacts import all_codes
from hotswap.errors import CannotSwap
from hotswap.facts import Facts
from hotswap.graph import Graph
from hotswap.index import Tracked
from hotswap.journal import Journal
from hotswap.looking import is_a, is_any, is_instance, look_up, own_space
from hotswap.model import Edit, Name, Reason
from hotswap.patch import abstract
from hotswap.patch.filling import Filled, filled_by
from hotswap.patch.foreign import Difference, Foreign, copy_of
from hotswap.patch.functions import cell_content
from hotswap.patch.live import functions_within
from hotswap.patch.worded import Removed
from hotswap.patch.words import Word, words_of
from hotswap.planning.effects import bare_calls, root_of
from hotswap.reach import CodeOf, Reach
from hotswap.resolving import owner_of, resolve_value
from hotswap.source import StatementPath, first_line
from hotswap.syntax import chain_of
from hotswap.trace import Footprint

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

Entry = tuple[Any, Any]
"""A container, and the key under which it holds a definition (None for lists and sets)."""

DEPTH = 3


def containers(footprint: Footprint, graph: Graph, code_of: CodeOf | None = None) -> list[Any]:
    """The lists, dicts and sets that the called functions may have written to, with the code that they had or have."""
    code_of = code_of or graph.code_facts
    found: dict[int, Any] = {}
    for called in footprint.called.union(*footprint.constructing.values()):
        tracked, code = graph.index.modules.get(called[0]), code_of(called)
        owner = owner_of(tracked, called[1]) if tracked else None
        for part in _parts(list(vars(owner).values()), DEPTH) if owner else ():
            found[id(part)] = part
        for chain in code.reads if tracked and code else ():
            for length in range(1, len(chain) + 1):
                assert tracked is not None
                for part in _parts(resolve_value(tracked.namespace, chain[:length]), DEPTH):
                    found[id(part)] = part
    return list(found.values())


def written_by(node: ast.stmt, facts: Facts, tracked: Tracked, graph: Graph) -> list[Any]:
    """The containers that a definition which has not run yet may register itself in."""
    footprint = graph.estimate(tracked, facts)
    footprint.called |= Reach(graph.index, graph.code_facts).functions(_deriving(node, tracked))
    return [*containers(footprint, graph), *of_decorators(node, tracked)]


def _deriving(node: ast.stmt, tracked: Tracked) -> Iterator[Any]:
    """The functions that a class statement runs: of its bases, and of their metaclasses."""
    keywords = [each.value for each in getattr(node, "keywords", ()) if each.arg == "metaclass"]
    for expression in (*getattr(node, "bases", ()), *keywords):
        chain = chain_of(expression)
        value = resolve_value(tracked.namespace, chain) if chain else None
        if is_instance(value, type):
            found = (look_up(cls, name) for cls in (value, type(value)) for name in _WHEN_DERIVED)
            yield from (each for each in found if is_any(each, FunctionType, staticmethod, classmethod))


_WHEN_DERIVED = ("__init_subclass__", "__new__", "__init__")


def of_decorator(decorator: Any) -> list[Any]:
    """The containers that a foreign decorator keeps: in its closure, or in the object that it belongs to."""
    found: dict[int, Any] = {}
    for cell in getattr(getattr(decorator, "__func__", decorator), "__closure__", None) or ():
        for part in _parts(cell_content(cell), DEPTH):
            found[id(part)] = part
    for part in _parts(getattr(decorator, "__self__", None), DEPTH):
        found[id(part)] = part
    return list(found.values())


def _parts(value: Any, depth: int) -> Iterator[Any]:
    if depth == 0:
        return
    if is_a(value, WeakKeyDictionary):
        yield value.data  # type: ignore[attr-defined]  # the dictionary inside; there is no public way to its content
    if is_any(value, dict, list, set):
        yield value
        parts = list(dict.values(value) if is_a(value, dict) else value) if len(value) < 10_000 else []
    elif is_any(value, type, ModuleType, FunctionType):
        return
    else:
        parts = list(own_space(value).values())
    for inner in parts:
        yield from _parts(inner, depth - 1) if is_any(inner, dict, list, set) else ()


def entries(definitions: Iterable[Any], places: Iterable[Any]) -> list[Entry]:
    """Where in the containers the definitions stand."""
    wanted = {id(d) for d in definitions}
    found: list[Entry] = []
    for place in places:
        if is_instance(place, dict):
            found += [(place, k) for k, v in place.items() if id(v) in wanted or id(k) in wanted or _holds(v, wanted)]
        elif any(id(v) in wanted or _holds(v, wanted) for v in place):
            found.append((place, None))
    return found


def _holds(value: Any, wanted: set[int]) -> bool:
    return is_instance(value, tuple) and any(id(v) in wanted for v in value)


def withdraw(found: Iterable[Entry], definitions: Iterable[Any], journal: Journal) -> None:
    """Take the entries out."""
    wanted = {id(d) for d in definitions}
    for place, key in found:
        journal.remember(place)  # whole, because a key that is put back would stand at the end
        if is_instance(place, dict):
            place.pop(key, None)
            continue
        kept = [v for v in place if id(v) not in wanted and not _holds(v, wanted)]
        place.clear()
        place.extend(kept) if is_instance(place, list) else place.update(kept)


def withdraw_removed(
    edit: Edit,
    graph: Graph,
    journal: Journal,
    members: Iterable[StatementPath] = (),
    made_again: AbstractSet[Name] = frozenset(),
) -> Iterator[CannotSwap]:
    """Take what removed statements, and removed `members` of classes, registered out of the registries.

    Yields refusals where a removed call had an effect that cannot be found, unless it was made of what these names
    stand for, which is put away and made again.
    """
    tracked = graph.index.modules[edit.module]
    removed = edit.diff.removed if edit.diff is not None else ()
    for number in range(len(edit.old.statements)) if edit.new is None else removed:
        node = edit.old.statements[number]
        if (edit.module, root_of(node)) not in made_again:
            yield from _withdraw_removed(edit, node, edit.old.facts((number,)), tracked, graph, journal)
    for path in members:
        yield from _withdraw_removed(edit, edit.old.statement(path), edit.old.facts(path), tracked, graph, journal)


def _withdraw_removed(
    edit: Edit, node: ast.stmt, facts: Facts, tracked: Tracked, graph: Graph, journal: Journal
) -> Iterator[CannotSwap]:
    abstract.withdraw_registration(node, tracked.namespace, journal)
    footprint = graph.footprint(tracked, node, facts)
    foreign = list(_foreign_decorators(node, tracked, graph))
    if not footprint.called and not footprint.constructing and not foreign:
        return
    places = containers(footprint, graph) + [place for each in foreign for place in of_decorator(each)]
    places += of_decorators(node, tracked)
    if isinstance(node, _DEFINITIONS):
        definitions = definitions_of(node, node, tracked, places)
    else:
        chains = {(n,) for n in facts.defines} | (facts.arguments if isinstance(node, ast.Expr) else frozenset())
        values = [resolve_value(tracked.namespace, chain) for chain in chains]
        definitions = [d for v in values if v is not None for d in with_inner(v, edit.module)]
    found = entries(definitions, places)
    withdraw(found, definitions, journal)
    for place in places:
        if is_instance(place, WeakKeyDictionary | dict) and any(is_dispatch_cache(place, each) for each in foreign):
            journal.remember(place)
            place.clear()
    gone = Removed(node, edit, graph, words_of(node, edit.module), definitions)
    mark = len(journal)
    gone.withdraw(filled_by(footprint, node, tracked, graph), [place for place, _ in found], journal)
    found_some = bool(found) or len(journal) > mark
    bound = [each for each in foreign if hasattr(each, "__self__") and not is_instance(each.__self__, type)]
    is_kept = not all(_has_forgotten(each, found, definitions, graph) for each in bound)
    if gone.unclear or is_kept or (not found_some and _leaves_something(node, footprint, edit, graph)):
        yield CannotSwap(_removed_effect(edit, node))


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
        if type(content) is not bytes and any(map(partial(_tells_of, keys, wanted), _all_in(content))):
            return False
    return foreign.saw_all


def _all_in(content: Any) -> Iterator[Any]:
    for part in [*content, *content.values()] if type(content) is dict else content:
        yield from part if is_a(part, tuple) else ()
        yield part


def _tells_of(keys: list[Any], wanted: set[int], part: Any) -> bool:
    return id(part) in wanted or (type(part) is str and part in keys)


def _leaves_something(node: ast.stmt, footprint: Footprint, edit: Edit, graph: Graph) -> bool:
    """Whether a removed call may have done something that stays, and that the new source does not do again."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
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


_STORING = (
    "STORE_ATTR",
    "STORE_GLOBAL",
    "STORE_SUBSCR",
    "STORE_DEREF",
    "DELETE_",
    "IMPORT_",
    "YIELD_",
    "RETURN_GENERATOR",
)


def _foreign_decorators(node: ast.stmt, tracked: Tracked, graph: Graph) -> Iterator[Any]:
    """The decorators of a definition that keep what they decorate: `x.register` of singledispatch, `app.route`."""
    for decorator in getattr(node, "decorator_list", ()):
        chain = chain_of(decorator.func if isinstance(decorator, ast.Call) else decorator)
        value = resolve_value(tracked.namespace, chain) if chain and len(chain) > 1 else None
        owner = resolve_value(tracked.namespace, chain[:-1]) if chain and len(chain) > 1 else None
        if is_instance(value, FunctionType) and value.__closure__ and chain and chain[-1] == "register":
            yield value
        elif is_instance(value, FunctionType) and not is_instance(owner, type | ModuleType | property):
            if value.__module__ not in graph.index.modules:
                yield MethodType(value, owner)


def is_dispatch_cache(place: Any, decorator: Any) -> bool:
    """Whether a container is where `functools.singledispatch` remembers which implementation a class gets."""
    closure = getattr(decorator, "__closure__", None) or ()
    names = getattr(getattr(decorator, "__code__", None), "co_freevars", ())
    cells = dict(zip(names, closure, strict=False))
    cache = cell_content(cells.get("dispatch_cache"))
    return cache is place or getattr(cache, "data", None) is place


def _removed_effect(edit: Edit, node: ast.stmt) -> Reason:
    return Reason(
        code="HS401",
        what="a call was removed from the source",
        where=f"{edit.path}:{first_line(node)} (before the edit)",
        why="what it did when it ran cannot be taken back",
        remedy="restart",
    )


def _appended_again(where: str, added: list[Any]) -> Reason:
    return Reason(
        code="HS402",
        what=f"a definition that is made again appended {added!r} to a list",
        where=where,
        why="what it appended the first time cannot be told from the rest of the list",
        remedy="restart",
    )


def left_behind(node: ast.stmt, old: ast.stmt | None, differences: Iterable[Difference]) -> str:
    """The name under which a definition still stands in an object of a library, when its decorators have another now.

    A library may keep something made of the definition, rather than the definition: a parser, say.  But what came in
    as the statement ran has its new name.
    """
    if old is None or not isinstance(node, _DEFINITIONS):
        return ""
    was, now = _texts_in_decorators(old), _texts_in_decorators(node)
    for container, before, after in differences if was != now else ():
        if type(before) is dict and any(name in after and name not in before for name in now - was):
            for name in was - now:
                if name in before and name in copy_of(container):
                    return name
    return ""


def _texts_in_decorators(node: ast.stmt) -> set[str]:
    parts = [part for each in getattr(node, "decorator_list", ()) for part in ast.walk(each)]
    return {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}


def registered_twice(name: str, where: str) -> Reason:
    """Why a round cannot go on: what a definition was registered as stays there under its old name."""
    return Reason(
        code="HS402",
        what=f"a definition that is made again is registered under another name, and under {name!r} too",
        where=where,
        why="what a library made of it the first time cannot be told from the rest",
        remedy="restart",
    )


def with_inner(value: Any, module: str) -> list[Any]:
    """A definition and the functions that it wraps."""
    return [value, *functions_within(value, module, set())]


@dataclass(frozen=True, slots=True)
class Registered:
    """A definition whose statement is to run again, and the containers in which it may stand, with their content."""

    definitions: list[Any]
    contents: list[tuple[Any, list[Any]]]
    foreign: list[Any]
    surely: bool
    """Whether it is decorated or derived in another way now: what it does not register again is gone."""
    where: str
    old: ast.stmt | None = None
    filled: list[Filled] = field(default_factory=list)
    lost: set[Word] = field(default_factory=set)
    """The words that it had before, and has no more."""

    @classmethod
    def before(cls, node: ast.stmt, old: ast.stmt | None, facts: Facts, tracked: Tracked, graph: Graph) -> Registered:
        """Look before the statement runs."""
        if old is None or not isinstance(node, _DEFINITIONS):
            return cls([], [], [], surely=False, where="")
        footprint, foreign = graph.footprint(tracked, old, facts), list(_foreign_decorators(old, tracked, graph))
        places = [*containers(footprint, graph), *of_decorators(old, tracked)]
        contents = [(place, list(place.items()) if is_a(place, dict) else list(place)) for place in places]
        return cls(
            definitions_of(node, old, tracked, places),
            contents,
            foreign,
            surely=_who_registers(node) != _who_registers(old),
            where=f"{tracked.path}:{first_line(node)}",
            old=old,
            filled=filled_by(footprint, old, tracked, graph) if _who_registers(node) != _who_registers(old) else [],
            lost=words_of(old, tracked.name) - words_of(node, tracked.name),
        )

    def withdraw_lost_words(
        self, edit: Edit | None, graph: Graph, journal: Journal, reached: Iterable[Any] | None
    ) -> None:
        """What stands under a word that the definition has no more goes, or all of it where it registers no more."""
        if edit is None or edit.new is None or self.old is None:
            return
        used = None if reached is None else {id(place) for place in reached}
        now = {w for n in edit.new.statements for w in words_of(n, edit.module)}
        wanted = {id(d) for d in self.definitions}
        known = [place for place, content in self.contents if _held_in(content, wanted)]
        for each in self.filled:
            is_out = used is not None and id(each.container) not in used
            words = words_of(self.old, edit.module) if is_out else self.lost - now
            gone = Removed(self.old, edit, graph, words, self.definitions if is_out else ())
            gone.withdraw([each] if words else [], known, journal)
            if gone.unclear and is_out:
                raise CannotSwap(_removed_effect(edit, self.old))

    def withdraw_what_is_not_there_again(self, journal: Journal, reached: Iterable[Any] | None) -> None:
        """What the statement registered takes the place of what it had registered before.

        `reached` are the containers that it may have written to this time: in others it is not registered any more.
        None: nobody looked.
        """
        wanted = {id(d) for d in self.definitions}
        known = None if reached is None else {id(place) for place in reached}
        for place, content in self.contents:
            is_touched = len(place) != len(content) or not _same_content(place, content)
            surely = self.surely or (known is not None and id(place) not in known)
            if is_touched or surely:
                self._settle(place, content, wanted, journal, surely=surely)

    def _settle(self, place: Any, content: list[Any], wanted: set[int], journal: Journal, *, surely: bool) -> None:
        if any(is_dispatch_cache(place, each) for each in self.foreign):
            journal.remember(place)
            place.clear()
        elif is_a(place, dict):
            self._settle_dict(place, content, wanted, journal, surely=surely)
        elif is_a(place, list):
            self._settle_list(place, content, wanted, journal)
        elif is_a(place, set):
            self._settle_set(place, content, wanted, journal)

    def _settle_set(self, place: set[Any], content: list[Any], wanted: set[int], journal: Journal) -> None:
        withdraw([(place, None)], self.definitions, journal)
        known = {id(v) for v in content}
        added, made = [v for v in place if id(v) not in known], [v for v in content if _is_made_with(v, wanted)]
        if added and made:
            self._check_as_many(added, made)
            place.difference_update(made)

    def _check_as_many(self, added: list[Any], made: list[Any]) -> None:
        """Of instances, nobody knows which the definition put there: all, or others too."""
        if len(added) != len(made):
            raise CannotSwap(_appended_again(self.where, added))

    def _settle_dict(
        self, place: dict[Any, Any], content: list[Any], wanted: set[int], journal: Journal, *, surely: bool
    ) -> None:
        gone = [k for k, v in content if (_is_one(v, wanted) or id(k) in wanted) and place.get(k) is v]
        if not gone and surely:
            gone = [k for k, v in content if _is_made_with(v, wanted) and place.get(k) is v]
            gone = gone if len(gone) == len(place) - len(content) else []
        if not gone:
            return
        known = {k for k, _ in content}
        new = [k for k in place if k not in known]
        names = dict(zip(gone, new, strict=True)) if len(gone) == len(new) else dict.fromkeys(gone)
        kept = [k for k in place if k not in names.values()] if len(gone) == len(new) else list(place)
        after = {names.get(k, k): place[names.get(k, k)] for k in kept if names.get(k, k) is not None}
        journal.remember(place)
        place.clear()
        place.update(after)

    def _settle_list(self, place: list[Any], content: list[Any], wanted: set[int], journal: Journal) -> None:
        at = [n for n, v in enumerate(content) if _is_one(v, wanted)]
        if len(place) < len(content) or any(a is not b for a, b in zip(place, content, strict=False)):
            withdraw([(place, None)] if at else [], self.definitions, journal)
            return
        added = place[len(content) :]
        entries = [v for v in added if not is_instance(v, _PLAIN)]
        if any(v not in content for v in added if is_instance(v, _PLAIN)):
            raise CannotSwap(_appended_again(self.where, [v for v in added if is_instance(v, _PLAIN)]))
        after: list[Any] = list(content)
        made = [n for n, v in enumerate(content) if _is_made_with(v, wanted)]
        if made and entries and not at:
            self._check_as_many(entries, made)
            at = made
        if len(entries) == len(at):
            for number, entry in zip(at, entries, strict=True):
                after[number] = entry
        else:
            after = [v for n, v in enumerate(content) if n not in at] + entries
        journal.remember(place)
        place[:] = after


_PLAIN = (str, int, bytes)
"""What says nothing of whose entry it is."""


def _is_one(value: Any, wanted: set[int]) -> bool:
    return id(value) in wanted or _holds(value, wanted)


def _held_in(content: list[Any], wanted: set[int]) -> bool:
    """Whether a definition was in a container: of a dictionary the content are its items."""
    return any(
        _is_one(part, wanted) for entry in content for part in (entry, *(entry[-1:] if is_a(entry, tuple) else ()))
    )


def _is_made_with(value: Any, wanted: set[int]) -> bool:
    """Whether it is an instance of a class that is defined again."""
    return id(type(value)) in wanted


def _same_content(place: Any, content: list[Any]) -> bool:
    if is_a(place, dict):
        return all(k is a and v is b for (k, v), (a, b) in zip(place.items(), content, strict=True))
    return all(a is b for a, b in zip(place, content, strict=True))


def _who_registers(node: ast.stmt) -> list[str]:
    """The decorators of a definition, the bases and keywords of a class."""
    parts = (getattr(node, name, ()) for name in ("decorator_list", "bases", "keywords"))
    return [ast.dump(each) for part in parts for each in part]


def of_decorators(node: ast.stmt, tracked: Tracked) -> list[Any]:
    """The containers in which the decorators of a definition may keep what they decorate."""
    found: dict[int, Any] = {}
    for decorator in getattr(node, "decorator_list", ()):
        chain = chain_of(decorator.func if isinstance(decorator, ast.Call) else decorator)
        value = resolve_value(tracked.namespace, chain) if chain else None
        owner = resolve_value(tracked.namespace, chain[:-1]) if chain and len(chain) > 1 else None
        kept = of_decorator(value) if is_a(value, FunctionType) else []
        for place in (*kept, *(_parts(owner, DEPTH) if owner is not None else ())):
            found[id(place)] = place
    return list(found.values())


def definitions_of(node: ast.stmt, old: ast.stmt, tracked: Tracked, places: Iterable[Any]) -> list[Any]:
    """What a definition has made: the object that its name stands for, or one that stands in a container.

    Of a class also the functions of its body that stand there.
    """
    assert isinstance(node, _DEFINITIONS)
    named = with_inner(tracked.namespace.get(node.name), tracked.name)
    if isinstance(node, ast.ClassDef):
        inner = [d for place in places for v in _values(place) for d in with_inner(v, tracked.name)]
        return named + [d for d in inner if any(_is_made_in(d, each, tracked) for each in (node, old))]
    for each in (node, old):  # its code is patched already, unless the module runs whole
        if any(_is_made_by(value, each, tracked) for value in named):
            return named
        values = [v for place in places for v in _values(place)]
        parts = [d for v in values for d in with_inner(v, tracked.name) if _is_made_by(d, each, tracked)]
        if parts:
            return parts
    return []


def _values(place: Any) -> Iterator[Any]:
    for value in dict.values(place) if is_a(place, dict) else place:
        if is_a(value, tuple):
            yield from value
        else:
            yield value


def _is_made_in(value: Any, node: ast.stmt, tracked: Tracked) -> bool:
    """Whether a function was defined in the body of the class."""
    if not is_a(value, FunctionType) or value.__globals__ is not tracked.namespace:
        return False
    is_member = value.__code__.co_qualname.startswith(f"{getattr(node, 'name', '')}.")
    return is_member and first_line(node) <= value.__code__.co_firstlineno <= (node.end_lineno or 0)


def _is_made_by(value: Any, node: ast.stmt, tracked: Tracked) -> bool:
    if not is_a(value, FunctionType) or value.__globals__ is not tracked.namespace:
        return False
    code = value.__code__
    return code.co_name == getattr(node, "name", "") and code.co_firstlineno == first_line(node)
