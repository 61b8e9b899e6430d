"""Objects that statements fill piece by piece, and that can be made again with all that was put into them."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from types import FunctionType
from typing import Any

CONTAINERS = (list, dict, set, bytearray, deque, OrderedDict, defaultdict, Counter)

SELF_CONTAINED = frozenset(
    [("argparse", f"{name}") for name in ("ArgumentParser", "_ArgumentGroup", "_MutuallyExclusiveGroup")]
    + [("argparse", "_SubParsersAction"), ("optparse", "OptionParser"), ("optparse", "OptionGroup")]
    + [("configparser", "ConfigParser"), ("configparser", "RawConfigParser"), ("ssl", "SSLContext")]
    + [("email.message", "EmailMessage"), ("email.message", "Message"), ("http.cookies", "SimpleCookie")]
    + [("graphlib", "TopologicalSorter"), ("mimetypes", "MimeTypes"), ("types", "SimpleNamespace")]
    + [("xml.etree.ElementTree", "Element"), ("contextlib", "ExitStack"), ("contextlib", "AsyncExitStack")]
)
"""Types of the standard library whose methods change nothing but the object itself."""


def is_filled(value: object) -> bool:
    """Whether the object is such a one: what its methods and stores do goes when it does."""
    return type(value) in CONTAINERS or is_self_contained(value)


def is_self_contained(value: object) -> bool:
    """Whether any of its methods may fill it, and nothing else."""
    return (type(value).__module__, type(value).__qualname__) in SELF_CONTAINED


def has_filled_defaults(function: Any) -> bool:
    """Whether something is in a container that is a default value of a function: calls may have put it there."""
    defaults = function.__defaults__ or () if type(function) is FunctionType else ()
    return any(type(value) in CONTAINERS and len(value) > 0 for value in defaults)
