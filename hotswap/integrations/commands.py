"""What the words behind `%hotswap` do: on, off, now, restart; and what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotswap.errors import HotswapError, UsageError
from hotswap.integrations.notices import short
from hotswap.model import Unchanged

if TYPE_CHECKING:
    from hotswap.integrations.session import Session


class WrongWords(HotswapError):
    """The words behind a command are not those that it takes; nothing was done."""


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
        raise WrongWords
    before = len(session.reloader.history)
    outcome = session.sync(force=force)
    session.show()
    if isinstance(outcome, Unchanged):
        say("nothing changed")
    elif outcome is not None and len(session.reloader.history) == before:
        say(f"nothing was saved since: {outcome}")


def restart(session: Session, words: list[str]) -> None:
    """Replace the process by a new one that takes over the session's names."""
    session.reloader.restart(" ".join(words))


# ---------------------------------------------------------------------- what would happen, what has happened


def plan(session: Session, _words: list[str]) -> None:
    """Say what the next round would do; nothing is touched."""
    try:
        say(str(session.reloader.plan()))
    except SyntaxError as error:
        say(f"{short(error.filename or '')}:{error.lineno}: {error.msg}")


def why(session: Session, words: list[str]) -> None:
    """Say why a module or name was last touched."""
    for word in one_or_more(words):
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
            raise WrongWords
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


def one_or_more(words: list[str]) -> list[str]:
    """The words, of which there must be one."""
    if not words:
        raise WrongWords
    return words
