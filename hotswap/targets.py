"""What statements may write to: containers, and the attributes of objects.  No code of the program runs."""

from __future__ import annotations

import functools
from collections import Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import CellType, FunctionType, MappingProxyType, MemberDescriptorType, MethodType, ModuleType
from typing import Any, Literal, TypeAlias
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary, ref

from hotswap.holders import cell_content
from hotswap.journal import MISSING
from hotswap.looking import is_a, is_any, own_space

DEEPEST = 4
"""How many objects within objects are followed."""
LARGEST = 2_000
"""Containers with more entries are data: what statements put into them is not kept apart."""

Kind: TypeAlias = Literal["keys", "items", "members", "attributes"]
IsOurs: TypeAlias = Callable[[object], bool]
"""Whether the module of that name belongs to the program."""
Seen: TypeAlias = dict[int, tuple[Any, int]]
"""By identity objects that have been looked at, held so that it stays theirs, and how far from where one began."""

ATOMS = frozenset((int, float, complex, str, bytes, bool, type(None), type(Ellipsis)))
GROWING = frozenset((tuple, list, frozenset))
"""Collections to which something is added by giving a name another one: `cls.all = (*cls.all, item)`."""
KEYED = frozenset((dict, OrderedDict, defaultdict, Counter))
ITEMS = frozenset((list, deque))
CONTAINERS = KEYED | ITEMS | {set}
WRAPPERS = (UserDict, UserList, WeakSet, WeakKeyDictionary, WeakValueDictionary)
"""Containers of the standard library that are written in Python: what is in them is in their `data`."""

Held: TypeAlias = tuple[Any, str]
"""An object that holds something, and the name under which it does."""
Part: TypeAlias = tuple[Any, Held]
"""What was reached, and by way of whom."""
NOBODY: Held = (None, "")


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """Something that a statement may write to."""

    value: Any
    kind: Kind
    holder: tuple[Any, str] = NOBODY
    """By whom it was reached, and under which name."""

    @property
    def key(self) -> tuple[int, Kind]:
        """What deposits know it by."""
        return id(self.value), self.kind

    def content(self) -> Any:
        """A copy of what is in it, as a dictionary or a list.  No code of its class runs."""
        if self.kind == "attributes":
            space = attributes_of(self.value)
            return {name: value for name, value in space.items() if not is_special(name)}
        if self.kind == "keys":
            return dict(OrderedDict.items(self.value) if is_a(self.value, OrderedDict) else dict.items(self.value))
        base: Any = next(base for base in (list, deque, set) if is_a(self.value, base))
        return list(base.__iter__(self.value))


def within(roots: Iterable[Any], is_ours: IsOurs, seen: Seen) -> Iterator[Target]:
    """The targets that can be reached from objects, the nearest first; of modules only those that are given.

    What is `seen` is looked at once more if one begins nearer to it than before: then there is more in reach of it.
    """
    level: list[Part] = [(value, NOBODY) for value in roots]
    for depth in range(DEEPEST):
        inside: list[Part] = []
        for value, holder in level:
            known = seen.get(id(value))
            if type(value) in ATOMS or (known and known[1] <= depth) or (depth and is_a(value, ModuleType)):
                continue
            seen[id(value)] = value, depth
            yield from _targets(value, holder, is_ours, inside)
        level = inside


def _targets(value: Any, holder: Held, is_ours: IsOurs, inside: list[Part]) -> Iterator[Target]:
    """The object as a target, if it is one; what is in it is added to `inside`."""
    if is_a(value, type):
        space = own_space(value)
        if is_ours(space.get("__module__")):
            inside += [(part, (value, name)) for name, part in space.items() if name != "__dict__" and _may_hold(part)]
            inside += [(each, NOBODY) for each in [*type.__dict__["__mro__"].__get__(value)[1:-1], type(value)]]
            yield Target(value, "attributes")
    elif is_a(value, ModuleType):
        if is_ours(own_space(value).get("__name__")):
            yield Target(value, "attributes")
    elif is_a(value, FunctionType):
        if is_ours(value.__module__):
            cells = cells_of(value)
            inside += [(each, (value, "__defaults__")) for each in value.__defaults__ or ()]
            inside += [(part, (value, name)) for name, part in own_space(value).items()]
            inside += [(held, (value, "__closure__")) for _, held in cells]
            yield Target(value, "attributes")
            yield from (Target(c, "attributes", (value, "__closure__")) for c, held in cells if type(held) in GROWING)
    elif is_a(value, MethodType):
        inside += [(value.__self__, NOBODY), (value.__func__, NOBODY)]
    elif is_a(value, functools.partial):
        inside += [(each, NOBODY) for each in [value.func, *value.args, *value.keywords.values()]]
    else:
        kind = kind_of(value)
        if kind is not None and _size(value) <= LARGEST:
            yield Target(value, kind, holder)
            if not CONTAINERS.isdisjoint(map(type, _parts(value, kind))):
                around = holder if holder is not NOBODY else (value, "")
                inside += [(part, around) for part in _parts(value, kind) if type(part) in CONTAINERS]
        if type(value) not in CONTAINERS and is_ours(type.__getattribute__(type(value), "__module__")):
            yield Target(value, "attributes", holder)
            inside.append((type(value), NOBODY))
            inside += [(part, (value, name)) for name, part in attributes_of(value).items() if _may_hold(part)]
        elif is_any(value, *WRAPPERS):
            inside.append((own_space(value).get("data"), (value, "data")))


def attributes_of(value: Any) -> dict[str, Any]:
    """What an object or class holds itself, slots too; a copy where there are any."""
    if is_a(value, type):
        return own_space(value)
    if is_a(value, CellType):
        content = cell_content(value)
        return {} if content is MISSING else {"cell_contents": content}
    space, classes = own_space(value), type.__dict__["__mro__"].__get__(type(value))
    for name, member in [pair for cls in classes for pair in _slots_of(cls).items()]:
        try:
            space = {**space, name: member.__get__(value)}
        except AttributeError:  # it is empty
            continue
    return space


def _slots_of(cls: type) -> dict[str, Any]:
    space = type.__dict__["__dict__"].__get__(cls)
    return {n: m for n, m in space.items() if type(m) is MemberDescriptorType} if "__slots__" in space else {}


def kind_of(value: Any) -> Kind | None:
    """What sort of container an object is, if it is one."""
    kinds: dict[type, Kind] = {dict: "keys", list: "items", deque: "items", set: "members"}
    return next((kinds[base] for base in kinds if issubclass(type(value), base)), None)


def _parts(container: Any, kind: Kind) -> Iterable[Any]:
    """What may be containers in a container."""
    if kind == "keys":
        return dict.values(container)
    base: Any = list if is_a(container, list) else deque
    return base.__iter__(container) if kind == "items" else ()


def _size(container: Any) -> int:
    base: Any = next(base for base in (dict, list, deque, set) if issubclass(type(container), base))
    return int(base.__len__(container))


def _may_hold(value: Any) -> bool:
    return type(value) not in ATOMS and not is_a(value, type) and not is_a(value, FunctionType)


def cells_of(function: FunctionType) -> list[tuple[CellType, Any]]:
    """The variables of a closure that hold something, each with that."""
    found = [(cell, cell_content(cell)) for cell in function.__closure__ or ()]
    return [(cell, content) for cell, content in found if content is not MISSING]


def is_special(name: object) -> bool:
    """Whether Python itself gives objects an attribute of this name."""
    return is_a(name, str) and name.startswith(("__", "_abc_"))


# ---------------------------------------------------------------------- telling one from another


@dataclass(frozen=True, slots=True)
class Mark:
    """Tells a target from others that get its identity when it is gone.  Keeps nothing alive.

    Lists and dictionaries cannot be referred to weakly: they are told by who holds them under which name.
    """

    itself: ref[Any] | None
    holder: ref[Any] | None = None
    name: str = ""

    @classmethod
    def of(cls, target: Target, modules: Iterable[ModuleType]) -> Mark:
        """Of a target; `modules` are those that may have a name for it."""
        value, (holder, name) = target.value, target.holder
        if (itself := _weakly(value)) is not None:
            return cls(itself)
        if holder is None or not name:  # it, or what it is in, is known by names only
            known = value if holder is None else holder
            named = ((module, n) for module in modules for n, held in own_space(module).items() if held is known)
            holder, name = next(named, (None, ""))
        return cls(None, _weakly(holder), name)

    def stands_for(self, value: Any, originals: Mapping[str, Any] = MappingProxyType({})) -> bool:
        """Whether it is that very target, as far as that can be told.

        `originals` are names as they were: one may stand for another container by now.
        """
        if self.itself is not None:
            return self.itself() is value
        if self.holder is None:
            return True
        holder = self.holder()
        if is_a(holder, ModuleType) and _leads_to(originals.get(self.name), value, DEEPEST):
            return True
        return holder is not None and _leads_to(_held(holder, self.name), value, DEEPEST)

    def translated(self, twin: Callable[[Any], Any]) -> Mark:
        """The same for objects of which some have become others."""
        itself, holder = (None if each is None else each() for each in (self.itself, self.holder))
        return Mark(
            self.itself if itself is None else ref(twin(itself)),
            self.holder if holder is None else ref(twin(holder)),
            self.name,
        )


UNMARKED = Mark(None)
"""Fits all."""


def _weakly(value: Any) -> ref[Any] | None:
    try:
        return None if value is None else ref(value)
    except TypeError:
        return None


def _held(holder: Any, name: str) -> Any:
    """What an object holds under a name; of a function also its variables and default values."""
    if is_a(holder, FunctionType) and name == "__closure__":
        return (*(holder.__closure__ or ()), *(held for _, held in cells_of(holder)))
    if is_a(holder, FunctionType) and name == "__defaults__":
        return holder.__defaults__
    return attributes_of(holder).get(name)


def _leads_to(part: Any, value: Any, depth: int) -> bool:
    if part is value:
        return True
    if depth == 0 or type(part) not in CONTAINERS | {tuple}:
        return False
    parts = dict.values(part) if is_a(part, dict) else part
    return any(_leads_to(each, value, depth - 1) for each in parts if type(each) not in ATOMS)
