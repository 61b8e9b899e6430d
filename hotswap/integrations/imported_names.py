"""Names that came to a prompt by `from module import name`, and whether they follow the module.

Functions and classes are the same objects for ever; a constant is another one after an edit.  A name follows only as
long as it is the import's: what the user bound since, by whatever statement, is never written over.
"""

from __future__ import annotations

import ast
import dis
import symtable
import sys
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from importlib.util import resolve_name
from textwrap import dedent
from types import CodeType, ModuleType
from typing import Any, Literal, TypeAlias

Policy: TypeAlias = Literal["follow", "offer", "keep"]
"""What happens to such a name when the module's value is another one: it follows, one is told how to, nothing."""

ABSENT = object()
CONDITIONAL = (ast.If, ast.For, ast.While, ast.ExceptHandler, ast.Match, ast.AsyncFor)
TRANSPARENT_MAGICS = ("time", "capture", "prun")
"""Cell magics whose body is run in the session's namespace."""


@dataclass(frozen=True, slots=True)
class Import:
    """One name of one `from … import …` in a cell; `star` of `*`.  `sure`: it ran if the cell came to its end."""

    module: str
    attribute: str
    name: str
    sure: bool

    @property
    def star(self) -> bool:
        """Whether it brings all names of the module."""
        return self.attribute == "*"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell's text says about names, and what those names held before it ran."""

    imports: tuple[Import, ...]
    binds: frozenset[str]
    before: dict[str, Any]


@dataclass(slots=True)
class Link:
    """A name at the prompt that is the module's attribute, and the object that both were last."""

    module: str
    attribute: str
    value: Any
    star: bool


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of names at the prompt in one round, each as it is called there."""

    followed: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = []
        if self.followed:
            parts.append(f"at the prompt, {', '.join(self.followed)} followed")
        if self.offered:
            parts.append(f"still old at the prompt: {', '.join(self.offered)}")
        if self.gone:
            parts.append(f"kept at the prompt, though no longer in the module: {', '.join(self.gone)}")
        return "; ".join(parts)


class ImportedNames:
    """The imported names of one namespace."""

    def __init__(self, namespace: Callable[[], MutableMapping[str, Any]]) -> None:
        self._namespace = namespace
        self._links: dict[str, Link] = {}
        self._stars: set[str] = set()
        self.policy: Policy = "follow"

    def read(self, text: str) -> Cell:
        """Look at a cell before it runs.  A text that is no Python binds nothing."""
        space = self._namespace()
        if not self._links and not self._stars and "import" not in text:
            return NOTHING
        try:
            tree = ast.parse(text)
            binds = frozenset(bound_names(text)) | walrus_targets(tree)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return NOTHING
        imports = tuple(imports_in(tree.body, str(space.get("__package__") or ""), sure=True))
        return Cell(imports, binds, {i.name: space.get(i.name, ABSENT) for i in imports})

    def read_code(self, code: CodeType) -> Cell:
        """The same of a statement that was typed at a prompt which does not tell its text."""
        space = self._namespace()
        imports, binds = names_in_code(code, str(space.get("__package__") or ""))
        return Cell(imports, binds, {i.name: space.get(i.name, ABSENT) for i in imports})

    def learn(self, cell: Cell) -> None:
        """A cell has run (perhaps not to its end): note what it imported, forget what it bound otherwise."""
        imported = {i.name for i in cell.imports}
        for name in cell.binds - imported:
            self._links.pop(name, None)
        for each in cell.imports:
            if each.star:
                self._learn_star(each.module)
            elif each.name not in cell.binds:
                self._learn(each, cell.before.get(each.name, ABSENT))

    def _learn(self, each: Import, before: Any) -> None:
        value = attribute(each.module, each.attribute)
        held = self._namespace().get(each.name, ABSENT)
        if value is ABSENT or held is not value:
            return
        if each.sure or before is not held:
            self._links[each.name] = Link(each.module, each.attribute, value, star=False)

    def _learn_star(self, module: str) -> None:
        space = self._namespace()
        names = {n: v for n, v in public_names(module).items() if space.get(n, ABSENT) is v}
        if names:
            self._stars.add(module)
        for name, value in names.items():
            self._links.setdefault(name, Link(module, name, value, star=True))

    def follow(self) -> Followed:
        """A round has gone live: bring the names up to date, as the policy says."""
        if self.policy == "keep":
            return Followed()
        space, followed, offered, gone = self._namespace(), [], [], []
        for name, link in list(self._links.items()):
            held, value = space.get(name, ABSENT), attribute(link.module, link.attribute)
            if held is value and value is not ABSENT:
                link.value = value
            elif held is not link.value:
                del self._links[name]  # the user's own by now
            elif value is ABSENT:
                del self._links[name]
                gone.append(self._let_go(name, link, space))
            elif self.policy == "offer":
                offered.append(f"{name} (from {link.module} import {as_written(link.attribute, name)})")
            else:
                space[name] = link.value = value
                followed.append(name)
        if self.policy == "follow":
            followed += self._take_new(space)
        return Followed(tuple(followed), tuple(offered), tuple(filter(None, gone)))

    def _let_go(self, name: str, link: Link, space: MutableMapping[str, Any]) -> str:
        """What a star brought goes with the module's name; what was asked for by name stays, and is told."""
        if link.star and self.policy == "follow" and link.module in sys.modules:
            del space[name]
            return ""
        return name

    def _take_new(self, space: MutableMapping[str, Any]) -> Iterator[str]:
        """Names that appeared in a module of which everything was imported."""
        for module in sorted(self._stars):
            for name, value in public_names(module).items():
                if name not in space:
                    space[name] = value
                    self._links[name] = Link(module, name, value, star=True)
                    yield name


NOTHING = Cell((), frozenset(), {})


def as_written(attribute_name: str, name: str) -> str:
    """The part of an import behind `import`."""
    return name if attribute_name == name else f"{attribute_name} as {name}"


def attribute(module: str, name: str) -> Any:
    """What the loaded module holds under the name; ABSENT when it does not."""
    loaded = sys.modules.get(module)
    return vars(loaded).get(name, ABSENT) if isinstance(loaded, ModuleType) else ABSENT


def public_names(module: str) -> dict[str, Any]:
    """What `from module import *` brings."""
    loaded = sys.modules.get(module)
    if not isinstance(loaded, ModuleType):
        return {}
    space = vars(loaded)
    names = space.get("__all__")
    if names is None:
        names = [n for n in space if not n.startswith("_")]
    return {n: space[n] for n in list(names) if n in space}


def imports_in(body: Iterable[ast.stmt], package: str, *, sure: bool) -> Iterator[Import]:
    """The from-imports among these statements, in order, not those inside of functions and classes."""
    for node in body:
        if isinstance(node, ast.ImportFrom):
            yield from _names_of(node, package, sure=sure)
        elif isinstance(node, ast.Expr):
            yield from _in_cell_magic(node, package, sure=sure)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for field in ("body", "handlers", "orelse", "finalbody", "cases"):
                certain = sure and field in ("body", "finalbody") and not isinstance(node, CONDITIONAL)
                yield from imports_in(getattr(node, field, ()), package, sure=certain)


def _names_of(node: ast.ImportFrom, package: str, *, sure: bool) -> Iterator[Import]:
    module = "." * node.level + (node.module or "")
    if node.level:
        try:
            module = resolve_name(module, package)
        except ImportError:
            return
    for alias in node.names:
        yield Import(module, alias.name, alias.asname or alias.name, sure)


def _in_cell_magic(node: ast.Expr, package: str, *, sure: bool) -> Iterator[Import]:
    call = node.value
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr != "run_cell_magic":
        return
    words = [a.value if isinstance(a, ast.Constant) else None for a in call.args]
    match words:
        case [str(magic), str(), str(text)] if magic in TRANSPARENT_MAGICS:
            try:
                yield from imports_in(ast.parse(text).body, package, sure=sure)
            except SyntaxError:
                return


def walrus_targets(tree: ast.AST) -> frozenset[str]:
    """The names that `:=` binds, which symtable does not tell of those in comprehensions."""
    return frozenset(node.target.id for node in ast.walk(tree) if isinstance(node, ast.NamedExpr))


def bound_names(text: str) -> Iterator[str]:
    """Every name that the text binds in the namespace it runs in, other than by an import."""
    todo = [symtable.symtable(text, "<cell>", "exec")]
    while todo:
        table = todo.pop()
        todo += table.get_children()
        for symbol in table.get_symbols():
            own = table.get_type() == "module" or symbol.is_global()
            if own and (symbol.is_assigned() or symbol.is_namespace()):
                yield symbol.get_name()


def names_in_code(code: CodeType, package: str) -> tuple[tuple[Import, ...], frozenset[str]]:
    """The from-imports of a compiled statement, and every other name that it binds where it runs.

    They are sure if it has no jumps.
    """
    steps = list(dis.get_instructions(code))
    sure = not any(step.opcode in JUMPS for step in steps)
    imports: list[Import] = []
    binds: set[str] = set()
    constants: list[Any] = [None, None]
    module = attribute_name = ""
    for step in steps:
        if step.opname in ("LOAD_CONST", "LOAD_SMALL_INT"):
            constants = [constants[-1], step.argval]
        elif step.opname == "IMPORT_NAME":
            module = _absolute(constants[0], step.argval, package)
        elif step.opname == "IMPORT_FROM":
            attribute_name = step.argval
        elif step.opname == "IMPORT_STAR" or (step.opname == "CALL_INTRINSIC_1" and step.arg == IMPORT_STAR):
            imports.append(Import(module, "*", "*", sure))
        elif step.opname in ("STORE_NAME", "STORE_GLOBAL", "DELETE_NAME", "DELETE_GLOBAL"):
            if attribute_name and module:
                imports.append(Import(module, attribute_name, step.argval, sure))
            else:
                binds.add(step.argval)
            attribute_name = ""
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            binds |= {s.argval for s in dis.get_instructions(inner) if s.opname in ("STORE_GLOBAL", "DELETE_GLOBAL")}
    return tuple(imports), frozenset(binds)


JUMPS = frozenset((*dis.hasjrel, *dis.hasjabs))
IMPORT_STAR = 2
"""The number of that intrinsic (3.12 and newer)."""


def _absolute(level: object, module: str, package: str) -> str:
    try:
        return resolve_name("." * level + module, package) if isinstance(level, int) and level else module
    except ImportError:
        return ""


def earlier_lines() -> list[str]:
    """What was typed before, oldest first, as far as the prompt's history tells; of other sessions too."""
    reader = sys.modules.get("_pyrepl.readline") or sys.modules.get("readline")
    if reader is None:
        return []
    try:
        last = reader.get_current_history_length()
        lines = [reader.get_history_item(n) for n in range(max(1, last - EARLIER_LINES), last + 1)]
    except Exception:  # noqa: BLE001  a prompt that is not the process's own keeps none
        return []
    return [dedent(line) for line in lines if line]


EARLIER_LINES = 1000
