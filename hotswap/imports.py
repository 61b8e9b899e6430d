"""The imports of a module, read from its text: quick, and rather too many than too few."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hotswap.index import Tracked

_IMPORT = re.compile(
    r"\bfrom(?:[ \t]+|(?=\.))(?P<base>\.*[ \t]*[\w.]*)"
    r"[ \t]*\bimport\b[ \t]*(?P<names>\((?:#[^\n]*|[^)#])*\)|[^\n;#]*)"
    r"|\bimport[ \t]+(?P<modules>[\w. \t,]+)"
)

_COMMENT = re.compile(r"#[^\n]*")

_LITERAL = re.compile(
    r"#[^\n]*"
    r"|(?P<text>\"{3}[^\"\\]*(?:(?:\\.|\"(?!\"\"))[^\"\\]*)*\"{3}|'{3}[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'{3})"
    r"|\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'",
    re.DOTALL,
)
"""Comments and texts: quotes that stand in one of them begin none."""

_OPEN = ("(", "[", "{", ",", "=", "+", "%", "\\")
"""Behind one of these a text on a line of its own is part of an expression."""

_HEADER = re.compile(r"^([ \t]*)(?:async[ \t]+)?(def\b|if[ \t]+(?:\w+\.)?TYPE_CHECKING[ \t]*:|\w)", re.MULTILINE)


def imports_of(tracked: Tracked, *, eager: bool = False) -> frozenset[str]:
    """Every module that the text may import, by absolute name: quick, and rather too many than too few.

    `eager`: only those imported as the module itself is; not in functions, and not for type checkers.
    """
    found = set()
    try:
        text = tracked.source.text.replace("\\\n", "  ")  # lines that go on
    except SyntaxError:
        return frozenset()
    begun = set(parents(tracked.name)) if eager else set()  # the packages around it are there before it
    for match in _import_statements(text):
        if eager and (is_lazy(text, match.start()) or is_told(text, match.start())):
            continue
        if match["modules"]:
            for part in match["modules"].split(","):
                name = part.split(" as ")[0].strip()
                found |= {name, *(set(parents(name)) - begun)}
            continue
        base = resolve(tracked, match["base"].replace(" ", "").replace("\t", ""))
        found |= {base, *(set(parents(base)) - begun)}
        for part in _COMMENT.sub("", match["names"]).strip("()").split(","):
            words = part.split()
            if words:
                found.add(f"{base}.{words[0]}")
    return frozenset(found)


def _import_statements(text: str) -> Iterator[re.Match[str]]:
    """Each match of the pattern, which is slow to search for, looked for only in lines that have the word."""
    end, place = 0, text.find("import")
    while place >= 0:
        match = _IMPORT.search(text, max(end, text.rfind("\n", 0, place) + 1))
        if match is None:
            return
        yield match
        end = match.end()
        place = text.find("import", end)


def is_told(text: str, place: int) -> bool:
    """Whether what stands at the place is an example in a text that is nothing but a statement: it imports nothing."""
    if not any(text.count(quotes, 0, place) % 2 for quotes in ('"""', "'''")):
        return False  # most are told so, without a look at all that stands before them
    for match in _LITERAL.finditer(text):
        begin, end = match.span("text")
        if begin < place < end:
            line = text.rfind("\n", 0, begin) + 1
            opens = text[line:begin].strip() in ("", "r", "R") and not text[:line].rstrip().endswith(_OPEN)
            return opens and text[end : text.find("\n", end) + 1 or None].strip() in ("", ";")
        if match.end() > place:
            break
    return False


def is_lazy(text: str, place: int) -> bool:
    """Whether what stands at the place is inside of a function, or of a block that only type checkers read."""
    begin = text.rfind("\n", 0, place) + 1
    header = _HEADER.match(text, begin, place)
    if header is not None and (header[2] == "def" or header[2].startswith("if")):
        return True  # on the same line
    indent = place - begin - len(text[begin:place].lstrip())
    while indent and begin:
        end, begin = begin - 1, text.rfind("\n", 0, begin - 1) + 1
        header = _HEADER.match(text, begin, end)
        if header is not None and len(header[1]) < indent:
            indent = len(header[1])
            if header[2] == "def" or header[2].startswith("if"):
                return True
    return False


def parents(name: str) -> Iterator[str]:
    """The packages around a module."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def resolve(tracked: Tracked, name: str) -> str:
    """An import's module as an absolute name (`..x` seen from the module)."""
    level = len(name) - len(name.lstrip("."))
    if not level:
        return name
    package = tracked.name if tracked.is_package else tracked.name.rpartition(".")[0]
    for _ in range(level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{name[level:]}".strip(".")
