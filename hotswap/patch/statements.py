"""One statement of a module or class body, run again in the live namespace; definitions keep their identity."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any, Protocol

from hotswap.codefacts import all_codes
from hotswap.factfinder import facts_of
from hotswap.facts import Facts
from hotswap.journal import MISSING
from hotswap.looking import is_a, is_any, is_instance, own_space
from hotswap.model import Name
from hotswap.patch.equality import Parts, is_plain, same_value
from hotswap.patch.functions import Merger, same_definition
from hotswap.patch.sharing import Shared
from hotswap.resolving import home_of, is_alias, resolves_to
from hotswap.source import Source, StatementPath
from hotswap.syntax import assignments, is_place

CLASS_MACHINERY = frozenset(
    (
        "__module__",
        "__qualname__",
        "__dict__",
        "__weakref__",
        "__classcell__",
        "__classdictcell__",
        "__firstlineno__",
        "__static_attributes__",
        "__annotate__",
        "__annotate_func__",
        "__annotations_cache__",
        "__conditional_annotations__",
    )
)

Execute = Callable[[CodeType, dict[str, Any], dict[str, Any] | None], None]
"""Runs code with globals and locals; given by the transaction, which observes what is called."""


def is_bare_string(node: ast.stmt) -> bool:
    """A string that stands alone; compiled alone it would become a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def compile_statement(source: Source, node: ast.stmt) -> CodeType:
    """The code of one top-level statement, as it is in the whole module: lines, flags and qualified names agree."""
    module = ast.Module([node], [])
    code: CodeType = compile(module, source.path, "exec", flags=source.future_flags, dont_inherit=True)
    return code


def compile_member(source: Source, path: StatementPath) -> CodeType:
    """The code of a class body that holds only the statement at the path: names are mangled as in the whole class."""
    node: ast.stmt = source.statement(path)
    for depth in range(len(path) - 1, 0, -1):
        owner = source.statement(path[:depth])
        assert isinstance(owner, ast.ClassDef)
        shell = ast.ClassDef(name=owner.name, bases=[], keywords=[], body=[node], decorator_list=[])
        if sys.version_info >= (3, 12):
            shell.type_params = []
        node = ast.copy_location(shell, owner)
    code = compile_statement(source, node)
    names = [source.statement(path[:n]).name for n in range(1, len(path))]  # type: ignore[attr-defined]  # classes
    return next(c for c in all_codes(code) if c.co_qualname == ".".join(names) and "__qualname__" in c.co_names)


@dataclass(slots=True)
class Effect:
    """What a statement did to names: the values that it bound, and which of them were changed in place."""

    bound: dict[str, Any] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    equal: list[Any] = field(default_factory=list)
    """The objects that stay because what was made anew equals them."""


class Past(Protocol):
    """What is known of the names that a statement binds, from before."""

    def was(self, name: str) -> Any:
        """What the name held, or MISSING."""

    def owned(self, name: str) -> bool:
        """Whether what it held was made for it alone: by a `def` or `class`, or by an assignment of something new."""

    def was_defined(self, name: str) -> bool:
        """Whether it held what a `def` or `class` made."""

    def is_last(self, name: str) -> bool:
        """Whether what the statement gives to the name, or what is made of that, is what it holds at the end."""

    def is_held(self, value: object) -> bool:
        """Whether a name of the module held the object."""

    def brought(self) -> set[str]:
        """The names that star imports of the statement bring, now that it ran."""

    def is_shared(self, names: Collection[str], old: Any, parts: Parts) -> bool:
        """Whether an old value is not that of these names alone, to which the statement gives an equal one."""


def run_in_module(
    source: Source,
    node: ast.stmt,
    facts: Facts,
    past: Past,
    namespace: dict[str, Any],
    merger: Merger,
    execute: Execute,
) -> Effect:
    """Run a top-level statement again; definitions keep their identity.

    The namespace must be in the journal already, and must hold what the names hold at the statement's place.
    """
    if is_bare_string(node) and "__doc__" not in facts.binds:
        return Effect()
    code = compile_statement(source, node)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        bound: dict[str, Any] = {}
        before = {name: namespace.get(name, MISSING) for name in facts.binds}
        execute(code, namespace, bound)
        for name, value in before.items():  # `global` in a class body
            if name not in bound and namespace.get(name, MISSING) is not value:
                bound[name] = namespace[name]
    else:
        forget_annotations(namespace, facts)
        before = dict(namespace)
        execute(code, namespace, None)
        surely = (facts.binds - facts.maybe) | past.brought()
        bound = {n: v for n, v in namespace.items() if before.get(n, MISSING) is not v or n in surely}
    bound.pop("__builtins__", None)
    effect = Effect()
    for name, value in bound.items():
        old = past.was(name)
        together = [other for other, held in bound.items() if held is value]
        kept = value if old is value else merge_name(node, facts, name, value, past, merger, together)
        if kept is old and not same_value(old, value):
            effect.touched.add(name)
        if kept is old and old is not value:
            effect.equal.append(old)
        namespace[name] = effect.bound[name] = kept
    return effect


def forget_annotations(space: dict[str, Any], facts: Facts) -> None:
    """What the statement annotates is annotated again if it comes to that."""
    annotations: Any = space.get("__annotations__")
    for name in facts.annotates if type(annotations) is dict else ():
        annotations.pop(name, None)


def merge_name(
    node: ast.stmt, facts: Facts, name: str, value: Any, past: Past, merger: Merger, together: Collection[str]
) -> Any:
    """The live object made new, when the statement defines the name, else the new value (or its equal old one).

    `together` are all names to which the statement gives the value.
    """
    assert merger.module is not None
    full, old = (merger.module, name), past.was(name)
    owned = old is not MISSING and past.owned(name) and not is_alias(old, name) and not is_foreign(old, merger)
    owned = owned and not merger.are_apart(old, value)
    if name in facts.defines or makes_function(node, name, value, past):
        if is_alias(value, name):
            merger.succeed(full, [old] if owned else [], value)
            return value
        # A class that a call has made says that it belongs to the module of whoever made it.
        if owned and is_renamed(old, value) and past.was_defined(name) == (name in facts.defines):
            rename(value, old)
        return merger.define(full, old if owned else MISSING, value, is_last=past.is_last(name))
    may_stay = is_plain(value) or not is_taken_over(node, facts, name, past)
    if old is not MISSING and may_stay and same_value(old, value, parts := Parts()):
        if all(past.was(other) is old for other in together) and not past.is_shared(together, old, parts):
            return old
    if owned and (merger.has_moved(old, value) or merger.is_renamed(old, value)):
        return merger.move(old, value)
    merger.keep_parts(MISSING if is_taken_over(node, facts, name, past) else old, value)
    formers = merger.formers.of(full) if past.is_last(name) else []
    merger.succeed(full, [*([old] if owned else []), *(each for each in formers if each is not old)], value)
    return value


def is_taken_over(node: ast.stmt, facts: Facts, name: str, past: Past) -> bool:
    """Whether the name is one more for an object of somebody else: it stays that very object, however equal."""
    if any(each.bound == name for each in facts.imports) or name in past.brought():
        return True
    return takes_from_a_name(node)


def takes_from_a_name(node: ast.stmt) -> bool:
    """Whether an assignment in the statement gives one name what another one holds."""
    return any(each.value is not None and is_place(each.value) for each in assignments(node))


def taken_members(*nodes: ast.stmt | None) -> frozenset[str]:
    """The members of a class to which a version of its statement gives what another name holds."""
    found: set[str] = set()
    for statement in (s for node in nodes if isinstance(node, ast.ClassDef) for s in node.body):
        for each in assignments(statement) if takes_from_a_name(statement) else ():
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(found)


def defined_members(node: ast.stmt, prefix: str = "") -> frozenset[str]:
    """The qualified names that nothing but `def` or `lambda` binds in a class, and in the classes of its body."""
    if not isinstance(node, ast.ClassDef):
        return frozenset()
    prefix = f"{prefix}{node.name}."
    bound: set[str] = set()
    found: set[str] = set()
    for each in node.body:
        facts = facts_of(each, postponed=True, first=False, owner=node.name)
        own = facts.defines | {n for n in facts.binds if any(is_lambda(made, n) for made in assignments(each))}
        found |= own
        bound |= facts.binds - own
    names = frozenset(f"{prefix}{name}" for name in found - bound)
    return names.union(*(defined_members(inner, prefix) for inner in node.body))


def makes_function(node: ast.stmt, name: str, value: Any, past: Past) -> bool:
    """Whether an assignment makes a function of its own (`f = lambda …`, `f = factory(…)`), before and after."""
    old = past.was(name)
    if same_class(old, value):
        return True
    is_function = is_any(old, FunctionType, functools._lru_cache_wrapper)
    if not is_function or not any(makes(each, name) for each in assignments(node)):
        return False
    return not past.is_held(value) and past.owned(name)


def makes(node: ast.Assign | ast.AnnAssign, name: str) -> bool:
    """Whether the assignment gives the name a function that was made there, or what a call returned."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    named = any(isinstance(target, ast.Name) and target.id == name for target in targets)
    return named and isinstance(node.value, ast.Lambda | ast.Call)


def is_lambda(node: ast.Assign | ast.AnnAssign, name: str) -> bool:
    """Whether the assignment gives the name a function that is made there."""
    return isinstance(node.value, ast.Lambda) and makes(node, name)


def same_class(old: Any, value: Any) -> bool:
    """Whether two classes are the old and the new version of one definition."""
    if not is_instance(old, type) or not is_instance(value, type):
        return False
    return (old.__module__, old.__qualname__) == (value.__module__, value.__qualname__)


def is_renamed(old: Any, value: Any) -> bool:
    """Whether a class says that it belongs to another module than the one that defines it (packages do that)."""
    if not is_instance(old, type) or not is_instance(value, type):
        return False
    return old.__qualname__ == value.__qualname__ and old.__module__ != value.__module__


def rename(cls: type, old: type) -> None:
    """Let a class say that it belongs where its old version says, because whoever gave it that name does not again.

    Its functions say so too, if somebody has renamed those of the old one.
    """
    before, name = cls.__module__, old.__module__
    type.__setattr__(cls, "__module__", name)
    for kind in (FunctionType, staticmethod, classmethod):
        known, made = dict(functions_of(old, kind)), dict(functions_of(cls, kind))
        if any(made[leaf].__module__ == before != known[leaf].__module__ == name for leaf in known.keys() & made):
            for function in made.values():
                if function.__module__ == before:
                    function.__module__ = name


def functions_of(cls: type, kind: type) -> Iterator[tuple[str, FunctionType]]:
    """The functions that a class body defined, or that a decorator made for the class, which are of that kind."""
    for leaf, value in own_space(cls).items():
        member: Any = value.__func__ if is_any(value, staticmethod, classmethod) else value
        if type(value) is kind and is_a(member, FunctionType):
            yield leaf, member


def is_foreign(value: Any, merger: Merger) -> bool:
    """Whether a function was defined by another module and only imported here: it must not be poured into."""
    if not is_instance(value, FunctionType) or merger.module is None:
        return False
    home = home_of(value)
    return home != merger.module and resolves_to(sys.modules.get(home), value)


@dataclass(frozen=True, slots=True)
class ClassBody:
    """What the body of a class holds at the place of a statement (it is written to), and what its names held before."""

    owner: type
    space: dict[str, Any]
    was: Callable[[str], Any]
    is_last: Callable[[str], bool]
    """Whether what the statement gives to a name, or what is made of that, is what it holds at the end."""
    is_shared: Shared


def run_in_class(
    source: Source,
    path: StatementPath,
    body: ClassBody,
    namespace: dict[str, Any],
    merger: Merger,
    execute: Execute,
    *,
    took: bool,
) -> Effect:
    """Run one statement of a class body again; writes nothing to the class.

    `took`: its version of before took what another name held, which is not to become what it makes now.
    """
    owner, space = body.owner, body.space
    if is_bare_string(source.statement(path)) and "__doc__" not in source.facts(path).binds:
        return Effect()
    code, facts = compile_member(source, path), source.facts(path)
    forget_annotations(space, facts)
    before = dict(space)
    execute(code, namespace, space)
    effect = Effect()
    surely = facts.binds - facts.maybe
    for name, bound in space.items():
        if name in CLASS_MACHINERY or name == "__annotations__":
            continue
        if bound is before.get(name, MISSING) and name not in surely:
            continue
        value, old = implicit_kind(name, bound), body.was(name)
        assert merger.module is not None
        takes = took or takes_from_a_name(source.statement(path))
        if takes and type(value) in (list, dict, set, FunctionType):
            kept = value
        else:
            node = source.statement(path)
            full, is_last = (merger.module, f"{owner.__qualname__}.{name}"), body.is_last(name)
            kept = merge_member(node, facts, full, old, value, merger, is_last=is_last)
            together = [other for other, held in space.items() if held is bound]
            if kept is old is not value and not is_own(old, value, together, body):
                kept = value
        if kept is old and kept is not value:
            effect.touched.add(name)
        effect.bound[name] = kept
    return effect


def is_own(old: Any, value: Any, together: Collection[str], body: ClassBody) -> bool:
    """Whether what a class held may stand for an equal new value; what is no plain data may."""
    if not same_value(old, value, parts := Parts()):
        return True
    return all(body.was(other) is old for other in together) and not body.is_shared(together, old, parts)


def implicit_kind(name: str, value: Any) -> Any:
    """What `type` makes of functions with these names when a class is built."""
    if is_instance(value, FunctionType):
        if name == "__new__":
            return staticmethod(value)
        if name in ("__init_subclass__", "__class_getitem__"):
            return classmethod(value)
    return value


def merge_member(
    node: ast.stmt, facts: Facts, name: Name, old: Any, value: Any, merger: Merger, *, is_last: bool
) -> Any:
    """As `merge_name`, for a class."""
    leaf = name[1].rpartition(".")[2]
    owned = MISSING if old is MISSING or is_alias(old, name[1]) or is_foreign(old, merger) else old
    if leaf in facts.defines:
        return merger.define(name, owned, value, is_last=is_last)
    is_made = any(is_lambda(each, leaf) for each in assignments(node))
    if is_a(owned, FunctionType) and is_a(value, FunctionType) and (is_made or same_definition(owned, value)):
        return value if is_alias(value, name[1]) else merger.define(name, owned, value, is_last=is_last)
    if is_any(value, *_WRAPPERS) and type(owned) is type(value):
        return merger.define(name, owned, value, is_last=is_last)
    if merger.is_renamed(owned, value):
        return merger.move(owned, value)
    merger.keep_parts(owned, value)
    return old if old is not MISSING and same_value(old, value) else value


_WRAPPERS = (staticmethod, classmethod, property, functools.cached_property)
