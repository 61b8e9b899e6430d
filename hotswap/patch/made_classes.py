"""Classes that a function makes: those alive follow what their statement says now, as far as it can be told."""

from __future__ import annotations

import ast
import functools
import gc
import inspect
import sys
import types
import weakref
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from hotswap.codefacts import all_codes, nested
from hotswap.codes import CodePair
from hotswap.enclosed import annotations_of, codes_around, defaults_of, node_of
from hotswap.errors import CannotSwap
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_a, own_space
from hotswap.members import Members, compare
from hotswap.model import Edit
from hotswap.patch import abstract, classes
from hotswap.patch.reasons import reason
from hotswap.patch.signatures import Signatures
from hotswap.patch.statements import implicit_kind
from hotswap.source import first_line
from hotswap.syntax import mangled


@dataclass(frozen=True, slots=True)
class Edited:
    """A class statement in a function, and what it says otherwise."""

    pair: CodePair
    node: ast.ClassDef
    members: Members
    signatures: Signatures


@dataclass(frozen=True, slots=True)
class Made:
    """A class that such a statement has made."""

    cls: weakref.ref[type]
    by: Edited


class MadeClasses:
    """The classes of a round that functions have made, and that their statements say something else of now."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._made: list[Made] = []

    def find(self, edit: Edit, namespace: dict[str, Any], bodies: Iterable[CodePair]) -> list[str]:
        """Note the living classes whose statements say something else; returns the qualified names of these."""
        edited = [each for pair in bodies if (each := _edited(edit, namespace, pair)) is not None]
        alive = list(_classes_in_functions(edit.module)) if edited else []
        for each in edited:
            self._made += [Made(weakref.ref(cls), each) for cls in alive if cls.__qualname__ == each.pair.qualname]
        return [each.pair.qualname for each in edited]

    def follow(self, anew: Collection[int], kept: Iterable[object]) -> list[CannotSwap]:
        """Give the classes what their statements say now; returns why some that are in use have to stay as they are.

        Statements have run by now, so that what they made anew (`anew`, ids) is left alone: who looks into that is told
        by what it held before.  `kept` are the containers in which the round has kept objects.
        """
        open_ones = [made for made in self._made if self._try(made, anew) is not None]
        if not open_ones:
            return []
        gc.collect()
        ours = {id(each) for each in kept} | self.journal.entries()
        waiting = [made for made in open_ones if is_in_use(made.cls, lambda o: id(o) in ours or self.journal.keeps(o))]
        return [error for made in waiting if (error := self._try(made, ())) is not None]

    def _try(self, made: Made, anew: Collection[int]) -> CannotSwap | None:
        cls = made.cls()
        return None if cls is None or id(cls) in anew else self._follow(cls, made.by)

    def _follow(self, cls: type, edited: Edited) -> CannotSwap | None:
        try:
            values = _Telling(cls, edited).values()
        except CannotSwap as error:
            return error
        stated = {name for name, value in values.items() if value is not MISSING}
        for name, value in values.items():
            if value is MISSING:
                self.journal.delete_attribute(cls, name)
                continue
            self.journal.set_attribute(cls, name, value)
            set_name = getattr(type(value), "__set_name__", None)
            if set_name is not None:
                set_name(value, cls, name)
        classes.refresh(cls, self.journal, stated)
        abstract.forget_answers(self.journal)
        return None


def is_made_class(pair: CodePair) -> bool:
    """Whether the code is that of a class statement in a function."""
    return "<locals>" in pair.qualname and not pair.new.co_flags & 0x2


def _edited(edit: Edit, namespace: dict[str, Any], pair: CodePair) -> Edited | None:
    assert edit.new is not None
    if not is_made_class(pair):
        return None
    old, new = node_of(edit.old, pair.old), node_of(edit.new, pair.new)
    if not isinstance(old, ast.ClassDef) or not isinstance(new, ast.ClassDef):
        return None
    members = compare(old, new)
    if members and sum(code.co_qualname == pair.qualname for code in all_codes(edit.old.code)) > 1:
        members = Members({}, has_other_doc=False, beyond="several class statements of that name stand in the function")
    return Edited(pair, new, members, Signatures(edit, namespace)) if members else None


def _classes_in_functions(module: str) -> Iterator[type]:
    todo, seen = [object], {object}
    while todo:
        for child in type.__subclasses__(todo.pop()):
            if child not in seen and not issubclass(child, type):
                seen.add(child)
                todo.append(child)
                if _MODULE(child) == module and "<locals>" in _QUALNAME(child):
                    yield child


# Past the metaclasses: one of these may run code of the program, or raise.
_MODULE, _QUALNAME = (type.__dict__[name].__get__ for name in ("__module__", "__qualname__"))


class _Telling:
    """What the members of one class are to be, told from its statement and from what the class has."""

    def __init__(self, cls: type, edited: Edited) -> None:
        self.cls, self.node, self.members = cls, edited.node, edited.members
        self.code, self.signatures = edited.pair.new, edited.signatures
        self.around = (*codes_around(self.signatures.new, self.code), self.code)
        self.cells = _cells_of(cls)

    def values(self) -> dict[str, Any]:
        """By name the new members; MISSING for those that go.  Raises CannotSwap for what cannot be told."""
        if self.members.beyond:
            raise self._refusal(self.members.beyond)
        if self.members.changed and not classes.plain(self.cls):
            raise self._refusal("its members were edited, and something has made more of the class than they say")
        found: dict[str, Any] = {}
        annotations = inspect.get_annotations(self.cls)
        for name, node in self.members.changed.items():
            leaf = mangled(self.node.name, name)
            found[leaf] = self._member(leaf, node)
            annotations.pop(leaf, None)
            if isinstance(node, ast.AnnAssign):
                annotations[leaf] = self._annotation(node.annotation, leaf)
        if annotations.items() != inspect.get_annotations(self.cls).items():
            found["__annotations__"] = annotations
        if self.members.has_other_doc and "__doc__" not in found:
            found["__doc__"] = ast.get_docstring(self.node, clean=False)
        return found

    def _member(self, leaf: str, node: ast.stmt | None) -> Any:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return self._function(leaf, node)
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if value is None:
            return MISSING
        return self._value(value, leaf)

    def _annotation(self, node: ast.expr, leaf: str) -> Any:
        if self.signatures.new.annotations_are_postponed:
            return ast.unparse(node)
        return self._value(node, f"the annotation of {leaf}")

    def _value(self, node: ast.expr, what: str) -> Any:
        value = self.signatures.value(node, self.around)
        if value is MISSING:
            raise self._refusal(f"{what} is said in other words, which only the call that made it could have told")
        return value

    def _function(self, leaf: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Any:
        decorators = [self._value(d, f"a decorator of {leaf}") for d in node.decorator_list]
        if any(d not in _KNOWN for d in decorators):
            raise self._refusal(f"{leaf} has a decorator, and was edited or is new")
        before = _function_in(self.cls.__dict__.get(leaf))
        member: Any = self._new_function(leaf, node) if before is None else before
        for decorator in reversed(decorators):
            member = decorator(member)
        return implicit_kind(leaf, member)

    def _new_function(self, leaf: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> FunctionType:
        line = first_line(node)
        codes = [c for c in nested(self.code) if c.co_name == node.name and c.co_firstlineno == line]
        if len(codes) != 1:
            raise self._refusal(f"{leaf} is new, and has type parameters")
        code = codes[0]
        missing = [name for name in code.co_freevars if name not in self.cells]
        if missing:
            raise self._refusal(f"{leaf} is new, and uses {', '.join(missing)} of the call that made the class")
        made = FunctionType(
            code, self.signatures.namespace, leaf, closure=tuple(self.cells[name] for name in code.co_freevars)
        )
        self._give_signature(made, node, code)
        return made

    def _give_signature(self, made: FunctionType, node: ast.FunctionDef | ast.AsyncFunctionDef, code: CodeType) -> None:
        told = {
            name: self._value(each, f"the default value of {name} in {made.__name__}")
            for name, each in defaults_of(node, code).items()
        }
        positional = code.co_varnames[: code.co_argcount]
        made.__defaults__ = tuple(told[n] for n in positional if n in told) or None
        made.__kwdefaults__ = {n: v for n, v in told.items() if n not in positional} or None
        made.__annotations__ = {n: self._annotation(each, n) for n, each in annotations_of(node, code).items()}

    def _refusal(self, why: str) -> CannotSwap:
        what = "was made by a function, and is alive"
        return CannotSwap(reason("HS212", self.cls, what, why))


_KNOWN = (staticmethod, classmethod, property, functools.cached_property, abstractmethod)


def _function_in(member: Any) -> FunctionType | None:
    """The function of a method that its class has already, which runs the new code."""
    for name in ("__func__", "fget", "func"):
        if type(member) in (staticmethod, classmethod, property, functools.cached_property):
            member = getattr(member, name, member)
    return member if is_a(member, FunctionType) else None


# ---------------------------------------------------------------------- who holds a class


def is_in_use(reference: weakref.ref[type], is_ours: Callable[[object], bool]) -> bool:
    """Whether anything refers to a class, or to an instance of it, but for what belongs to it, and what is ours."""
    if _hidden_of_class(reference) > _HIDDEN[0]:
        return True
    instances, holders = _holders(reference)
    if any(not is_ours(each) for each in holders):
        return True
    for each in instances:
        if _hidden(each) > _HIDDEN[1]:
            return True
        others = gc.get_referrers(each)
        if any(
            holder is not instances and not is_a(holder, types.FrameType) and not is_ours(holder) for holder in others
        ):
            return True
    return False


def _holders(reference: weakref.ref[type]) -> tuple[list[Any], list[Any]]:
    """The instances of a class, and what else refers to it."""
    cls = reference()
    assert cls is not None
    members = [cls.__mro__, *own_space(cls).values()]
    cells = [cell for each in members if (f := _function_in(each)) is not None for cell in f.__closure__ or ()]
    own = {id(each) for each in (*members, *cells)}
    instances, others = [], []
    for each in gc.get_referrers(cls):  # in a loop: a comprehension would hold the class in a cell
        if type(each) is cls:
            instances.append(each)
        elif id(each) not in own and not is_a(each, types.FrameType):
            others.append(each)
    return instances, others


def _hidden(target: object) -> int:
    """How many references the collector does not see: those of variables of running functions, and our own."""
    return sys.getrefcount(target) - len(gc.get_referrers(target))


def _hidden_of_class(reference: weakref.ref[type]) -> int:
    return _hidden(reference())


def _measure() -> tuple[int, int]:
    """As many are seen of a class, and of an instance, that nobody else holds."""
    reference = weakref.ref(type("probe", (), {}))
    of_class = _hidden_of_class(reference)
    of_instance = 0
    instances: list[Any] = [object.__new__(reference() or object)]
    for each in instances:  # as above: a generator would be seen to hold it
        of_instance = _hidden(each)
    return of_class, of_instance


_HIDDEN = _measure()


def _cells_of(cls: type) -> dict[str, types.CellType]:
    """The variables of the call that made the class, as far as its methods use them."""
    found = {"__class__": types.CellType(cls)}
    for member in own_space(cls).values():
        function = _function_in(member)
        if function is not None and function.__qualname__.startswith(f"{cls.__qualname__}."):
            found.update(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    return found
