"""Other bases for a class, while classes that derive from it may not fit to them yet."""

from __future__ import annotations

from hotswap.errors import CannotSwap
from hotswap.journal import Journal
from hotswap.looking import family
from hotswap.patch import layout
from hotswap.patch.reasons import reason


def set_bases(cls: type, bases: tuple[type, ...], journal: Journal) -> None:
    """Give the class other bases.  Raises TypeError, and changes nothing, when they do not fit together.

    Subclasses that do not fit any more, because they are made anew only later in the round, keep a single base until
    then.
    """
    before, mark = cls.__bases__, len(journal)
    try:
        journal.call((layout.assign_bases, cls, bases), (layout.assign_bases, cls, before))
    except TypeError as error:
        loose = [each for each in family(cls) if each is not cls and len(each.__bases__) > 1]
        if "method resolution" not in str(error) or not loose:
            raise
        try:
            for each in reversed(loose):
                _loosen(each, cls, journal)
            journal.call((layout.assign_bases, cls, bases), (layout.assign_bases, cls, before))
        except TypeError:
            journal.rollback(mark)
            raise error from None


def _loosen(cls: type, ancestor: type, journal: Journal) -> None:
    """Leave a class one base of those by which it derives from the ancestor, until the end of the round at most."""
    before = cls.__bases__
    base = next(b for b in (cls.__base__, *before) if b is not None and ancestor in b.__mro__)
    journal.call((layout.assign_bases, cls, (base,)), (layout.assign_bases, cls, before))
    journal.defer(cls, (_tighten, cls, before, (base,), journal))


def _tighten(cls: type, before: tuple[type, ...], loose: tuple[type, ...], journal: Journal) -> None:
    """Nobody has given the class other bases since: it has those from before, if that is possible."""
    try:
        journal.call((layout.assign_bases, cls, before), (layout.assign_bases, cls, loose))
    except TypeError as error:
        raise CannotSwap(reason("HS204", cls, "has bases that changed", f"Python refuses them: {error}")) from error
