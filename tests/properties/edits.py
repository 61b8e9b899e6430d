"""Random edits: what people and their tools do to sources between two saves."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.properties import edits_of_modules as modules
from tests.properties import edits_of_statements as statements
from tests.properties.choices import inserted
from tests.properties.programs import Program, Statement, Unfit
from tests.properties.temper import Temper

Edit = Callable[[random.Random, Program], Program]

BROKEN = (
    "def broken(:\n    pass",
    "raise ValueError('broken')",
    "import no_such_module_at_all",
    "1 / 0",
    "K0 = undefined_name_here",
    "class Broken(undefined_base):\n    pass",
    "from a import no_such_name_at_all",
)


def random_edit(source: random.Random, program: Program, temper: Temper) -> Program:
    """The program after one to three edits; raises Unfit when nothing could be done within the temper."""
    edited = program
    for _ in range(source.choice((1, 1, 1, 2, 3))):
        edit = source.choices([e for _, e in EDITS], [w for w, _ in EDITS])[0]
        edited = edit(source, edited)
    if edited.sources == program.sources:
        raise Unfit("no change")
    if not temper.allows(edited.sources):
        raise Unfit("not of this temper")
    return edited


def break_program(source: random.Random, program: Program) -> Program:
    """The program with something in it that cannot be imported."""
    module = source.choice(program.modules)
    at = source.randint(1, len(module.statements))
    return program.replaced(inserted(module, at, Statement(source.choice(BROKEN))))


EDITS: tuple[tuple[int, Edit], ...] = (
    (12, statements.tweak_number), (4, statements.swap_operand), (2, statements.comment), (1, statements.reformat),
    (6, statements.add), (5, statements.remove), (7, statements.rewrite), (2, statements.change_kind), (4, statements.reorder), (1, statements.duplicate), (3, statements.rename), (2, statements.indent),
    (8, statements.edit_class), (3, statements.decorate), (3, modules.edit_import), (2, modules.star_to_names), (2, modules.add_import), (3, modules.move_definition),
    (1, modules.new_module), (1, modules.drop_module), (1, modules.to_package),
)  # fmt: skip
