"""What Django remembers of the URLs of a program: which path leads to which view, and the way back.

A list of URL patterns is looked through once; then Django has the results, and so have the resolvers that stand in
other lists, for the lists that they include.
"""

from __future__ import annotations

import gc
import sys
from typing import Any

from hotswap.events import bare
from hotswap.graph import Graph
from hotswap.looking import family, is_any, is_instance, own_space
from hotswap.model import Name
from hotswap.planning.live_names import value_of

COMPUTED = ("urlconf_module", "url_patterns")
"""What a resolver takes from the module that it includes, and keeps."""
COLLECTED = ("_reverse_dict", "_namespace_dict", "_app_dict", "_callback_strs")
"""What it collects from the patterns and those that they include, when it is asked for the first time."""


def forget(changed: set[Name], graph: Graph) -> None:
    """Let Django look again if a list of URL patterns is another one, or has another content; it is never imported."""
    urls = sys.modules.get("django.urls")
    if urls is not None and any(_is_about_urls(bare(event), graph, urls) for event in changed):
        look_again()


def look_again() -> None:
    """Let Django forget what it took from lists of URL patterns, when it has been imported."""
    urls = sys.modules["django.urls"]
    urls.clear_url_caches()
    referrers = gc.get_referrers(*family(urls.URLResolver))
    for resolver in [each for each in referrers if is_instance(each, urls.URLResolver)]:
        space = own_space(resolver)
        for name in COMPUTED:
            space.pop(name, None)
        for name in COLLECTED:
            if name in space:
                space[name] = type(space[name])()  # a new one: a request may be looking through the old one
        space["_populated"] = False


def _is_about_urls(name: Name, graph: Graph, urls: Any) -> bool:
    if name[1] == "urlpatterns":
        return True
    value: Any = value_of(name, graph)
    return is_any(value, list, tuple) and any(is_any(each, urls.URLPattern, urls.URLResolver) for each in value)
