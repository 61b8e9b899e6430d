"""What statements of the program do to objects of libraries, so that a round that fails can take it back.

Such an object may be in use: an application that serves requests, a queue that a thread waits for.  So it is never put
back whole: what one statement changed is found right after it ran, and only that difference is taken back, as far as
nobody has changed the same thing since.
"""

from __future__ import annotations

import functools
from array import array
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

from hotswap.containers import FIXED, at_once, content_of, drop, fill, kind_of, living, put, same_content
from hotswap.holders import cell_content
from hotswap.index import Index
from hotswap.journal import MISSING, Journal
from hotswap.looking import is_a, is_any, own_space

DEEPEST = 12
"""How many objects within objects are followed."""
MOST = 10_000
"""How many containers are looked at for one statement; those nearest to what it reads come first."""
MOST_IN_ROUND = 60_000
"""The same for all statements of a round together: with very large libraries of objects it must not become slow."""
LARGEST = 10_000
"""Containers with more entries are left alone."""
LARGEST_OWN = 1_000
"""The program's own containers with more entries are not looked into: those are its data."""

Difference = tuple[Any, Any, Any]
"""A container, its content before and after."""
SlotMembers = dict[str, Any]
"""By name the descriptors of slots."""

UNTOUCHED = frozenset(
    """_thread threading asyncio concurrent multiprocessing selectors subprocess socket ssl sched signal
    uvloop trio anyio curio gevent eventlet twisted tornado zmq tkinter PyQt5 PyQt6 PySide2 PySide6 wx gi
    sqlite3 psycopg psycopg2 hotswap""".split()
) | {"sqlalchemy.pool", "sqlalchemy.engine"}
"""Where the objects come from that mirror something else: waiting threads, windows, connections.

Taken back on their own, what they say would no longer be true: a lock that is put back among those that wait would
swallow the next wake-up call.
"""


class Foreign:
    """Looks at what is within reach of a statement before it runs, and again when it has run."""

    def __init__(self, journal: Journal, index: Index, remembered: Container[int]) -> None:
        """`remembered` are the ids of the containers that are put back in another way."""
        self.journal, self.index, self.remembered = journal, index, remembered
        self.differences: list[Difference] = []
        """What the last statement changed."""
        self.saw_all = False
        """Whether the last look ended for nothing else being there."""
        self.shapes = Shapes()
        self._left = MOST_IN_ROUND

    @contextmanager
    def watched(self, roots: Iterable[Any]) -> Iterator[None]:
        """Within the block a statement runs; what it changed in the objects within reach can be taken back then."""
        found = list(self.within_reach(roots))
        self.differences = []
        try:
            yield
        finally:
            for container, before in found:
                if not _still(container, before):
                    self.differences.append((container, before, copy_of(container)))
            for each in self.differences:
                self.journal.on_rollback(take_back, *each)

    def within_reach(self, roots: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """The containers in which a statement that reads these objects may write, with copies; the nearest first."""
        shapes, level, self.saw_all = self.shapes, list(roots), False
        seen: dict[int, Any] = {}  # an id is that of one object only as long as the object is there
        left = min(MOST, self._left)
        for _ in range(DEEPEST):
            inside: list[Any] = []
            for value in level:
                if id(value) in seen:
                    continue
                seen[id(value)] = value
                if shapes[type(value)] is DEFINITION:
                    inside += self._inside_definition(value)
                    continue
                for container, content in shapes[type(value)].parts(value):
                    is_remembered = id(container) in self.remembered
                    if type(content) is not bytes and not (is_remembered and len(content) > LARGEST_OWN):
                        inside += [*content, *content.values()] if type(content) is dict else content
                    if container is not None and not is_remembered:
                        yield container, content
                    left, self._left = left - 1, self._left - 1
                    if left <= 0:
                        return
            level = [part for part in inside if shapes[type(part)] is not NOTHING and id(part) not in seen]
        self.saw_all = not level

    def _inside_definition(self, value: Any) -> list[Any]:
        """What the program's own functions and classes hold; those of others are not looked into."""
        if is_a(value, MethodType):
            return [value.__self__]
        if is_a(value, functools.partial):
            return [value.func, *value.args, *value.keywords.values()]
        is_function, space = is_a(value, FunctionType), own_space(value)
        if (value.__module__ if is_function else space.get("__module__")) not in self.index.modules:
            return []
        cells = [cell_content(cell) for cell in value.__closure__ or ()] if is_function else []
        return [*cells, *space.values()]


def parts_of(content: Any) -> Iterator[Any]:
    """The keys and values in the content of a container, and what is in tuples among them."""
    for part in () if type(content) is bytes else [*content, *content.values()] if type(content) is dict else content:
        yield from part if is_a(part, tuple) else ()
        yield part


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the objects of a class can be written to."""

    base: Any = None
    """The kind of container that they are."""
    attributes: bool = False
    slots: SlotMembers = field(default_factory=dict)

    def parts(self, value: Any) -> Iterator[tuple[Any, Any]]:
        """The containers that an object consists of, with copies of their content; None for one that is fixed."""
        if self.attributes and (space := own_space(value)):
            yield space, dict.copy(space)
        if self.slots:
            slots = Slots(value, self.slots)
            yield slots, slots.content()
        if self.base is not None and self.base.__len__(value) <= LARGEST:
            yield value if self.base not in FIXED else None, copy_of(value)


NOTHING, DEFINITION = Shape(), Shape()


class Shapes(dict[type, Shape]):
    """By their classes how objects are looked at."""

    def __missing__(self, kind: type) -> Shape:
        shape = self[kind] = _shape_of(kind)
        return shape


def _shape_of(kind: type) -> Shape:
    if issubclass(kind, type | FunctionType | MethodType | functools.partial):
        return DEFINITION
    homes = [str(own_space(cls).get("__module__")) for cls in kind.__mro__]
    if issubclass(kind, ModuleType) or any({*_leading(home)} & UNTOUCHED for home in homes):
        return NOTHING
    base = kind_of(kind)
    shape = Shape(base, bool(kind.__dictoffset__), slot_members(kind))
    return shape if base is not None or shape.attributes or shape.slots else NOTHING


def _leading(module: str) -> tuple[str, str]:
    """The first part of a dotted name, and the first two."""
    parts = module.split(".")
    return parts[0], ".".join(parts[:2])


class Slots:
    """The slots of an object, as a container of their own."""

    def __init__(self, owner: Any, members: SlotMembers) -> None:
        self.owner, self.members = owner, members

    def content(self) -> dict[str, Any]:
        """What the slots hold now, those that are empty aside."""
        found = {}
        for name, member in self.members.items():
            try:
                found[name] = member.__get__(self.owner)
            except AttributeError:
                continue
        return found

    def put(self, name: str, value: Any) -> None:
        """Fill one of the slots, or empty it (MISSING)."""
        if value is MISSING:
            self.members[name].__delete__(self.owner)
        else:
            self.members[name].__set__(self.owner, value)


def slot_members(kind: type) -> SlotMembers:
    """What reads and writes the slots that the classes of an object declare."""
    spaces = [type.__dict__["__dict__"].__get__(cls) for cls in reversed(kind.__mro__)]
    found = [(n, m) for s in spaces if "__slots__" in s for n, m in s.items() if type(m) is MemberDescriptorType]
    return dict(found)


# ---------------------------------------------------------------------- the content of one container


def copy_of(container: Any) -> Any:
    """The content as a plain dictionary, list or bytes.  No code of the container's class runs."""
    return container.content() if type(container) is Slots else content_of(container)


def _still(container: Any, before: Any) -> bool:
    """Whether a container is what it was."""
    return same_content(container if type(container) in (dict, list) else copy_of(container), before)


def take_back(container: Any, before: Any, after: Any) -> None:
    """Undo what made the one content of the other, but for what has changed since."""
    now, before = copy_of(container), living(before)
    untouched = same_content(now, after)
    if type(container) is Slots or is_a(container, dict):
        _take_back_keys(container, before, after, now)
        if untouched and type(container) is not Slots and not same_content(copy_of(container), before):
            fill(container, before)
    elif is_a(container, set):
        known, left = set(map(id, before)), set(map(id, after))
        at_once([(set.discard, container, value) for value in after if id(value) not in known])
        at_once([(set.add, container, value) for value in before if id(value) not in left])
    elif untouched or not is_any(container, bytearray, array):
        fill(container, before if untouched else merged(before, after, now))


def _take_back_keys(container: Any, before: dict[Any, Any], after: dict[Any, Any], now: dict[Any, Any]) -> None:
    for key in {**before, **after}:
        then, left = before.get(key, MISSING), after.get(key, MISSING)
        if then is left or now.get(key, MISSING) is not left:
            continue
        if type(container) is Slots:
            container.put(key, then)
            continue
        if then is MISSING:
            drop(container, key)
        else:
            put(container, key, then)


def merged(before: list[Any], after: list[Any], now: list[Any]) -> list[Any]:
    """The list `now` without what came in on the way from `before` to `after`, and with what was lost there."""
    ids = [Counter(map(id, content)) for content in (before, after, now)]
    added, lost = ids[1] - ids[0], ids[0] - ids[1]
    kept: list[Any] = []
    for value in reversed(now):  # what was added stands at the end, as a rule
        if added[id(value)] > 0:
            added[id(value)] -= 1
        else:
            kept.append(value)
    kept.reverse()
    for position, value in enumerate(before):
        if lost[id(value)] > 0:
            lost[id(value)] -= 1
            kept.insert(position, value)
    return kept
