"""Routes that statements were seen to add to applications of Flask, whatever way it took.  Flask is never imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from types import CodeType, FrameType
from typing import Any
from weakref import ref

_FILES = ("flask/sansio/app.py", "flask/app.py", "flask\\sansio\\app.py", "flask\\app.py")
_numbers = count()


@dataclass(frozen=True, slots=True)
class Route:
    """A path that leads to the function of an endpoint; `number` tells which one was added first."""

    app: ref[Any]
    endpoint: str
    path: str
    number: int = field(default_factory=_numbers.__next__, compare=False)


def adds_route(code: CodeType) -> bool:
    """Whether it is the method of applications by way of which all routes come."""
    return code.co_name == "add_url_rule" and code.co_filename.endswith(_FILES)


def route_of(frame: FrameType) -> Route | None:
    """What such a method is about to add."""
    given = frame.f_locals
    endpoint = given.get("endpoint") or getattr(given.get("view_func"), "__name__", None)
    app, path = given.get("self"), given.get("rule")
    return Route(ref(app), endpoint, path) if type(endpoint) is str and type(path) is str else None
