"""Templates that Jinja and Django keep compiled, with what filters returned for constants, or how a tag was registered.

They are compiled again when a filter, test or tag of the program is another one.  Neither library is imported here.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from functools import cached_property
from types import FunctionType
from typing import Any, TypeAlias

from hotswap.events import bare
from hotswap.graph import Graph
from hotswap.looking import family, is_a, is_instance, own_space
from hotswap.model import Name
from hotswap.planning.live_names import value_of

IsConcerned: TypeAlias = Callable[[FunctionType], bool]


class Templates:
    """The compiled ones, for as long as no statement makes another environment."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._modules = graph.index.modules

    def forget(self, changed: set[Name], is_concerned: IsConcerned) -> None:
        """Let the libraries compile templates again that may come out otherwise.

        `is_concerned`: whether a function may return something else now.
        """
        if changed and self._environments:
            self._forget_of_jinja(changed, is_concerned)
        if changed and "django.template.library" in sys.modules:
            self._forget_of_django(changed)

    @cached_property
    def _environments(self) -> list[Any]:
        """Those of Jinja, if something of the program may work for one as a filter."""
        jinja = sys.modules.get("jinja2.environment")
        if jinja is None or not any("filter" in each.source.text for each in list(self._modules.values())):
            return []
        kind = jinja.Environment
        return [each for each in gc.get_referrers(*family(kind)) if is_instance(each, kind)]

    def _forget_of_jinja(self, changed: set[Name], is_concerned: IsConcerned) -> None:
        values = {id(value_of(bare(event), self.graph)) for event in changed}
        for env in self._environments:
            space = own_space(env)  # of one that is being made, or has failed to be, nothing is there yet
            if not space.get("cache"):
                continue
            called = [each for name in ("filters", "tests") for each in space.get(name, {}).values()]
            ours = [each for each in called if is_a(each, FunctionType) and each.__module__ in self._modules]
            if id(env) in values or any(id(each) in values or is_concerned(each) for each in ours):
                space["cache"].clear()

    def _forget_of_django(self, changed: set[Name]) -> None:
        library, template = sys.modules["django.template.library"].Library, sys.modules["django.template"]
        spaces = [self._modules[name].namespace for name in {module for module, _ in changed} & self._modules.keys()]
        if any(is_instance(value, library) for space in spaces for value in list(space.values())):
            for backend in (own_space(template.engines).get("_engines") or {}).values():
                engine = getattr(backend, "engine", None)
                for loader in getattr(engine, "template_loaders", ()):
                    loader.reset()
