"""Values as text that is the same in every process where they are the same: no addresses, definitions by their home."""

from __future__ import annotations

import enum
import functools
import inspect
import re
import sys
import types
from collections.abc import Callable
from typing import Any

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_CACHED = type(functools.lru_cache(lambda: None))
CALLABLES = (types.FunctionType, _CACHED, functools.partial)


def resolve(place: str, modules: frozenset[str]) -> Any:
    """The object at "module.qualified.name"; None when there is none."""
    for cut in range(place.count("."), 0, -1):
        parts = place.split(".")
        module = ".".join(parts[:cut])
        if module in modules and module in sys.modules:
            value: Any = sys.modules[module]
            for part in parts[cut:]:
                value = inspect.getattr_static(value, part, None)
                value = value.__func__ if isinstance(value, staticmethod | classmethod) else value
            return value
    return None


class Showman:
    """Shows values of one program."""

    def __init__(self, modules: frozenset[str]) -> None:
        self.modules = modules

    def home(self, value: Any) -> str | None:
        """The place that a definition gives as its own, if it really stands there."""
        if not isinstance(value, (type, *CALLABLES)):
            return None
        place = f"{getattr(value, '__module__', None)}.{getattr(value, '__qualname__', None)}"
        return place if resolve(place, self.modules) is value else None

    def answer(self, ask: Callable[[], Any], depth: int = 4) -> str:
        """What comes back, or what is raised, as text."""
        try:
            value = ask()
            return self.show(driven(value), depth)
        except BaseException as error:  # noqa: BLE001  generated code may raise anything
            return raised(error)

    def show(self, value: Any, depth: int = 4) -> str:
        """A value as text without addresses; definitions by their home."""
        if value is None or isinstance(value, bool | float | bytes) or type(value) in (int, str):
            return plain(repr(value))  # the docstring of a dataclass shows default values
        if depth == 0:
            return f"<{type(value).__name__} ...>"
        if isinstance(value, (type, *CALLABLES)):
            return self.show_definition(value, depth)
        return self.show_object(value, depth)

    def show_definition(self, value: Any, depth: int) -> str:
        home = self.home(value)
        if home is not None:
            return f"<{home}>"
        if isinstance(value, functools.partial):
            parts = [self.show(each, depth - 1) for each in (value.func, value.args, value.keywords)]
            return f"<partial {' '.join(parts)}>"
        if isinstance(value, type):
            foreign = value.__module__ not in self.modules
            return f"<{'' if foreign else 'stray '}class {value.__module__}.{value.__qualname__}>"
        asked = arguments_for(value) if depth > 2 else []  # it may return itself
        answers = [self.answer(functools.partial(value, *a, **k), depth - 1) for a, k in asked]
        return f"<stray {value.__module__}.{value.__qualname__} answering {answers}>"

    def show_object(self, value: Any, depth: int) -> str:
        def all_of(values: Any) -> list[str]:
            return [self.show(v, depth - 1) for v in values]

        if isinstance(value, enum.Enum):
            return f"{self.show(type(value))}.{value.name}={self.show(value.value, depth - 1)}"
        if isinstance(value, list | tuple):
            return f"{type(value).__name__}({', '.join(all_of(value))})"
        if isinstance(value, set | frozenset):
            return f"{type(value).__name__}({', '.join(sorted(all_of(value)))})"
        if isinstance(value, dict | types.MappingProxyType):
            items = [f"{self.show(k, depth - 1)}: {self.show(v, depth - 1)}" for k, v in value.items()]
            return "{" + ", ".join(sorted(items)) + "}"
        if isinstance(value, types.ModuleType):
            return f"<module {value.__name__}>"
        if isinstance(value, types.MethodType):
            return f"<{value.__func__.__qualname__} of {self.show(value.__self__, depth - 1)}>"
        if type(value).__module__ in self.modules:
            return f"{self.show(type(value))} instance {self.show(attributes_of(value), depth - 1)}"
        return plain(repr(value))


def attributes_of(instance: Any) -> dict[str, Any] | None:
    """Its attributes, those aside that properties have cached: they depend on what was looked at before."""
    space = getattr(instance, "__dict__", None)
    if not isinstance(space, dict):
        return None
    cached = {
        name
        for name in space
        if isinstance(inspect.getattr_static(type(instance), name, None), functools.cached_property)
    }
    return {name: value for name, value in space.items() if name not in cached}


def kind_of(value: Any) -> str:
    """How a definition was made: a class of which metaclass, a function of its own code or a wrapper around one."""
    if isinstance(value, types.FunctionType):
        code = value.__code__.co_qualname
        if value.__name__ == "<lambda>":
            return "lambda"
        return "plain function" if code == value.__qualname__ else f"wrapper {code}"
    return type(value).__name__


def arguments_for(function: Callable[..., Any]) -> list[tuple[tuple[int, ...], dict[str, int]]]:
    """Argument lists that its signature accepts: the fewest and the most."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return [((), {}), ((3,), {})]
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = sum(p.default is p.empty for p in positional)
    keywords = {p.name: 2 for p in parameters if p.kind is p.KEYWORD_ONLY}
    required = {p.name: 2 for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty}
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return [((), required), ((3,), required), ((3, 5), keywords)]
    found = [((3, 5, 7, 9, 11)[:needed], required)]
    if len(positional) > needed or keywords != required:
        found.append(((3, 5, 7, 9, 11)[: len(positional)], keywords))
    return found


def driven(value: Any) -> Any:
    """What a generator yields or a coroutine returns; any other value as it is."""
    if isinstance(value, types.GeneratorType):
        return [each for each, _ in zip(value, range(8), strict=False)]
    if isinstance(value, types.CoroutineType):
        try:
            value.send(None)
        except StopIteration as done:
            return done.value
        value.close()
    return value


def raised(error: BaseException) -> str:
    """An exception as text, without what depends on the depth of the stack or the place of the files."""
    if isinstance(error, ImportError | RecursionError):
        return f"raises {type(error).__name__}"
    return f"raises {type(error).__name__}: {plain(str(error))}"


def plain(text: str) -> str:
    """Text without addresses."""
    return _ADDRESS.sub("", text)
