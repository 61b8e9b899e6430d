"""Does nothing and always asks for a restart: the floor for the `restart` scenarios."""

from __future__ import annotations

from . import Base, Told


class Adapter(Base):
    """Never applies anything."""

    def apply(self) -> Told:
        return "restart"
