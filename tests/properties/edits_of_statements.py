"""Edits inside of one file: numbers, names, statements, members, decorators."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from tests.properties.choices import choose, inserted, retold, with_statement, without
from tests.properties.programs import Program, Statement, Unfit, make_class
from tests.properties.writer import Writer


def tweak_number(source: random.Random, program: Program) -> Program:
    """Another literal, somewhere: a body, a constant, a default, a decorator's argument."""
    module, at = choose(source, program, lambda s: bool(re.search(r"(?<![\w.])\d+\b", s.text)))
    statement = module.statements[at]
    found = list(re.finditer(r"(?<![\w.])\d+\b", statement.text))
    match = source.choice(found)
    text = statement.text[: match.start()] + str(source.randint(1, 99)) + statement.text[match.end() :]
    return program.replaced(with_statement(module, at, members_kept(statement, text)))


def members_kept(statement: Statement, text: str) -> Statement:
    """A class stays a class of members when a number in it changed."""
    if not statement.members:
        return retold(statement, text)
    lines = text.splitlines()
    head_lines = statement.head.count("\n") + 1
    rest, members = lines[head_lines:], []
    for member in statement.members:
        count = member.count("\n") + 1
        members.append("\n".join(line[4:] for line in rest[:count]))
        rest = rest[count:]
    return make_class(statement.name, "\n".join(lines[:head_lines]), tuple(members))


def swap_operand(source: random.Random, program: Program) -> Program:
    """A name in an expression becomes another name of its kind."""
    module, at = choose(source, program, lambda s: bool(re.search(r"\b[A-Z]+\d\b|\bf\d\b", s.text)) and not s.imports)
    scope = program.scope(module)
    statement = module.statements[at]
    match = source.choice(list(re.finditer(r"\b(K|f|C|d|T|q|mk)\d\b", statement.text)) or [None])
    if match is None or match[0] not in scope:
        raise Unfit("no operand")
    others = [n for n, s in scope.items() if s.kind == scope[match[0]].kind and n != match[0]]
    if not others or match[0] == statement.name:
        raise Unfit("no other")
    text = statement.text[: match.start()] + source.choice(others) + statement.text[match.end() :]
    return program.replaced(with_statement(module, at, retold(statement, text)))


def comment(source: random.Random, program: Program) -> Program:
    """Blank lines and comments: everything below moves."""
    module, at = choose(source, program, lambda s: True)
    text = source.choice(("", "# a remark", "\n\n# another remark"))
    return program.replaced(inserted(module, at, Statement(text)))


def reformat(source: random.Random, program: Program) -> Program:
    """A comment inside of a statement."""
    module, at = choose(source, program, lambda s: "\n" in s.text)
    lines = module.statements[at].text.splitlines()
    lines.insert(source.randint(1, len(lines) - 1), "# inside")
    return program.replaced(with_statement(module, at, retold(module.statements[at], "\n".join(lines))))


# ---------------------------------------------------------------------- statements


def add(source: random.Random, program: Program) -> Program:
    module = source.choice(program.modules)
    at = source.randint(1, len(module.statements))
    return program.replaced(inserted(module, at, Writer(source, program, module, at).statement()))


def remove(source: random.Random, program: Program) -> Program:
    module, at = choose(source, program, lambda s: True)
    return program.replaced(without(module, at))


def rewrite(source: random.Random, program: Program) -> Program:
    """Another statement of the same kind under the same name."""
    module, at = choose(source, program, lambda s: bool(s.binds))
    name, symbol = module.statements[at].binds[0]
    statement = Writer(source, program, module, at).statement(symbol.kind, name)
    return program.replaced(with_statement(module, at, statement))


def change_kind(source: random.Random, program: Program) -> Program:
    """Another kind of thing under the same name: a function becomes a class, a constant a function."""
    module, at = choose(source, program, lambda s: bool(s.binds))
    kind = source.choice(("K", "f", "f", "C", "N", "D", "E", "T"))
    statement = Writer(source, program, module, at).statement(kind, module.statements[at].name)
    return program.replaced(with_statement(module, at, statement))


def reorder(source: random.Random, program: Program) -> Program:
    module, at = choose(source, program, lambda s: True)
    rest = without(module, at)
    return program.replaced(inserted(rest, source.randint(1, len(rest.statements)), module.statements[at]))


def duplicate(source: random.Random, program: Program) -> Program:
    module, at = choose(source, program, lambda s: True)
    to = source.randint(1, len(module.statements))
    return program.replaced(inserted(module, to, module.statements[at]))


def rename(source: random.Random, program: Program) -> Program:
    """A definition gets another name, everywhere or only in its module."""
    module, at = choose(source, program, lambda s: bool(s.binds))
    old, symbol = module.statements[at].binds[0]
    new = f"{symbol.kind}{source.randint(0, 9)}"
    everywhere = source.random() < 0.7
    pattern = re.compile(rf"\b{old}\b")

    def renamed(statement: Statement) -> Statement:
        binds = tuple((new if n == old else n, s) for n, s in statement.binds)
        imports = statement.imports
        if imports and imports[0] == "from":
            pairs = tuple((new if a == old else a, new if b == old else b) for a, b in imports[2])
            imports = (*imports[:2], pairs)
        return replace(
            statement, text=pattern.sub(new, statement.text), binds=binds, imports=imports,
            head=pattern.sub(new, statement.head), members=tuple(pattern.sub(new, m) for m in statement.members),
        )  # fmt: skip

    modules = [
        replace(m, statements=tuple(renamed(s) for s in m.statements)) if everywhere or m.path == module.path else m
        for m in program.modules
    ]
    return program.of(modules)


def indent(source: random.Random, program: Program) -> Program:
    """A statement comes under a condition, or into a try."""
    module, at = choose(source, program, lambda s: s.template is not None or bool(s.members))
    statement = module.statements[at]
    inner = "\n".join("    " + line for line in statement.text.splitlines())
    condition = Writer(source, program, module, at).expression(program.scope(module, at), [], 1)
    shape = source.choice(
        (f"if {condition}:\n{inner}", f"if {condition} % 2:\n{inner}", f"try:\n{inner}\nfinally:\n    pass")
    )
    return program.replaced(with_statement(module, at, retold(statement, shape)))


# ---------------------------------------------------------------------- classes and decorators


def edit_class(source: random.Random, program: Program) -> Program:
    """A member comes, goes, changes or moves; other bases."""
    module, at = choose(source, program, lambda s: bool(s.members))
    statement = module.statements[at]
    writer = Writer(source, program, module, at)
    members, head = list(statement.members), statement.head
    what = source.choice(("add", "add", "remove", "replace", "move", "bases", "bases"))
    if what == "bases":
        head = f"class {statement.name}{writer.bases(statement.name)}:"
    elif what == "add":
        members.insert(source.randint(0, len(members)), writer.member())
    elif what == "replace":
        members[source.randrange(len(members))] = writer.member()
    else:
        moved = members.pop(source.randrange(len(members)))
        if what == "move":
            members.insert(source.randint(0, len(members)), moved)
    return program.replaced(with_statement(module, at, make_class(statement.name, head, tuple(members))))


def decorate(source: random.Random, program: Program) -> Program:
    """A decorator comes or goes."""
    module, at = choose(source, program, lambda s: s.text.startswith(("def ", "@")) and not s.members)
    statement = module.statements[at]
    if statement.text.startswith("@") and source.random() < 0.6:
        text = statement.text.partition("\n")[2]
    else:
        writer = Writer(source, program, module, at)
        # What a generator or a coroutine gives is used up by the first look: a cache of it proves nothing.
        used_up = "yield" in statement.text or "async" in statement.text
        deco = writer.hole_deco([]) if used_up or source.random() < 0.6 else "functools.cache"
        text = f"@{deco}\n{statement.text}"
    return program.replaced(with_statement(module, at, retold(statement, text)))
