"""`hotswap graph`: who imports and who uses what in a program, as text, as a drawing, as JSON."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable, Iterable, Iterator

from hotswap.errors import UsageError
from hotswap.launch import Program
from hotswap.report import say as complain
from hotswap.stage import DoesNotStart, find_place, perform, stage
from hotswap.tracebacks import without_engine
from hotswap.uses import Drawing, Use, cycles, home_of, reachable, read_off

Say = Callable[[str], object]


def draw(program: Program, names: Iterable[str], *, form: str, say: Say) -> int:
    """Import a program and show its graph as "text", "dot" or "json".  Returns the exit status: 1 when it raises.

    With names of modules, or names in them, what concerns these.  Raises UsageError when there is no such name.
    """
    with stage() as reloader:
        try:
            perform(program, find_place(program), reloader)
        except DoesNotStart as failed:
            without_engine(failed.error)
            traceback.print_exception(failed.error)
            complain(f"the program does not start: {failed}")
            return 1
        reloader.sync()
        found = read_off(reloader._graph)
    wanted = list(names)
    for name in wanted:
        check_name(name, found)
    if form == "text":
        say("\n".join(text(found, wanted)))
    elif form == "dot":
        say("\n".join(dot(found, wanted)))
    else:
        say(json.dumps(as_dictionary(found, wanted), indent=2))
    return 0


def check_name(name: str, found: Drawing) -> None:
    """Raise UsageError when the program has no module of that name, and nothing uses or defines such a name."""
    known = {*found.paths, *(use.user for use in found.uses), *(use.name for use in found.uses)}
    if not any(each == name or each.startswith(f"{name}.") for each in known):
        raise UsageError(f"{name!r} is neither a module of the program nor a name that anything in it uses")


# ---------------------------------------------------------------------- telling


def text(found: Drawing, wanted: list[str]) -> Iterator[str]:
    """The graph for people: the whole program module by module, or what concerns some names."""
    for name in wanted or found.paths:
        yield from of_module(name, found) if name in found.paths else of_name(name, found)
    for group in cycles(found.edges):
        if not wanted or any(name in group for name in wanted):
            yield f"cycle: {' → '.join([*group, group[0]])}"


def of_module(module: str, found: Drawing) -> Iterator[str]:
    """A module: its file, what it imports, who imports it, and who uses which of its names."""
    yield f"{module}  {short(found.paths[module])}"
    for imported, names in found.edges[module].items():
        yield f"    imports {imported}{': ' if names else ''}{', '.join(sorted(names))}"
    importers = found.importers(module)
    if importers:
        yield f"    is imported by {', '.join(importers)}"
    backwards = {name: dict.fromkeys(found.importers(name), frozenset[str]()) for name in found.edges}
    further = sorted(reachable(module, backwards) - {*importers, module})
    if further:
        yield f"    and through these by {', '.join(further)}"


def of_name(name: str, found: Drawing) -> Iterator[str]:
    """A name: what it uses, and as a tree who uses it."""
    module = home_of(name, found.paths)
    yield f"{name}  {short(found.paths[module])}"
    importers = [
        m for m in found.importers(module) if not found.edges[m][module].isdisjoint({name[len(module) + 1 :], "*"})
    ]
    if importers:
        yield f"    is imported by {', '.join(importers)}"
    own = [use for use in found.uses if use.user == name or use.user.startswith(f"{name}.")]
    for used in sorted({use.name for use in own if not f"{use.name}.".startswith(f"{name}.")}):
        yield f"    uses {used}"
    yield from users_of(name, found, "    ", {name})


def users_of(name: str, found: Drawing, indent: str, seen: set[str]) -> Iterator[str]:
    """Who uses a name, and below each who uses that in turn; each is followed once."""
    for use in found.users(name):
        if f"{use.user}.".startswith(f"{name}."):
            continue
        yield f"{indent}is used by {use.user} (line {use.line}){' …' if use.user in seen else ''}"
        if use.user not in seen:
            seen.add(use.user)
            yield from users_of(use.user, found, indent + "    ", seen)


def dot(found: Drawing, wanted: list[str]) -> Iterator[str]:
    """The module graph in the language of Graphviz; edges of cycles are red."""
    in_cycle = [set(group) for group in cycles(found.edges)]
    yield "digraph program {"
    yield "    rankdir=LR; node [shape=box, fontname=monospace];"
    yield from (f"    {quoted(name)};" for name in found.paths if concerns(name, wanted, found))
    for importer, imported in found.edges.items():
        for name, names in imported.items():
            if concerns(importer, wanted, found) and concerns(name, wanted, found):
                color = ", color=red" if any({importer, name} <= group for group in in_cycle) else ""
                yield f"    {quoted(importer)} -> {quoted(name)} [label={quoted(', '.join(sorted(names)))}{color}];"
    yield "}"


def quoted(words: str) -> str:
    """A string in the language of Graphviz."""
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'


def concerns(module: str, wanted: list[str], found: Drawing) -> bool:
    """Whether a module is one of those wanted, or next to one (that of a name, if a name is wanted)."""
    if not wanted:
        return True
    near = {home_of(name, found.paths) for name in wanted}
    return module in near or any(module in found.edges[home] or home in found.edges[module] for home in near)


def as_dictionary(found: Drawing, wanted: list[str]) -> dict[str, object]:
    """The graph for programs."""
    modules = {
        name: {
            "path": path,
            "imports": {imported: sorted(names) for imported, names in found.edges[name].items()},
            "imported_by": found.importers(name),
        }
        for name, path in found.paths.items()
        if concerns(name, wanted, found)
    }
    about = [
        u
        for u in found.uses
        if not wanted or any(f"{n}.".startswith(f"{w}.") for w in wanted for n in (u.user, u.name))
    ]
    uses = [{"user": use.user, "line": use.line, "name": use.name} for use in about]
    return {"modules": modules, "cycles": cycles(found.edges), "uses": uses}


def is_about(use: Use, wanted: list[str]) -> bool:
    """Whether the use is by or of one of these modules and names, or something in it."""
    return any(f"{name}.".startswith(f"{each}.") for each in wanted for name in (use.user, use.name))


def short(path: str) -> str:
    """The path seen from the current folder if it lies there."""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative
