"""What modules ask for: `keep`, things that are made once, and `on_dispose`, what is to be put away before.

Known by key and by name, so that a statement that runs again finds what it made the first time.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from hotswap import handover
from hotswap.asked import Asked, Table, is_definition, key_of
from hotswap.errors import UsageError
from hotswap.handover import Packed, Parcel
from hotswap.looking import is_instance
from hotswap.report import say

T = TypeVar("T")
Handler = TypeVar("Handler", bound=Callable[[], object])

# ---- keep

_MISSING = object()
_kept: dict[str, Any] = {}
_locks: dict[str, threading.RLock] = {}
_spare: dict[int, tuple[object, int]] = {}


def keep(key: str, factory: Callable[[], T]) -> T:
    """The one object of this key: made by `factory()` once, the same whenever a statement asks for it again.

    It survives edits, and a restart if it pickles; sockets and `Descriptor`s anywhere in it stay open.  What does not
    come through a restart is made anew by the factory, and that is said.  Raises what the factory raises; then nothing
    is kept.  Keys belong to the whole program.
    """
    if not is_instance(key, str):
        raise UsageError(f"keep({key!r}, …): the key has to be a str, by which reports can name it")
    found = _kept.get(key, _MISSING)
    if found is _MISSING:
        with _locks.setdefault(key, threading.RLock()):
            found = _kept.get(key, _MISSING)
            if found is _MISSING:
                found = _kept[key] = _first(key, factory)
    return found  # type: ignore[no-any-return]


def forget(key: str) -> None:
    """Have the next `keep()` of this key make a new object.  What is held elsewhere is not touched, nor closed."""
    _kept.pop(key, None)
    packed = handover.take(key)
    if packed is not None:
        packed.close()


def _first(key: str, factory: Callable[[], T]) -> T:
    packed = handover.take(key)
    if packed is not None:
        try:
            return handover.unpack(packed)  # type: ignore[no-any-return]
        except Exception as error:  # noqa: BLE001  code of the program's runs while it is unpickled
            say(f"keep({key!r}) is made anew, it did not come through the restart: {handover.explain(error)}")
    return factory()


def kept() -> tuple[str, ...]:
    """The keys of what is kept, oldest first."""
    return tuple(_kept)


def is_kept(value: object) -> bool:
    """Whether the object is one of those that are kept; numbers and texts are no objects of their own."""
    return not isinstance(value, int | str | bytes | None) and any(kept is value for kept in list(_kept.values()))


def unpicklable() -> dict[str, str]:
    """The keys of what a restart would make anew, and why."""
    return {key: why for key, value in list(_kept.items()) if (why := handover.problem(value))}


def secure() -> None:
    """Before the program is stopped: hold on to the sockets that are kept, for it closes them on its way out."""
    for value in list(_kept.values()):
        with suppress(Exception):  # what does not pickle is told of when it is packed
            _spare.update(handover.sockets_in(value))


def pack(parcel: Parcel) -> None:
    """Put all that is kept into the parcel, and what was received and not asked for.  Says what cannot be."""
    parcel.values.update(handover.received.values)
    for key, value in list(_kept.items()):
        try:
            parcel.values[key] = _packed(value)
        except Exception as error:  # noqa: BLE001  code of the program's runs while it is pickled
            say(f"keep({key!r}) will be made anew, it does not pickle: {handover.explain(error)}")


def _packed(value: object, tries: int = 3) -> Packed:
    while True:
        tries -= 1
        try:
            return handover.pack(value, _spare)
        except RuntimeError:  # a thread that still runs changed a dict while it was read
            if not tries:
                raise


# ---- on_dispose


@dataclass(frozen=True, slots=True)
class Disposer:
    """A function to call before the statements of its module run again, the module is removed, or the process ends."""

    module: str
    name: str
    call: Callable[[], object]

    def is_current(self) -> bool:
        """Whether the module still has it: a function whose definition left the source is called no more."""
        module = sys.modules.get(self.module)
        if module is None or not self.is_definition():
            return True
        found: object = module
        for part in self.name.split("."):
            found = getattr(found, part, None)
        return found is not None

    def is_definition(self) -> bool:
        """Whether it is a function of the module's own, by name, and not one that was made at run time."""
        return is_definition(self.call) and self.call.__module__ == self.module

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class Fault:
    """A hook that raised, and what."""

    name: str
    error: BaseException

    def __str__(self) -> str:
        return f"{self.name} raised {handover.explain(self.error)}"


disposers: Table[Disposer] = Table()


def on_dispose(function: Handler) -> Handler:
    """Call the function before what it puts away is made again, before its module goes, or the process restarts.

    A decorator; also to be called with any callable.  It takes no arguments.  The newest is called first.  Defining it
    again replaces it, and it goes with the statement that registered it.
    """
    if not callable(function):
        raise UsageError(f"on_dispose({function!r}): it has to be callable, without arguments")
    frame = sys._getframe(1)
    module = str(frame.f_globals.get("__name__"))
    disposer = Disposer(module, getattr(function, "__qualname__", repr(function)), function)
    disposers.add(disposer, key_of(function), frame)
    return function


def dispose(module: str) -> tuple[Fault, ...]:
    """Call what this module has for it, newest first.  Never raises what they raise: that is returned."""
    return call_all([entry for entry in disposers if entry.thing.module == module])


def dispose_all() -> tuple[Fault, ...]:
    """Call those of all modules, newest first: the process is going to be replaced."""
    return call_all(list(disposers))


def call_all(entries: Sequence[Asked[Disposer]]) -> tuple[Fault, ...]:
    """Call them, the newest first.  Those that were made at run time are forgotten: nobody registers them again."""
    faults = []
    for entry in reversed(entries):
        disposer = entry.thing
        if not disposer.is_definition() or not disposer.is_current():
            disposers.drop(lambda each, gone=entry: each is gone)  # type: ignore[misc]
        if disposer.is_current() and (fault := call(disposer.call, str(disposer))) is not None:
            faults.append(fault)
    return tuple(faults)


def call(hook: Callable[..., object], name: str, *arguments: object) -> Fault | None:
    """Call a hook of the program; what it raises is returned, and breaks nothing."""
    try:
        hook(*arguments)
    except (Exception, SystemExit) as error:  # noqa: BLE001  a hook may raise anything
        return Fault(name, error)
    return None
