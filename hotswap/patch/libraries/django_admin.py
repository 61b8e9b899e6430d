"""What the admin sites of Django have of a program: by model the object that shows it, and the URLs made from these.

A site refuses a model that it has already, so its object goes before the registration runs again.  And the list of URLs
was made when the program asked for it: a model that is registered later would not be found in it.
"""

from __future__ import annotations

import ast
import gc
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from hotswap.events import bare
from hotswap.graph import Graph
from hotswap.journal import Journal
from hotswap.looking import family, is_a, is_instance, own_space
from hotswap.model import Edit, Name
from hotswap.patch.instances import instance_dict
from hotswap.patch.libraries import django_urls
from hotswap.patch.order import arrange
from hotswap.patch.twins import replace_content
from hotswap.planning.django_admin import admin_sites, classes_named, is_registration
from hotswap.planning.effects import bare_calls
from hotswap.planning.live_names import value_of


def is_refused(error: BaseException) -> bool:
    """Whether a site refused a model for having it already; Django is never imported."""
    sites = admin_sites()
    return sites is not None and is_instance(error, sites.AlreadyRegistered)


@dataclass(frozen=True, slots=True)
class _Withdrawn:
    """What a site had for a model, and in which order it had models."""

    registry: dict[Any, Any]
    model: Any
    shown_by: Any
    order: list[Any]


class Sites:
    """The admin sites, for one round."""

    def __init__(self, graph: Graph, journal: Journal) -> None:
        self.graph, self.journal = graph, journal
        self._before = [(registry, [*registry]) for registry in _registries()]
        self._withdrawn: list[_Withdrawn] = []

    def withdraw_removed(self, edit: Edit) -> None:
        """Take out what statements have registered that are gone."""
        removed = (
            edit.diff.removed if edit.new is not None and edit.diff is not None else range(len(edit.old.statements))
        )
        namespace = self.graph.index.modules[edit.module].namespace
        for number in removed if admin_sites() is not None else ():
            node = edit.old.statements[number]
            if isinstance(node, ast.ClassDef) or any(is_registration(call, namespace) for call in bare_calls(node)):
                self.withdraw(node, namespace)

    def withdraw(self, node: ast.stmt, namespace: dict[str, Any]) -> None:
        """Take out what a statement has registered that is about to run again."""
        named = {id(each) for each in classes_named(node, namespace)}
        for registry in _registries():
            for model, shown_by in list(registry.items()):
                if id(model) in named or any(id(cls) in named for cls in type(shown_by).__mro__):
                    self._withdrawn.append(_Withdrawn(registry, model, shown_by, list(registry)))
                    self.journal.remember(registry)
                    del registry[model]

    def settle(self) -> None:
        """The object that was withdrawn becomes the one that is registered now: URLs lead to its methods."""
        for each in [each for each in self._withdrawn if each.model in each.registry]:
            self._withdrawn.remove(each)
            old, new = each.shown_by, each.registry[each.model]
            space, content = instance_dict(old), instance_dict(new)
            if old is not new and space is not None and content is not None:
                if type(old) is not type(new):
                    self.journal.set_attribute(old, "__class__", type(new))
                replace_content(space, dict(content), self.journal)
                self.journal.remember(each.registry)
                each.registry[each.model] = old
            self.journal.remember(each.registry)
            arrange(each.registry, [m for m in dict.fromkeys([*each.order, *each.registry]) if m in each.registry])

    def renew_urls(self, changed: Iterable[Name]) -> None:
        """Let the lists of URLs that sites have handed out be as if they were asked for now."""
        is_other = any(models != [*registry] for registry, models in self._before)
        if not is_other and not self._are_about_admin(changed):
            return
        for site in _all_sites():
            lists = list(_lists_of(site))
            for handed_out in lists:
                self.journal.remember(handed_out)
                handed_out[:] = site.get_urls()
            if lists:
                django_urls.look_again()

    def _are_about_admin(self, changed: Iterable[Name]) -> bool:
        """Whether a name is one of a class of admin objects or sites, or of a member of such."""
        objects = (each for site in _all_sites() for each in (site, *site._registry.values()))
        known = {id(cls) for each in objects for cls in type(each).__mro__}
        names = {(module, part) for module, name in map(bare, changed) for part in (name, name.rpartition(".")[0])}
        holders = (value_of(name, self.graph) for name in names if name[1]) if known else ()
        return any(id(each) in known for each in holders if is_a(each, type))


def _all_sites() -> list[Any]:
    sites = admin_sites()
    return [site for site in sites.all_sites if "_registry" in own_space(site)] if sites is not None else []


def _registries() -> Iterator[dict[Any, Any]]:
    for site in _all_sites():
        yield site._registry


def _lists_of(site: Any) -> Iterator[list[Any]]:
    """The lists that `site.urls` has returned, where they are included."""
    urls = sys.modules["django.urls"]
    for each in gc.get_referrers(*family(urls.URLResolver)):
        space = own_space(each) if is_instance(each, urls.URLResolver) else {}
        if (space.get("app_name"), space.get("namespace")) == ("admin", site.name):
            if type(space.get("urlconf_name")) is list:
                yield space["urlconf_name"]
