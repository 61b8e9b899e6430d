"""Which of a statement's dotted names an event of some kind may concern.  Pure."""

from __future__ import annotations

from functools import cached_property
from types import MethodType, ModuleType
from typing import Any

from hotswap.codefacts import ADDERS, CodeFacts
from hotswap.events import CONTENT, DESCRIPTION
from hotswap.facts import Facts
from hotswap.looking import is_a, is_any
from hotswap.resolving import resolve_value
from hotswap.syntax import Chain
from hotswap.targets import ATOMS, CONTAINERS, LARGEST

METADATA = frozenset(
    "__doc__ __annotations__ __defaults__ __kwdefaults__ __code__ __dict__ __name__ __qualname__ __signature__ "
    "__type_params__ __module__ __wrapped__ __members__ __mro__ __bases__ __dataclass_fields__ __fields__ _fields "
    "__attrs_attrs__ __abstractmethods__ __subclasses__".split()
)
"""Attributes that tell of a definition itself."""


TELLING = METADATA | frozenset(
    "signature getdoc get_type_hints getsource isgeneratorfunction iscoroutinefunction isasyncgenfunction".split()
)
"""The same with functions of `inspect` and `typing` that look at them."""


PLAIN = ATOMS | {tuple, frozenset}
"""What does not change in place: who takes it has what it was."""


def is_data(value: Any, depth: int = 4) -> bool:
    """Whether it is made of numbers, texts and the like, and of containers of such."""
    if type(value) not in CONTAINERS | {tuple, frozenset}:
        return type(value) in ATOMS
    if not depth or len(value) > LARGEST:
        return False
    parts = [*value, *value.values()] if is_any(value, dict) else value
    return all(is_data(part, depth - 1) for part in parts)


def leads_into(facts: Facts | CodeFacts, namespace: dict[str, Any], instance: object) -> bool:
    """Whether a dotted name that is looked into, or called, or stands for a plain value, goes on behind an instance.

    Or the instance itself is looked into: `conf["size"]`.
    """
    asked = facts.calls if isinstance(facts, Facts) else facts.reads
    plain = (chain for chain in facts.reads if len(chain) > 1 and _is_plain(resolve_value(namespace, chain)))
    chains = facts.uses | asked | frozenset(plain)
    if any(resolve_value(namespace, chain[:n]) is instance for chain in chains for n in range(1, len(chain))):
        return True
    given = facts.arguments if isinstance(facts, Facts) else facts.whole
    whole = (resolve_value(namespace, chain) for chain in facts.uses - given)
    called = (resolve_value(namespace, chain) for chain in asked)
    return any(v is instance for v in whole) or any(is_a(v, MethodType) and v.__self__ is instance for v in called)


def hands_on(facts: Facts | CodeFacts, namespace: dict[str, Any], instance: object) -> bool:
    """Whether the instance is given to a function, which may look into it."""
    given = facts.arguments if isinstance(facts, Facts) else facts.whole
    return any(resolve_value(namespace, chain) is instance for chain in given)


def _is_plain(value: object) -> bool:
    """Whether who takes it has what it was; of a property what that answers."""
    return type(value) in PLAIN or is_any(value, property, cached_property)


def answers_itself(module: object) -> bool:
    """Whether attributes of a module may be computed: by a function of its own, by properties of its class."""
    return type(module) is not ModuleType or "__getattr__" in vars(module)


def only_adds(chain: Chain, facts: Facts) -> bool:
    """Whether a statement puts something into what a dotted name stands for, and does not look into it."""
    is_method = chain[-1] in ADDERS and chain[:-1] in facts.mutates and chain[:-1] not in facts.uses
    return is_method or (chain in facts.mutates and chain not in facts.uses)


def chains_for(kind: str, facts: Facts) -> frozenset[Chain]:
    """Which of a statement's dotted names an event of the kind may concern."""
    if not kind:
        return facts.reads
    if kind == CONTENT:
        chains = facts.uses | frozenset(c for c in facts.reads if len(c) > 1)
        return chains if facts.binds else frozenset(c for c in chains if not only_adds(c, facts))
    if kind == DESCRIPTION:
        told = frozenset(c[:n] for c in facts.reads for n in range(1, len(c)) if c[n] in METADATA)
        takes_all = any(chain[-1] == "from_object" for chain in facts.calls)
        return told | (facts.arguments if facts.binds or takes_all else frozenset())
    return facts.shapes | (facts.arguments if facts.binds - facts.defines else frozenset())
