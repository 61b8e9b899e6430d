"""One statement of a module or class body, run again in the live namespace; definitions keep their identity."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any, Protocol

from hotswap.codefacts import all_codes
from hotswap.factfinder import facts_of
from hotswap.facts import Facts
from hotswap.journal import MISSING
from hotswap.looking import is_a, is_any, is_instance, own_space
from hotswap.model import Name
from hotswap.patch.functions import Merger, same_definition
from hotswap.resolving import home_of, is_alias, resolves_to
from hotswap.source import Source, StatementPath

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


class Past(Protocol):
    """What is known of the names that a statement binds, from before."""

    def was(self, name: str) -> Any:
        """What the name held, or MISSING."""

    def owned(self, name: str) -> bool:
        """Whether what it held was made for it alone: by a `def` or `class`, or by an assignment of something new."""

    def is_last(self, name: str) -> bool:
        """Whether what the statement gives to the name, or what is made of that, is what it holds at the end."""

    def is_held(self, value: object) -> bool:
        """Whether a name of the module held the object."""

    def brought(self) -> set[str]:
        """The names that star imports of the statement bring, now that it ran."""


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
        kept = value if old is value else merge_name(node, facts, name, value, past, merger)
        if kept is old and not same_value(old, value):
            effect.touched.add(name)
        namespace[name] = effect.bound[name] = kept
    return effect


def forget_annotations(space: dict[str, Any], facts: Facts) -> None:
    """What the statement annotates is annotated again if it comes to that."""
    annotations: Any = space.get("__annotations__")
    for name in facts.annotates if type(annotations) is dict else ():
        annotations.pop(name, None)


def merge_name(node: ast.stmt, facts: Facts, name: str, value: Any, past: Past, merger: Merger) -> Any:
    """The live object made new, when the statement defines the name, else the new value (or its equal old one)."""
    assert merger.module is not None
    full, old = (merger.module, name), past.was(name)
    owned = old is not MISSING and past.owned(name) and not is_alias(old, name) and not is_foreign(old, merger)
    if name in facts.defines or makes_function(node, name, value, past):
        if is_alias(value, name):
            merger.succeed(full, [old] if owned else [], value)
            return value
        if owned and is_renamed(old, value):
            rename(value, old)
        return merger.define(full, old if owned else MISSING, value, is_last=past.is_last(name))
    may_stay = is_plain(value) or not is_taken_over(node, facts, name, past)
    if old is not MISSING and may_stay and same_value(old, value):
        return old
    if owned and merger.has_moved(old, value):
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
    return any(isinstance(each.value, ast.Name | ast.Attribute) for each in assignments(node))


def taken_members(*nodes: ast.stmt | None) -> frozenset[str]:
    """The members of a class to which a version of its statement gives what another name holds."""
    found: set[str] = set()
    for statement in (s for node in nodes if isinstance(node, ast.ClassDef) for s in node.body):
        for each in assignments(statement) if takes_from_a_name(statement) else ():
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(found)


def defined_members(node: ast.stmt, prefix: str = "") -> frozenset[str]:
    """The qualified names that nothing but `def` binds in a class statement, in the classes of its body too."""
    if not isinstance(node, ast.ClassDef):
        return frozenset()
    prefix = f"{prefix}{node.name}."
    facts = [facts_of(s, postponed=True, first=False, owner=node.name) for s in node.body]
    others = {name for each in facts for name in each.binds - each.defines}
    found = {f"{prefix}{name}" for each in facts for name in each.defines - others}
    return frozenset(found).union(*(defined_members(inner, prefix) for inner in node.body))


def is_plain(value: Any) -> bool:
    """Whether nobody can tell equal ones apart, or change them."""
    return is_instance(value, _ATOMS)


def makes_function(node: ast.stmt, name: str, value: Any, past: Past) -> bool:
    """Whether an assignment makes a function of its own (`f = lambda …`, `f = factory(…)`), before and after."""
    old = past.was(name)
    if same_class(old, value):
        return True
    is_function = is_any(old, FunctionType, functools._lru_cache_wrapper)
    if not is_function or not any(makes(each, name) for each in assignments(node)):
        return False
    return not past.is_held(value) and past.owned(name)


def assignments(node: ast.stmt) -> Iterator[ast.Assign | ast.AnnAssign]:
    """The assignments in a statement that run once at the most: not those in loops, functions and classes."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        yield node
    elif isinstance(node, ast.If | ast.Try | ast.With | ast.AsyncWith | ast.Match):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield from assignments(child)
            elif isinstance(child, ast.ExceptHandler | ast.match_case):
                for inner in child.body:
                    yield from assignments(inner)


def makes(node: ast.Assign | ast.AnnAssign, name: str) -> bool:
    """Whether the assignment gives the name a function that was made there, or what a call returned."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    named = any(isinstance(target, ast.Name) and target.id == name for target in targets)
    return named and isinstance(node.value, ast.Lambda | ast.Call)


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


def same_value(old: Any, new: Any) -> bool:
    """Whether two values are the same for everybody: plain data of equal types, compared deeply."""
    if old is new:
        return True
    if type(old) is not type(new):
        return False
    if is_instance(old, _ATOMS):
        return bool(old == new) and repr(old) == repr(new)
    if type(old) in (list, tuple):
        return len(old) == len(new) and all(_same_part(a, b) for a, b in zip(old, new, strict=True))
    if type(old) in (set, frozenset):
        return bool(old == new) and all(is_instance(v, _ATOMS) for v in old)
    if type(old) is dict:
        pairs = zip(old.values(), new.values(), strict=False)
        return list(old) == list(new) and all(_same_part(a, b) for a, b in pairs)
    return False


def _same_part(old: Any, new: Any) -> bool:
    """The same for what is in a container: what somebody else holds too is that very object, however equal."""
    if type(new) in (list, dict, set) and new is not old and _references(old, new) > _ALONE:
        return False
    return same_value(old, new)


def _references(_: Any, new: Any) -> int:
    return sys.getrefcount(new)


def _count_alone(old: Any, new: Any) -> int:
    return _references(old, new)


_NESTED: tuple[list[Any], list[Any]] = [[]], [[]]
_ALONE = max(_count_alone(a, b) for a, b in zip(*_NESTED, strict=True))
"""How many references are seen of what only its container holds."""


_ATOMS = (int, float, complex, str, bytes, bool, type(None), type(Ellipsis))


@dataclass(frozen=True, slots=True)
class ClassBody:
    """What the body of a class holds at the place of a statement (it is written to), and what its names held before."""

    owner: type
    space: dict[str, Any]
    was: Callable[[str], Any]


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
            kept = merge_member(facts, (merger.module, f"{owner.__qualname__}.{name}"), old, value, merger)
        if kept is old and kept is not value:
            effect.touched.add(name)
        effect.bound[name] = kept
    return effect


def implicit_kind(name: str, value: Any) -> Any:
    """What `type` makes of functions with these names when a class is built."""
    if is_instance(value, FunctionType):
        if name == "__new__":
            return staticmethod(value)
        if name in ("__init_subclass__", "__class_getitem__"):
            return classmethod(value)
    return value


def merge_member(facts: Facts, name: Name, old: Any, value: Any, merger: Merger) -> Any:
    """As `merge_name`, for a class."""
    leaf = name[1].rpartition(".")[2]
    owned = MISSING if old is MISSING or is_alias(old, name[1]) or is_foreign(old, merger) else old
    if leaf in facts.defines:
        return merger.define(name, owned, value)
    if is_a(owned, FunctionType) and is_a(value, FunctionType) and same_definition(owned, value):
        return value if is_alias(value, name[1]) else merger.define(name, owned, value)
    if is_any(value, *_WRAPPERS) and type(owned) is type(value):
        return merger.define(name, owned, value)
    merger.keep_parts(owned, value)
    return old if old is not MISSING and same_value(old, value) else value


_WRAPPERS = (staticmethod, classmethod, property, functools.cached_property)
