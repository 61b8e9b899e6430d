"""Would a new run of this program start?  What runs it, and what would be in the way.

Looks, and compiles; changes nothing.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from hotswap import startup, supervised


def command() -> tuple[str, list[str], str]:
    """What runs this program again from its start: the executable, its arguments (the executable first), the folder."""
    start = startup.remember()
    # argv[0] as it was typed ("python") would be searched along a PATH that may have changed.
    return start.executable, [start.executable, *start.arguments[1:]], start.folder


def preflight(files: Iterable[str] = ()) -> Iterator[str]:
    """Why a restart would lose the session; nothing when it would not."""
    executable, arguments, folder = command()
    if startup.switched_off():
        yield "hotswap is switched off; start the program without HOTSWAP=0"
    if startup.remember().pid != os.getpid():
        yield "this is a forked child; its parent is the program"
    if not (supervised.can_exec() or supervised.is_child()):
        where = "under a debugger" if supervised.under_debugger() else "on Windows"
        yield f"{where} a process cannot be replaced; start the program with `hotswap run`, which supervises it"
    if not executable or not os.access(executable, os.X_OK):
        yield f"the interpreter {executable!r} cannot be executed any more; put it back"
    if folder and not os.path.isdir(folder):
        yield f"the folder {folder!r} that the program was started in is gone; create it again"
    yield from _source_problems(arguments)
    yield from _size_problems(arguments, startup.remember().environment)
    for path in dict.fromkeys((*files, *_main_file())):
        yield from compile_problem(path)


def _source_problems(arguments: Sequence[str]) -> Iterator[str]:
    program = program_of(arguments[1:])
    if program == "-" or (not program and not _is_terminal(0)):
        yield "the program was read from standard input, which cannot be read twice; start it from a file"
    elif program and not program.startswith("-"):
        path = os.path.join(startup.remember().folder, program)
        if not os.path.exists(path):
            yield f"{path} is gone; put it back"
        elif not stat.S_ISREG(mode := os.stat(path).st_mode) and not stat.S_ISDIR(mode):
            yield f"{path} is a pipe, which cannot be read twice; start the program from a file"


def program_of(arguments: Sequence[str]) -> str:
    """The part of the interpreter's arguments that names the program: a path, "-", "-c", "-m", or "" for none."""
    return next(iter(divided(arguments)[1]), "")


def divided(arguments: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """The interpreter's arguments as its options, the words that name the program, and the program's own.

    >>> divided(["-X", "dev", "-Bm", "game", "--fast"])
    (['-X', 'dev', '-B'], ['-m', 'game'], ['--fast'])
    """
    words, place = list(arguments), 0
    while place < len(words):
        word = words[place]
        if word == "-" or not word.startswith("-"):
            return words[:place], [word], words[place + 1 :]
        if word == "--":
            return words[:place], words[place + 1 : place + 2], words[place + 2 :]
        long = word.startswith("--")
        at = None if long else next((n for n, letter in enumerate(word) if letter in "cmWX"), None)
        if at is not None and word[at] in "cm":
            options = [*words[:place], *([word[:at]] if at > 1 else [])]
            rest = [word[at + 1 :], *words[place + 1 :]] if word[at + 1 :] else words[place + 1 :]
            return options, ["-" + word[at], *rest[:1]], rest[1:]
        takes_next = word == "--check-hash-based-pycs" if long else at == len(word) - 1
        place += 2 if takes_next else 1
    return words, [], []


def _is_terminal(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False


def _size_problems(arguments: Sequence[str], environment: dict[str, str]) -> Iterator[str]:
    with suppress(ValueError, OSError, AttributeError):
        words = [*arguments, *(f"{name}={value}" for name, value in environment.items())]
        size = sum(len(os.fsencode(word)) + 9 for word in words)
        if size > (limit := os.sysconf("SC_ARG_MAX")) - 4096:
            yield f"arguments and environment take {size} of {limit} bytes that the system allows; make them smaller"


def _main_file() -> list[str]:
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    return [os.path.join(startup.remember().folder, path)] if isinstance(path, str) and path.endswith(".py") else []


def compile_problem(path: str) -> Iterator[str]:
    """Why the file does not compile, or nothing; nothing also for what is no Python source, or no file."""
    if not path.endswith(".py") or not os.path.isfile(path):
        return
    try:
        with open(path, "rb") as file:
            compile(file.read(), path, "exec", dont_inherit=True)
    except SyntaxError as error:
        yield f"{path}, line {error.lineno or 0}: {error.msg}; correct it"
    except (OSError, ValueError) as error:
        yield f"{path}: {error}; correct it"
