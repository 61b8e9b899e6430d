"""What a library has made of a definition and put into a list."""

from __future__ import annotations

import pytest

from hotswap.journal import Journal
from hotswap.patch.superseded import give_way


class Route:
    """What a library makes of an endpoint."""

    def __init__(self, path: str, endpoint: object, *, deep: bool = False) -> None:
        self.path, self.parts = path, {"dispatch": endpoint} if deep else endpoint


def live() -> None:
    """What was registered."""


def fresh() -> None:
    """What it was made anew as."""


def other() -> None:
    """Another one."""


A, B, SECOND, NEW, MORE = (
    Route("a", live),
    Route("b", other),
    Route("second", live),
    Route("new", fresh),
    Route("m", fresh),
)
DEEP, DEEP_NEW = Route("deep", live, deep=True), Route("deep new", fresh, deep=True)

CASES = {
    "one for one": ([A, B], [NEW], 1, (True, ["new", "b"])),
    "a second decorator": ([A, B], [NEW, MORE], 1, (True, ["new", "m", "b"])),
    "one of two decorators is gone": ([A, B, SECOND], [NEW], 2, (True, ["new", "b"])),
    "others may have made one": ([A, B, SECOND], [NEW], 1, (False, ["a", "b", "second", "new"])),
    "in a table within the entry": ([DEEP, B], [DEEP_NEW], 1, (True, ["deep new", "b"])),
    "nothing came": ([A, B], [], 1, (True, ["a", "b"])),
}


def given_way(before: list[Route], came: list[Route], at_most: int) -> tuple[bool, list[Route], Journal]:
    routes, journal = [*before, *came], Journal()
    twins = {id(fresh): (fresh, live)}
    return give_way([live], at_most, [(routes, before, list(routes))], twins, journal), routes, journal


@pytest.mark.parametrize("case", CASES)
def test_what_came_takes_the_place_of_what_was_made_before(case):
    """What was made of other definitions stays where it is."""
    before, came, at_most, expected = CASES[case]
    done, routes, _ = given_way(before, came, at_most)
    assert (done, [route.path for route in routes]) == expected


def test_a_rollback_puts_back_what_the_statement_left():
    """What the statement itself did is taken back by others."""
    _, routes, journal = given_way([A], [NEW], 1)
    journal.rollback()
    assert routes == [A, NEW]
