"""Names that came to a prompt by `from module import name`, and whether they follow the module.

Functions and classes are the same objects for ever; a constant is another one after an edit.  A name follows only as
long as it is the import's: what the user bound since, by whatever statement, is never written over.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from textwrap import dedent
from types import CodeType, ModuleType
from typing import Any, Literal, TypeAlias

from hotswap.integrations.names_in_cells import Import, Names, names_in_code, names_in_text

Policy: TypeAlias = Literal["follow", "offer", "keep"]
"""What happens to such a name when the module's value is another one: it follows, one is told how to, nothing."""

ABSENT = object()
EARLIER_LINES = 1000


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell or line that runs: what it says about names, and what those that it imports were before."""

    names: Names = Names()  # noqa: RUF009  it is frozen
    before: dict[str, Any] = field(default_factory=dict)


NOTHING = Cell()


@dataclass(slots=True)
class Link:
    """A name at the prompt that is the module's attribute, the object that both were last, the one last offered."""

    module: str
    attribute: str
    value: Any
    star: bool
    offered: Any = None


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of names at the prompt in one round, each as it is called there."""

    followed: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = []
        if self.followed:
            parts.append(f"at the prompt, {', '.join(self.followed)} followed")
        if self.offered:
            parts.append(f"still old at the prompt: {', '.join(self.offered)}")
        if self.gone:
            parts.append(f"kept at the prompt, though no longer in the module: {', '.join(self.gone)}")
        return "; ".join(parts)


class ImportedNames:
    """The imported names of one namespace."""

    def __init__(self, namespace: Callable[[], MutableMapping[str, Any]]) -> None:
        self._namespace = namespace
        self._links: dict[str, Link] = {}
        self._stars: set[str] = set()
        self.policy: Policy = "follow"

    def read(self, cell: str | CodeType) -> Cell:
        """Look at a cell, or at the code of a line, before it runs."""
        space = self._namespace()
        package = str(space.get("__package__") or "")
        if isinstance(cell, CodeType):
            names = names_in_code(cell, package)
        elif self._links or self._stars or "import" in cell:
            names = names_in_text(cell, package)
        else:
            return NOTHING
        return Cell(names, {i.name: space.get(i.name, ABSENT) for i in names.imports})

    def learn(self, cell: Cell) -> None:
        """A cell has run (perhaps not to its end): note what it imported, forget what it bound otherwise."""
        imports, binds = cell.names.imports, cell.names.binds
        for name in binds - {i.name for i in imports}:
            self._links.pop(name, None)
        for each in imports:
            if each.star:
                self._learn_star(each.module)
            elif each.name not in binds:
                self._learn(each, cell.before.get(each.name, ABSENT))

    def _learn(self, each: Import, before: Any) -> None:
        value = attribute(each.module, each.attribute)
        held = self._namespace().get(each.name, ABSENT)
        if value is ABSENT or held is not value:
            return
        if each.sure or before is not held:
            self._links[each.name] = Link(each.module, each.attribute, value, star=False)

    def _learn_star(self, module: str) -> None:
        space = self._namespace()
        names = {n: v for n, v in public_names(module).items() if space.get(n, ABSENT) is v}
        if names:
            self._stars.add(module)
        for name, value in names.items():
            self._links.setdefault(name, Link(module, name, value, star=True))

    def origins(self) -> dict[str, tuple[str, str, bool]]:
        """Of each name that is an import's: the module, its attribute, and whether a star brought it."""
        space = self._namespace()
        links = ((n, k) for n, k in self._links.items() if space.get(n, ABSENT) is k.value)
        return {name: (link.module, link.attribute, link.star) for name, link in links}

    def bind(self, name: str, origin: tuple[str, str, bool]) -> None:
        """Import a name again, from where it came.  Raises what the import raises."""
        module, attribute_name, star = origin
        value = getattr(importlib.import_module(module), attribute_name)
        self._namespace()[name] = value
        self._links[name] = Link(module, attribute_name, value, star)
        if star:
            self._stars.add(module)

    def follow(self) -> Followed:
        """A round has gone live: bring the names up to date, as the policy says."""
        if self.policy == "keep":
            return Followed()
        space, followed, offered, gone = self._namespace(), [], [], []
        for name, link in list(self._links.items()):
            held, value = space.get(name, ABSENT), attribute(link.module, link.attribute)
            if held is value and value is not ABSENT:
                link.value = value
            elif held is not link.value:
                del self._links[name]  # the user's own by now
            elif value is ABSENT:
                del self._links[name]
                gone.append(self._let_go(name, link, space))
            elif self.policy == "offer":
                if link.offered is not value:
                    link.offered = value
                    offered.append(f"{name} (from {link.module} import {as_written(link.attribute, name)})")
            else:
                space[name] = link.value = value
                followed.append(name)
        if self.policy == "follow":
            followed += self._take_new(space)
        return Followed(tuple(followed), tuple(offered), tuple(filter(None, gone)))

    def _let_go(self, name: str, link: Link, space: MutableMapping[str, Any]) -> str:
        """What a star brought goes with the module's name; what was asked for by name stays, and is told."""
        if link.star and self.policy == "follow" and link.module in sys.modules:
            del space[name]
            return ""
        return name

    def _take_new(self, space: MutableMapping[str, Any]) -> Iterator[str]:
        """Names that appeared in a module of which everything was imported."""
        for module in sorted(self._stars):
            for name, value in public_names(module).items():
                if name not in space:
                    space[name] = value
                    self._links[name] = Link(module, name, value, star=True)
                    yield name


def as_written(attribute_name: str, name: str) -> str:
    """The part of an import behind `import`."""
    return name if attribute_name == name else f"{attribute_name} as {name}"


def attribute(module: str, name: str) -> Any:
    """What the loaded module holds under the name; ABSENT when it does not."""
    loaded = sys.modules.get(module)
    return vars(loaded).get(name, ABSENT) if isinstance(loaded, ModuleType) else ABSENT


def public_names(module: str) -> dict[str, Any]:
    """What `from module import *` brings."""
    loaded = sys.modules.get(module)
    if not isinstance(loaded, ModuleType):
        return {}
    space = vars(loaded)
    names = space.get("__all__")
    if names is None:
        names = [n for n in space if not n.startswith("_")]
    return {n: space[n] for n in list(names) if n in space}


def earlier_lines() -> list[str]:
    """What was typed before, oldest first, as far as the prompt's history tells; of other sessions too."""
    reader: Any = sys.modules.get("_pyrepl.readline") or sys.modules.get("readline")
    if reader is None:
        return []
    try:
        last = reader.get_current_history_length()
        lines = [reader.get_history_item(n) for n in range(max(1, last - EARLIER_LINES), last + 1)]
    except Exception:  # noqa: BLE001  a prompt that is not the process's own keeps none
        return []
    return [dedent(line) for line in lines if line]
