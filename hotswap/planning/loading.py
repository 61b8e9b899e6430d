"""What the loaders of assets depend on.  Pure."""

from __future__ import annotations

from types import FunctionType
from typing import Any, NamedTuple

from hotswap.assets import Asset, assets
from hotswap.codefacts import code_facts
from hotswap.events import behaviour, content
from hotswap.graph import Graph, reachable_functions
from hotswap.index import Tracked
from hotswap.looking import is_a
from hotswap.model import Name
from hotswap.resolving import resolve_value


class Known(NamedTuple):
    """What a loader depended on when it was looked at, and what that was told from."""

    events: set[Name]
    generations: dict[str, int]
    values: dict[Name, int]


class Loaders:
    """The loaders of all assets, as they are now."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[int, tuple[Asset, set[Name]]] = {}
        self._paths: dict[Name, set[str]] | None = None

    def depends_on(self, asset: Asset) -> set[Name]:
        """The events that change what the loader makes of a file."""
        key = _key(asset.load)
        if key not in self._known:
            if not self._holds(asset.known):
                asset.known = self._look(asset)
            self._known[key] = asset, asset.known.events  # the asset keeps its loader, and so the key
        return self._known[key][1]

    def concerned(self, event: Name) -> set[str]:
        """The paths of the assets that become stale when this happens."""
        if self._paths is None:
            self._paths = {}
            for path, made in list(assets.items()):
                for each in set().union(*map(self.depends_on, made)):
                    self._paths.setdefault(each, set()).add(path)
        return self._paths.get(event, set())

    def _look(self, asset: Asset) -> Known:
        events, modules = reachable_functions(asset.load, self._graph), self._graph.index.modules
        if is_a(asset.load, FunctionType) and asset.load.__module__ in modules:
            events |= self._read_by(asset.load, modules[asset.load.__module__])
        generations = {name: modules[name].generation for name, _ in events if name in modules}
        values = {event: self._value(event) for event in events if event[0] in modules and event[1].isidentifier()}
        return Known(events, generations, values)

    def _read_by(self, load: FunctionType, tracked: Tracked) -> set[Name]:
        """What its own code reads: a lambda may have left the source, and be asked for again one day."""
        found: set[Name] = set()
        code = code_facts(load.__code__)
        for chain in code.reads:
            for read in self._graph.references(tracked, chain):
                found |= {read, behaviour(read), *((content(read),) if chain in code.uses else ())}
            found |= reachable_functions(resolve_value(tracked.namespace, chain), self._graph)
        return found

    def _holds(self, known: Any) -> bool:
        """Whether a look would tell the same: it is what takes time."""
        modules = self._graph.index.modules
        return (
            isinstance(known, Known)
            and all(name in modules and modules[name].generation == at for name, at in known.generations.items())
            and all(self._value(name) == value for name, value in known.values.items())
        )

    def _value(self, name: Name) -> int:
        return id(self._graph.index.modules[name[0]].namespace.get(name[1]))


def _key(load: object) -> int:
    """Equal for functions that cannot but depend on the same: of one code, without variables of their own."""
    return id(load.__code__) if is_a(load, FunctionType) and load.__closure__ is None else id(load)
