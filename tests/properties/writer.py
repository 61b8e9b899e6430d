"""Fills in templates, and so makes random statements and programs.

Everything random comes from the generator that is handed in.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field, replace

from tests.properties.grammar import EXPRESSIONS, HEADER, MEMBERS, TEMPLATES, Template
from tests.properties.programs import Module, Program, Statement, Symbol, Unfit, make_class

_HOLE = re.compile(r"<([a-zA-Z]\w*)((?: [\w.]+)*)>")


@dataclass
class Writer:
    """Fills in templates for one place of a program."""

    random: random.Random
    program: Program
    module: Module
    at: int
    now: dict[str, Symbol] = field(init=False)
    later: dict[str, Symbol] = field(init=False)
    own: dict[str, Symbol] = field(init=False)

    def __post_init__(self) -> None:
        self.now = self.program.scope(self.module, self.at)
        self.later = self.program.scope(self.module)
        self.own = {n: s for s0 in self.module.statements[: self.at] for n, s in s0.binds}

    # ------------------------------------------------------------------ statements

    def statement(self, kind: str | None = None, name: str | None = None) -> Statement:
        """A random statement; of that kind and for that name if they are given."""
        if kind == "C" or (kind is None and self.random.random() < 0.14):
            return self.class_statement(name)
        pool = [t for t in TEMPLATES if kind in (None, t.kind)]
        for _ in range(30):
            template = self.random.choices(pool, [self.weight(t.weight, t.text, t.kind) for t in pool])[0]
            try:
                return self.from_template(template, name)
            except Unfit:
                continue
        if kind is None:
            return self.statement("K", name)
        raise Unfit(kind)

    def weight(self, usual: int, text: str, kind: str = "") -> int:
        """How often a template is taken: one about containers more often in a program that is about these."""
        is_about = kind in ("T", "L", "R", "RL") or any(hole in text for hole in ("T>", "L>", "R>", "RL>", "kinds"))
        return usual * 6 if self.program.fills and is_about else usual

    def from_template(self, template: Template, name: str | None = None) -> Statement:
        """A statement of the template."""
        if not template.kind:
            return Statement(self.fill(template.text, ""), (), template)
        name = name or self.new_name(template.kind)
        text = self.fill(template.text, name)
        return Statement(text, ((name, Symbol(template.kind, template.arity)),), template)

    def new_name(self, kind: str) -> str:
        name = f"{kind}{self.random.randint(0, 5)}"
        return name if name not in self.later or self.random.random() < 0.05 else f"{kind}{self.random.randint(0, 99)}"

    def class_statement(self, name: str | None = None) -> Statement:
        name = name or self.new_name("C")
        head = f"class {name}{self.bases(name)}:"
        if self.random.random() < 0.1 and (deco := self.pick(self.now, ("cd",))):
            head = f"@{deco}\n{head}"
        members = tuple(self.member() for _ in range(self.random.randint(0, 4)))
        usual = [
            self.fill(t, "")
            for t in ("x = <n>", "def m1(self, a=<n>):\n    return <b self.x a>")
            if self.random.random() < 0.7
        ]
        members = (*usual, *members)
        return make_class(name, head, members)

    def bases(self, name: str) -> str:
        found = [n for n, s in self.now.items() if s.kind == "C" and n != name]
        roll = self.random.random()
        if found and roll < 0.55:
            return f"({self.random.choice(found)})"
        if len(found) > 1 and roll < 0.62:
            return f"({', '.join(self.random.sample(found, 2))})"
        if roll < 0.66 and (meta := self.pick(self.now, ("m",))):
            return f"(metaclass={meta})"
        return "(abc.ABC)" if roll < 0.7 else "(Exception)" if roll < 0.72 else ""

    def member(self) -> str:
        for _ in range(20):
            text = self.random.choices([t for _, t in MEMBERS], [self.weight(w, t) for w, t in MEMBERS])[0]
            text = text.replace("<i>", str(self.random.randint(1, 3)))
            try:
                return self.fill(text, "")
            except Unfit:
                continue
        return "pass"

    # ------------------------------------------------------------------ holes

    def fill(self, text: str, name: str) -> str:
        fresh = f"u{self.random.randint(0, 9)}"

        def put(match: re.Match[str]) -> str:
            hole, words = match[1], match[2].split()
            if hole == "name":
                return name
            if hole == "u":
                return fresh
            return self.hole(hole, words)

        return _HOLE.sub(put, text)

    def hole(self, hole: str, words: list[str]) -> str:
        if hole in ("n", "b"):
            return self.expression(self.now if hole == "n" else self.later, words, self.random.choice((0, 1, 1, 2)))
        if hole == "own":
            return self.demand({n: s for n, s in self.own.items() if s.kind == words[0]}, (words[0],))
        special = getattr(self, f"hole_{hole}", None)
        if special is not None:
            return str(special(words))
        return self.demand(self.now, (hole,))

    def demand(self, scope: dict[str, Symbol], kinds: tuple[str, ...], arity: int | None = None) -> str:
        found = self.pick(scope, kinds, arity)
        if found is None:
            raise Unfit(kinds)
        return found

    def pick(self, scope: dict[str, Symbol], kinds: tuple[str, ...], arity: int | None = None) -> str | None:
        found = [n for n, s in scope.items() if s.kind in kinds and arity in (None, s.arity)]
        return self.random.choice(found) if found else None

    def hole_lit(self, _: list[str]) -> str:
        return str(self.random.randint(1, 99))

    def hole_key(self, _: list[str]) -> str:
        return self.random.choice("abcd")

    def hole_fn(self, _: list[str]) -> str:
        return self.demand(self.now, ("f",))

    def hole_fn2(self, _: list[str]) -> str:
        return self.demand(self.now, ("f",), 2)

    def hole_cls(self, _: list[str]) -> str:
        return self.demand(self.now, ("C",))

    def hole_ctx(self, _: list[str]) -> str:
        return self.demand(self.now, ("ctx",))

    def hole_deco(self, _: list[str]) -> str:
        deco = self.demand(self.now, ("d", "d", "dc", "q"))
        if self.now[deco].kind == "q":
            return f"{deco}({self.expression(self.now, [], 0) if self.random.random() < 0.8 else ''})"
        return deco

    def hole_mod(self, _: list[str]) -> str:
        return self.random.choice([m.name for m in self.program.modules if m.name != self.module.name] or ["missing"])

    def hole_modname(self, _: list[str]) -> str:
        return self.random.choice(["missing", "absent.inner"])

    def hole_sdtype(self, _: list[str]) -> str:
        return self.random.choice([self.pick(self.now, ("C",)) or "int", "int", "str"])

    def hole_super(self, words: list[str]) -> str:
        return (
            f"getattr(super(), 'm{self.random.randint(1, 3)}', lambda *_: 1)({words[0]})"
            if self.random.random() < 0.4
            else f"super().m{self.random.randint(1, 3)}({words[0]})"
        )

    def hole_allnames(self, _: list[str]) -> str:
        names = list(self.own) or ["__doc__"]
        return repr(sorted(self.random.sample(names, min(len(names), 3))))

    def hole_lazy(self, _: list[str]) -> str:
        others = [m for m in self.program.modules if m.name != self.module.name]
        if not others:
            raise Unfit("lazy")
        module = self.random.choice(others)
        names = [n for s in module.statements for n, sym in s.binds if sym.kind in ("K", "f")]
        if not names:
            raise Unfit("lazy")
        return f"from {module.name} import {self.random.choice(names)}"

    def expression(self, scope: dict[str, Symbol], words: list[str], depth: int) -> str:
        """An integer expression; the words are names of integers in scope as well."""
        if depth == 0:
            return self.atom(scope, words)
        for _ in range(10):
            text = self.random.choices([t for _, t in EXPRESSIONS], [self.weight(w, t) for w, t in EXPRESSIONS])[0]
            try:
                return _HOLE.sub(lambda m: self.expression_hole(scope, words, m[1]), text)
            except Unfit:
                continue
        return self.atom(scope, words)

    def expression_hole(self, scope: dict[str, Symbol], words: list[str], hole: str) -> str:
        if hole == "K":
            return self.atom(scope, words)
        if hole in ("lit", "key"):
            return self.hole(hole, [])
        if hole == "q" and scope is self.later:
            raise Unfit(
                hole
            )  # it may register something: whoever looks calls functions, and is to leave nothing behind
        if hole in ("f", "f2"):
            return self.demand(scope, ("f",), 2 if hole == "f2" else 1)
        return self.demand(scope, ({"cls": "C", "fn": "f"}.get(hole, hole),))

    def atom(self, scope: dict[str, Symbol], words: list[str]) -> str:
        roll = self.random.random()
        if words and roll < 0.45:
            return self.random.choice(words)
        return (roll < 0.85 and self.pick(scope, ("K",))) or self.hole_lit([])

    # ------------------------------------------------------------------ imports

    def import_statement(self, target: Module) -> Statement:
        """An import of another module, in one of many ways."""
        names = list(self.program.scope(target, seen=frozenset((self.module.name,))))
        names = [n for n in names if "." not in n]
        roll = self.random.random()
        if roll < 0.2 or not names:
            return Statement(f"import {target.name}", imports=("module", target.name, (("", target.name),)))
        if roll < 0.4:
            alias = f"x{self.random.randint(0, 9)}"
            return Statement(f"import {target.name} as {alias}", imports=("module", target.name, (("", alias),)))
        if roll < 0.58:
            return Statement(f"from {self.spelled(target)} import *", imports=("star", target.name, ()))
        chosen = self.random.sample(names, min(len(names), self.random.randint(1, 4)))
        return self.from_import(target, tuple((n, n + "x" if self.random.random() < 0.1 else n) for n in chosen))

    def from_import(self, target: Module, pairs: tuple[tuple[str, str], ...]) -> Statement:
        shown = ", ".join(n if n == local else f"{n} as {local}" for n, local in pairs)
        return Statement(f"from {self.spelled(target)} import {shown}", imports=("from", target.name, pairs))

    def spelled(self, target: Module) -> str:
        """The module's name, relative to this one's package now and then."""
        package = self.module.name if self.module.path.endswith("__init__.py") else self.module.name.rpartition(".")[0]
        if package and target.name.startswith(package + ".") and self.random.random() < 0.6:
            return target.name[len(package) :]
        return target.name


# ---------------------------------------------------------------------- whole programs

_SHAPES = (
    ("a.py", "b.py"),
    ("a.py", "b.py", "c.py"),
    ("a.py", "b.py", "c.py", "d.py"),
    ("pkg/__init__.py", "pkg/a.py", "pkg/b.py", "c.py"),
    ("a.py", "pkg/__init__.py", "pkg/b.py", "c.py"),
)


def random_program(source: random.Random, *, cycles: bool = True, fills: bool = False) -> Program:
    """A program of a few modules that import one another."""
    paths = source.choice(_SHAPES)
    program = Program(tuple(Module(p, ()) for p in paths), fills)
    order = [p for p in paths if not p.endswith("__init__.py")] + [p for p in paths if p.endswith("__init__.py")]
    done: list[str] = []
    for path in order:
        program = _fill_module(source, program, path, done)
        done.append(path)
    return _add_cycle(source, program) if cycles and source.random() < 0.5 else program


def _fill_module(source: random.Random, program: Program, path: str, done: list[str]) -> Program:
    module = Module(path, (Statement(HEADER),))
    is_package = path.endswith("__init__.py")
    for other in done:
        target = next(m for m in program.modules if m.path == other)
        if source.random() < (0.8 if other.partition("/")[0] == path.partition("/")[0] or not is_package else 0.3):
            writer = Writer(source, program.replaced(module), module, len(module.statements))
            module = replace(module, statements=(*module.statements, writer.import_statement(target)))
    for kind in ("K", "f"):
        writer = Writer(source, program.replaced(module), module, len(module.statements))
        module = replace(module, statements=(*module.statements, writer.statement(kind)))
    for _ in range(source.randint(1, 3) if is_package else source.randint(3, 9)):
        writer = Writer(source, program.replaced(module), module, len(module.statements))
        module = replace(module, statements=(*module.statements, writer.statement()))
    return program.replaced(module)


def _add_cycle(source: random.Random, program: Program) -> Program:
    early, late = source.sample(range(len(program.modules)), 2)
    module, target = program.modules[min(early, late)], program.modules[max(early, late)]
    at = source.choice([1, len(module.statements)])
    statement = Writer(source, program, module, at).import_statement(target)
    return program.replaced(replace(module, statements=(*module.statements[:at], statement, *module.statements[at:])))
