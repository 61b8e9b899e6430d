"""Processes for scenarios that begin with hotswap imported: forks of one that has done nothing else.

More than a thousand scenarios would otherwise spend more time on that import than on what they are about.  `run.py` on
the command line starts a new interpreter for each, as does every system that cannot fork.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.conformance.run import HERE, LIMIT_S, environment, settings_in


class Forks:
    """A `Start` of run.py: one process that waits, and forks for each job."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, str(HERE / "child.py"), "--forks"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), bufsize=0,
        )  # fmt: skip
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._asks, self._answers = self._server.stdin, self._server.stdout

    def __call__(self, job: dict[str, Any], root: Path, limit: float) -> tuple[str | None, str]:
        """Have the job done in a process of its own."""
        log = root.parent / "output.txt"
        request = {"job": job, "root": str(root), "env": settings_in(root), "log": str(log)}
        self._asks.write(json.dumps(request).encode() + b"\n")
        pid = int(self._line(LIMIT_S))
        status = self._line(limit)
        obstacle = f"the process died with status {status}" if status != "0" else None
        if not status:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)  # with whatever the scenario started
            self._line(LIMIT_S)
            obstacle = f"no end after {limit:.0f} s"
        return obstacle, log.read_text(errors="replace") if log.exists() else ""

    def close(self) -> None:
        """End the process that waits."""
        self._asks.close()
        self._server.wait(LIMIT_S)
        self._answers.close()

    def _line(self, limit: float) -> str:
        """The next line, or "" if there is none in so many seconds."""
        line = b""
        while not line.endswith(b"\n") and select.select([self._answers], [], [], limit)[0]:
            if not (read := self._answers.read(1)):
                break
            line += read
        return line.decode().strip()
