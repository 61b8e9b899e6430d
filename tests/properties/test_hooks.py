"""Random programs with hooks and assets, edited at random, in this process."""

from __future__ import annotations

import random

import pytest

from tests.properties import readers, resources
from tests.unit.program import program_in


@pytest.mark.parametrize("seed", range(15))
def test_what_is_open_is_what_is_held(tmp_path, seed):
    """After each round, whether it went live or was rolled back: nothing leaks, and nothing that is held is closed."""
    resources.open_resources.clear()
    module = resources.Module(random.Random(seed))
    for _ in range(3):
        module.add()
    with program_in(tmp_path) as program:
        program.load("resource_.py", resources.RESOURCE)
        program.write("other.py", "V = 0\n")
        live = program.load("main_.py", module.text)
        program.watch()
        for step in range(6):
            before = module.text
            module.is_broken = module.chance.random() < 0.2
            module.edit() if step % 3 else module.add()
            if module.chance.random() < 0.2:
                program.write("other.py", f"V = {step}\n")
            outcome = program.sync("main_.py", module.text)
            held = resources.held_by(live)
            case = f"{outcome}\n--- before\n{before}\n--- after\n{module.text}"
            assert sorted(map(id, resources.open_resources)) == sorted(map(id, held)), case
            assert outcome.kind == ("rolled_back" if module.is_broken else outcome.kind), case
            assert not {"HS501", "HS509"} & {warning.code for warning in getattr(outcome, "warnings", ())}, case


@pytest.mark.parametrize("seed", range(15))
def test_values_are_those_of_the_files(tmp_path, seed):
    """After each round, with loaders, what they read, statements and files edited; broken files keep what was there."""
    module = readers.Module(random.Random(seed))
    for _ in range(3):
        module.add()
    with program_in(tmp_path) as program:
        for name, text in (("a.txt", "1"), ("b.txt", "2"), ("lib.py", module.lib)):
            program.write(name, text)
        live = program.load("reader.py", module.text)
        program.watch()
        readers.values_of(vars(live))
        for _ in range(8):
            for _ in range(module.chance.choice([1, 1, 2])):
                module.edit(program.write)
            program.write("lib.py", module.lib)
            outcome = program.sync("reader.py", module.text)
            try:
                expected = readers.run_anew(tmp_path)
            except ValueError:  # a file without a number
                continue
            case = f"{outcome}\n{module.text}"
            assert (readers.values_of(vars(live)), program.reloader.pending) == (expected, ()), case
