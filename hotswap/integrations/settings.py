"""The words behind `%hotswap` that set something: which modules, what is told, what imported names do."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from hotswap.errors import UsageError
from hotswap.integrations.commands import WrongWords, one_or_more, say

if TYPE_CHECKING:
    from hotswap.integrations.session import Session

Act: TypeAlias = "Callable[[Session, list[str]], None]"

SWITCH, POLICIES = ("on", "off"), ("follow", "offer", "keep")

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
    named = session.selection.excluded if words == ["--all"] else set(one_or_more(words))
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
    session.logging = choice(words, SWITCH) == "on"
    say(f"outcomes also go to the logger 'hotswap': {'yes' if session.logging else 'no'}")


def names(session: Session, words: list[str]) -> None:
    """What becomes of names that were imported at the prompt."""
    if words:
        session.names.policy = choice(words, POLICIES)  # type: ignore[assignment]  # one of its own words
    say(f"imported names: {session.names.policy}")


def thread(session: Session, words: list[str]) -> None:
    """Whether files go live while a cell runs."""
    session.swap_in_cells(wanted=choice(words, SWITCH) == "on")
    say(f"while a cell runs, saved files {'go live' if session.swaps_in_cells else 'wait'}")


def choice(words: list[str], known: tuple[str, ...]) -> str:
    """The word, which must be one of those."""
    if len(words) != 1 or words[0] not in known:
        raise WrongWords
    return words[0]
