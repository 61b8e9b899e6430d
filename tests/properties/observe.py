"""What a program is and does, as plain text: the same text in two processes means the same program.

A look maps expressions ("b.Shape.area(canned(b.Shape), 3)") to what they evaluate to.  It is taken in the live process and
in a fresh one; whatever differs is named by an expression that anybody can type.
"""

from __future__ import annotations

import enum
import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from tests.properties.shown import CALLABLES, Showman, arguments_for, kind_of, plain, raised

ATTRIBUTES: dict[str, object] = {"x": 3, "y": 5, "z": 7, "items": ()}
"""What each canned instance holds, whatever its constructor would have put there."""

_UNTOLD = frozenset(
    "__dict__ __weakref__ __module__ __static_attributes__ __annotations_cache__ __annotate_func__ __annotate__"
    " __abstractmethods__ _abc_impl __parameters__ __orig_bases__ __dataclass_params__ __dataclass_fields__ __classdictcell__"
    " __classdict__".split()
)


def canned(cls: type) -> Any:
    """An instance that no constructor made, so that what its methods answer depends on the class alone."""
    if issubclass(cls, tuple):
        return tuple.__new__(cls, range(3, 3 + len(getattr(cls, "_fields", ()))))
    instance = cls.__new__(cls) if issubclass(cls, BaseException) else object.__new__(cls)
    for name, value in ATTRIBUTES.items():
        try:
            vars(instance)[name] = value
        except TypeError:
            _set_slot(instance, name, value)
    return instance


def _set_slot(instance: object, name: str, value: object) -> None:
    try:
        object.__setattr__(instance, name, value)
    except AttributeError:
        return


class Observer(Showman):
    """Collects facts about the modules of one program."""

    def __init__(self, modules: frozenset[str]) -> None:
        super().__init__(modules)
        self.facts: dict[str, str] = {}
        self.definitions: dict[str, str] = {}

    def look(self) -> None:
        """Take in every name of every loaded module."""
        for name in sorted(self.modules & sys.modules.keys()):
            for key, value in sorted(vars(sys.modules[name]).items()):
                if not (key.startswith("__") and key not in ("__all__", "__doc__", "__annotations__")):
                    self.see(f"{name}.{key}", key, value)

    def see(self, place: str, key: str, value: Any) -> None:
        """Note what stands at a place; a definition in full where it is at home, by its name elsewhere."""
        if key.startswith("state"):
            self.facts[place] = type(value).__name__
        elif self.home(value) == place:
            self.definitions[place] = kind_of(value)
            self.facts[place] = f"<{place}>"
            self.see_class(place, value) if isinstance(value, type) else self.see_function(place, value)
        else:
            if isinstance(value, CALLABLES) and self.home(value) is None:
                self.see_function(place, value)
                here = place.removesuffix(f".{key}") == getattr(value, "__module__", None)
                if here and getattr(value, "__name__", key) in (key, "<lambda>"):
                    self.definitions[place] = kind_of(value)
            self.facts[place] = self.show(value)

    # ------------------------------------------------------------------ functions

    def see_function(self, place: str, function: Any) -> None:
        """Its signature, its text's place, and what it answers."""
        self.facts[f"inspect.signature({place})"] = self.signature(function)
        self.facts[f"{place}.__doc__"] = plain(repr(getattr(function, "__doc__", None)))[:80]
        if isinstance(function, types.FunctionType):
            self.facts[f"{place}.__code__.co_firstlineno"] = str(function.__code__.co_firstlineno)
            marks = {k: v for k, v in vars(function).items() if k != "__wrapped__"}
            self.facts[f"vars({place})"] = self.show(marks)
        self.see_calls(place, function)

    def signature(self, function: Any) -> str:
        """The parameters with their defaults."""
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError) as error:
            return f"{type(error).__name__}"
        shown = [
            f"{p.kind.value}{p.name}={'-' if p.default is p.empty else self.show(p.default)}"
            f":{'-' if p.annotation is p.empty else self.show(p.annotation)}"
            for p in parameters
        ]
        return ", ".join(shown)

    def see_calls(self, place: str, function: Callable[..., Any]) -> None:
        """What it answers to a few canned arguments."""
        name = place.rpartition(".")[2]
        if name.startswith("put_"):
            return
        for arguments, keywords in arguments_for(function):
            words = [*map(str, arguments), *(f"{k}={v}" for k, v in keywords.items())]
            self.facts[f"{place}({', '.join(words)})"] = self.answer(
                functools.partial(function, *arguments, **keywords)
            )

    # ------------------------------------------------------------------ classes

    def see_class(self, place: str, cls: type) -> None:
        """Its bases, its members, what its instances answer."""
        self.facts[f"{place}.__mro__"] = self.show(cls.__mro__)
        self.facts[f"type({place})"] = self.show(type(cls))
        for name, member in sorted(vars(cls).items()):
            if name not in _UNTOLD:
                self.see_member(place, cls, name, member)
        self.facts[f"vars({place})"] = " ".join(sorted(vars(cls).keys() - _UNTOLD))
        if issubclass(cls, enum.Enum):
            self.facts[f"list({place})"] = self.show(list(cls))
            for each in cls:
                self.see_instance(f"{place}.{each.name}", cls, each)
            return
        for arguments, keywords in arguments_for(cls)[:2]:
            words = [*map(str, arguments), *(f"{k}={v}" for k, v in keywords.items())]
            made = f"{place}({', '.join(words)})"
            self.facts[made] = self.answer(functools.partial(cls, *arguments, **keywords))
        self.see_canned(f"canned({place})", cls)

    def see_canned(self, place: str, cls: type) -> None:
        try:
            instance = canned(cls)
        except Exception as error:  # noqa: BLE001  abstract classes, classes of other layouts
            self.facts[place] = raised(error)
            return
        self.see_instance(place, cls, instance)

    def see_member(self, place: str, cls: type, name: str, member: Any) -> None:
        inside = f"{place}.{name}"
        if isinstance(member, type) and self.home(member) == inside:
            self.definitions[inside] = kind_of(member)
            self.see_class(inside, member)
            return
        raw = f"{place}.__dict__[{name!r}]"
        if isinstance(member, types.FunctionType):
            self.facts[f"inspect.signature({inside})"] = self.signature(member)
            self.facts[f"{raw}.__code__.co_firstlineno"] = str(member.__code__.co_firstlineno)
            self.facts[f"{inside}.__doc__"] = plain(repr(member.__doc__))[:80]
        if isinstance(member, int | str | list | tuple | dict | set | type):
            self.facts[raw] = self.show(member)
        else:
            self.facts[f"type({raw})"] = type(member).__name__

    def see_instance(self, place: str, cls: type, instance: Any) -> None:
        """What its methods and attributes answer."""
        for name in sorted(self.names_of(cls)):
            self.see_attribute(f"{place}.{name}", cls, name, instance)
        if isinstance(instance, tuple):
            self.facts[place] = self.show(instance)
        for each in ("__call__", "__len__", "__repr__", "__eq__", "__bool__"):
            if any(each in vars(base) for base in self.own_bases(cls)):
                arguments = (3,) if each in ("__call__", "__eq__") else ()
                shown = f"type({place}).{each}({place}{''.join(f', {a}' for a in arguments)})"
                self.facts[shown] = self.answer(functools.partial(getattr(cls, each), instance, *arguments))

    def see_attribute(self, place: str, cls: type, name: str, instance: Any) -> None:
        raw = inspect.getattr_static(cls, name, None)
        if isinstance(raw, type | enum.Enum):
            return
        try:
            value = getattr(instance, name)
        except Exception as error:  # noqa: BLE001  generated code may raise anything
            self.facts[place] = raised(error)
            return
        if callable(value) and not isinstance(value, type):
            self.see_calls(place, value)
        else:
            self.facts[place] = self.show(value)

    def own_bases(self, cls: type) -> Iterator[type]:
        """The program's own classes that a class inherits from, itself first."""
        return (base for base in cls.__mro__ if base.__module__ in self.modules)

    def names_of(self, cls: type) -> set[str]:
        """Attributes that the program gave to a class."""
        return {
            n for base in self.own_bases(cls) for n in vars(base) if not n.startswith("__") and not n.startswith("_abc")
        }
