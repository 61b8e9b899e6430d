"""Files of the program that are no modules: `asset`, what was loaded from one, and `on_file`, who is told of them.

They are watched together with the modules and go live in the same rounds, once a reloader watches.  Without one,
`asset` loads each file once.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from hotswap.asked import Asked, At, Table, is_being_imported, key_of, running_statement, touch
from hotswap.errors import UsageError
from hotswap.looking import is_a
from hotswap.marks import Marks, mark_of
from hotswap.model import Change
from hotswap.watching.globs import Glob

T = TypeVar("T")
Handler = TypeVar("Handler", bound=Callable[[Path], object])
Loader: TypeAlias = Callable[[Path], Any]

MOST_LOADERS = 16
"""Values of one file that are held at most.  A loader that is made anew for each call, with other variables each time,
would otherwise hold all that it ever loaded."""

WILD = frozenset("*?[")

# ---------------------------------------------------------------------- what was loaded


@dataclass(slots=True, eq=False)
class Asset:
    """What one loader made of one file.

    `mark` tells the content of the file that it was made from.  `used`: a function asked for it since it was loaded.
    `stale`: its loader would make something else of the file now.  `fault` says why that could not be loaded, `tried`
    which content it was.  `known` is what the planner keeps in mind about the loader.
    """

    path: str
    load: Loader
    value: Any
    mark: object
    used: bool = False
    stale: bool = False
    fault: str = ""
    tried: object = None
    known: Any = None

    def differs(self, mark: object) -> bool:
        """Whether another content of the file is neither in it nor has been tried."""
        return mark != self.mark and not (self.fault and mark == self.tried)


class Renewing(Protocol):
    """A round that is in progress."""

    def renew(self, asset: Asset) -> None:
        """Load one that is stale."""

    def made(self, asset: Asset) -> None:
        """One was loaded for the first time."""


@dataclass(slots=True)
class Loading:
    """The round that is in progress, and its thread; others see what there was before."""

    round: Renewing | None = None
    thread: int = 0

    def here(self) -> Renewing | None:
        """The round, if it runs on this thread."""
        return self.round if self.thread == threading.get_ident() else None


assets: dict[str, list[Asset]] = {}
askers: Table[Asset] = Table()
"""Which statements asked for an asset as they ran."""
loading = Loading()
marks = Marks()
"""What is known of the files that functions are told of."""
followers: list[Callable[[], object]] = []
"""Called when there is something new to watch."""
_locks: dict[str, threading.RLock] = {}
_places: dict[object, str] = {}


def asset(path: str | os.PathLike[str], load: Callable[[Path], T]) -> T:
    """What `load` makes of the file: loaded once, and again when the file is saved; always the newest.

    `load` is called with the absolute path.  If it raises in a round, what was loaded before stays, and that is told;
    the first time what it raises comes out.  Statements that ask for an asset while importing run again when it
    changes.  A relative path begins at the working directory.  To be called as often as wanted.
    """
    place = place_of(path)
    found = find(place, load)
    if found is None:
        found = _loaded(place, load)
    elif found.stale and (here := loading.here()) is not None:
        here.renew(found)
    module, line = running_statement(sys._getframe(1))
    in_round = loading.here() is not None
    if not in_round and not is_being_imported(module):
        found.used = True  # by a function, which may ask again; the statement may be the whole course of a script
    if line and askers.get(key := At(place, module, line, in_round)) is not found:
        askers.put(Asked(module, line, key, found))
    return found.value  # type: ignore[no-any-return]


def place_of(path: str | os.PathLike[str]) -> str:
    """The absolute path of what a program calls a file."""
    text = os.fsdecode(path)
    key: object = text if os.path.isabs(text) else (os.getcwd(), text)
    place = _places.get(key)
    if place is None:
        place = _places[key] = os.path.abspath(text)
    return place


def find(place: str, load: Loader) -> Asset | None:
    """What this loader made of the file, if it did."""
    for each in assets.get(place, ()):
        if each.load is load or is_same(each.load, load):
            return each
    return None


def _loaded(place: str, load: Loader) -> Asset:
    if not callable(load):
        raise UsageError(f"asset({place!r}, {load!r}): the loader has to be a function that takes the path")
    with _locks.setdefault(place, threading.RLock()):
        found = find(place, load)
        if found is None:
            mark = mark_of(place)  # before it is read: a save in between is seen as one then
            found = Asset(place, load, load(Path(place)), mark)
            assets[place] = [*assets.get(place, ())[-MOST_LOADERS + 1 :], found]
            if (here := loading.here()) is not None:
                here.made(found)
            _announce()
        return found


def _announce() -> None:
    touch()
    for follow in followers.copy():
        follow()


def is_followed(path: str) -> bool:
    """Whether something is made of the file, or somebody is to be told of it."""
    return path in assets or any(True for _ in hooks_for(path))


def is_only_told(path: str) -> bool:
    """Whether somebody is to be told of the file, and nothing is made of it."""
    return path not in assets and any(True for _ in hooks_for(path))


def change_of(path: str) -> Change | None:
    """How a followed file differs from what was made of it, and from what was told of it last."""
    if not assets and not file_hooks:
        return None
    told = marks.change(path) if any(True for _ in hooks_for(path)) else None
    made = assets.get(path, [])
    now = mark_of(path) if made else None
    if not any(each.differs(now) for each in made):
        return told
    before = made[-1].mark
    kind: Literal["added", "deleted", "edited"] = "deleted" if now is None else "added" if before is None else "edited"
    return Change(path=path, kind=kind)


def faulty() -> dict[str, str]:
    """The files whose newest content could not be loaded, and why."""
    return {path: each.fault for path, made in list(assets.items()) for each in made if each.fault}


# ---------------------------------------------------------------------- which loader it was


def is_same(one: Any, other: Any) -> bool:
    """Whether two loaders make the same of a file: the same code with the same variables.

    A lambda in a loop is another object each time.  Equality of the program's own is never asked.
    """
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if is_a(one, FunctionType):
        return _same_function(one, other)
    if is_a(one, MethodType):
        return one.__self__ is other.__self__ and one.__func__ is other.__func__
    if is_a(one, functools.partial):
        pairs = [(one.func, other.func), (one.args, other.args), (one.keywords, other.keywords)]
        return all(_same_value(a, b) for a, b in pairs)
    return False


def _same_function(one: FunctionType, other: FunctionType) -> bool:
    if one.__globals__ is not other.__globals__ or one.__code__ != other.__code__:
        return False
    cells = zip(one.__closure__ or (), other.__closure__ or (), strict=True)
    if not all(a is b or _same_value(_content(a), _content(b)) for a, b in cells):
        return False
    return _same_value(one.__defaults__, other.__defaults__) and _same_value(one.__kwdefaults__, other.__kwdefaults__)


def _content(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # it is empty
        return cell


_PLAIN = (int, float, complex, str, bytes, bool)


def _same_value(one: Any, other: Any) -> bool:
    if one is other or (type(one) is type(other) and type(one) in _PLAIN and one == other):
        return True
    if type(one) is type(other) is tuple:
        return len(one) == len(other) and all(map(_same_value, one, other))
    if type(one) is type(other) is dict:
        return one.keys() == other.keys() and all(_same_value(value, other[key]) for key, value in one.items())
    return is_same(one, other)


# ---------------------------------------------------------------------- who is told


@dataclass(frozen=True, slots=True)
class FileHook:
    """A function that is called with each changed file that a pattern means."""

    glob: Glob
    call: Callable[[Path], object] = field(compare=False)


file_hooks: Table[FileHook] = Table()


def on_file(pattern: str | os.PathLike[str]) -> Callable[[Handler], Handler]:
    """Call the function with the path of each file that was saved, added or deleted and matches the pattern.

    A decorator.  `*` and `?` match within a name, `**` stands for any number of folders; a relative pattern begins at
    the working directory.  It is called in rounds, behind the code that was saved together with the file, once for each
    file.  What it raises is told, and breaks nothing.
    """
    glob = _glob(os.fsdecode(pattern))

    def register(function: Handler) -> Handler:
        if not callable(function):
            raise UsageError(f"on_file({pattern!r}): it has to decorate a function that takes a path")
        file_hooks.add(FileHook(glob, function), (glob, key_of(function)), sys._getframe(1))
        _announce()
        return function

    return register


def _glob(pattern: str) -> Glob:
    """The folder that a pattern leads to without wildcards, and the rest."""
    parts = pattern.replace(os.sep, "/").split("/")
    plain = next((n for n, part in enumerate(parts[:-1]) if not WILD.isdisjoint(part)), len(parts) - 1)
    rest = "/".join(parts[plain:])
    if not rest:
        raise UsageError(f"on_file({pattern!r}): the pattern names no file; end it with one, {pattern}* say")
    return Glob(os.path.abspath("/".join(parts[:plain]) + "/" if plain else os.curdir), rest)


def hooks_for(path: str) -> Iterator[FileHook]:
    """Those who are to be told of a file."""
    return (entry.thing for entry in file_hooks if entry.thing.glob.matches(path))
