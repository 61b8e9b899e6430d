"""Why a class cannot become what its source says, in words for the report."""

from __future__ import annotations

import sys
from dataclasses import replace

from hotswap.model import Reason


def reason(code: str, cls: type, what: str, why: str, remedy: str = "restart") -> Reason:
    """A reason about a class, which names the file it stands in."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    return Reason(code=code, what=f"{name} {what}", where=place(cls), why=why, remedy=remedy)


def because(found: Reason, more: str) -> Reason:
    """The same reason with another fact."""
    return replace(found, why=f"{found.why}, and {more}")


def place(cls: type) -> str:
    """File and line of a class as far as they are known, else its module."""
    path = getattr(sys.modules.get(cls.__module__), "__file__", None) or cls.__module__
    line = cls.__dict__.get("__firstlineno__")
    return f"{path}:{line}" if line else path
