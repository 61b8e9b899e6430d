"""Makes a failing case small: as few versions, files, statements and lines as still show a difference of the same kind."""

from __future__ import annotations

import ast
import textwrap
import time
from collections.abc import Callable, Iterator

from tests.properties.cases import Laboratory, Verdict, Version, carry_out, sources_of
from tests.properties.temper import Temper

Fails = Callable[[list[Version]], bool]


def shrink(
    laboratory: Laboratory, versions: list[Version], kind: str, temper: Temper, seconds: float = 25.0
) -> tuple[list[Version], Verdict]:
    """The smallest case found within the time, and its verdict."""
    deadline = time.monotonic() + seconds

    def fails(candidate: list[Version]) -> bool:
        if time.monotonic() > deadline:
            return False
        if not all(temper.allows(sources_of(version)) for version in candidate):
            return False
        verdict = carry_out(laboratory, candidate)
        return verdict is not None and any(d.kind == kind for d in verdict.differences[:1])

    changed = True
    while changed and time.monotonic() < deadline:
        before = versions
        for step in (fewer_versions, calmer, fewer_files, fewer_blocks, calmer, fewer_lines):
            versions = greedy(versions, step, fails)
        changed = versions != before
    verdict = carry_out(laboratory, versions)
    assert verdict is not None
    return versions, verdict


def greedy(
    versions: list[Version], step: Callable[[list[Version]], Iterator[list[Version]]], fails: Fails
) -> list[Version]:
    """Take the first candidate that still fails, and go on from there."""
    found = True
    while found:
        found = False
        for candidate in step(versions):
            if candidate != versions and fails(candidate):
                versions, found = candidate, True
                break
    return versions


def fewer_versions(versions: list[Version]) -> Iterator[list[Version]]:
    """Without what went before the last round; then without each of its parts."""
    if len(versions) > 2:
        yield versions[-2:]
        for cut in range(len(versions) // 2, 0, -1):
            yield versions[cut:]
        for drop in range(len(versions) - 1):
            yield versions[:drop] + versions[drop + 1 :]


def fewer_files(versions: list[Version]) -> Iterator[list[Version]]:
    for path in {p for v in versions for p in v}:
        yield [{p: b for p, b in v.items() if p != path} for v in versions]


def fewer_blocks(versions: list[Version]) -> Iterator[list[Version]]:
    """Halves first, then statement by statement; everywhere, then in one version alone."""
    for path in sorted({p for v in versions for p in v}):
        texts = list(dict.fromkeys(b for v in versions for b in v.get(path, ())))
        if len(texts) > 3:
            for part in (set(texts[len(texts) // 2 :]), set(texts[: len(texts) // 2])):
                yield [_only(v, path, part) for v in versions]
        for text in texts:
            yield [_only(v, path, set(texts) - {text}) for v in versions]
        for number, version in enumerate(versions):
            for at in range(len(version.get(path, ()))):
                blocks = version[path][:at] + version[path][at + 1 :]
                yield [*versions[:number], {**version, path: blocks}, *versions[number + 1 :]]


def _only(version: Version, path: str, texts: set[str]) -> Version:
    return {p: tuple(b for b in blocks if p != path or b in texts) for p, blocks in version.items()}


def calmer(versions: list[Version]) -> Iterator[list[Version]]:
    """Less of an edit: a file, or one block of it, as it was before."""
    for number in range(1, len(versions)):
        old, new = versions[number - 1], versions[number]
        for path in old.keys() & new.keys():
            if old[path] != new[path]:
                yield _with(versions, number, path, old[path])
                for at, text in enumerate(new[path]):
                    if text not in old[path]:
                        yield _with(versions, number, path, new[path][:at] + new[path][at + 1 :])
                        if len(old[path]) == len(new[path]):
                            yield _with(versions, number, path, (*new[path][:at], old[path][at], *new[path][at + 1 :]))


def _with(versions: list[Version], number: int, path: str, blocks: tuple[str, ...]) -> list[Version]:
    return [*versions[:number], {**versions[number], path: blocks}, *versions[number + 1 :]]


def fewer_lines(versions: list[Version]) -> Iterator[list[Version]]:
    """Each statement without one of its inner statements, its decorators, its bases, its defaults; or as one of them."""
    for path in sorted({p for v in versions for p in v}):
        for text in dict.fromkeys(b for v in versions for b in v.get(path, ())):
            for simpler in simpler_texts(text):
                yield [
                    {p: tuple(simpler if p == path and b == text else b for b in bs) for p, bs in v.items()}
                    for v in versions
                ]
    yield from fewer_lines_everywhere(versions)


def fewer_lines_everywhere(versions: list[Version]) -> Iterator[list[Version]]:
    """The same line out of all versions of a statement."""
    for path in sorted({p for v in versions for p in v}):
        blocks = {b for v in versions for b in v.get(path, ()) if "\n" in b}
        for line in dict.fromkeys(line for b in sorted(blocks) for line in b.splitlines()[1:]):
            yield [
                {p: tuple(_without_line(b, line) if p == path else b for b in bs) for p, bs in v.items()}
                for v in versions
            ]


def _without_line(block: str, line: str) -> str:
    """The block without the statement that begins with this line."""
    lines = block.splitlines()
    if line not in lines[1:]:
        return block
    at = lines.index(line, 1)
    depth = len(line) - len(line.lstrip())
    end = at + 1
    while end < len(lines) and len(lines[end]) - len(lines[end].lstrip()) > depth:
        end += 1
    kept = "\n".join(lines[:at] + lines[end:])
    return kept if compiles(kept) else block


def simpler_texts(text: str) -> Iterator[str]:
    """Texts with less in them."""
    try:
        (tree,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        return
    lines = text.splitlines()
    for node in ast.walk(tree):
        for inner in getattr(node, "body", ()) if not isinstance(node, ast.Lambda | ast.IfExp) else ():
            first = min([inner.lineno, *(d.lineno for d in getattr(inner, "decorator_list", ()))])
            yield from _if_it_compiles("\n".join(lines[: first - 1] + lines[inner.end_lineno or first :]))
            yield from _if_it_compiles(
                textwrap.dedent("\n".join(lines[first - 1 : inner.end_lineno]))
                if node is tree and isinstance(node, ast.If | ast.Try | ast.For)
                else "("
            )
        for decorator in getattr(node, "decorator_list", ()):
            yield from _if_it_compiles("\n".join(lines[: decorator.lineno - 1] + lines[decorator.lineno :]))
        if (
            isinstance(node, ast.BinOp | ast.IfExp | ast.Call | ast.Subscript | ast.ListComp)
            and node.lineno == node.end_lineno
        ):
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.expr):
                    yield from _if_it_compiles(_replaced(lines, node, ast.get_source_segment(text, part) or ""))
            yield from _if_it_compiles(_replaced(lines, node, "1"))


def _replaced(lines: list[str], node: ast.expr, by: str) -> str:
    line = lines[node.lineno - 1].encode()
    changed = (line[: node.col_offset] + by.encode() + line[node.end_col_offset :]).decode()
    return "\n".join([*lines[: node.lineno - 1], changed, *lines[node.lineno :]])


def _if_it_compiles(text: str) -> Iterator[str]:
    if text.strip() and compiles(text):
        yield text


def compiles(text: str) -> bool:
    """Whether it is a program."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True
