"""`%hotswap` in a shell: what there is, carrying out a line, completing one."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from hotswap.errors import HotswapError, UsageError
from hotswap.integrations.commands import (
    WrongWords,
    graph,
    history,
    now,
    off,
    on,
    pending,
    plan,
    restart,
    say,
    state,
    why,
)
from hotswap.integrations.settings import POLICIES, SWITCH, Act, exclude, include, level, log, names, only, thread

if TYPE_CHECKING:
    from hotswap.integrations.session import Session

Words: TypeAlias = "Callable[[Session], Iterable[str]]"


@dataclass(frozen=True, slots=True)
class Command:
    """One word behind `%hotswap`: how it is used, what it does, and the words that may follow."""

    usage: str
    summary: str
    act: Act
    words: Words = lambda _: ()


def show_help(_session: Session, words: list[str]) -> None:
    """List the commands, or tell of one."""
    for word in words:
        if word not in COMMANDS:
            raise UsageError(f"there is no %hotswap {word}; %hotswap help lists what there is")
    for name in words or COMMANDS:
        command = COMMANDS[name]
        say(f"%hotswap {command.usage:24} {command.summary}")


def modules(session: Session) -> Iterable[str]:
    """The program's modules."""
    return session.reloader._index.modules.keys()


def touched(session: Session) -> Iterable[str]:
    """The names that a reason can be given for."""
    return {*session.reloader._why, *modules(session)}


def paths(_session: Session) -> Iterable[str]:
    """Files and folders here."""
    return [name for name in os.listdir() if not name.startswith(".")]


COMMANDS: dict[str, Command] = {
    "state": Command("state", "how things stand (also without any word)", state),
    "on": Command("on [PATH ...]", "apply saved files before each cell (only those below the paths)", on, paths),
    "off": Command("off", "leave saved files alone until `on` or `now`", off),
    "now": Command("now [--force]", "apply what was saved; --force: as far as possible", now, lambda _: ["--force"]),
    "plan": Command("plan", "what `now` would do, without doing it", plan),
    "why": Command("why NAME ...", "why a module or name was last touched", why, touched),
    "pending": Command("pending", "files that were saved and are not live, and why", pending),
    "history": Command("history [COUNT]", "past rounds, the newest last", history),
    "graph": Command("graph [MODULE ...]", "who imports whom", graph, modules),
    "restart": Command("restart [REASON]", "a new process; the names that pickle come back", restart),
    "only": Command("only [MODULE ... | --all]", "keep only these up to date", only, lambda s: [*modules(s), "--all"]),
    "exclude": Command("exclude [MODULE ...]", "leave these alone", exclude, modules),
    "include": Command(
        "include MODULE ...|--all", "no longer exclude them", include, lambda s: [*s.selection.excluded, "--all"]
    ),
    "names": Command(
        "names follow|offer|keep", "names imported at the prompt: they follow, one is told, nothing", names,
        lambda _: POLICIES,
    ),
    "thread": Command("thread on|off", "whether files go live while a cell runs", thread, lambda _: SWITCH),
    "silent": Command("silent", "tell nothing", level("silent")),
    "quiet": Command("quiet", "tell of failures only", level("quiet")),
    "normal": Command("normal", "one line a round", level("normal")),
    "verbose": Command("verbose", "and the reason for each name", level("verbose")),
    "log": Command("log on|off", "send outcomes to the logger 'hotswap', too", log, lambda _: SWITCH),
    "help": Command("help [COMMAND]", "this list", show_help, lambda _: COMMANDS),
}  # fmt: skip

DOC = "Keep the session in step with its source files.\n\n" + "\n".join(
    f"    %hotswap {command.usage:26} {command.summary}" for command in COMMANDS.values()
)


def run(session: Session, line: str) -> None:
    """Carry out `%hotswap LINE`.  What makes no sense is told in one line; nothing is done then."""
    name, *words = line.split() or ["state"]
    command = COMMANDS.get(name)
    if command is None:
        say(f"there is no %hotswap {name}; %hotswap help lists what there is")
        return
    try:
        command.act(session, words)
    except WrongWords:
        say(f"usage: %hotswap {command.usage}")
    except HotswapError as error:
        say(str(error))


def complete(session: Session, line: str) -> list[str]:
    """The words that may stand where the cursor is, at the end of the line."""
    words = line.split()
    if line[-1:].isspace() or not words:
        words.append("")
    before, begun = words[1:-1], words[-1]
    if not before:
        return [name for name in COMMANDS if name.startswith(begun)]
    command = COMMANDS.get(before[0])
    found = command.words(session) if command is not None else ()
    return sorted(word for word in set(found) if word.startswith(begun) and word not in before)


def install_magic(shell: Any, session: Session) -> None:
    """Give the shell `%hotswap`, and Tab behind it."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    def magic(line: str) -> None:
        run(session, line)

    def offer(context: Any) -> Any:
        line = context.line_with_cursor[: context.cursor_position]
        begun = "" if line[-1:].isspace() else line.rpartition(" ")[2]
        words = complete(session, line) if re.match(r"\s*%?hotswap\s", line) else ()
        found = [SimpleCompletion(text=word) for word in words]
        return {"completions": found, "matched_fragment": begun, "suppress": bool(found)}

    magic.__doc__ = DOC
    shell.register_magic_function(magic, "line", "hotswap")
    shell.Completer.custom_matchers.append(context_matcher(identifier=MATCHER)(offer))


MATCHER = "hotswap"


def remove_magic(shell: Any) -> None:
    """Take it away again."""
    shell.magics_manager.magics["line"].pop("hotswap", None)
    matchers = shell.Completer.custom_matchers
    matchers[:] = [each for each in matchers if getattr(each, "matcher_identifier", "") != MATCHER]
