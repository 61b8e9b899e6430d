"""Which statements register something with an admin site of Django.  Pure; Django is never imported."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import Any

from hotswap.looking import is_a, is_instance, own_space
from hotswap.resolving import resolve_value
from hotswap.syntax import Chain, chain_of


def admin_sites() -> Any:
    """The module of Django that has them, None when nobody has imported it."""
    return sys.modules.get("django.contrib.admin.sites")


def is_registration(call: ast.Call, namespace: dict[str, Any]) -> bool:
    """Whether a call is `site.register(…)`, which can be taken back."""
    sites, chain = admin_sites(), chain_of(call.func)
    if sites is None or chain is None or chain[-1] != "register":
        return False
    site = resolve_value(namespace, chain[:-1])
    wrapped = own_space(site).get("_wrapped", site)  # `admin.site` is made when it is needed first
    return is_instance(wrapped, sites.AdminSite)


def classes_named(node: ast.stmt, namespace: dict[str, Any]) -> Iterator[type]:
    """The class that a statement defines, or those that it hands on."""
    if isinstance(node, ast.ClassDef):
        chains: list[Chain] = [(node.name,)]
    else:
        parts = (each for each in ast.walk(node) if isinstance(each, ast.expr))
        chains = [chain for chain in map(chain_of, parts) if chain is not None]
    yield from (value for value in (resolve_value(namespace, chain) for chain in chains) if is_a(value, type))
