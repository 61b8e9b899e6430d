"""Settings that Django has taken out of a module of the program: it, and who asked for them, go on with these."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from hotswap.errors import CannotSwap
from hotswap.events import bare
from hotswap.index import Index
from hotswap.looking import own_space
from hotswap.model import Name, Reason


def outdated(changed: Iterable[Name], index: Index) -> Iterator[CannotSwap]:
    """Why a round cannot go on that gives a setting another value; Django is never imported."""
    conf = sys.modules.get("django.conf")
    taken = own_space(own_space(conf.settings).get("_wrapped")) if conf is not None else {}
    module = taken.get("SETTINGS_MODULE")
    if not isinstance(module, str) or module not in index.modules:
        return
    names = {name for home, name in map(bare, changed) if home == module and name.isupper()}
    for name in sorted(names):
        reason = Reason(
            code="HS407",
            what=f"{module}.{name} is another one now, and Django has read it",
            where=index.modules[module].path,
            why="Django, and what asked for the setting before, go on with the old value",
            remedy="restart",
        )
        yield CannotSwap(reason)
