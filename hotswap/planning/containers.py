"""Objects that statements fill piece by piece, and that can be made again with all that was put into them."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque

CONTAINERS = (list, dict, set, bytearray, deque, OrderedDict, defaultdict, Counter)

SELF_CONTAINED = frozenset(
    [("argparse", f"{name}") for name in ("ArgumentParser", "_ArgumentGroup", "_MutuallyExclusiveGroup")]
    + [("argparse", "_SubParsersAction"), ("optparse", "OptionParser"), ("optparse", "OptionGroup")]
    + [("configparser", "ConfigParser"), ("configparser", "RawConfigParser"), ("ssl", "SSLContext")]
    + [("email.message", "EmailMessage"), ("email.message", "Message"), ("http.cookies", "SimpleCookie")]
    + [("graphlib", "TopologicalSorter"), ("mimetypes", "MimeTypes"), ("types", "SimpleNamespace")]
    + [("xml.etree.ElementTree", "Element")]
)
"""Types of the standard library whose methods change nothing but the object itself."""


def is_filled(value: object) -> bool:
    """Whether the object is such a one: what its methods and stores do goes when it does."""
    return type(value) in CONTAINERS or is_self_contained(value)


def is_self_contained(value: object) -> bool:
    """Whether any of its methods may fill it, and nothing else."""
    return (type(value).__module__, type(value).__qualname__) in SELF_CONTAINED
