"""The C layout of a class: whether two classes agree in it, and the changes that it restricts: bases, metaclass."""

from __future__ import annotations

import ctypes
import gc
import types
from collections.abc import Iterable
from typing import Any

from hotswap.constructing import settle_new
from hotswap.journal import MISSING, Journal, type_setattr
from hotswap.looking import family, in_classes, is_instance

_IMMUTABLE, _HEAP, _GC = 1 << 8, 1 << 9, 1 << 14
_MANAGED = 1 << 3 | 1 << 4  # __weakref__ and __dict__ in front of the object, Python 3.12 and 3.11
_WORD = ctypes.sizeof(ctypes.c_void_p)
_TYPE_AT, _FLAGS_AT, _BASE_AT = 1 * _WORD, 21 * _WORD, 32 * _WORD  # ob_type, tp_flags, tp_base of a class
_OWNER_AT, _GETSET_AT = 2 * _WORD, 5 * _WORD  # d_type, d_getset of a descriptor
_PATTERN = 1 << 5 | 1 << 6  # what `match` takes for a sequence or mapping


def layout(cls: type) -> tuple[object, ...]:
    """A key that is equal for classes whose instances look alike in memory."""
    flags = cls.__flags__ & (_GC | _MANAGED)
    return (*_fields(cls), cls.__basicsize__, cls.__itemsize__, cls.__dictoffset__, cls.__weakrefoffset__, flags)


def _fields(cls: type) -> tuple[object, ...]:
    """What a class and its best bases put into an instance, `__dict__` and `__weakref__` aside."""
    return tuple(part for c in _base_chain(cls) if (part := _contribution(c)))


def _base_chain(cls: type) -> list[type]:
    """The class, its best base, the best base of that, and so on: where its fields come from."""
    chain: list[type] = []
    at: type | None = cls
    while at is not None:
        chain.append(at)
        at = at.__base__
    return chain


def _contribution(cls: type) -> object:
    """What the class adds to the fields of its best base: slot names, or the class itself when it is written in C."""
    base = cls.__base__
    if base is None or not cls.__flags__ & _HEAP or cls.__flags__ & _IMMUTABLE:
        return cls if base is None or _adds_size(cls, base) else ()  # `ValueError` is laid out as `Exception`
    slots = own_slots(cls)
    unexplained = cls.__basicsize__ - base.__basicsize__ - _WORD * len(slots)
    return slots if unexplained in (0, _WORD, 2 * _WORD) else cls


def own_slots(cls: type) -> tuple[str, ...]:
    """The names of the slots that a class itself adds, sorted as CPython lays them out."""
    slots = (n for n, v in cls.__dict__.items() if is_instance(v, types.MemberDescriptorType) and v.__objclass__ is cls)
    return tuple(sorted(slots))


def is_tracked(cls: type) -> bool:
    """Whether the garbage collector knows the instances of a class."""
    return bool(cls.__flags__ & _GC)


def native_base(cls: type) -> type:
    """The nearest base that is written in C: `object` for most, `int`, `tuple`, `Exception` for others."""
    return next(c for c in _base_chain(cls) if not c.__flags__ & _HEAP or c.__flags__ & _IMMUTABLE)


def is_layout_member(cls: type, name: str) -> bool:
    """Whether a member belongs to the memory of the very class: a slot, its `__dict__`, its `__weakref__`."""
    member = cls.__dict__.get(name)
    kinds = types.MemberDescriptorType | types.GetSetDescriptorType
    return is_instance(member, kinds) and member.__objclass__ is cls


# ---------------------------------------------------------------------- bases


def assign_bases(cls: type, bases: tuple[type, ...]) -> None:
    """`cls.__bases__ = bases` for any two layouts that agree as a whole.

    CPython compares the old best base with the new one, not the class before with the class after.  So it refuses
    `object` -> `class Walk`, although a class has a `__dict__` and a `__weakref__` either way.  Where it refuses for
    that reason the pointer to the best base is moved first to one that it accepts, if it is where it is expected.
    """
    if cls.__bases__ == bases:
        return
    try:
        type_setattr(cls, "__bases__", bases)
    except TypeError as error:
        if "layout" not in str(error) and "deallocator" not in str(error):
            raise
        _assign_through(cls, bases)
    settle_new(cls)


def list_last(classes: Iterable[type]) -> None:
    """Let the base of each class list it behind its other subclasses, one after the other."""
    for cls in classes:
        type_setattr(cls, "__bases__", cls.__bases__)  # CPython takes it from the list, and adds it again


def _assign_through(cls: type, bases: tuple[type, ...]) -> None:
    before = cls.__base__
    after = _best_base(bases)
    if before is None or not _fits(cls, before, after):
        raise TypeError(f"__bases__ assignment: {after.__qualname__!r} object layout differs from that of {before!r}")
    if not _points_to(cls, _BASE_AT, before):
        raise TypeError(f"the bases of {cls.__qualname__!r} cannot be changed on this interpreter")
    _point(cls, _BASE_AT, after)
    try:
        type_setattr(cls, "__bases__", bases)
    except BaseException:
        _point(cls, _BASE_AT, before)
        raise


def _fits(cls: type, before: type, after: type) -> bool:
    """Whether instances of the class are laid out as a subclass of the other base would have them."""
    has_room = after.__dictoffset__ in (0, cls.__dictoffset__) and after.__weakrefoffset__ in (0, cls.__weakrefoffset__)
    return has_room and _fields(before) == _fields(after) and after.__basicsize__ <= cls.__basicsize__


def _best_base(bases: tuple[type, ...]) -> type:
    """The base that CPython chooses as `__base__`: the first of those whose fields include all the others' fields."""
    best = bases[0]
    for base in bases[1:]:
        if _solid(base) is not _solid(best) and issubclass(_solid(base), _solid(best)):
            best = base
    return best


def _solid(cls: type) -> type:
    """The nearest class in the chain of best bases that adds fields."""
    return next(c for c in _base_chain(cls) if c.__base__ is None or _adds_fields(c, c.__base__))


def _adds_fields(cls: type, base: type) -> bool:
    if _contribution(cls) is not cls:
        return bool(own_slots(cls))
    return _adds_size(cls, base)


def _adds_size(cls: type, base: type) -> bool:
    return (cls.__basicsize__, cls.__itemsize__) != (base.__basicsize__, base.__itemsize__)


def _points_to(owner: object, offset: int, target: object) -> bool:
    return ctypes.c_void_p.from_address(id(owner) + offset).value == id(target)


def _point(owner: object, offset: int, target: object) -> None:
    """Let a C field, which owns a reference to what is there, refer to another object."""
    field = ctypes.c_void_p.from_address(id(owner) + offset)
    before = ctypes.cast(field, ctypes.py_object)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(target))
    field.value = id(target)
    ctypes.pythonapi.Py_DecRef(before)


def set_pattern_flags(cls: type, fresh: type, journal: Journal) -> None:
    """Let `match` see the class and its subclasses as sequences or mappings, as their bases of today say.

    CPython computes that when a class is built, not when its bases are assigned.
    """
    if (cls.__flags__ ^ fresh.__flags__) & _PATTERN:
        for each in family(cls):
            kind = next((b.__flags__ & _PATTERN for b in each.__bases__ if b.__flags__ & _PATTERN), 0)
            wanted = fresh.__flags__ & _PATTERN if each is cls else kind
            journal.call((_flag, each, wanted), (_flag, each, each.__flags__ & _PATTERN))


def _flag(cls: type, pattern: int) -> None:
    flags = ctypes.c_ulong.from_address(id(cls) + _FLAGS_AT)
    if flags.value != cls.__flags__:
        raise TypeError(f"the flags of {cls.__qualname__!r} are not where they are expected on this interpreter")
    flags.value = flags.value & ~_PATTERN | pattern
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))


# ---------------------------------------------------------------------- metaclass


def set_metaclass(cls: type, metaclass: type, journal: Journal) -> None:
    """Give the class another metaclass.  Raises TypeError, and changes nothing, when the two differ in layout."""
    if type(cls) is not metaclass:
        journal.call((assign_metaclass, cls, metaclass), (assign_metaclass, cls, type(cls)))


def assign_metaclass(cls: type, metaclass: type) -> None:
    """`cls.__class__ = metaclass`, also from and to `type`, which CPython refuses because `type` is immutable."""
    if not same_metaclass_layout(type(cls), metaclass):
        raise TypeError(f"{metaclass.__qualname__!r} object layout differs from {type(cls).__qualname__!r}")
    try:
        type_setattr(cls, "__class__", metaclass)
    except TypeError:
        if not _points_to(cls, _TYPE_AT, type(cls)):
            raise
        _point(cls, _TYPE_AT, metaclass)
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))


def same_metaclass_layout(one: type, other: type) -> bool:
    """Whether a class may change between two metaclasses."""
    return layout(one) == layout(other)


# ---------------------------------------------------------------------- members that setattr cannot write or delete

GUARDED = frozenset(("__dict__", "__weakref__", "__type_params__"))
OWN_OF_TYPE = frozenset(("__name__", "__bases__", "__mro__"))
"""What `type` keeps of a class elsewhere: as a member of it, say a property, it is for its instances."""


def is_guarded(cls: type, name: str) -> bool:
    """Whether `setattr` and `delattr` do not write that member: `type` has one of its own, or the metaclass has."""
    if name in GUARDED or name in OWN_OF_TYPE:
        return True
    mro: tuple[type, ...] = type.__dict__["__mro__"].__get__(type(cls))
    metaclasses = [c for c in mro if c not in (type, object)]
    member = type(in_classes(metaclasses, name))
    return any(in_classes(member.__mro__, special) is not None for special in ("__set__", "__delete__"))


def add_member(cls: type, name: str, value: object, journal: Journal) -> None:
    """Put a member into the class, past the guard of `type` and of its metaclass."""
    before = cls.__dict__.get(name, MISSING)
    undo = (_drop, cls, name) if before is MISSING else (_write, cls, name, before)
    journal.call((_write, cls, name, value), undo)


def drop_member(cls: type, name: str, journal: Journal) -> None:
    """Take a member out of the class, past the guard of `type`."""
    journal.call((_drop, cls, name), (_write, cls, name, cls.__dict__[name]))


def own_getset(cls: type, model: types.GetSetDescriptorType) -> object:
    """A `__dict__` or `__weakref__` descriptor for the class, like that of another class."""
    if not _points_to(model, _OWNER_AT, model.__objclass__):
        raise TypeError(f"descriptor {model.__name__!r} is not what is expected on this interpreter")
    pointer = ctypes.c_void_p.from_address(id(model) + _GETSET_AT)
    make: Any = ctypes.pythonapi.PyDescr_NewGetSet
    make.argtypes, make.restype = [ctypes.py_object, ctypes.c_void_p], ctypes.py_object
    return make(cls, pointer)


def namespace_of(cls: type) -> dict[str, Any]:
    """The dictionary behind the read-only view: `type` has a `__dict__` itself, so setattr cannot write one."""
    found: dict[str, Any] = gc.get_referents(cls.__dict__)[0]
    return found


def _write(cls: type, name: str, value: object) -> None:
    namespace_of(cls)[name] = value
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))


def _drop(cls: type, name: str) -> None:
    namespace_of(cls).pop(name, None)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))
