"""The names that Python itself gives to every module, and what they hold as long as no statement binds them."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import Any

from hotswap.journal import MISSING
from hotswap.looking import is_instance

_BY_SPEC: dict[str, Callable[[ModuleSpec], Any]] = {
    "__package__": lambda spec: spec.parent,
    "__loader__": lambda spec: spec.loader,
    "__file__": lambda spec: spec.origin,
    "__cached__": lambda spec: spec.cached,
    "__path__": lambda spec: MISSING if (found := spec.submodule_search_locations) is None else found,
}


def given(module: str, namespace: dict[str, Any], name: str) -> Any:
    """What the import system gave a module under a name; MISSING if that is nothing, or cannot be told any more."""
    if name == "__doc__":
        return None  # a docstring is a statement
    if name == "__name__":
        return module
    if name == "__builtins__":
        return vars(builtins)
    spec = namespace.get("__spec__")
    if name not in _BY_SPEC or not is_instance(spec, ModuleSpec) or spec.name != module:
        return MISSING  # also of a script
    return _BY_SPEC[name](spec)
