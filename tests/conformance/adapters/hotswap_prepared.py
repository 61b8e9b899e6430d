"""hotswap in a program that has frames: each round is prepared on another thread before it is asked for."""

from __future__ import annotations

import threading

from . import Told, hotswap_


class Adapter(hotswap_.Adapter):
    """What the watcher's thread does when files have settled is done here as soon as they are saved."""

    def apply(self) -> Told:
        self.reloader._watcher.peek()
        thread = threading.Thread(target=self.reloader._preparing.run)
        thread.start()
        thread.join()
        return super().apply()
