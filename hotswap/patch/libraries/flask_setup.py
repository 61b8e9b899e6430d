"""Applications of Flask take no routes and no hooks any more once they have handled a request.

What is new in the sources belongs to the set-up all the same, so they take it while its statement runs.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hotswap.looking import family, is_instance, own_space

STARTED = "_got_first_request"
CHECK = "_check_setup_finished"


def is_refused(error: BaseException) -> bool:
    """Whether an application refused to be set up any further; Flask is never imported."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    if at is None or "flask" not in sys.modules or at.tb_frame.f_code.co_name != CHECK:
        return False
    return STARTED in own_space(at.tb_frame.f_locals.get("self"))


@contextmanager
def taking_more() -> Iterator[None]:
    """Within the block applications take more."""
    flask = sys.modules.get("flask")
    kinds = family(flask.Flask) if flask is not None else []
    apps = [each for each in gc.get_referrers(*kinds) if is_instance(each, flask.Flask)] if flask is not None else []
    started = [space for space in map(own_space, apps) if space.get(STARTED) is True]
    for space in started:
        space[STARTED] = False
    try:
        yield
    finally:
        for space in started:
            space[STARTED] = True
