"""Why a name was touched: from the file that was saved, over each name that changed, to the name itself."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hotswap.events import bare
from hotswap.model import Action, Link, Place, Swapped

MOST_NAMES = 10_000
"""How many names are remembered; those that were touched longest ago are forgotten first."""
PLAIN = (bool, int, float, complex, str, bytes, type(None))
"""Types whose values can be shown: their repr is short and runs no code of the program."""

Look = Callable[[str], Mapping[str, Any]]
"""The global names of a module; empty when there is none of that name."""


@dataclass(frozen=True, slots=True)
class Told:
    """A round as far as it is told: who ran where, what was bound to what, and the files that were saved."""

    by_place: dict[Place, Link]
    patched: dict[str, Link]
    values: dict[str, str]
    files: tuple[str, ...]


@dataclass(slots=True)
class Chains:
    """The last round of each name that was touched."""

    _last: dict[str, tuple[Told, Link]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._last))

    def note(self, outcome: Swapped, look: Look) -> None:
        """Remember what a round touched, with the values that names hold right behind it."""
        links = (*outcome.links, *(Link(name=name, action=Action.RELOAD, reason="") for name in outcome.imported))
        told = Told(
            by_place={link.place: link for link in links if link.place is not None},
            patched={link.name: link for link in links if link.action is Action.PATCH},
            values={name: text for link in links for name, text in bound_to(link, look)},
            files=tuple(change.path for change in outcome.changes),
        )
        for link in links:
            for name in names_of(link):
                self._last.pop(name, None)
                self._last[name] = told, link
        for name in list(self._last)[: max(0, len(self._last) - MOST_NAMES)]:
            del self._last[name]

    def of(self, name: str) -> list[str]:
        """The chains that end at the name, or at names within it (the members of a class, the names of a module)."""
        if name in self._last:
            return [chain(name, *self._last[name])]
        within = {id(link): (n, told, link) for n, (told, link) in self._last.items() if n.startswith(f"{name}.")}
        if within:
            return [chain(link.name, told, link) for _, told, link in within.values()]
        star = self._last.get(f"{name.rpartition('.')[0]}.*")
        return [chain(name, *star)] if star is not None else []


def names_of(link: Link) -> Iterator[str]:
    """What a link can be asked for by: its own name, and all names that its statement binds."""
    yield link.name
    if link.place is not None and len(link.place[1]) == 1:
        yield from (f"{link.place[0]}.{name}" for name in sorted(link.binds))


def bound_to(link: Link, look: Look) -> Iterator[tuple[str, str]]:
    """The names that a statement of a module bound to something that can be shown."""
    if link.place is None or len(link.place[1]) != 1:
        return
    namespace = look(link.place[0])
    for name in link.binds:
        value = namespace.get(name, NOTHING)
        if type(value) in PLAIN:
            yield f"{link.place[0]}.{name}", reprlib.repr(value)


NOTHING = object()


def chain(name: str, told: Told, link: Link) -> str:
    """The chain that ends at a name which the link has touched."""
    words, seen = [shown(name, told, link)], {id(link)}
    while link.cause is not None:
        event, place = link.cause
        cause = ".".join(bare(event))
        before = told.patched.get(cause) if place is None else told.by_place.get(place)
        if before is None or id(before) in seen:
            if place is None and before is None:
                words.append(f"{cause} changed")
            break
        words.append(shown(cause, told, before))
        seen.add(id(before))
        link = before
    words.append(f"{saved(link, told)} saved")
    return " → ".join(reversed(words))


def shown(name: str, told: Told, link: Link) -> str:
    """What happened to a name, in words."""
    reason = f": {link.reason}" if link.reason else ""
    where = f" (line {link.line}{reason})" if link.line else ""
    if link.action is Action.RUN:
        if link.name.endswith(".*") and name != link.name:
            return f"{name} imported by `*`{where}"
        value = told.values.get(name)
        return f"{name} ran{where}" if value is None else f"{name} bound to {value}{where}"
    verb = "imported" if link.action is Action.RELOAD else link.action.value
    return f"{name} {verb}{where}"


def saved(link: Link, told: Told) -> str:
    """The file that it began with; where it cannot be told which, all that were saved."""
    files = (link.path,) if link.path in told.files else told.files
    shown = ", ".join(short(path) for path in files[:3])
    return shown if len(files) <= 3 else f"{shown} and {len(files) - 3} more"


def short(path: str) -> str:
    """The path seen from the current folder if it lies there, else its name with its folder's."""
    relative = os.path.relpath(path)
    return relative if not relative.startswith(os.pardir) else os.path.join(*path.split(os.sep)[-2:])
