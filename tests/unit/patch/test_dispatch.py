"""What is registered with generic functions of functools."""

from __future__ import annotations

import functools
from typing import Any

from hotswap.index import Index
from hotswap.journal import Journal
from hotswap.patch.dispatch import Registrations, dispatcher_of, refill, registry_of
from hotswap.scope import Scope


def generic() -> Any:
    """A generic function with one implementation."""

    @functools.singledispatch
    def show(_: object) -> str:
        return "any"

    show.register(int, lambda _: "int")
    return show


def test_a_generic_method_asks_a_generic_function() -> None:
    """Of a method that is the function which it asks; a plain function is none."""
    method = functools.singledispatchmethod(lambda _, x: x)

    assert dispatcher_of(method) is method.dispatcher
    assert dispatcher_of(generic) is None


def test_a_refilled_registry_is_asked_at_once_and_goes_back() -> None:
    """The answers that were remembered are forgotten, also when the round is taken back."""
    show, journal = generic(), Journal()
    assert show(1) == "int"

    refill(show, {object: registry_of(show)[object]}, journal)
    after = show(1)
    journal.rollback()

    assert (after, show(1)) == ("any", "int")


def test_fresh_implementations_give_way_to_live_ones() -> None:
    """What a fresh function was poured into stands in the registry, and nothing has happened then."""
    show, journal = generic(), Journal()
    live = registry_of(show)[int]
    registrations = Registrations([show])
    show.register(int, lambda _: "fresh")

    registrations.settle(lambda each: each if each in (live, registry_of(show)[object]) else live, journal)

    assert registry_of(show)[int] is live
    assert not list(registrations.events(Index(Scope(["/prog"]))))
