"""What a module looked like when its statements had run, to be told from what the program did to it afterwards."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType, NoneType
from typing import Any

from hotswap.looking import is_a, own_space


@dataclass(frozen=True, slots=True)
class Imprint:
    """`names` are the names in the module (under "") and in each class of it (under its qualified name).

    `blanks` are variables and attributes of functions that were empty or zero: ("Enemy.update", "calls").  A decorator
    keeps its counters and caches in such; when the function is decorated again, what they hold by then is state.
    `sizes` tells how many entries lists and dictionaries in classes had: ("Model", "fields").  What comes behind those
    was added by the program.
    """

    names: Mapping[str, frozenset[str]]
    blanks: frozenset[tuple[str, str]]
    sizes: Mapping[tuple[str, str], int] = field(default_factory=dict)


def take(namespace: Mapping[str, Any], module: str) -> Imprint:
    """Look at a module that has just been run."""
    names = {"": frozenset(namespace)}
    blanks: set[tuple[str, str]] = set()
    sizes: dict[tuple[str, str], int] = {}
    todo: list[tuple[str, Mapping[str, Any]]] = [("", namespace)]
    while todo:
        prefix, space = todo.pop()
        for name, value in list(space.items()):
            full = prefix + name
            if is_a(value, FunctionType):
                blanks.update((full, blank) for blank in blanks_of(value))
            elif is_a(value, type) and full not in names and _place_of(value) == (module, full):
                members = own_space(value)
                names[full] = frozenset(members)
                sizes |= {(full, leaf): len(each) for leaf, each in members.items() if type(each) in (list, dict)}
                todo.append((f"{full}.", members))
    return Imprint(names, frozenset(blanks), sizes)


def _place_of(cls: type) -> tuple[object, object]:
    """Where a class says that it stands; its metaclass is not asked."""
    return own_space(cls).get("__module__"), type.__dict__["__qualname__"].__get__(cls)


def blanks_of(function: FunctionType) -> Iterator[str]:
    """The variables and attributes of a function that are empty or zero."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            if is_blank(cell.cell_contents):
                yield name
        except ValueError:
            continue
    yield from (name for name, value in vars(function).items() if is_blank(value))


_PLAIN = (
    bool,
    int,
    float,
    str,
    bytes,
    NoneType,
    list,
    dict,
    set,
    tuple,
    frozenset,
    deque,
    Counter,
    OrderedDict,
    defaultdict,
)


def is_blank(value: object) -> bool:
    """Whether a value is plain and empty, or zero."""
    return type(value) in _PLAIN and not value
