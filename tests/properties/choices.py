"""Choosing a statement of a program, and putting another in its place."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from tests.properties.programs import Module, Program, Statement, Unfit


def choose(source: random.Random, program: Program, wanted: Callable[[Statement], bool]) -> tuple[Module, int]:
    """A statement at random; the header line never."""
    found = [(m, i) for m in program.modules for i, s in enumerate(m.statements) if i and wanted(s)]
    if not found:
        raise Unfit("no such statement")
    return source.choice(found)


def inserted(module: Module, at: int, *statements: Statement) -> Module:
    return replace(module, statements=(*module.statements[:at], *statements, *module.statements[at:]))


def without(module: Module, at: int) -> Module:
    return replace(module, statements=module.statements[:at] + module.statements[at + 1 :])


def with_statement(module: Module, at: int, statement: Statement) -> Module:
    return replace(module, statements=(*module.statements[:at], statement, *module.statements[at + 1 :]))


def retold(statement: Statement, text: str) -> Statement:
    """The statement with another text."""
    return replace(statement, text=text, head="", members=())
