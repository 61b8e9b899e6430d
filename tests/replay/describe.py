"""One value in one line, without addresses.  See signature.py for the words."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import functools
import operator
import pathlib
import re
import struct
import sys
import types
import typing
from collections.abc import Callable
from typing import Any, Protocol

from tests.replay.flow import digest

DEPTH = 4  # how deep containers, closures and anonymous objects are followed
MANY = 20_000  # longer containers are only counted
ATOMS = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented))
CONTAINERS = (tuple, list, set, frozenset, dict, types.MappingProxyType)
DESCRIPTORS = (staticmethod, classmethod, property, functools.cached_property)
BUILTINS = (types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)
BY_REPR = (
    pathlib.PurePath,
    decimal.Decimal,
    dt.date,
    dt.time,
    dt.timedelta,
    range,
    slice,
    operator.attrgetter,
    operator.itemgetter,
    operator.methodcaller,
)
TYPING = ("typing", "types", "typing_extensions", "inspect")


class Names(Protocol):
    """What is asked of the dumper."""

    root: str

    def ours(self, module: object) -> bool: ...
    def ref(self, obj: Any, depth: int) -> str: ...
    def describe(self, obj: Any, depth: int = ...) -> str: ...


def describe(names: Names, obj: Any, depth: int) -> str:
    """What the value is.  May raise whatever an odd object raises."""
    if type(obj) in ATOMS:
        return text(names, obj)
    for kinds, rule in RULES:
        if isinstance(obj, kinds):
            return rule(names, obj, depth)
    if isinstance(obj, BY_REPR) or type(obj).__module__ in TYPING:
        return _typing(names, obj, depth)
    kind = names.ref(type(obj), 0)
    wrapped = getattr(obj, "__dict__", {}).get("__wrapped__")
    if wrapped is not None and depth > 0:
        return f"{kind} around {names.describe(wrapped, depth - 1)}"
    return f"instance of {kind}"


def text(names: Names, value: object) -> str:
    """The repr, shortened."""
    shown = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value)).replace(names.root, "<root>")
    return shown if len(shown) <= 80 else f"{shown[:40]}...#{digest(shown)}"


def _definition(names: Names, obj: Any, depth: int) -> str:
    return names.ref(obj, depth)


def _enum_member(names: Names, obj: Any, depth: int) -> str:
    return f"enum {names.ref(type(obj), 0)}.{obj._name_} = {names.describe(obj._value_, depth - 1)}"


def _module(names: Names, obj: types.ModuleType, _depth: int) -> str:
    same = sys.modules.get(obj.__name__) is obj
    return f"module {obj.__name__}" + ("" if same or not names.ours(obj.__name__) else " (not the one in sys.modules)")


def _container(names: Names, obj: Any, depth: int) -> str:
    kind = type(obj)
    name = kind.__name__ if kind.__module__ == "builtins" else names.ref(kind, 0)
    if depth <= 0 or len(obj) > MANY:
        return f"{name} of {len(obj)}"
    parts = _parts(names, obj, depth - 1)
    body = ", ".join(parts)
    mark = " anon" if "anon " in body else ""
    return f"{name} [{body}]" if len(body) < 100 else f"{name} [{len(parts)}{mark}]#{digest(body)}"


def _parts(names: Names, obj: Any, depth: int) -> list[str]:
    if isinstance(obj, dict | types.MappingProxyType):
        items = dict.items(obj) if isinstance(obj, dict) else obj.items()
        return sorted(f"{names.describe(key, depth)}: {names.describe(value, depth)}" for key, value in items)
    parts = [names.describe(item, depth) for item in obj]
    return sorted(parts) if isinstance(obj, set | frozenset) else parts


def _pattern(names: Names, obj: Any, _depth: int) -> str:
    return f"pattern {text(names, obj.pattern)} {int(obj.flags)}"


def _partial(names: Names, obj: Any, depth: int) -> str:
    return f"partial {names.describe((obj.func, obj.args, obj.keywords), depth - 1)}"


def _method(names: Names, obj: Any, depth: int) -> str:
    return f"method {names.describe(obj.__func__, depth - 1)} of {names.describe(obj.__self__, 0)}"


def _descriptor(names: Names, obj: Any, depth: int) -> str:
    if isinstance(obj, property):
        inner = [function for function in (obj.fget, obj.fset, obj.fdel) if function is not None]
    else:
        inner = [obj.func if isinstance(obj, functools.cached_property) else obj.__func__]
    return f"{type(obj).__name__} {[names.describe(function, depth) for function in inner]}"


def _builtin(_names: Names, obj: Any, _depth: int) -> str:
    return f"builtin {getattr(obj, '__module__', None)}.{obj.__qualname__}"


def _field(names: Names, obj: Any, depth: int) -> str:
    slots = [getattr(obj, slot) for slot in obj.__slots__ if slot != "_field_type"]
    return "field " + names.describe([*slots, str(obj._field_type)], depth - 1)


def _struct(_names: Names, obj: struct.Struct, _depth: int) -> str:
    return f"struct {obj.format}"


def _typing(names: Names, obj: Any, depth: int) -> str:
    if type(obj).__name__ == "TypeAliasType":
        return f"type alias {obj.__name__}"
    origin = typing.get_origin(obj)
    if origin is None:
        return f"{type(obj).__name__} {text(names, obj)}"
    args = [names.describe(argument, max(depth, 2)) for argument in typing.get_args(obj)]  # classes may be stale ones
    if origin in (typing.Union, types.UnionType):
        return f"union {sorted(args)}"  # X | None and Optional[X] are equal: typing's cache may give either
    return f"{type(obj).__name__} {names.describe(origin, 1)} {args}"


RULES: tuple[tuple[Any, Callable[[Names, Any, int], str]], ...] = (
    ((types.FunctionType, type), _definition),
    (enum.Enum, _enum_member),
    (types.ModuleType, _module),
    (CONTAINERS, _container),
    (re.Pattern, _pattern),
    (functools.partial, _partial),
    (types.MethodType, _method),
    (DESCRIPTORS, _descriptor),
    (BUILTINS, _builtin),
    (dataclasses.Field, _field),
    (struct.Struct, _struct),
)
