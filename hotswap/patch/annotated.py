"""Which annotations of a class changed, as single members of it ran again."""

from __future__ import annotations

from typing import Any

from hotswap.looking import is_a, own_space
from hotswap.model import Name, Place
from hotswap.patch.equality import alike
from hotswap.planning.groups import Group


def changed_by(place: Place, group: Group, owner: type, space: dict[str, Any]) -> list[Name]:
    """The annotations that a member gives its class, if these are others than before."""
    names = [binding.name for binding in group.new.bindings(place)]
    annotated = [name for name in names if name[1].rpartition(".")[0].endswith("__annotations__")]
    return [] if not annotated or same(space.get("__annotations__"), own_space(owner)) else annotated


def same(annotations: Any, space: dict[str, Any]) -> bool:
    """Whether a class has just these annotations, in whatever order.  No code of the program runs."""
    had = space.get("__annotations__")
    if not is_a(annotations, dict) or not is_a(had, dict):
        return annotations is had
    return annotations.keys() == had.keys() and all(alike(annotations[name], had[name]) for name in had)
