"""Whether a module was made from the text that is on disk now.

Asked of modules that were imported before anybody watched: whoever edits a file between its import and the first look
at it would otherwise never see that edit.  What was compiled is told by what is left of it: the code of a module that
is still running, the header of the cached bytecode, the code of the functions that the module holds.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import util as importlib_util
from types import CodeType, FunctionType, ModuleType
from typing import Any

from hotswap.looking import is_instance
from hotswap.watching.stamps import RACY_NS, process_start

_HEADER = 16
_TENTH = 100_000_000


def may_have_changed(module: ModuleType, path: str, data: bytes, status: os.stat_result) -> bool:
    """Whether the file (its content and status, as of now) may be another one than the one that was imported."""
    if _is_older_than_this_process(max(status.st_mtime_ns, status.st_ctime_ns)):
        return False
    running = _running_code(module)
    if running is not None:
        return _compiled(data, path) != running
    told = changed_since_import(module, path)
    return _holds_other_functions(module, path, data) if told is None else told


def _is_older_than_this_process(written: int) -> bool:
    is_exact = written % _TENTH != 0  # this file system counts in less than tenths of a second
    return written < _process_began() + (RACY_NS - _TENTH if is_exact else 0)


@lru_cache(maxsize=1)
def _process_began() -> int:
    return process_start(time.time_ns)


def _running_code(module: ModuleType) -> CodeType | None:
    """The code of a module whose statements are being executed just now: of the script, above all."""
    for frame in sys._current_frames().values():
        inner = frame
        while inner is not None:
            if inner.f_globals is module.__dict__ and inner.f_code.co_name == "<module>":
                return inner.f_code if inner.f_code.co_filename == module.__dict__.get("__file__") else None
            inner = inner.f_back  # type: ignore[assignment]  # None ends the loop
    return None


def changed_since_import(module: object, path: str) -> bool | None:
    """Whether the header of the cached bytecode, which the import wrote or checked, tells of another file.

    None when there is none to be asked.
    """
    cached = getattr(module, "__cached__", None)
    try:
        with open(cached or importlib_util.cache_from_source(path), "rb") as file:
            header, written = file.read(_HEADER), os.fstat(file.fileno()).st_mtime_ns
        status = os.stat(path)
    except (OSError, NotImplementedError, TypeError):
        return None
    if len(header) < _HEADER or header[:4] != importlib_util.MAGIC_NUMBER or int.from_bytes(header[4:8], "little"):
        return None  # written by another Python, or checked by hash
    wanted = int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF
    if (int.from_bytes(header[8:12], "little"), int.from_bytes(header[12:16], "little")) != wanted:
        return True
    return status.st_mtime_ns > written  # of the same second and size, but bytecode is younger than its source


def _holds_other_functions(module: ModuleType, path: str, data: bytes) -> bool:
    """Whether a function of the module cannot have been compiled from this text."""
    code = _compiled(data, path)
    if code is None:
        return True
    known = set(_all_codes(code))
    return any(function not in known for function in _codes_held(module.__dict__, module.__name__, path))


def _compiled(data: bytes, path: str) -> CodeType | None:
    try:
        return compile(data, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None


def _all_codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _all_codes(constant)


def _codes_held(namespace: Mapping[str, Any], name: str, path: str) -> Iterator[CodeType]:
    for value in list(namespace.values()):
        if is_instance(value, FunctionType) and value.__code__.co_filename == path:
            yield value.__code__
        elif is_instance(value, type) and value.__module__ == name:
            yield from _codes_held(vars(value), "", path)
