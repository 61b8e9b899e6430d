"""What is decided before a restart, without restarting anything."""

from __future__ import annotations

import sys

import pytest

from hotswap.leaving import Restart, _is_unwinding
from hotswap.preflight import command, compile_problem, divided, program_of

PROGRAMS = [
    (["game.py", "-m"], "game.py"),
    (["-u", "game.py"], "game.py"),
    (["-W", "error", "-X", "dev", "game.py"], "game.py"),
    (["-Werror", "-Xdev", "game.py"], "game.py"),
    (["-OOuW", "error", "game.py"], "game.py"),
    (["--check-hash-based-pycs", "never", "game.py"], "game.py"),
    (["--", "-odd.py"], "-odd.py"),
    (["-m", "game"], "-m"),
    (["-mgame"], "-m"),
    (["-Ic", "print()", "x"], "-c"),
    (["-"], "-"),
    (["-i"], ""),
    ([], ""),
]


@pytest.mark.parametrize(("arguments", "program"), PROGRAMS)
def test_the_program_is_found_among_the_interpreters_arguments(arguments, program):
    """The first word that is neither a flag nor a flag's value names the program."""
    assert program_of(arguments) == program


def test_the_command_is_this_interpreter_with_these_arguments():
    """The executable is the running one, also when it was started by a bare name; what follows is as it was given."""
    executable, arguments, _ = command()
    assert (executable, arguments) == (sys.executable, [sys.executable, *sys.orig_argv[1:]])


def test_a_source_that_compiles_is_no_problem(tmp_path):
    """Nothing is said about a good source, about other files, and about none at all."""
    (tmp_path / "good.py").write_text("x = 1\n")
    (tmp_path / "notes.txt").write_text("x = (\n")
    assert [*compile_problem(str(tmp_path / "good.py")), *compile_problem(str(tmp_path / "notes.txt"))] == []
    assert list(compile_problem(str(tmp_path / "nowhere.py"))) == []


@pytest.mark.parametrize(
    ("source", "told"),
    [(b"x = (", "line 1: '(' was never closed; correct it"), (b"x = 1\n'\xff'\n", "line 2"), (b"\0", "null bytes")],
)
def test_a_source_that_does_not_compile_is_told_with_its_place(tmp_path, source, told):
    """Syntax, encoding and null bytes: one sentence each, with the file."""
    path = tmp_path / "bad.py"
    path.write_bytes(source)
    (problem,) = compile_problem(str(path))
    assert problem.startswith(str(path))
    assert told in problem


def test_cleanup_that_fails_on_the_way_out_is_still_the_way_out():
    """An exception raised while the program is being unwound does not look like a program that goes on."""
    failed = ValueError("in a finally block")
    failed.__context__ = Restart()
    assert _is_unwinding(failed)
    assert not _is_unwinding(ValueError())
    assert not _is_unwinding(None)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["-X", "dev", "-Bm", "game", "--fast"], (["-X", "dev", "-B"], ["-m", "game"], ["--fast"])),
        (["-mgame", "-i"], ([], ["-m", "game"], ["-i"])),
        (["-W", "error", "game.py", "-m"], (["-W", "error"], ["game.py"], ["-m"])),
        (["-c", "pass", "x"], ([], ["-c", "pass"], ["x"])),
        (["--", "game.py", "x"], ([], ["game.py"], ["x"])),
        (["-i"], (["-i"], [], [])),
    ],
)
def test_the_arguments_are_divided(arguments, parts):
    """The interpreter's options, what names the program, and what belongs to it."""
    assert divided(arguments) == parts
