"""Whether a file that was just closed looks as if its writer was done with it, and done with all."""

from __future__ import annotations

import os
import re
import symtable
import zipfile

_LARGE = 64_000  # beyond that the parser would hold up other threads; and who saves so much has had time for companions
_DOUBTFUL_ESCAPE = re.compile(rb"""\\[^\n\r\\'"abfnrtvxNuU0-7]""")


def has_content(path: str) -> bool:
    """Whether there is a file with something in it: an emptied one is likely to be written next."""
    try:
        return os.stat(path).st_size > 0
    except (OSError, ValueError):  # a NUL in the path
        return False


def is_whole(path: str) -> bool:
    """Whether nothing more is to be expected: the file has content, and if it is Python it parses.

    Some programs write a file in several goes and close it in between.  Never warns, never raises.
    """
    if path.endswith((".zip", ".pyz", ".egg", ".whl")):
        return zipfile.is_zipfile(path)
    if not path.endswith((".py", ".pyw")):
        return has_content(path)
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGE)
    except (OSError, ValueError):
        return False
    if len(data) >= _LARGE or _DOUBTFUL_ESCAPE.search(data):  # the parser would warn about an escape, for all to see
        return data.endswith(b"\n")
    return bool(data) and _parses(data)


def _parses(data: bytes) -> bool:
    try:
        # No tree is made: on Python 3.11 that would break trees that other threads make meanwhile, see `parsing`.
        symtable.symtable(data, "", "exec")  # type: ignore[arg-type]  # bytes will do: it is Python's own parser
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
