"""What one can type behind `%hotswap`, and what each of the words does."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from hotswap.errors import UsageError
from hotswap.integrations.notices import short
from hotswap.model import Unchanged

if TYPE_CHECKING:
    from hotswap.integrations.ipython import Session

Act: TypeAlias = "Callable[[Session, list[str]], None]"
Words: TypeAlias = "Callable[[Session], Iterable[str]]"


@dataclass(frozen=True, slots=True)
class Command:
    """One word behind `%hotswap`: how it is used, what it does, and the words that may follow."""

    usage: str
    summary: str
    act: Act
    words: Words = lambda _: ()


def say(text: str) -> None:
    """Answer a command."""
    print(text)  # noqa: T201  the person who typed the command is answered here


# ---------------------------------------------------------------------- on, off, now


def state(session: Session, _words: list[str]) -> None:
    """Print how things stand."""
    for line in state_lines(session):
        say(line)


def state_lines(session: Session) -> list[str]:
    """How things stand, line by line."""
    reloader = session.reloader
    status = reloader._watcher.status()
    mode = (
        "off: saved files wait for %hotswap now" if not session.on else "on: saved files go live before the next cell"
    )
    if not reloader.watching:
        mode = "stopped: %hotswap on begins again"
    elif session.on and session.swaps_in_cells:
        mode += ", and while one runs"
    lines = [
        f"hotswap is {mode}",
        f"  {counted(len(reloader._index), 'module')} of the program, watched by {status.backend}",
    ]
    lines += [f"  {root.path}: {root.backend}, {root.reason}" for root in status.roots if root.reason]
    lines += [f"  only: {' '.join(sorted(session.selection.only))}"] if session.selection.only else []
    lines += [f"  excluded: {' '.join(sorted(session.selection.excluded))}"] if session.selection.excluded else []
    lines.append(f"  imported names {session.names.policy}; messages: {session.notices.level}")
    lines += [f"  last: {reloader.history[-1]}"] if reloader.history else ["  nothing was saved yet"]
    lines += [f"  not live: {short(p.path)}: {p.why}" for p in reloader.pending]
    return lines + conflict_lines(session)


def counted(count: int, noun: str) -> str:
    """The number and the noun: 1 module, 2 modules."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def conflict_lines(session: Session) -> list[str]:
    """A warning when IPython's own reloader is at work too."""
    return [f"  {AUTORELOAD_TOO}"] if session.autoreload_is_on else []


AUTORELOAD_TOO = "%autoreload is on as well and undoes what hotswap keeps: turn it off with %autoreload 0"


def on(session: Session, words: list[str]) -> None:
    """Apply saved files before each cell again; with paths, watch those instead of the whole program."""
    session.turn_on(words)
    state(session, [])


def off(session: Session, _words: list[str]) -> None:
    """Leave saved files alone until `on` or `now`."""
    session.on = False
    say("hotswap is off: saved files wait; %hotswap now applies them, %hotswap on goes on")


def now(session: Session, words: list[str]) -> None:
    """Apply what was saved, at once."""
    force = words == ["--force"]
    if words and not force:
        raise UsageError(f"usage: %hotswap {COMMANDS['now'].usage}")
    before = len(session.reloader.history)
    outcome = session.sync(force=force)
    session.show()
    if isinstance(outcome, Unchanged):
        say("nothing changed")
    elif outcome is not None and len(session.reloader.history) == before:
        say(f"nothing was saved since: {outcome}")


def restart(session: Session, words: list[str]) -> None:
    """Replace the process by a new one that takes over the session's names."""
    session.restart(" ".join(words))


# ---------------------------------------------------------------------- what would happen, what has happened


def plan(session: Session, _words: list[str]) -> None:
    """Say what the next round would do; nothing is touched."""
    try:
        say(str(session.reloader.plan()))
    except SyntaxError as error:
        say(f"{short(error.filename or '')}:{error.lineno}: {error.msg}")


def why(session: Session, words: list[str]) -> None:
    """Say why a module or name was last touched."""
    for word in one_or_more(words, "why"):
        say(session.reloader.why(word))


def pending(session: Session, _words: list[str]) -> None:
    """List the files whose newest text is not live."""
    say(
        "\n".join(f"{short(p.path)}: {p.why}" for p in session.reloader.pending)
        or "everything that was applied is live"
    )


def history(session: Session, words: list[str]) -> None:
    """List past rounds, the newest last."""
    count = 20
    if words:
        if len(words) > 1 or not words[0].isdecimal():
            raise UsageError(f"usage: %hotswap {COMMANDS['history'].usage}")
        count = int(words[0])
    past = session.reloader.history
    shown = past[len(past) - min(count, len(past)) :]
    say("\n".join(map(str, shown)) or "nothing was saved yet")


def graph(session: Session, words: list[str]) -> None:
    """Show who imports whom: of the whole program, or what concerns one module."""
    edges = imports_of(session)
    for name in words:
        if name not in edges:
            raise UsageError(f"{name} is not a loaded module of the program")
        say(f"{name} imports {', '.join(edges[name]) or 'nothing of the program'}")
        dependents = sorted(importer for importer, imported in edges.items() if name in imported)
        say(f"{name} is imported by {', '.join(dependents) or 'nobody in the program'}")
    if not words:
        shown = [f"{importer} → {', '.join(imported)}" for importer, imported in sorted(edges.items()) if imported]
        say("\n".join(shown) or "no module of the program imports another one")


def imports_of(session: Session) -> dict[str, list[str]]:
    """Importer → imported, among the program's modules."""
    index, edges = session.reloader._index, session.reloader._graph
    return {name: sorted(edges.imports(t) & index.modules.keys() - {name}) for name, t in index.modules.items()}


# ---------------------------------------------------------------------- which modules


def only(session: Session, words: list[str]) -> None:
    """Keep only these modules up to date (and packages, whole); without words, list them; `--all` ends it."""
    if words == ["--all"]:
        session.selection.only.clear()
    elif words:
        for word in words:
            load(word)
        session.selection.only |= set(words)
    session.select()
    say(f"only: {' '.join(sorted(session.selection.only))}" if session.selection.only else "all modules of the program")


def load(name: str) -> None:
    """Import the module, which the user named and may not have used yet."""
    if name not in sys.modules:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise UsageError(f"cannot import {name!r}: {error}") from error


def exclude(session: Session, words: list[str]) -> None:
    """Leave these modules alone (and packages, whole); without words, list them."""
    session.selection.excluded |= set(words)
    session.select()
    say(f"excluded: {' '.join(sorted(session.selection.excluded)) or 'nothing'}")


def include(session: Session, words: list[str]) -> None:
    """Take modules out of the excluded ones; `--all` takes out all."""
    named = session.selection.excluded if words == ["--all"] else set(one_or_more(words, "include"))
    unknown = named - session.selection.excluded
    if unknown:
        raise UsageError(f"not excluded: {' '.join(sorted(unknown))}")
    session.selection.excluded -= set(named)
    session.select()
    exclude(session, [])


# ---------------------------------------------------------------------- settings


def level(name: Any) -> Act:
    """A command that sets how much is told."""

    def act(session: Session, _words: list[str]) -> None:
        session.notices.level = name
        say(f"messages: {name}")

    return act


def log(session: Session, words: list[str]) -> None:
    """Send outcomes to `logging`, too."""
    session.logging = choice(words, "log") == "on"
    say(f"outcomes also go to the logger 'hotswap': {'yes' if session.logging else 'no'}")


def names(session: Session, words: list[str]) -> None:
    """What becomes of names that were imported at the prompt."""
    if words:
        session.names.policy = choice(words, "names")  # type: ignore[assignment]  # one of its own words
    say(f"imported names: {session.names.policy}")


def thread(session: Session, words: list[str]) -> None:
    """Whether files go live while a cell runs."""
    session.swap_in_cells(wanted=choice(words, "thread") == "on")
    say(f"while a cell runs, saved files {'go live' if session.swaps_in_cells else 'wait'}")


def show_help(_session: Session, words: list[str]) -> None:
    """List the commands, or tell of one."""
    for word in words:
        if word not in COMMANDS:
            raise UsageError(f"there is no %hotswap {word}; %hotswap help lists what there is")
    for name in words or COMMANDS:
        command = COMMANDS[name]
        say(f"%hotswap {command.usage:24} {command.summary}")


def one_or_more(words: list[str], name: str) -> list[str]:
    """The words, of which there must be one."""
    if not words:
        raise UsageError(f"usage: %hotswap {COMMANDS[name].usage}")
    return words


def choice(words: list[str], name: str) -> str:
    """The word, which must be one of those that the command knows."""
    known = set(CHOICES[name])
    if len(words) != 1 or words[0] not in known:
        raise UsageError(f"usage: %hotswap {COMMANDS[name].usage}")
    return words[0]


CHOICES = {"log": ("on", "off"), "thread": ("on", "off"), "names": ("follow", "offer", "keep")}


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
    "now": Command("now [--force]", "apply what was saved; --force: as far as it can be true", now, lambda _: ["--force"]),
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
        lambda _: CHOICES["names"],
    ),
    "thread": Command("thread on|off", "whether files go live while a cell runs", thread, lambda _: CHOICES["thread"]),
    "silent": Command("silent", "tell nothing", level("silent")),
    "quiet": Command("quiet", "tell of failures only", level("quiet")),
    "normal": Command("normal", "one line a round", level("normal")),
    "verbose": Command("verbose", "and the reason for each name", level("verbose")),
    "log": Command("log on|off", "send outcomes to the logger 'hotswap', too", log, lambda _: CHOICES["log"]),
    "help": Command("help [COMMAND]", "this list", show_help, lambda _: COMMANDS),
}  # fmt: skip
