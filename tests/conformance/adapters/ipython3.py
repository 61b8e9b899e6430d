"""%autoreload 3 ("complete"): as 2, and new names of a module reach the shell's namespace too."""

from __future__ import annotations

from . import ipython2


class Adapter(ipython2.Adapter):
    """The same shell, another mode."""

    MODE = "3"
