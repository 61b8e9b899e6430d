"""The annotations of a class of which single members run again: which changed, and in which order they stand."""

from __future__ import annotations

from typing import Any

from hotswap.looking import is_a, own_space
from hotswap.model import Name, Place
from hotswap.patch.equality import alike
from hotswap.planning.groups import Group
from hotswap.source import Source, StatementPath, siblings


def put_in_order(space: dict[str, Any], source: Source, path: StatementPath) -> None:
    """Let the annotations of a class body stand as its statements do: what ran again would be the last."""
    found = space.get("__annotations__")
    if is_a(found, dict):
        told = [name for _, facts in siblings(source, path) for name in sorted(facts.annotates)]
        space["__annotations__"] = {name: found[name] for name in dict.fromkeys([*told, *found]) if name in found}


def changed_by(place: Place, group: Group, owner: type, space: dict[str, Any]) -> list[Name]:
    """The annotations that a member gives its class, if these are others than before."""
    names = [binding.name for binding in group.new.bindings(place)]
    annotated = [name for name in names if name[1].rpartition(".")[0].endswith("__annotations__")]
    return [] if not annotated or same(space.get("__annotations__"), own_space(owner)) else annotated


def same(annotations: Any, space: dict[str, Any]) -> bool:
    """Whether a class has just these annotations, in this order.  No code of the program runs."""
    had = space.get("__annotations__")
    if not is_a(annotations, dict) or not is_a(had, dict):
        return annotations is had
    return list(annotations) == list(had) and all(alike(annotations[name], had[name]) for name in had)
