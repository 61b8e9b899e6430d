"""What a cell or line says about names: which it imports from modules, which it binds otherwise.  Pure."""

from __future__ import annotations

import ast
import dis
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import resolve_name
from types import CodeType
from typing import Any

from hotswap.parsing import parse

CONDITIONAL = (ast.If, ast.For, ast.While, ast.ExceptHandler, ast.Match, ast.AsyncFor)
TRANSPARENT_MAGICS = ("time", "capture", "prun")
"""Cell magics whose body is run in the session's namespace."""


@dataclass(frozen=True, slots=True)
class Import:
    """One name of one `from … import …`; of a star it is "*".  `sure`: it ran if the cell came to its end."""

    module: str
    attribute: str
    name: str
    sure: bool

    @property
    def star(self) -> bool:
        """Whether it brings all names of the module."""
        return self.attribute == "*"


@dataclass(frozen=True, slots=True)
class Names:
    """The from-imports, in order, and every name that is bound in another way."""

    imports: tuple[Import, ...] = ()
    binds: frozenset[str] = frozenset()


# ---------------------------------------------------------------------- in a text


def names_in_text(text: str, package: str = "") -> Names:
    """Those of a cell, as Python.  One that cannot be compiled has none, for it does not run."""
    try:
        tree = parse(text)
        binds = frozenset(bound_names(text)) | walrus_targets(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Names()
    inner = [names_in_text(body, package) for body in bodies_of_magics(tree)]
    imports = (*imports_in(tree.body, package, sure=True), *(i for names in inner for i in names.imports))
    return Names(imports, binds.union(*(names.binds for names in inner)))


def imports_in(body: Iterable[ast.stmt], package: str, *, sure: bool) -> Iterator[Import]:
    """The from-imports among these statements, not those inside of functions and classes."""
    for node in body:
        if isinstance(node, ast.ImportFrom):
            module = _absolute(node.level, node.module or "", package)
            if module:
                yield from (Import(module, a.name, a.asname or a.name, sure) for a in node.names)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for field in ("body", "handlers", "orelse", "finalbody", "cases"):
                certain = sure and field in ("body", "finalbody") and not isinstance(node, CONDITIONAL)
                yield from imports_in(getattr(node, field, ()), package, sure=certain)


def bodies_of_magics(tree: ast.Module) -> Iterator[str]:
    """The texts that `%%time` and its like run as if they stood there themselves."""
    for node in tree.body:
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "run_cell_magic":
            match [a.value if isinstance(a, ast.Constant) else None for a in call.args]:
                case [str(magic), str(), str(text)] if magic in TRANSPARENT_MAGICS:
                    yield text


def bound_names(text: str) -> Iterator[str]:
    """Every name that the text binds in the namespace it runs in, other than by an import.  Raises SyntaxError."""
    todo = [symtable.symtable(text, "<cell>", "exec")]
    while todo:
        table = todo.pop()
        todo += table.get_children()
        for symbol in table.get_symbols():
            own = table.get_type() == "module" or symbol.is_global()
            if own and (symbol.is_assigned() or symbol.is_namespace()):
                yield symbol.get_name()


def walrus_targets(tree: ast.AST) -> frozenset[str]:
    """The names that `:=` binds; symtable does not tell of those in comprehensions."""
    return frozenset(node.target.id for node in ast.walk(tree) if isinstance(node, ast.NamedExpr))


# ---------------------------------------------------------------------- in a code object

JUMPS = frozenset((*dis.hasjrel, *dis.hasjabs))
IMPORT_STAR = 2
"""The number of that intrinsic (3.12 and newer)."""


def names_in_code(code: CodeType, package: str = "") -> Names:
    """Those of a statement of which only the code is known.  Its imports are sure if it has no jumps."""
    steps = list(dis.get_instructions(code))
    sure = not any(step.opcode in JUMPS for step in steps)
    imports: list[Import] = []
    binds = set(bound_within(code))
    constants: list[Any] = [None, None]
    module = taken = ""
    for step in steps:
        if step.opname in ("LOAD_CONST", "LOAD_SMALL_INT"):
            constants = [constants[-1], step.argval]
        elif step.opname == "IMPORT_NAME":
            module, taken = _absolute(constants[0], step.argval, package), ""
        elif step.opname == "IMPORT_FROM":
            taken = step.argval
        elif step.opname == "IMPORT_STAR" or (step.opname == "CALL_INTRINSIC_1" and step.arg == IMPORT_STAR):
            imports.append(Import(module, "*", "*", sure))
        elif step.opname in BINDING:
            if taken and module:
                imports.append(Import(module, taken, step.argval, sure))
            else:
                binds.add(step.argval)
            taken = ""
    return Names(tuple(imports), frozenset(binds))


BINDING = ("STORE_NAME", "STORE_GLOBAL", "DELETE_NAME", "DELETE_GLOBAL")


def bound_within(code: CodeType) -> Iterator[str]:
    """The global names that the functions in it bind."""
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from (s.argval for s in dis.get_instructions(inner) if s.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"))
            yield from bound_within(inner)


def _absolute(level: object, module: str, package: str) -> str:
    """The absolute name of the module; empty when there is none."""
    try:
        return resolve_name("." * level + module, package) if isinstance(level, int) and level else module
    except ImportError:
        return ""
