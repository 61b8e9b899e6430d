"""Edits that concern several files: imports, definitions that move, files that come and go."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from tests.properties.choices import choose, inserted, with_statement, without
from tests.properties.programs import Module, Program, Statement, Symbol, Unfit
from tests.properties.writer import Writer


def edit_import(source: random.Random, program: Program) -> Program:
    """The same module imported in another way, or other names of it."""
    module, at = choose(source, program, lambda s: s.imports is not None)
    target = program.module(module.statements[at].imports[1])  # type: ignore[index]  # chosen so
    if target is None:
        raise Unfit("import")
    statement = Writer(source, program, module, at).import_statement(target)
    return program.replaced(with_statement(module, at, statement))


def star_to_names(source: random.Random, program: Program) -> Program:
    """A star import becomes one by names, or the other way round."""
    module, at = choose(source, program, lambda s: s.imports is not None and s.imports[0] in ("star", "from"))
    how, name, _ = module.statements[at].imports or ("", "", ())
    target = program.module(name)
    if target is None:
        raise Unfit("import")
    if how == "from":
        new = Statement(f"from {name} import *", imports=("star", name, ()))
    else:
        rest = "\n".join(s.text for s in module.statements)
        there = program.scope(target, seen=frozenset((module.name,)))
        names = [n for n in there if "." not in n and re.search(rf"\b{n}\b", rest)]
        if not names:
            raise Unfit("import")
        new = Writer(source, program, module, at).from_import(target, tuple((n, n) for n in names))
    return program.replaced(with_statement(module, at, new))


def add_import(source: random.Random, program: Program) -> Program:
    """One more import, perhaps one that closes a cycle."""
    module = source.choice(program.modules)
    others = [m for m in program.modules if m.path != module.path]
    if not others:
        raise Unfit("import")
    at = source.choice((1, len(module.statements)))
    statement = Writer(source, program, module, at).import_statement(source.choice(others))
    return program.replaced(inserted(module, at, statement))


def move_definition(source: random.Random, program: Program) -> Program:
    """A definition goes to another module, which its old one imports it from (or not)."""
    module, at = choose(source, program, lambda s: bool(s.binds) and not s.imports)
    others = [m for m in program.modules if m.path != module.path]
    if not others:
        raise Unfit("move")
    target, statement = source.choice(others), module.statements[at]
    module = without(module, at)
    if source.random() < 0.85:
        pairs = tuple((n, n) for n, _ in statement.binds)
        module = inserted(module, at, Writer(source, program, module, at).from_import(target, pairs))
    place = source.choice((1, len(target.statements), source.randint(1, len(target.statements))))
    return program.replaced(module).replaced(inserted(target, place, statement))


def new_module(source: random.Random, program: Program) -> Program:
    """A new file, imported by an old one, with a few statements of it."""
    free = [p for p in ("e.py", "g.py", "h.py") if all(m.path != p for m in program.modules)]
    if not free:
        raise Unfit("module")
    module, at = choose(source, program, lambda s: bool(s.binds) and not s.imports)
    moved = module.statements[at]
    new = Module(free[0], (program.modules[0].statements[0], Statement("K9 = 4", (("K9", Symbol("K")),)), moved))
    left = without(module, at)
    left = inserted(
        left, at, Writer(source, program, left, at).from_import(new, (("K9", "K9"), (moved.name, moved.name)))
    )
    return program.of((*program.replaced(left).modules, new))


def drop_module(source: random.Random, program: Program) -> Program:
    """A file goes; the imports of it too, mostly."""
    gone = source.choice(program.modules)
    if len(program.modules) < 3 or gone.path.endswith("__init__.py"):
        raise Unfit("module")
    modules = []
    for module in program.modules:
        kept = tuple(s for s in module.statements if s.imports is None or s.imports[1] != gone.name)
        if module.path != gone.path:
            modules.append(replace(module, statements=kept))
    return program.of(modules)


def to_package(source: random.Random, program: Program) -> Program:
    """A module becomes a package, or a package without modules a module."""
    module = source.choice(program.modules)
    if "/" not in module.path:
        path = f"{module.name}/__init__.py"
    elif module.path.endswith("__init__.py") and not any(m.name.startswith(module.name + ".") for m in program.modules):
        path = f"{module.name}.py"
    else:
        raise Unfit("package")
    return program.of(replace(m, path=path) if m.path == module.path else m for m in program.modules)
