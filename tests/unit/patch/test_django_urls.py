"""What Django remembers of URLs is forgotten when they change, and for nothing else."""

import sys
from types import SimpleNamespace

import pytest

from hotswap.events import content
from hotswap.patch.libraries import django_urls

PATTERNS = ("urls", "urlpatterns")
GRAPH = SimpleNamespace(index=SimpleNamespace(modules={}))


def test_django_is_never_imported(monkeypatch):
    """A program without it does not get it."""
    for name in [n for n in sys.modules if n.partition(".")[0] == "django"]:
        monkeypatch.delitem(sys.modules, name)
    django_urls.forget({PATTERNS}, GRAPH)
    assert "django" not in sys.modules


@pytest.mark.parametrize(("event", "size"), [(PATTERNS, 1), (content(PATTERNS), 1), (("urls", "other"), 0)])
def test_a_resolver_looks_again_if_patterns_changed(event, size):
    """What it had collected is gone; with another change it stays."""
    urls = pytest.importorskip("django.urls")
    resolver = urls.URLResolver(urls.resolvers.RegexPattern(r"^/"), [])
    assert list(resolver.url_patterns) == []
    resolver.urlconf_name = [urls.path("a/", print, name="a")]
    django_urls.forget({event}, GRAPH)
    assert len(resolver.url_patterns) == size
