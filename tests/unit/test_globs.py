"""Patterns of file names: what they match and where they lead."""

from __future__ import annotations

import pytest

from hotswap.watching.globs import Glob

MATCHES = [
    ("*.json", "one.json", True),
    ("*.json", "deep/one.json", False),
    ("*.json", ".hidden.json", False),
    (".*.json", ".hidden.json", True),
    ("**/*.json", "one.json", True),
    ("**/*.json", "a/b/one.json", True),
    ("**/*.json", "a/.git/one.json", False),
    ("**/*.json", "node_modules/x/one.json", False),
    ("node_modules/*/one.json", "node_modules/x/one.json", True),
    ("*/one.json", "build/one.json", False),
    ("build/*.json", "build/one.json", True),
    ("levels/**", "levels/a/b", True),
    ("levels/**", "levels", False),
    ("a?c/[xy].txt", "abc/y.txt", True),
    ("./levels//one.*", "levels/one.json", True),
    ("*.json", "", False),
]


@pytest.mark.parametrize(("pattern", "name", "matches"), MATCHES)
def test_a_pattern_means_files(pattern: str, name: str, matches: bool) -> None:
    """As in a shell; wildcards match no leading dot, and no folder of made or fetched things."""
    assert Glob("/p", pattern).matches(f"/p/{name}".rstrip("/")) is matches


@pytest.mark.parametrize(
    ("pattern", "folder", "leads"),
    [
        ("*.json", "/p", True),
        ("*.json", "/p/a", False),
        ("*/*.json", "/p/a", True),
        ("**/*.json", "/p/a/b", True),
        ("**/*.json", "/p/.venv", False),
        ("a/b/*.json", "/p/a", True),
        ("a/b/*.json", "/p/b", False),
        ("**", "/elsewhere", False),
    ],
)
def test_a_pattern_leads_into_folders(pattern: str, folder: str, leads: bool) -> None:
    """Only those are watched in which, or below which, something could match."""
    assert Glob("/p", pattern).leads_into(folder) is leads
