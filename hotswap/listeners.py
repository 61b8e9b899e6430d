"""Functions of the program that are told of rounds (`on_swap`), and boundaries (`accept`)."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType, ModuleType
from typing import Any, Literal, TypeAlias, TypeVar, overload

from hotswap.asked import Table, key_of
from hotswap.errors import UsageError

Phase: TypeAlias = Literal["caches", "update"]
Listener = TypeVar("Listener", bound=Callable[[Any], object])
Handler = TypeVar("Handler", bound=Callable[[ModuleType], object])

PHASES: tuple[Phase, Phase] = ("caches", "update")


@dataclass(frozen=True, slots=True)
class Told:
    """A function that is called with the outcome of each round, in one of two phases."""

    phase: Phase
    call: Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Boundary:
    """The importer takes care of changes of the accepted module itself."""

    importer: str
    accepted: str
    call: Callable[[ModuleType], object]


listeners: Table[Told] = Table()
boundaries: Table[Boundary] = Table()


@overload
def on_swap(function: Listener, /) -> Listener: ...


@overload
def on_swap(*, phase: Phase) -> Callable[[Listener], Listener]: ...


def on_swap(function: Any = None, /, *, phase: Phase = "update") -> Any:
    """Call the function with the outcome of each round that was not *unchanged*, on the thread that applied it.

    A decorator, plain or with a phase: all functions of the phase "caches", which drop what was derived from old code,
    are called before those of "update" (the default), which so find nothing stale.  What one raises is told and breaks
    nothing.
    """
    if phase not in PHASES:
        raise UsageError(f"on_swap(phase={phase!r}): it has to be 'caches' or 'update'")
    if function is None:
        return lambda decorated: _listen(decorated, phase, sys._getframe(1))
    return _listen(function, phase, sys._getframe(1))


def _listen(function: Any, phase: Phase, frame: FrameType) -> Any:
    if not callable(function):
        raise UsageError(f"on_swap({function!r}): it has to be a function that takes the outcome")
    listeners.add(Told(phase, function), (phase, key_of(function)), frame)
    return function


def accept(module: str | ModuleType, handler: Handler) -> Handler:
    """Take care of changes of a module that this one imports: `handler(module)` is called after each.

    Statements of this module that compute something from the other one do not run again because of it; imports and
    definitions do.  `module` is the module or its name; one that begins with a dot begins at this module's package.

    Raises UsageError when there is no such module, or the handler cannot be called.
    """
    frame = sys._getframe(1)
    if not callable(handler):
        raise UsageError(f"accept({module!r}, {handler!r}): the handler has to be a function that takes the module")
    accepted, importer = _name_of(module, frame.f_globals), str(frame.f_globals.get("__name__"))
    boundaries.add(Boundary(importer, accepted, handler), (importer, accepted), frame)
    return handler


def _name_of(module: str | ModuleType, space: dict[str, Any]) -> str:
    if isinstance(module, ModuleType):
        return module.__name__
    if not isinstance(module, str):
        raise UsageError(f"accept({module!r}, …): it has to be a module, or the name of one")
    with suppress(ImportError):
        name = importlib.util.resolve_name(module, str(space.get("__package__") or ""))
        if name in sys.modules or importlib.util.find_spec(name) is not None:
            return name
    raise UsageError(f"accept({module!r}, …): there is no module of that name; check the spelling")
