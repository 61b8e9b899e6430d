"""Children of this process that begin by running the program's modules once more."""

from __future__ import annotations

import sys


def is_being_set_up() -> bool:
    """Whether multiprocessing is importing the parent's modules here, to start a child (spawn and forkserver).

    A `hotswap.watch()` at the top level of such a module was meant for the parent.  Once the child's own function runs
    this is False.
    """
    process = sys.modules.get("multiprocessing.process")
    # What multiprocessing itself asks, so as to refuse to start children of a child that is being set up.
    return process is not None and bool(getattr(process.current_process(), "_inheriting", False))
