"""Several classes of one name that were made anew: which of them is which of those of before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from hotswap.holders import cell_content
from hotswap.looking import is_a, own_space
from hotswap.targets import ATOMS


@dataclass(frozen=True, slots=True)
class Pair:
    """A class of before, and the one that was made anew in its stead."""

    live: type
    fresh: type


@dataclass(frozen=True, slots=True)
class Matched:
    """Classes of before with those made now, and those of before of which that cannot be told."""

    pairs: list[Pair]
    open: list[type]


def matched(olds: Sequence[type], news: Sequence[type]) -> Matched:
    """Which of the classes made now is which of those of before.

    They are told apart by plain values in which those of before differ: which of them agrees with a new one in most.
    If none agrees with any, by their order, provided that there are as many.
    """
    if len(olds) == len(news) == 1:
        return Matched([Pair(olds[0], news[0])], [])
    if not olds or not news:
        return Matched([], [])
    before, now = [plain_values(cls) for cls in olds], [plain_values(cls) for cls in news]
    common = set.intersection(*map(set, (*before, *now)))
    telling = [name for name in common if len({_comparable(each[name]) for each in before}) > 1]
    agreeing = [[sum(_comparable(a[n]) == _comparable(b[n]) for n in telling) for a in before] for b in now]
    if not any(map(any, agreeing)):
        if len(olds) == len(news):
            return Matched(list(map(Pair, olds, news)), [])
        return Matched([], [] if telling else list(olds))
    best = [max(row) for row in agreeing]
    sure = {
        (old, new)
        for new, row in enumerate(agreeing)
        for old, score in enumerate(row)
        if score == best[new] == max(other[old] for other in agreeing) > 0
    }
    alone = Counter(old for old, _ in sure), Counter(new for _, new in sure)
    pairs = [(old, new) for old, new in sorted(sure) if alone[0][old] == alone[1][new] == 1]
    left = {old for old, _ in sure} - {old for old, _ in pairs}
    return Matched([Pair(olds[old], news[new]) for old, new in pairs], [olds[old] for old in sorted(left)])


def plain_values(cls: type) -> dict[str, Any]:
    """The plain values that a class was given as it was made: of attributes, and of variables that its methods use."""
    found: dict[str, Any] = {}
    for name, value in own_space(cls).items():
        if is_a(value, FunctionType):
            cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
            found |= {f"{name}.{variable}": cell_content(cell) for variable, cell in cells}
        elif not name.startswith("__"):
            found[name] = value
    return {name: value for name, value in found.items() if _is_plain(value)}


def _is_plain(value: Any) -> bool:
    return type(value) in ATOMS or (type(value) is tuple and all(map(_is_plain, value)))


def _comparable(value: Any) -> Any:
    return type(value), value
