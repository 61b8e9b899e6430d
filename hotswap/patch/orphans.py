"""Classes whose definition left the source while instances of them are alive: those live on with the code of before."""

from __future__ import annotations

import gc
import inspect
import sys
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hotswap.codefacts import all_codes
from hotswap.index import Index
from hotswap.looking import is_instance
from hotswap.model import Edit, Name, Reason
from hotswap.patch.instances import living
from hotswap.resolving import definition_of, resolve_value
from hotswap.source import Source


@dataclass(frozen=True, slots=True)
class Orphan:
    """A class that the newest source does not define any more, and the file that did."""

    cls: weakref.ref[type]
    name: Name
    path: str
    why: str = "the class left the source, so no newer code of it exists"


def losing_definition(edits: Iterable[Edit], index: Index) -> list[Orphan]:
    """The live classes that only the sources of before define.  To be asked before anything changes."""
    found = []
    for edit in edits:
        for qualname in _classes_in(edit.old) - (_classes_in(edit.new) if edit.new is not None else set()):
            cls = resolve_value(index.modules[edit.module].namespace, tuple(qualname.split(".")))
            if is_instance(cls, type) and definition_of(cls, index) == (edit.module, qualname):
                found.append(Orphan(weakref.ref(cls), (edit.module, qualname), edit.path))
    return found


def made_no_more(classes: Iterable[type]) -> Iterator[Orphan]:
    """The same for classes that a loop or a call has made, and does not make any more now that it ran again."""
    for cls in classes:
        path = getattr(sys.modules.get(cls.__module__), "__file__", None) or cls.__module__
        why = "the statement that had made the class ran again, and has not made it"
        yield Orphan(weakref.ref(cls), (cls.__module__, cls.__qualname__), path, why)


def _classes_in(source: Source) -> set[str]:
    names = {c.co_qualname for c in all_codes(source.code) if not c.co_flags & inspect.CO_OPTIMIZED}
    return {name for name in names if "<" not in name}


def left_alive(orphans: Iterable[Orphan]) -> Iterator[Reason]:
    """Warnings: of those that found no other home in the round, which have instances.

    To be asked when nothing holds what the round replaced any more.
    """
    for orphan in orphans:
        count = _instances_of(orphan.cls)
        if count:
            yield Reason(
                code="HS302",
                what=f"{count} instance{'s' * (count > 1)} of {'.'.join(orphan.name)} live{'s' * (count == 1)} on",
                where=orphan.path,
                why=orphan.why,
                remedy="let go of them, or restart",
            )


def _instances_of(reference: weakref.ref[type]) -> int:
    cls = reference()
    if cls is None or _is_at_home(cls) or not (living(cls) or cls.__base__ is not object):
        return 0
    del cls
    # The class goes with instances that only it holds, members of an enumeration, say, and from the lists of subclasses
    # of its bases, which a program goes through.
    gc.collect()
    cls = reference()
    return 0 if cls is None else len(living(cls))


def _is_at_home(cls: type) -> bool:
    home = sys.modules.get(cls.__module__)
    return home is not None and resolve_value(vars(home), tuple(cls.__qualname__.split("."))) is cls
