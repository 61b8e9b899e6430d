"""The command `hotswap`: arguments → a configured reloader and a program that runs under it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

import hotswap
from hotswap import launch, supervised
from hotswap.preflight import divided
from hotswap.report import say as say_line
from hotswap.restart import become, remember_start
from hotswap.startup import switched_off

if TYPE_CHECKING:
    from hotswap.policy import OnRestart

USAGE_ERROR = 2

RUN_USAGE = "hotswap run [options] SCRIPT [ARGS ...]\n       hotswap run [options] -m MODULE [ARGS ...]"


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says.  Ends as the program that it runs ends."""
    remember_start()
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(words[:1])
    options.act(words[1:])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hotswap", description="Edit a running Python program.")
    parser.set_defaults(act=lambda _: parser.error("what to do? for example: hotswap run game.py"))
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, (act, summary) in COMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False).set_defaults(act=act)
    return parser


def run(words: Sequence[str]) -> None:
    """`hotswap run`: run a program as `__main__` while hotswap watches its files."""
    parser = _run_parser()
    own, rest = split(words)
    options = parser.parse_args(own)
    if not rest:
        parser.error("which program? give a SCRIPT or -m MODULE")
    if rest[0] == "-":
        parser.error("a program read from standard input cannot be edited; save it to a file")
    program, off = _program(rest, parser), switched_off()
    if options.interactive and not sys.flags.inspect:
        become(["-i", *divided(sys.orig_argv[1:])[0], "-m", "hotswap", "run", *words])
    if not off and _is_to_supervise(options, parser):
        _supervise()
    try:
        launch.run(
            program,
            watch=_watch(options),
            wait_after_crash=options.on_restart != "never" and not off,
            around=_repeated(options.loop) if options.loop and not off else None,
        )
    except (launch.CannotOpen, WrongStart) as error:
        parser.exit(USAGE_ERROR, f"hotswap: {error}\n")


def _repeated(function: str) -> launch.Around:
    from hotswap.rerun import Repeated  # needed by few

    return Repeated(function)


def _is_to_supervise(options: argparse.Namespace, parser: argparse.ArgumentParser) -> bool:
    try:
        return supervised.wanted(options.strategy or supervised.asked())
    except hotswap.UsageError as error:
        parser.error(str(error))


def _supervise() -> NoReturn:
    from hotswap.supervisor import supervise, this_program  # needed by few

    supervise(this_program())


def _program(rest: Sequence[str], parser: argparse.ArgumentParser) -> launch.Program:
    first, *arguments = rest
    if not first.startswith("-m"):
        return launch.Program(name=first, arguments=tuple(arguments))
    name = first[2:] or (arguments.pop(0) if arguments else "")
    if not name:
        parser.error("-m needs the name of a module")
    return launch.Program(name=name, is_module=True, arguments=tuple(arguments))


def _watch(options: argparse.Namespace) -> Callable[[], launch.Session]:
    def watch() -> launch.Session:
        report = None if options.quiet or sys.flags.inspect else say  # a prompt knows when it may speak
        policy: OnRestart = options.on_restart or ("never" if sys.flags.inspect else "exec")
        try:
            reloader = hotswap.watch(*options.watch, on_restart=policy, poll=options.poll, report=report)
            if sys.flags.inspect and options.quiet:
                from hotswap.integrations.repl import prompt

                prompt.notices.level = "quiet"
            return reloader
        except hotswap.UsageError as error:
            raise WrongStart(str(error)) from error

    return watch


class WrongStart(Exception):
    """The options make no sense; nothing was run.  Not a UsageError, which the program itself may raise."""


def say(outcome: hotswap.Outcome) -> None:
    """Report a round in one line on the standard error."""
    say_line(str(outcome))


def split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Divide the words behind `run` into its own options and the program with its arguments, which are not ours.

    >>> split(["--quiet", "--poll", "0.5", "game.py", "--quiet"])
    (['--quiet', '--poll', '0.5'], ['game.py', '--quiet'])
    """
    place = 0
    while place < len(words):
        word = words[place]
        if word == "--":
            return list(words[:place]), list(words[place + 1 :])
        if word.startswith("-m") or word == "-" or not word.startswith("-"):
            break
        place += 2 if word in TAKE_A_VALUE else 1
    return list(words[:place]), list(words[place:])


TAKE_A_VALUE = ("--against", "--loop", "--on-restart", "--poll-every", "--strategy", "--watch")


def _run_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hotswap run",
        usage=RUN_USAGE,
        description="Run a program as python would; files that are saved meanwhile go live in it.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--loop",
        metavar="FUNCTION",
        help="when the program has run, run this function again after each good save, with the arguments of its last "
        "call: a function of the script's, or MODULE:FUNCTION",
    )
    _add_ways_of_restarting(parser)
    parser.add_argument(
        "--poll", action="store_true", help="look at the files again and again instead of waiting for events"
    )
    parser.add_argument(
        "--poll-every",
        dest="poll",
        type=_seconds,
        metavar="SECONDS",
        help="the same, with this pause between two looks",
    )
    parser.add_argument("--quiet", action="store_true", help="do not report what each round did")
    parser.add_argument(
        "--watch",
        action="append",
        default=[],
        metavar="PATH",
        help="watch this file or folder instead of the whole program (may be repeated)",
    )
    parser.add_argument(
        "-i",
        dest="interactive",
        action="store_true",
        help="open a prompt when the program has ended, as python -i does; files that are saved go live there too",
    )
    parser.add_argument("-m", dest="module", metavar="MODULE", help="run a module, as python -m does")
    return parser


def _add_ways_of_restarting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--on-restart",
        choices=("exec", "ask", "never"),
        help="when only a new process can be true: start the program again (exec, the default), ask, or say so (the "
        "default with -i)",
    )
    parser.add_argument(
        "--strategy",
        choices=supervised.STRATEGIES,
        help="how to start again: replace this process (exec), or run the program below a parent that starts it again "
        "(supervise); auto takes exec but on Windows and under a debugger",
    )


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds above 0")
    return seconds


def examine(words: Sequence[str]) -> None:
    """`hotswap doctor`: tell how saves are noticed in a project, and what to do if they are not."""
    parser = argparse.ArgumentParser(
        prog="hotswap doctor",
        description="Tell how saves are noticed here, and what to do where they are not (exit status 1 then).",
        allow_abbrev=False,
    )
    parser.add_argument("paths", nargs="*", default=["."], metavar="FOLDER", help="the project (the current folder)")
    parser.add_argument(
        "--listen", type=_seconds, default=0.0, metavar="SECONDS", help="tell of what is saved meanwhile"
    )
    parser.add_argument("--poll", action="store_true", help="try it without events, as poll=True does")
    options = parser.parse_args(words)
    for path in options.paths:
        if not os.path.isdir(path):
            parser.error(f"{path!r} is not a folder")
    from hotswap import doctor

    sys.exit(doctor.examine(options.paths, say=print, poll=options.poll, seconds=options.listen))


PLAN_USAGE = "hotswap plan [options] SCRIPT [ARGS ...]\n       hotswap plan [options] -m MODULE [ARGS ...]"


def plan(words: Sequence[str]) -> None:
    """`hotswap plan`: tell what the edits since a revision would do to the program while it runs."""
    parser = argparse.ArgumentParser(
        prog="hotswap plan",
        usage=PLAN_USAGE,
        description="Tell what the edits since a revision would do to a running program: imports it as it was, from a "
        'copy of the project and without what stands under `if __name__ == "__main__":`. The exit status is 1 when the '
        "edits would not go live.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--against", default="HEAD", metavar="WHAT", help="a revision of git (HEAD), or a folder with an older version"
    )
    parser.add_argument("--json", action="store_true", help="print it for programs")
    parser.add_argument("--try", dest="carry_out", action="store_true", help="carry it out too, in the copy")
    parser.add_argument("-m", dest="module", metavar="MODULE", help="a module, as python -m runs it")
    options, program = _program_of(words, parser)
    from hotswap import rehearsal

    _exit_with(
        parser,
        lambda: rehearsal.rehearse(
            program, against=options.against, carry_out=options.carry_out, as_json=options.json, say=print
        ),
    )


GRAPH_USAGE = "hotswap graph [options] SCRIPT [NAME ...]\n       hotswap graph [options] -m MODULE [NAME ...]"


def graph(words: Sequence[str]) -> None:
    """`hotswap graph`: tell who imports and who uses what in a program."""
    parser = argparse.ArgumentParser(
        prog="hotswap graph",
        usage=GRAPH_USAGE,
        description='Import a program, without what stands under `if __name__ == "__main__":`, and tell which module '
        "imports what from which; or, for a NAME (level, level.SPEED), what it uses and who uses it.",
        allow_abbrev=False,
    )
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--dot", dest="form", action="store_const", const="dot", help="print it for Graphviz")
    forms.add_argument("--json", dest="form", action="store_const", const="json", help="print it for programs")
    parser.add_argument("-m", dest="module", metavar="MODULE", help="a module, as python -m runs it")
    options, program = _program_of(words, parser)
    from dataclasses import replace

    from hotswap import drawing

    alone, form = replace(program, arguments=()), options.form or "text"
    _exit_with(parser, lambda: drawing.draw(alone, program.arguments, form=form, say=print))


def _program_of(words: Sequence[str], parser: argparse.ArgumentParser) -> tuple[argparse.Namespace, launch.Program]:
    own, rest = split(words)
    options = parser.parse_args(own)
    if not rest or rest[0] == "-":
        parser.error("which program? give a SCRIPT or -m MODULE")
    return options, _program(rest, parser)


def _exit_with(parser: argparse.ArgumentParser, status: Callable[[], int]) -> NoReturn:
    try:
        sys.exit(status())
    except hotswap.UsageError as error:
        parser.exit(USAGE_ERROR, f"hotswap: {error}\n")


COMMANDS: dict[str, tuple[Callable[[Sequence[str]], None], str]] = {
    "run": (run, "run a script or a module with hotswap watching"),
    "plan": (plan, "tell what the edits since a revision would do to the running program"),
    "graph": (graph, "tell who imports and who uses what in a program"),
    "doctor": (examine, "tell how saves are noticed here, and what to do where they are not"),
}
