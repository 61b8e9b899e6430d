"""What classes have from their bases, before a class changes and behind that."""

from __future__ import annotations

from collections.abc import Iterator

from hotswap.journal import MISSING


def inherited_by(cls: type) -> dict[str, object]:
    """What a class has from its bases, as it is stored there."""
    found: dict[str, object] = {}
    for base in reversed(cls.__mro__[1:]):
        if base is not object:
            found |= vars(base)
    return {name: value for name, value in found.items() if name not in vars(cls)}


def other_inheritance(before: dict[type, dict[str, object]]) -> Iterator[tuple[type, str]]:
    """The names that classes have from other bases now, or from none any more."""
    for cls, inherited in before.items():
        now = inherited_by(cls)
        for name in inherited.keys() | now.keys():
            if inherited.get(name, MISSING) is not now.get(name, MISSING) and name not in vars(cls):
                yield cls, name
