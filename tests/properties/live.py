"""The live process: it imports a program, lets hotswap keep it up to date, and holds on to what it finds."""

from __future__ import annotations

import collections
import contextlib
import gc
import importlib
import sys
import traceback
import types
from collections import Counter
from collections.abc import Collection
from typing import Any

import hotswap
from tests.properties.observe import Observer, canned
from tests.properties.process import Look
from tests.properties.shown import kind_of


class Live:
    """Runs in the child: imports the program, watches it, holds on to what it finds."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.held: dict[int, dict[str, Any]] = {}
        self.kinds: dict[tuple[int, str], str] = {}
        """What each held reference was when it was taken: hotswap may make it a forwarder."""
        self.generation = 0
        self.state: dict[str, Any] = {}

    def serve(self, question: tuple[str, list[str]]) -> Look:
        """Begin with the first question; bring the process up to date for each later one."""
        root, modules = question
        self.known |= set(modules)
        look = self.sync() if self.held else self.start(root)
        if look.went_live:
            importlib.invalidate_caches()
            for name in modules:
                try:
                    importlib.import_module(name)
                except Exception as error:  # noqa: BLE001  a module that nobody had asked for yet fails at its first import
                    return self.without_module(error)
        self.describe(look)
        if look.kind in ("started", "swapped"):
            self.hold(look.definitions)
            self.fill_state()
        return look

    def without_module(self, error: Exception) -> Look:
        """The look at a process in which the sources went live, but one of the modules cannot be imported."""
        observer = Observer(frozenset(self.known))
        observer.look()
        self.let_go(observer.definitions)
        return Look("not imported", error=f"{type(error).__name__}: {error}")

    def start(self, root: str) -> Look:
        sys.path.insert(0, root)
        sys.dont_write_bytecode = True
        self.reloader = hotswap.watch(root, apply="manual", on_restart="never")
        return Look("started")

    def sync(self) -> Look:
        try:
            outcome = self.reloader.sync()
        except BaseException as raised:  # noqa: BLE001  sync() never raises, or we say so
            return Look("raised", traceback.format_exc(), error=repr(raised))
        warnings = tuple(str(w) for w in getattr(outcome, "warnings", ()))
        codes = ",".join(r.code for r in getattr(outcome, "reasons", ()))
        return Look(outcome.kind, str(outcome), warnings=warnings, error=codes)

    def describe(self, look: Look) -> None:
        """Put into the look what the process is now, what its references answer, what state it kept."""
        gc.collect(0)
        look.state = {k: self.is_kept(k, v) for k, v in self.state.items()}
        observer = Observer(frozenset(self.known))
        observer.look()
        look.facts, look.definitions = observer.facts, observer.definitions
        look.held, look.held_places = self.held_facts()
        look.identities = identities(self.known)

    # ------------------------------------------------------------------ what is held

    def hold(self, definitions: dict[str, str]) -> None:
        """Take references to all definitions, instances and bound methods; keep the first and the latest."""
        found: dict[str, Any] = {}
        values = {place: find(place, self.known)[1] for place in definitions}
        names = Counter(map(id, values.values()))
        for place, value in values.items():
            if value is None or (names[id(value)] > 1 and getattr(value, "__qualname__", "") not in place):
                continue  # under a second name it is not known what becomes of it
            found[place] = value
            if isinstance(value, type):
                with contextlib.suppress(Exception):
                    found[f"canned({place})"] = canned(value)
        self.let_go(definitions)
        self.held[self.generation] = found
        self.kinds |= {(self.generation, place): kind_of(value) for place, value in found.items()}
        self.generation += 1
        for old in list(self.held)[1:-3]:
            del self.held[old]

    def let_go(self, definitions: Collection[str]) -> None:
        """Forget the references to what has left the sources: it may stay as it was, for good."""
        for earlier in self.held.values():
            for place in [p for p in earlier if home_of(p) not in definitions]:
                del earlier[place]

    def held_facts(self) -> tuple[dict[str, str], dict[str, str]]:
        """What the held references answer, under the names that they had when they were taken; whose answer it is."""
        facts: dict[str, str] = {}
        places: dict[str, str] = {}
        for generation, found in self.held.items():
            for place, value in found.items():
                observer = Observer(frozenset(self.known))
                if place.startswith("canned("):
                    observer.see_instance(place, type(value), value)
                else:
                    observer.facts[f"kind {place}"] = self.kinds[generation, place]
                    observer.facts[f"is {place}"] = str(find(place, self.known)[1] is value)
                if callable(value) and not isinstance(value, type):
                    observer.see_function(place, value)
                facts.update({f"{generation} {k}": v for k, v in observer.facts.items()})
                places.update({f"{generation} {k}": home_of(place) for k in observer.facts})
        return facts, places

    # ------------------------------------------------------------------ state

    def fill_state(self) -> None:
        """Put a mark into each container of state, as a running program would."""
        for name in self.known & sys.modules.keys():
            for key, value in vars(sys.modules[name]).items():
                if key.startswith("state") and isinstance(value, list | dict | set | collections.deque):
                    mark(value)
                    self.state[f"{name}.{key}"] = value

    def is_kept(self, place: str, value: Any) -> bool:
        _, found = find(place, self.known)
        return found is value and "kept" in value


def home_of(place: str) -> str:
    """The definition that a held reference goes back to."""
    return place.removeprefix("canned(").removesuffix(")")


def mark(value: Any) -> None:
    """Leave a mark in a container."""
    if isinstance(value, dict):
        value["kept"] = 1
    elif isinstance(value, set):
        value.add("kept")
    elif "kept" not in value:
        value.append("kept")


def find(place: str, modules: set[str]) -> tuple[str, Any]:
    """The module and the object that stands at "module.qualified.name" now."""
    for cut in range(place.count("."), 0, -1):
        parts = place.split(".")
        module = ".".join(parts[:cut])
        if module in modules and module in sys.modules:
            value: Any = sys.modules[module]
            for part in parts[cut:]:
                value = vars(value).get(part) if hasattr(value, "__dict__") else None
            return module, value
    return "", None


def identities(modules: set[str]) -> dict[str, int]:
    """Which very objects the program is made of: names, members, code."""
    found: dict[str, int] = {}
    for name in sorted(modules & sys.modules.keys()):
        found[name] = id(sys.modules[name])
        for key, value in vars(sys.modules[name]).items():
            found[f"{name}.{key}"] = id(value)
            if isinstance(value, type) and value.__module__ in modules:
                found |= {f"{name}.{key}.{k}": id(v) for k, v in vars(value).items() if k not in _VOLATILE}
                found[f"{name}.{key}.__bases__"] = hash(value.__bases__)
            elif isinstance(value, types.FunctionType):
                found[f"{name}.{key}.__code__"] = id(value.__code__)
                found[f"{name}.{key}.__defaults__"] = id(value.__defaults__)
    return found


_VOLATILE = frozenset(("__annotations_cache__", "__dict__", "__weakref__", "_abc_impl"))
