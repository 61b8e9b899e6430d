"""One statement of a module or class body, run again in the live namespace; definitions keep their identity."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from hotswap.facts import Facts, all_codes
from hotswap.journal import MISSING
from hotswap.patch.functions import Merger, forward
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


@dataclass(frozen=True, slots=True)
class Names:
    """What is known of the names in the scope of a statement.

    own: names that only this statement binds: those that it does not bind this time (another branch was taken, a star
    import brings less) are gone afterwards.  later: names that a later statement binds.  origin: what the names held
    before the round: a definition is poured into the one that the last binder made then.  shadowed: names that the
    statement (a star import) must leave as they are.  hidden: names that only later statements bind: while it runs they
    are not there, as in a fresh process.
    """

    own: set[str]
    later: set[str]
    origin: Mapping[str, Any]
    shadowed: frozenset[str] | set[str] = frozenset()
    hidden: frozenset[str] | set[str] = frozenset()


def run_in_module(
    source: Source,
    node: ast.stmt,
    facts: Facts,
    names: Names,
    namespace: dict[str, Any],
    merger: Merger,
    execute: Execute,
) -> tuple[set[str], set[str]]:
    """Run a top-level statement again.  Returns the names bound to something else, and those changed in place.

    The namespace itself must be in the journal already.
    """
    if is_bare_string(node) and "__doc__" not in facts.binds:
        return set(), set()
    code = compile_statement(source, node)
    before = dict(namespace)
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        for name in names.own - facts.roots:
            namespace.pop(name, None)
    hidden = {n: namespace.pop(n) for n in names.hidden if n in namespace}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        staging: dict[str, Any] = {}
        execute(code, namespace, staging)
        after = {**before, **staging}
    else:
        execute(code, namespace, None)
        after = {**hidden, **namespace}
    namespace.update({n: v for n, v in hidden.items() if n not in namespace})
    return settle(node, facts, names, namespace, before, after, merger)


def settle(
    node: ast.stmt,
    facts: Facts,
    names: Names,
    namespace: dict[str, Any],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    merger: Merger,
) -> tuple[set[str], set[str]]:
    """Decide what each name that the statement bound is to hold."""
    rebound, touched = {n for n in before if n not in after}, set()
    for name, value in after.items():
        old = before.get(name, MISSING)
        if old is value or name == "__builtins__":
            if name not in namespace:
                namespace[name] = value
            continue
        if name in names.shadowed and old is not MISSING:
            namespace[name] = old
            continue
        if name in names.later and not same_class(names.origin.get(name), value):
            kept = value  # a later statement gives the name its value
        else:
            old = names.origin.get(name, MISSING)
            kept = value if old is value else merge_name(node, facts, name, old, value, names.origin, merger)
        if kept is old:
            if same_value(old, value):
                pass
            else:
                touched.add(name)
        else:
            rebound.add(name)
        namespace[name] = kept
    return rebound, touched


def merge_name(
    node: ast.stmt, facts: Facts, name: str, old: Any, value: Any, before: Mapping[str, Any], merger: Merger
) -> Any:
    """The live object made new, when the statement defines the name, else the new value (or its equal old one)."""
    if old is MISSING:
        return value
    if name in facts.defines or makes_function(node, old, value, before):
        if is_alias(old, name) or is_alias(value, name) or is_foreign(old, merger):
            if isinstance(old, FunctionType) and not is_foreign(old, merger) and not is_alias(old, name):
                if callable(value):
                    forward(old, value, merger.journal)
            return value
        return merger.define(old, value)
    if same_value(old, value):
        return old
    if is_own_function(old, name, before, merger) and callable(value):
        forward(old, value, merger.journal)
    return value


def is_own_function(old: Any, name: str, before: Mapping[str, Any], merger: Merger) -> bool:
    """Whether a function was made for this name alone, so that who holds it wants what the name stands for now."""
    if not isinstance(old, FunctionType) or old.__module__ != merger.module:
        return False
    return not is_alias(old, name) and sum(v is old for v in before.values()) == 1


def makes_function(node: ast.stmt, old: Any, value: Any, before: Mapping[str, Any]) -> bool:
    """Whether an assignment makes a function of its own (`f = lambda …`, `f = factory(…)`), before and after."""
    if same_class(old, value):
        return True
    if not isinstance(old, FunctionType) or not isinstance(node, ast.Assign | ast.AnnAssign):
        return False
    if not isinstance(node.value, ast.Lambda | ast.Call) or any(v is value for v in before.values()):
        return False
    return sum(v is old for v in before.values()) == 1


def same_class(old: Any, value: Any) -> bool:
    """Whether two classes are the old and the new version of one definition."""
    if not isinstance(old, type) or not isinstance(value, type):
        return False
    return (old.__module__, old.__qualname__) == (value.__module__, value.__qualname__)


def is_foreign(value: Any, merger: Merger) -> bool:
    """Whether a function was defined by another module and only imported here: it must not be poured into."""
    if not isinstance(value, FunctionType) or merger.module is None:
        return False
    home = sys.modules.get(value.__module__)
    return value.__module__ != merger.module and resolves_to(home, value)


def resolves_to(module: Any, value: Any) -> bool:
    """Whether a definition stands at its own qualified name in a module."""
    found: Any = module
    for part in value.__qualname__.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    return found is value


def is_alias(value: Any, name: str) -> bool:
    """Whether a definition stands under another name of its own, so that this name is only a second one."""
    qualname = getattr(value, "__qualname__", None)
    if not isinstance(value, FunctionType | type) or qualname == name or not isinstance(qualname, str):
        return False
    found: Any = sys.modules.get(value.__module__)
    for part in qualname.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    return found is value


def same_value(old: Any, new: Any) -> bool:
    """Whether two values are the same for everybody: plain data of equal types, compared deeply."""
    if old is new:
        return True
    if type(old) is not type(new):
        return False
    if isinstance(old, _ATOMS):
        return bool(old == new) and repr(old) == repr(new)
    if type(old) in (list, tuple):
        return len(old) == len(new) and all(map(same_value, old, new))
    if type(old) in (set, frozenset):
        return bool(old == new) and all(isinstance(v, _ATOMS) for v in old)
    if type(old) is dict:
        return list(old) == list(new) and all(same_value(v, new[k]) for k, v in old.items())
    return False


_ATOMS = (int, float, complex, str, bytes, bool, type(None), type(Ellipsis))


def run_in_class(
    source: Source,
    path: StatementPath,
    owner: type,
    names: Names,
    namespace: dict[str, Any],
    merger: Merger,
    execute: Execute,
) -> tuple[set[str], set[str]]:
    """Run one statement of a class body again, in the live class."""
    journal = merger.journal
    if is_bare_string(source.statement(path)) and "__doc__" not in source.facts(path).binds:
        return set(), set()
    code = compile_member(source, path)
    before = {n: v for n, v in vars(owner).items() if n not in CLASS_MACHINERY}
    space = dict(before)
    if "__annotations__" in before:
        space["__annotations__"] = dict(before["__annotations__"])
    execute(code, namespace, space)
    cell = space.get("__classcell__")
    if cell is not None:
        cell.cell_contents = owner
    facts = source.facts(path)
    rebound, touched = set(), set()
    for name in [n for n in before if n not in space]:
        journal.delete_attribute(owner, name)
        rebound.add(name)
    for name, bound in space.items():
        if name in CLASS_MACHINERY or bound is before.get(name, MISSING):
            continue
        if name == "__annotations__" and bound == before.get(name):
            continue
        value = implicit_kind(name, bound)
        old = before.get(name, MISSING) if name in names.later else names.origin.get(name, MISSING)
        kept = value if old is MISSING or name in names.later else merge_member(facts, name, old, value, merger)
        if kept is old:
            touched.add(name)
            if before.get(name, MISSING) is old:
                continue
        journal.set_attribute(owner, name, kept)
        set_name = getattr(type(kept), "__set_name__", None)
        if set_name is not None:
            set_name(kept, owner, name)
        rebound.add(name)
    return rebound, touched


def implicit_kind(name: str, value: Any) -> Any:
    """What `type` makes of functions with these names when a class is built."""
    if isinstance(value, FunctionType):
        if name == "__new__":
            return staticmethod(value)
        if name in ("__init_subclass__", "__class_getitem__"):
            return classmethod(value)
    return value


def merge_member(facts: Facts, name: str, old: Any, value: Any, merger: Merger) -> Any:
    """As `merge_name`, for a class."""
    if name in facts.defines or (isinstance(old, FunctionType) and isinstance(value, FunctionType)):
        return merger.define(old, value)
    return old if same_value(old, value) else value
