"""Who finds names of a module without naming them: by `getattr`, by `vars`, in a module imported under a given name."""

from __future__ import annotations

from collections.abc import Iterator

from hotswap.codefacts import CodeFacts
from hotswap.factfinder import SOURCE_TELLERS
from hotswap.graph import Graph
from hotswap.model import Name
from hotswap.planning.edition import Edition
from hotswap.resolving import module_at, resolve_value
from hotswap.source import StatementPath
from hotswap.syntax import Chain
from hotswap.trace import Footprint

LOOKING = frozenset(("getattr", "hasattr", "vars", "dir", "attrgetter", "getmembers"))
"""Functions that find names which the text does not tell."""

LISTING = LOOKING - {"getattr", "hasattr", "attrgetter"}
"""Those of them that find all there are."""


def looks_around(code: CodeFacts) -> bool:
    """Whether a function may find attributes that it does not name."""
    return any(chain[-1] in LOOKING for chain in code.reads) or "__dict__" in code.attributes


def lists_names(code: CodeFacts) -> bool:
    """Whether a function may go through all the attributes that something has."""
    return any(chain[-1] in LISTING for chain in code.reads) or "__dict__" in code.attributes


def looks_into(code: CodeFacts, module: object, space: dict[str, object]) -> bool:
    """Whether a function may find attributes of the module, which it knows, without naming them.

    It looks for them itself, or hands the module on: `app.config.from_object(settings)`.
    """
    looking = code.reads if looks_around(code) else code.whole
    return any(resolve_value(space, chain) is module for chain in looking)


def finds(edition: Edition, path: StatementPath, leaf: str, footprint: Footprint) -> bool:
    """Whether a statement that imports a module by name may find the attribute in it, itself or by what it calls.

    A constructor that goes through all names takes what it finds, as settings do: that is no state.
    """
    facts = edition.facts(path)
    if leaf in facts.attributes or any(chain[-1] in LOOKING for chain in facts.calls):
        return True
    codes = (edition.code(called) for called in edition.called(path))
    if any(code is not None and (leaf in code.attributes or looks_around(code)) for code in codes):
        return True
    made_by = (edition.code(called) for each in footprint.constructing.values() for called in each)
    return any(code is not None and lists_names(code) for code in made_by)


def lines_that_import(module: str, reader: str, graph: Graph) -> Iterator[tuple[int, Footprint]]:
    """The lines of a module whose statements, when they ran, imported another one by a name that was computed."""
    for line, footprint in (graph.index.modules[reader].calls or {}).items():
        if module in footprint.imported:
            yield line, footprint


def loads(edition: Edition, path: StatementPath, module: str) -> bool:
    """Whether a statement hands the name of a module to what takes all that is in it: `config.from_object("app")`."""
    named = edition.source.loaded_by_name.get(path[0], ()) if len(path) == 1 else ()
    return any(name == module or name.startswith(f"{module}.") for name in named)


def hands_on_text(edition: Edition, path: StatementPath, code: Name) -> bool:
    """Whether a statement hands a definition, or a module, to a function that looks at the text or code of such."""
    module, owner = code[0], code[1].rpartition(".")[0]
    home = edition.graph.index.modules.get(module)
    thing = resolve_value(home.namespace, tuple(owner.split("."))) if owner and home is not None else module_at(module)
    space: dict[str, object] = edition.tracked.namespace
    if thing is None or all(resolve_value(space, chain) is not thing for chain in edition.facts(path).arguments):
        return False
    codes = (edition.code(called) for called in edition.called(path))
    return any(each is not None and (tells(each) or "__code__" in each.attributes) for each in codes)


def tells(code: CodeFacts) -> bool:
    """Whether a function asks for the text of something."""
    return any(chain[-1] in SOURCE_TELLERS for chain in code.reads)


def as_argument(edition: Edition, path: StatementPath, module: object) -> bool:
    """Whether a statement hands the module itself to a call."""
    space: dict[str, object] = edition.tracked.namespace
    chains: frozenset[Chain] = edition.facts(path).arguments
    return any(resolve_value(space, chain) is module for chain in chains)


def in_namespace(edition: Edition, path: StatementPath, module: object) -> bool:
    """Whether a statement reads the `__dict__` of the module: `{**settings.__dict__}`."""
    space: dict[str, object] = edition.tracked.namespace
    chains = (chain[: chain.index("__dict__")] for chain in edition.facts(path).reads if "__dict__" in chain[1:])
    return any(resolve_value(space, chain) is module for chain in chains)


def is_plain(event: Name, name: Name) -> bool:
    """Whether something happens to what a global name stands for."""
    return event == name and "." not in name[1]
