"""%autoreload 2 with the older algorithm (the whole module runs again, no source diff)."""

from __future__ import annotations

from . import ipython2


class Adapter(ipython2.Adapter):
    """The same shell, another mode."""

    MODE = "2 --full"
