"""Looking at objects of the program without running any of its code.

`isinstance`, `getattr` and `==` may all run code: a class can lie about `__class__`, compute attributes, refuse to be
compared.  Here only types and the dictionaries behind attributes are asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

if TYPE_CHECKING:
    from builtins import isinstance as is_instance  # type checkers know what follows from it
else:

    def is_instance(value: object, kinds: Any) -> bool:
        """What `isinstance` says, unless the object lies about its class: a lazy one would be made for the question."""
        return issubclass(type(value), kinds)


T = TypeVar("T")


def is_a(value: object, kind: type[T]) -> TypeGuard[T]:
    """Whether the object's true type is this one or derives from it."""
    return issubclass(type(value), kind)


def is_any(value: object, *kinds: type) -> bool:
    """Whether the object's true type is one of these or derives from one."""
    return issubclass(type(value), kinds)


def own_space(value: object) -> dict[str, Any]:
    """The attributes that an object holds itself; empty when it has none."""
    if is_a(value, type):
        return dict(type.__dict__["__dict__"].__get__(value))
    try:
        space = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    except Exception:  # noqa: BLE001  a property of this name
        return {}
    return space if type(space) is dict else {}


def in_classes(classes: Iterable[type], name: str) -> Any:
    """What the first of the classes that has an attribute of that name holds there; None when none has."""
    return next((space[name] for c in classes if name in (space := type.__dict__["__dict__"].__get__(c))), None)


def look_up(value: object, name: str) -> Any:
    """An attribute as it is stored: of the object itself, or of its classes; None when there is none."""
    if is_a(value, ModuleType):
        return own_space(value).get(name)
    if is_a(value, type):
        return in_classes(type.__dict__["__mro__"].__get__(value), name)
    space = own_space(value)
    return space[name] if name in space else in_classes(type(value).__mro__, name)


def classes_in(namespace: dict[str, Any]) -> list[type]:
    """The classes that a module defines itself, and has names for."""
    held = [value for value in list(namespace.values()) if is_a(value, type)]
    return [cls for cls in held if own_space(cls).get("__module__") == namespace.get("__name__")]


def family(cls: type) -> list[type]:
    """The class and all its subclasses, bases before subclasses."""
    found = [cls]
    for each in found:  # grows on the way
        children: list[type] = type.__subclasses__(each)
        for child in children:
            if child not in found:
                found.append(child)
    return found
