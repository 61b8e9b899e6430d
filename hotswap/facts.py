"""What a statement does when it runs, and what a function's code refers to.  Pure: reads trees and code only."""

from __future__ import annotations

import ast
import builtins
import dis
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType
from typing import TypeAlias
from weakref import WeakKeyDictionary

Chain: TypeAlias = tuple[str, ...]
"""A dotted name that starts at a global: ("level", "SPEED") for `level.SPEED`."""

OPAQUE_CALLS = {"exec", "eval", "globals", "locals", "vars", "__import__"}
MUTATORS = frozenset(
    "append extend insert remove pop clear update setdefault add discard sort reverse appendleft extendleft popitem "
    "difference_update intersection_update symmetric_difference_update rotate __setitem__ __delitem__ register "
    "setter getter deleter".split()
)
BUILTIN_NAMES = frozenset(vars(builtins))


@dataclass(frozen=True, slots=True)
class ImportOf:
    """One imported name: `from module import name as bound` (level dots), or `import module as bound` (name "")."""

    module: str
    level: int
    name: str
    bound: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What one statement binds, reads, calls and mutates when it runs.

    `reads` are evaluated, `calls` of them are called or iterated, `shapes` are subclassed, decorated with or
    iterated, `arguments` are handed to a call.  `defines` are bound by `def` and `class` (also inside of `if` or
    `try`).  `opaque`: it may do anything.
    """

    binds: frozenset[str]
    defines: frozenset[str]
    deletes: frozenset[str]
    reads: frozenset[Chain]
    calls: frozenset[Chain]
    shapes: frozenset[Chain]
    arguments: frozenset[Chain]
    mutates: frozenset[str]
    imports: tuple[ImportOf, ...]
    opaque: bool
    runs_code: bool
    attributes: frozenset[str]
    annotates: frozenset[str]

    @property
    def roots(self) -> frozenset[str]:
        """The globals that it reads."""
        return frozenset(chain[0] for chain in self.reads)


def facts_of(node: ast.stmt, *, postponed: bool, first: bool) -> Facts:
    """Look at one statement of a module or class body (the first may be a docstring)."""
    visitor = _Visitor(postponed=postponed)
    visitor.visit(node)
    if first:
        visitor.docstring(node)
    return visitor.facts()


class _Visitor(ast.NodeVisitor):
    """Walks what runs when the statement runs: not the bodies of functions and lambdas."""

    def __init__(self, *, postponed: bool) -> None:
        self.postponed = postponed
        self.binds: set[str] = set()
        self.defines: set[str] = set()
        self.deletes: set[str] = set()
        self.reads: set[Chain] = set()
        self.calls: set[Chain] = set()
        self.shapes: set[Chain] = set()
        self.arguments: set[Chain] = set()
        self.mutates: set[str] = set()
        self.imports: list[ImportOf] = []
        self.attributes: set[str] = set()
        self.annotates: set[str] = set()
        self.opaque = False
        self.runs_code = False
        self.local: list[set[str]] = []  # names of comprehensions and class bodies around

    def facts(self) -> Facts:
        return Facts(
            frozenset(self.binds),
            frozenset(self.defines),
            frozenset(self.deletes),
            frozenset(self.reads),
            frozenset(self.calls),
            frozenset(self.shapes),
            frozenset(self.arguments),
            frozenset(self.mutates),
            tuple(self.imports),
            self.opaque,
            self.runs_code,
            frozenset(self.attributes),
            frozenset(self.annotates),
        )

    def docstring(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            self.binds.add("__doc__")

    # ------------------------------------------------------------------ names

    def bind(self, name: str) -> None:
        if self.local:
            self.local[-1].add(name)
        else:
            self.binds.add(name)

    def read(self, chain: Chain, into: set[Chain] | None = None) -> None:
        if not any(chain[0] in names for names in self.local):
            self.reads.add(chain)
            if into is not None:
                into.add(chain)
            if len(chain) == 1 and chain[0] in OPAQUE_CALLS and into is self.calls:
                self.opaque = True

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.read((node.id,))
        elif isinstance(node.ctx, ast.Del):
            self.deletes.add(node.id)
            self.binds.add(node.id)
        else:
            self.bind(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.attributes.add(node.attr)
        chain = chain_of(node)
        if chain is None:
            self.visit(node.value)
        elif isinstance(node.ctx, ast.Load):
            self.read(chain)
        else:
            self.read(chain[:-1])
            self.mutate(chain[0])

    def mutate(self, name: str) -> None:
        if not any(name in names for names in self.local):
            self.mutates.add(name)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load) and (root := root_of(node)):
            self.mutate(root)
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        local, self.local = self.local, []  # binds in the scope around the comprehensions
        self.visit(node.target)
        self.local = local

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self.read((node.target.id,))
            self.mutate(node.target.id)
        self.visit(node.target)

    # ------------------------------------------------------------------ calls

    def called(self, node: ast.expr) -> None:
        self.runs_code = True
        chain = chain_of(node)
        if chain:
            self.read(chain, self.calls)
            self.attributes.update(chain[1:])
        else:
            self.visit(node)

    def shaped(self, node: ast.expr) -> None:
        """A base, a decorator, something iterated: what the object is counts, not only that it is there."""
        self.called(node)
        if chain := chain_of(node):
            self.read(chain, self.shapes)

    def visit_Call(self, node: ast.Call) -> None:
        self.called(node.func)
        if isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS and (root := root_of(node.func.value)):
            self.mutate(root)
        if isinstance(node.func, ast.Name) and node.func.id in ("setattr", "delattr") and node.args:
            if root := root_of(node.args[0]):
                self.mutate(root)
        for argument in [*node.args, *(k.value for k in node.keywords)]:
            chain = chain_of(argument)
            if chain:
                self.read(chain, self.arguments)
            else:
                self.visit(argument)

    def iterated(self, node: ast.expr) -> None:
        self.shaped(node) if chain_of(node) else self.visit(node)
        self.runs_code = True

    def visit_Starred(self, node: ast.Starred) -> None:
        self.iterated(node.value) if isinstance(node.ctx, ast.Load) else self.visit(node.value)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.iterated(node.iter)
        self.visit(node.target)
        for statement in [*node.body, *node.orelse]:
            self.visit(statement)

    visit_AsyncFor = visit_For

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        self.runs_code = True
        self.generic_visit(node)

    visit_AsyncWith = visit_With

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)
            if isinstance(target, ast.Tuple | ast.List):
                self.runs_code = True

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)
        if not self.postponed:
            self.visit(node.annotation)
        if not self.local and isinstance(node.target, ast.Name):
            self.binds.add("__annotations__")
            self.annotates.add(node.target.id)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self.runs_code = True
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        self.runs_code = True
        self.generic_visit(node)

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.runs_code = True
        self.iterated(node.generators[0].iter)
        self.local.append(set())
        for number, generator in enumerate(node.generators):
            self.visit(generator.target)
            if number:
                self.iterated(generator.iter)
            for condition in generator.ifs:
                self.visit(condition)
        for part in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
            self.visit(part)
        self.local.pop()

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension

    # ------------------------------------------------------------------ definitions

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.shaped(decorator)
            if isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "getter", "deleter", "register"):
                if root := root_of(decorator):
                    self.mutate(root)
        self.type_parameters(node)
        self.parameters(node.args)
        if node.returns is not None and not self.postponed:
            self.visit(node.returns)
        self.define(node.name)

    visit_AsyncFunctionDef = visit_FunctionDef

    def define(self, name: str) -> None:
        self.bind(name)
        if not self.local:
            self.defines.add(name)

    def type_parameters(self, node: ast.AST) -> None:
        names = {p.name for p in getattr(node, "type_params", ())}
        if names and self.local:
            self.local[-1] |= names

    def parameters(self, arguments: ast.arguments) -> None:
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            if default is not None:
                self.visit(default)
        if not self.postponed:
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
            for argument in every:
                if argument is not None and argument.annotation is not None:
                    self.visit(argument.annotation)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.parameters(node.args)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.runs_code = True
        for decorator in node.decorator_list:
            self.shaped(decorator)
        for base in [*node.bases, *(k.value for k in node.keywords)]:
            self.shaped(base) if chain_of(base) else self.visit(base)
            generic = chain_of(base.value) if isinstance(base, ast.Subscript) else None
            if generic:
                self.read(generic, self.shapes)
        self.local.append(set())
        self.type_parameters(node)
        for statement in node.body:
            self.visit(statement)
        self.local.pop()
        self.define(node.name)

    # ------------------------------------------------------------------ the rest

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            self.bind(bound)
            self.imports.append(ImportOf(alias.name, 0, "", alias.asname or ""))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name != "*":
                self.bind(alias.asname or alias.name)
            self.imports.append(ImportOf(node.module or "", node.level, alias.name, alias.asname or alias.name))

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.generic_visit(node)
        if node.name:
            self.bind(node.name)
            self.deletes.add(node.name)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self.bind(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self.bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.bind(node.rest)
        self.generic_visit(node)

    def visit_TypeAlias(self, node: ast.AST) -> None:
        self.bind(node.name.id)  # type: ignore[attr-defined]  # ast.TypeAlias is new in Python 3.12; its value is lazy

    def visit_Global(self, node: ast.Global) -> None:
        self.binds.update(node.names)  # in a class body


def chain_of(node: ast.expr) -> Chain | None:
    """("a", "b") for the expression `a.b`; None for anything that is not a dotted name."""
    attributes = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return (node.id, *reversed(attributes)) if isinstance(node, ast.Name) else None


def root_of(node: ast.expr) -> str | None:
    """The name at the start of an expression like `a.b[0].c`."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


# ---------------------------------------------------------------------- code objects


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What a function's code refers to, nested functions included.

    Globals (as dotted names), names that it rebinds with `global`, attributes that it reads, modules that it imports.
    """

    reads: frozenset[Chain]
    writes: frozenset[str]
    attributes: frozenset[str]
    imports: frozenset[str]


_LOADS = {"LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"}


def code_facts(code: CodeType) -> CodeFacts:
    """Read the instructions; the globals are exactly those that the compiler found."""
    known = _known.get(code)
    if known is None:
        known = _known[code] = _read_code(code)
    return known


# Weak, because whether anybody holds an old code object is told by its reference count.
_known: WeakKeyDictionary[CodeType, CodeFacts] = WeakKeyDictionary()


def _read_code(code: CodeType) -> CodeFacts:
    reads: set[Chain] = set()
    writes: set[str] = set()
    attributes: set[str] = set()
    imports: set[str] = set()
    chain: Chain | None = None
    for instruction in dis.get_instructions(code):
        name = instruction.opname
        if name in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"):
            chain = (str(instruction.argval),)
            reads.add(chain)
        elif name in _LOADS:
            attributes.add(str(instruction.argval))
            if chain is not None:
                chain = (*chain, str(instruction.argval))
                reads.add(chain)
        elif name not in ("CACHE", "PUSH_NULL"):
            chain = None
            if name in ("STORE_GLOBAL", "DELETE_GLOBAL"):
                writes.add(str(instruction.argval))
            elif name == "IMPORT_NAME":
                imports.add(str(instruction.argval))
    for inner in nested(code):
        facts = code_facts(inner)
        reads |= facts.reads
        writes |= facts.writes
        attributes |= facts.attributes
        imports |= facts.imports
    return CodeFacts(frozenset(reads), frozenset(writes), frozenset(attributes), frozenset(imports))


def nested(code: CodeType) -> Iterator[CodeType]:
    """The code objects that stand directly inside of another one."""
    return (constant for constant in code.co_consts if isinstance(constant, CodeType))


def all_codes(code: CodeType) -> Iterator[CodeType]:
    """A code object and all that are nested in it."""
    yield code
    for inner in nested(code):
        yield from all_codes(inner)


CO_NEWLOCALS = 0x2


def every_function(code: CodeType) -> Iterator[CodeType]:
    """The codes of functions, lambdas and comprehensions in a module's code; not those of class bodies."""
    return (c for c in all_codes(code) if c.co_flags & CO_NEWLOCALS)
