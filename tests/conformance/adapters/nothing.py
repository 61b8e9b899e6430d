"""Does nothing: the floor."""

from __future__ import annotations

from . import Base


class Adapter(Base):
    """Base, as it is."""
