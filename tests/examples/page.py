"""Runs the Python blocks of one Markdown page: `python page.py PAGE.md`, in an empty folder.

A block whose first line is `# name.py` is a file that is saved there; all others are one program, run in order as
`__main__`, which finds the files as modules.
"""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import Iterator
from pathlib import Path


def blocks(text: str) -> Iterator[tuple[int, str]]:
    """Each Python block, with the number of the line before it."""
    for found in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, found.start(1)), found[1]


def file_of(block: str) -> str | None:
    """The name of the file that the block is, if it is one."""
    found = re.match(r"# ([\w/]+\.py)\n", block)
    return found[1] if found else None


def run(page: Path) -> None:
    """Save and run the blocks.  Raises what they raise, with the line of the page."""
    namespace = sys.modules["__main__"].__dict__
    for line, block in blocks(page.read_text("utf-8")):
        name = file_of(block)
        if name is not None:
            path = Path.cwd() / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block, "utf-8")
        else:
            padded = "\n" * line + block  # so that a traceback names the line of the page
            linecache.cache[str(page)] = (len(padded), None, padded.splitlines(keepends=True), str(page))
            exec(compile(padded, str(page), "exec", dont_inherit=True), namespace)


if __name__ == "__main__":
    sys.path[0] = str(Path.cwd())
    run(Path(sys.argv[1]))
