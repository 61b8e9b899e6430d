"""The names of a session, pickled for the process that comes after this one; those that do not pickle are told.

Objects that several names share are shared again afterwards: such names travel together, as one pickle.  So a name that
cannot be made again over there takes nothing along but those that share something with it.
"""

from __future__ import annotations

import importlib
import io
import pickle
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import IO, Any

from hotswap.integrations.notices import clipped
from hotswap.looking import is_instance

OF_THE_SHELL = re.compile(r"_+|_i+|_i?\d+|_[dio]h|In|Out|get_ipython|exit|quit|open|__.*__")
"""Names that a shell binds by itself."""

NOT_SHARED = (str, bytes, int, float, complex, type, FunctionType, ModuleType)
"""Kinds of objects of which it makes no difference how many there are, or that are found by name."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A name that does not come through, and why."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name} ({self.why})"


@dataclass(frozen=True, slots=True)
class Luggage:
    """What of a namespace comes through: names that travel together, names of modules, and what does not.

    Each group is one pickle in a file, at its place.
    """

    groups: tuple[tuple[tuple[str, ...], int], ...] = ()
    modules: dict[str, str] = field(default_factory=dict)
    lost: tuple[Lost, ...] = ()

    @property
    def names(self) -> list[str]:
        """The names that come through, sorted."""
        return sorted([*self.modules, *(name for group, _ in self.groups for name in group)])


# ---------------------------------------------------------------------- here


def pack(namespace: Mapping[str, Any], hidden: Iterable[str], file: IO[bytes]) -> Luggage:
    """Write what pickles into the file.  Never raises what the program's objects raise: those are lost, and told."""
    hidden = frozenset(hidden)
    values = {n: v for n, v in namespace.items() if n not in hidden and not OF_THE_SHELL.fullmatch(n)}
    modules, lost, shared = {}, list[Lost](), dict[str, set[int]]()
    for name, value in values.items():
        if not is_instance(value, ModuleType):
            try:
                shared[name] = objects_in(value)
            except Exception as error:  # noqa: BLE001  objects may raise anything while they are pickled
                lost.append(Lost(name, why_not(error, value)))
        elif sys.modules.get(value.__name__) is value:
            modules[name] = value.__name__
        else:
            lost.append(Lost(name, "a module that cannot be imported by its name"))
    groups = []
    for names in together(shared):
        place = file.tell()
        try:
            SessionPickler(file).dump({name: values[name] for name in names})
            groups.append((names, place))
        except Exception as error:  # noqa: BLE001  the same; it may have changed since it was tried
            file.seek(place)
            file.truncate()
            lost += [Lost(name, why_not(error, values[name])) for name in names]
    return Luggage(tuple(groups), modules, tuple(lost))


def together(shared: Mapping[str, set[int]]) -> Iterator[tuple[str, ...]]:
    """The names in groups: two that share an object are in one."""
    groups: list[tuple[set[str], set[int]]] = []
    for name, ids in shared.items():
        names, objects = {name}, set(ids)
        apart = []
        for group in groups:
            if group[1] & objects:
                names |= group[0]
                objects |= group[1]
            else:
                apart.append(group)
        groups = [*apart, (names, objects)]
    order = {name: place for place, name in enumerate(shared)}
    for names, _ in groups:
        yield tuple(sorted(names, key=order.__getitem__))


def objects_in(value: object) -> set[int]:
    """The ids of the objects below the value, as pickle goes through them.  Raises what pickling raises."""
    pickler = SessionPickler(_Nowhere())  # type: ignore[arg-type]  # it writes, and that is all that is asked of it
    pickler.dump(value)
    return {key for key, (_, found) in pickler.memo.copy().items() if not is_instance(found, NOT_SHARED)}


class SessionPickler(pickle.Pickler):
    """Knows what belongs to a shell: its reloader and itself are found again, what was defined in cells is not."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)

    def reducer_override(self, value: Any) -> Any:
        """Called for each object that is not of a built-in kind."""
        if is_instance(value, type | FunctionType):
            if getattr(value, "__module__", None) in ("__main__", None):
                raise pickle.PicklingError(f"{value.__qualname__} is defined in the session")
            return NotImplemented
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        if kind == "hotswap.reloader.Reloader":
            return _the_reloader, ()
        if any(cls.__module__ == "ipywidgets.widgets.widget" for cls in type(value).__mro__):
            raise pickle.PicklingError("a widget's other half is in the browser")
        if hasattr(type(value), "run_cell_async"):
            return _the_shell, ()
        return NotImplemented


def _the_reloader() -> Any:
    import hotswap

    return hotswap.default()


def _the_shell() -> Any:
    from IPython.core.getipython import get_ipython

    return get_ipython()


class _Nowhere(io.RawIOBase):
    """Takes what is written, and forgets it."""

    def write(self, data: Any) -> int:
        return len(data)


def why_not(error: BaseException, value: object) -> str:
    """Why a value does not pickle, in a few words."""
    if is_instance(value, type | FunctionType) and is_instance(error, pickle.PicklingError):
        return "defined in the session"
    return clipped(" ".join(f"{type(value).__name__}: {error}".split()), 160)


# ---------------------------------------------------------------------- there


def unpack(luggage: Luggage, file: IO[bytes], namespace: MutableMapping[str, Any]) -> tuple[list[str], list[Lost]]:
    """Bind the names again.  Returns those that are back, and those that are not, with the reason.

    Never raises what modules raise that are imported, or objects while they are made again.
    """
    back, lost = list[str](), list[Lost]()
    for name, module in luggage.modules.items():
        try:
            namespace[name] = importlib.import_module(module)
            back.append(name)
        except BaseException as error:  # noqa: BLE001  a module may raise anything, SystemExit too
            lost.append(Lost(name, told(error)))
    for names, place in luggage.groups:
        file.seek(place)
        try:
            namespace.update(pickle.load(file))  # noqa: S301  this process wrote it, before it was replaced
            back += names
        except BaseException as error:  # noqa: BLE001  the same
            lost += [Lost(name, told(error)) for name in names]
    return sorted(back), lost


def told(error: BaseException) -> str:
    """The error in a few words."""
    return clipped(" ".join(f"{type(error).__name__}: {error}".split()), 160)
