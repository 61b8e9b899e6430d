"""Structural signature of loaded modules: what a program can observe of them, without addresses.

A path is `module:qualname` plus an optional facet after "!" (`!code`, `!defaults`, `!bases`, `!doc` ...), so that a
difference says by itself what kind it is.  How an object found under a name is described:

    ref M:Q     a function or class of the packages that IS the object found today at module M, qualname Q
    anon M:Q#h  one that claims to be M:Q but is NOT what M:Q is today (a stale or local object); h is its content,
                as behaviour/documentation (docstrings, annotations)
    ext M.Q     a class or function from outside the packages

Whatever lives at its own M:Q is expanded into entries of its own, so `ref` needs no content.  A from-import that still
holds an object from before an edit turns from `ref` into `anon`: split identity shows even where the code agrees.
Only `__dict__`s are read: no attribute access that could run the program's code.
"""

from __future__ import annotations

import functools
import re
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from tests.replay.describe import DEPTH, describe
from tests.replay.flow import digest, digest_of

Signature: TypeAlias = dict[str, str]

MACHINERY = frozenset(
    """__name__ __loader__ __package__ __spec__ __file__ __cached__ __builtins__ __path__ __warningregistry__ __doc__
    __annotations__""".split()
)
CLASS_NOISE = frozenset(
    """__dict__ __weakref__ __doc__ __annotations__ _abc_impl __firstlineno__ __static_attributes__ __slotnames__
    _value2member_map_ _unhashable_values_ _hashable_values_ _unhashable_values_map_""".split()
)
ACCESSORS = ("fget", "fset", "fdel")
ABOUT = ("!doc", "!annotations")


class Dumper:
    """Collects the entries of modules, classes and functions in `out`."""

    def __init__(self, packages: Iterable[str], root: str) -> None:
        self.packages, self.root = tuple(packages), root
        self.out: Signature = {}
        self.memo: dict[tuple[int, int], str] = {}
        self.keep: list[object] = []  # ids must stay taken while the memo lives

    # ------------------------------------------------------------------ references

    def ours(self, module: object) -> bool:
        """Whether the module belongs to the packages."""
        return isinstance(module, str) and module.split(".")[0] in self.packages

    def lookup(self, module: str, qualname: object) -> Any:
        """The object at module:qualname today, read through `__dict__`s only; None if there is none."""
        found: Any = sys.modules.get(module)
        for part in str(qualname).split("."):
            found = getattr(found, "__dict__", {}).get(part)
        return found

    def canonical(self, obj: Any) -> bool:
        """Whether the object is the one that is found under its own name."""
        found = self.lookup(obj.__module__, obj.__qualname__)
        return found is obj or any(function is obj for function in inner_functions(found))

    def ref(self, obj: Any, depth: int) -> str:
        """How a function or class is called."""
        module, name = getattr(obj, "__module__", None), getattr(obj, "__qualname__", "?")
        if not self.ours(module):
            return f"ext {module}.{name}"
        if self.canonical(obj):
            return f"ref {module}:{name}"
        key = id(obj), depth
        if key not in self.memo:
            self.keep.append(obj)
            self.memo[key] = self._content_of(obj, depth)
        return f"anon {module}:{name}#{self.memo[key]}"

    def _content_of(self, obj: Any, depth: int) -> str:
        if depth <= 0:
            return digest_of(obj.__code__, self.root) if isinstance(obj, types.FunctionType) else ""
        inner = Dumper(self.packages, self.root)
        inner.memo, inner.keep = self.memo, self.keep
        inner.add("", obj, depth - 1)
        return inner.content()

    def content(self) -> str:
        """behaviour/documentation."""
        about = {key for key in self.out if key.endswith(ABOUT)}
        entries = sorted(self.out.items())
        return "/".join(
            digest(repr([entry for entry in entries if (entry[0] in about) == both])) for both in (False, True)
        )

    def describe(self, obj: Any, depth: int = DEPTH) -> str:
        """What a value is, in one line."""
        try:
            return describe(self, obj, depth)
        except Exception as error:  # noqa: BLE001  an odd object must not stop the dump
            return f"undescribable {type(obj).__qualname__} ({type(error).__name__})"

    # ------------------------------------------------------------------ entries

    def add(self, path: str, obj: Any, depth: int = DEPTH) -> None:
        """The entries of a function or class."""
        if isinstance(obj, types.FunctionType):
            self.add_function(path, obj, depth)
        else:
            self.add_class(path, obj, depth)

    def put(self, path: str, facet: str, value: object, empty: object = None) -> None:
        """One facet, unless it is empty."""
        if value != empty:
            self.out[f"{path}!{facet}"] = self.describe(value)

    def add_function(self, path: str, function: types.FunctionType, depth: int = DEPTH) -> None:
        """The entries of a function."""
        self.out[f"{path}!code"] = digest_of(function.__code__, self.root)
        self.put(path, "defaults", function.__defaults__)
        self.put(path, "kwdefaults", function.__kwdefaults__)
        self.put(path, "doc", function.__doc__)
        self.put(path, "annotations", function.__annotations__, {})
        self.put(path, "dict", {k: v for k, v in function.__dict__.items() if k != "__wrapped__"}, {})
        home = sys.modules.get(function.__module__)
        if function.__globals__ is not getattr(home, "__dict__", None):
            self.out[f"{path}!globals"] = f"not those of {function.__module__}"
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                self.out[f"{path}!closure.{name}"] = self.describe(cell.cell_contents, depth)
            except ValueError:
                self.out[f"{path}!closure.{name}"] = "empty cell"
        if "__wrapped__" in function.__dict__:
            self.out[f"{path}!wrapped"] = self.describe(function.__dict__["__wrapped__"], depth)

    def add_class(self, path: str, cls: type, depth: int = DEPTH) -> None:
        """The entries of a class and of its members."""
        self.out[path] = f"class of {self.ref(type(cls), 0)}"
        self.out[f"{path}!bases"] = ", ".join(self.ref(base, 0) for base in cls.__bases__)
        self.put(path, "doc", cls.__dict__.get("__doc__"))
        self.put(path, "annotations", cls.__dict__.get("__annotations__"), {})  # noqa: RUF063  runs nothing
        for name, member in list(cls.__dict__.items()):
            if name not in CLASS_NOISE:
                self.add_member(f"{path}.{name}", member, cls.__module__, f"{cls.__qualname__}.{name}", depth)

    def add_member(self, path: str, obj: Any, module: str, qualname: str, depth: int = DEPTH) -> None:
        """One name of a module or class: expanded if it is defined right there, else only described."""

        def own(x: Any) -> bool:
            return getattr(x, "__module__", None) == module and getattr(x, "__qualname__", None) == qualname

        inner = inner_functions(obj)
        if isinstance(obj, type) and own(obj) and depth > 0:
            self.add_class(path, obj, depth)
        elif isinstance(obj, types.FunctionType) and own(obj):
            self.out[path] = "function"
            self.add_function(path, obj, depth)
        elif inner and all(isinstance(function, types.FunctionType) and own(function) for function in inner):
            self._add_descriptor(path, obj, inner, depth)
        else:
            self.out[path] = self.describe(obj, depth)

    def _add_descriptor(self, path: str, obj: Any, inner: list[Any], depth: int) -> None:
        self.out[path] = f"{type(obj).__name__} of {len(inner)}"
        is_property = isinstance(obj, property)
        for accessor, function in zip(ACCESSORS, inner, strict=False):
            self.add_function(f"{path}.{accessor}" if is_property else path, function, depth)
        if is_property:
            self.put(path, "doc", obj.__doc__)

    def add_module(self, name: str) -> None:
        """The entries of a module and of its names."""
        space: Mapping[str, Any] = sys.modules[name].__dict__
        self.out[f"{name}:"] = "module"
        self.put(f"{name}:", "doc", space.get("__doc__"))
        self.put(f"{name}:", "annotations", space.get("__annotations__"), {})
        for key, obj in list(space.items()):
            if key not in MACHINERY:
                self.add_member(f"{name}:{key}", obj, name, key)


def inner_functions(obj: Any) -> list[Any]:
    """The functions inside of a descriptor."""
    if isinstance(obj, staticmethod | classmethod):
        return [obj.__func__]
    if isinstance(obj, property):
        return [function for function in (obj.fget, obj.fset, obj.fdel) if function is not None]
    if isinstance(obj, functools.cached_property):
        return [obj.func]
    return []


def dump(modules: Iterable[str], packages: Iterable[str], root: str) -> Signature:
    """The signature of those of the modules that are loaded."""
    dumper = Dumper(packages, root)
    for name in modules:
        if name in sys.modules:
            dumper.add_module(name)
    return dumper.out


def own_objects(modules: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Path and object of every function and class that is defined in the modules, members of classes too."""
    for module in modules:
        if module in sys.modules:
            yield from _own_objects(sys.modules[module].__dict__, module, "")


def _own_objects(space: Mapping[str, Any], module: str, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, obj in list(space.items()):
        for accessor, x in zip(ACCESSORS, inner_functions(obj) or [obj], strict=False):
            if not isinstance(x, types.FunctionType | type):
                continue
            if x.__module__ != module or x.__qualname__ != prefix + name:
                continue
            yield f"{module}:{prefix}{name}" + (f".{accessor}" if isinstance(obj, property) else ""), x
            if isinstance(x, type):
                yield from _own_objects(x.__dict__, module, f"{prefix}{name}.")


def behaviour(obj: Any, shared: Dumper) -> str:
    """Digest of what a held function or class does: code, defaults, closures, members; not docs or annotations."""
    dumper = Dumper(shared.packages, shared.root)
    dumper.memo, dumper.keep = shared.memo, shared.keep
    dumper.add("", obj)
    entries = dumper.out.items()
    dumper.out = {k: documentation_apart(v) for k, v in entries if not k.endswith("!closure.__class__")}
    return dumper.content().partition("/")[0]


def documentation_apart(text: str) -> str:
    """A description without what only docstrings and annotations put into it."""
    return re.sub(r"(#[0-9a-f]{12})/[0-9a-f]{12}", r"\1", text)
