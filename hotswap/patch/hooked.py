"""What the program asked hotswap for, in one round: what is put away, asked for anew, loaded anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from hotswap.assets import Asset
from hotswap.events import loaded
from hotswap.graph import Graph
from hotswap.journal import Journal
from hotswap.looking import is_a
from hotswap.model import Action, Edit, Name, Place
from hotswap.patch.asking import Asking
from hotswap.patch.disposing import Disposing
from hotswap.patch.loading import Loads
from hotswap.planning.editions import Editions
from hotswap.planning.loading import Loaders
from hotswap.planning.prepared import Prepared
from hotswap.source import StatementPath


class Hooked:
    """Seen from the statements of a round."""

    def __init__(
        self, plan: Prepared, editions: Editions, graph: Graph, journal: Journal, note: Callable[[Name], None]
    ) -> None:
        self.asking = Asking(editions, journal)
        self._graph = graph
        self.asks_anew: set[StatementPath] = set()
        """The parts of the statement that is running (members of a class) that get something else of a file."""
        self.disposing = Disposing(plan.disposals, plan.away)
        surely = {(s.module, s.statement) for s in plan.steps if s.action is Action.RUN and s.due.always}
        loaders = plan.loaders or Loaders(graph)
        self.loads = Loads(plan.files, loaders, journal, note, lambda entry: self.asking.runs_again(entry, surely))

    def begin(self, edits: Iterable[Edit]) -> None:
        """Before anything is written, while all names hold what they held."""
        self.asking.begin(edits)
        self.disposing.at_once()

    def before(self, place: Place, happened: AbstractSet[Name], *, due: bool) -> None:
        """Before a statement runs (not `due`: for the sake of a value only, so that what it makes is not kept)."""
        if due:
            self.disposing.before(place)
        forgotten = self.asking.runs(place)
        self.loads.expire(happened)
        assets = ((path, entry.thing) for path, entry in forgotten if is_a(entry.thing, Asset))
        self.asks_anew = {path for path, asset in assets if asset.stale or loaded(asset.path) in happened}

    def undo(self, bound: AbstractSet[Name]) -> None:
        """The round failed: before all is undone that gave these names a value."""
        self.disposing.take_back(self.asking.is_new, bound, self._graph)

    def behind(self, happened: AbstractSet[Name]) -> None:
        """Behind all statements that were due so far."""
        self.loads.expire(happened)
        self.loads.rest()
