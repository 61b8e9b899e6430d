"""Modules inside of zip archives: their text, and what the import system remembers of an archive that was replaced."""

from __future__ import annotations

import os
import sys
import zipfile
import zipimport
import zlib
from functools import lru_cache
from types import ModuleType
from typing import Any, NamedTuple


class Unreadable(bytes):
    """Stands for the text of a module whose archive is there but cannot be read; holds the reason."""

    __slots__ = ()


class _Version(NamedTuple):
    """One state of an archive on disk."""

    path: str
    modified: int
    size: int
    inode: int


def archive_of(module: ModuleType) -> str | None:
    """The archive that a module was imported from, absolute; None for any other module."""
    loader = module.__dict__.get("__loader__")
    archive = getattr(loader, "archive", None)
    return os.path.abspath(archive) if isinstance(loader, zipimport.zipimporter) and isinstance(archive, str) else None


def archive_above(path: str) -> str | None:
    """The existing file that lies on the way to the path, if there is one."""
    above = os.path.dirname(path)
    while above != os.path.dirname(above):
        if os.path.isfile(above):
            return above
        if os.path.isdir(above):
            return None
        above = os.path.dirname(above)
    return None


def read_member(path: str) -> bytes | None:
    """The text of `archive.zip/package/module.py`; None when there is no such archive, or it has no such member."""
    archive = archive_above(path)
    if archive is None:
        return None
    try:
        members = _members(_version(archive))
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        return Unreadable(f"{type(error).__name__}: {error}".encode())
    return members.get(os.path.relpath(path, archive).replace(os.sep, "/"))


def _version(archive: str) -> _Version:
    found = os.stat(archive)
    return _Version(archive, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=1)  # the modules of one archive are read one after the other
def _members(version: _Version) -> dict[str, bytes]:
    with zipfile.ZipFile(version.path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith((".py", ".pyc"))}


def imported_as(module: ModuleType, path: str, data: bytes) -> bool:
    """Whether the archive still has what was imported: the directory of the archive is remembered with checksums."""
    remembered: dict[str, Any] = getattr(zipimport, "_zip_directory_cache", {})
    files = remembered.get(getattr(module.__dict__.get("__loader__"), "archive", ""), {})
    entry = files.get(os.path.relpath(path, archive_of(module)))
    return not isinstance(entry, tuple) or entry[-1] == zlib.crc32(data)


def read_again(archive: str) -> None:
    """Let the import system look into the archive anew: it remembers where in the file each member begins."""
    importers = [*sys.path_importer_cache.values(), *(vars(m).get("__loader__") for m in _modules())]
    for importer in importers:
        if isinstance(importer, zipimport.zipimporter) and os.path.abspath(importer.archive) == archive:
            importer.invalidate_caches()


def _modules() -> list[ModuleType]:
    return [module for module in list(sys.modules.values()) if isinstance(module, ModuleType)]  # type: ignore[redundant-expr]  # programs put anything there
