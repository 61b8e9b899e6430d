"""Programs as values: modules of statements, each of which knows what names it binds and of which kind."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tests.properties.grammar import Template


class Unfit(Exception):
    """A template asks for something that is not in scope."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """What kind of thing a name stands for, and how many arguments it takes."""

    kind: str
    arity: int = 1


@dataclass(frozen=True, slots=True)
class Statement:
    """The text of a statement (or a few that belong together), what it binds, what it imports."""

    text: str
    binds: tuple[tuple[str, Symbol], ...] = ()
    template: Template | None = None
    imports: tuple[str, str, tuple[tuple[str, str], ...]] | None = None
    """How, which module, and (name, local name) pairs: ("from", "a", (("f1", "f1"),))."""
    head: str = ""
    members: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name that it is about."""
        return self.binds[0][0] if self.binds else ""


@dataclass(frozen=True, slots=True)
class Module:
    """A source file: its path below the root and its statements."""

    path: str
    statements: tuple[Statement, ...]

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    @property
    def text(self) -> str:
        return "\n".join(s.text for s in self.statements) + "\n"


@dataclass(frozen=True, slots=True)
class Program:
    """Modules in the order in which the process imports them."""

    modules: tuple[Module, ...]
    fills: bool = False
    """Whether what is added to it is about containers more often than usual."""

    @property
    def sources(self) -> dict[str, str]:
        return {m.path: m.text for m in self.modules}

    def module(self, name: str) -> Module | None:
        return next((m for m in self.modules if m.name == name), None)

    def of(self, modules: Iterable[Module]) -> Program:
        """The same kind of program with these modules."""
        return replace(self, modules=tuple(modules))

    def replaced(self, module: Module) -> Program:
        return self.of(module if m.path == module.path else m for m in self.modules)

    def scope(self, module: Module, upto: int | None = None, seen: frozenset[str] = frozenset()) -> dict[str, Symbol]:
        """What each name (or dotted name) in a module stands for, before its statement of that number."""
        found: dict[str, Symbol] = {}
        for statement in module.statements[:upto]:
            if statement.imports is not None and module.name not in seen:
                found |= self._imported(statement.imports, seen | {module.name})
            found |= dict(statement.binds)
        return found

    def _imported(
        self, imports: tuple[str, str, tuple[tuple[str, str], ...]], seen: frozenset[str]
    ) -> dict[str, Symbol]:
        how, name, names = imports
        module = self.module(name)
        if module is None or name in seen:
            return {}
        there = self.scope(module, seen=seen)
        if how == "star":
            return {n: s for n, s in there.items() if "." not in n}
        if how == "from":
            return {local: there[n] for n, local in names if n in there}
        return {f"{names[0][1]}.{n}": s for n, s in there.items() if "." not in n}


def make_class(name: str, head: str, members: tuple[str, ...]) -> Statement:
    """A class statement of these members."""
    body = "\n".join(textwrap.indent(m, "    ") for m in members) or "    pass"
    return Statement(f"{head}\n{body}", ((name, Symbol("C")),), head=head, members=members)
