"""What the documentation says of the code is so."""

from __future__ import annotations

import re
from pathlib import Path

import hotswap

ROOT = Path(hotswap.__file__).parents[1]


def test_the_parts_that_contributing_names_are_there():
    """Each word in the table "Where things are" is a module, or the name that is explained with it."""
    page = (ROOT / "docs" / "contributing.md").read_text("utf-8")
    table = page[page.index("| what | where |") : page.index("## How it should read")]
    words = set(re.findall(r"`(\w+)`", table))
    modules = {path.stem for path in (ROOT / "hotswap").rglob("*.py")}
    assert words - modules == {"python", "why"}
