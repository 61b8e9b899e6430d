"""Calls the hooks that put things away (`on_dispose`), each right before what it puts away is made again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType

from hotswap import hooks
from hotswap.asked import Asked
from hotswap.graph import Graph
from hotswap.hooks import Disposer, disposers
from hotswap.looking import is_a, is_any
from hotswap.model import Name, Place, Reason
from hotswap.planning.disposal import Disposal
from hotswap.planning.live_names import value_of
from hotswap.planning.reading import is_plain_data, reading_of


@dataclass(slots=True, eq=False)
class _Waiting:
    """A hook that may have to be called, with its code as the round found it: that knows what there is to put away."""

    disposal: Disposal
    code: CodeType | None

    def call(self) -> Callable[[], object]:
        """What is to be called."""
        live = self.disposal.entry.thing.call
        if self.code is None or not is_a(live, FunctionType) or live.__code__ is self.code:
            return live
        before = FunctionType(self.code, live.__globals__, live.__name__, live.__defaults__, live.__closure__)
        before.__kwdefaults__ = live.__kwdefaults__
        return before


class Disposing:
    """The hooks of one round."""

    def __init__(self, disposals: Iterable[Disposal], away: AbstractSet[object]) -> None:
        """`away` are the keys of hooks that were called in an earlier try of the round."""
        self.away = set(away)
        self._waiting = [_Waiting(each, _code_of(each.entry.thing.call)) for each in reversed(tuple(disposals))]
        self.names: set[Name] = set()
        """What was put away."""
        self.called: dict[object, str] = {}
        """By their keys the names of those that were called."""
        self.faults: list[Reason] = []

    def at_once(self) -> None:
        """Call those that read names which are going to be removed."""
        self._call([each for each in self._waiting if each.disposal.at_once])

    def before(self, place: Place) -> None:
        """Call those that put away what this statement is going to make again."""
        if self._waiting:
            self._call([each for each in self._waiting if place in each.disposal.before])

    def take_back(self, is_new: Callable[[Asked[Disposer]], bool], bound: AbstractSet[Name], graph: Graph) -> None:
        """A round failed: put away what its statements made, before all they did is undone.

        `is_new` tells what was registered in the round, `bound` are the names to which it gave a value.  What is only
        half made may not go away without a fault, of which nobody needs to know.
        """
        for entry in [entry for entry in disposers if is_new(entry) or entry.key in self.away][::-1]:
            made = reading_of(entry.thing.call, graph).names & bound
            if not entry.thing.is_definition() or any(_is_made(name, graph) for name in made):
                hooks.call(entry.thing.call, str(entry.thing))

    def _call(self, waiting: Iterable[_Waiting]) -> None:
        for each in waiting:
            self._waiting.remove(each)
            entry, disposer = each.disposal.entry, each.disposal.entry.thing
            self.called[entry.key] = str(disposer)
            self.away.add(entry.key)
            self.names |= each.disposal.names
            if not disposer.is_definition():
                disposers.drop(lambda other, gone=entry: other is gone)  # type: ignore[misc]
            fault = hooks.call(each.call(), str(disposer)) if disposer.is_current() else None
            if fault is not None:
                self.faults.append(_broken(fault, each.code))


def _is_made(name: Name, graph: Graph) -> bool:
    """Whether the name holds something that can be put away."""
    value = value_of(name, graph)
    return not is_any(value, FunctionType, type, ModuleType) and not is_plain_data(value)


def _code_of(call: object) -> CodeType | None:
    return call.__code__ if is_a(call, FunctionType) else None


def _broken(fault: hooks.Fault, code: CodeType | None) -> Reason:
    return Reason(
        code="HS501",
        what=f"on_dispose: {fault}",
        where=f"{code.co_filename}:{code.co_firstlineno}" if code is not None else fault.name,
        why="what it puts away may still be open; it was made again all the same",
        remedy="mend the hook",
    )
