"""Real kernels in processes of their own, spoken to as every front end does."""

from __future__ import annotations

import os
import queue
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hotswap

ROOT = Path(hotswap.__file__).parents[1]
PATIENCE = 60.0
SHOWN = ("stream", "display_data", "execute_result", "error")


@dataclass(frozen=True, slots=True)
class Cell:
    """How a cell ended: its status and number, and all that was shown below it, in order."""

    status: str
    number: int | None
    outputs: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def value(self) -> str | None:
        """The text of its value."""
        return next((data["text/plain"] for kind, data in self.outputs if kind == "execute_result"), None)

    @property
    def notices(self) -> list[str]:
        """What hotswap told, as text."""
        return [data["text/plain"] for kind, data in self.outputs if kind == "display_data"]

    @property
    def html(self) -> list[str]:
        """What hotswap told, as HTML."""
        return [data["text/html"] for kind, data in self.outputs if kind == "display_data"]

    @property
    def printed(self) -> str:
        """What it printed."""
        return "".join(data["text"] for kind, data in self.outputs if kind == "stream")

    @property
    def error(self) -> str | None:
        """The kind of the exception that it raised."""
        return next((data["ename"] for kind, data in self.outputs if kind == "error"), None)


class Kernel:
    """A kernel in a folder with sources, and a client of it."""

    def __init__(self, folder: Path, manager: Any, client: Any) -> None:
        self.folder, self.manager, self.client = folder, manager, client

    def save(self, name: str, text: str) -> Path:
        """Save a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *cells: str, **options: Any) -> Cell:
        """Run the cells one after the other; returns how the last one ended, once it is idle again."""
        assert cells
        for text in cells:
            outputs: list[tuple[str, Any]] = []

            def note(message: Any, outputs: list[tuple[str, Any]] = outputs) -> None:
                if message["msg_type"] in SHOWN:
                    content = message["content"]
                    outputs.append((message["msg_type"], content.get("data", content)))

            reply = self.client.execute_interactive(text, timeout=PATIENCE, output_hook=note, **options)["content"]
        return Cell(reply["status"], reply.get("execution_count"), outputs)

    def interrupt(self) -> None:
        """As the stop button does; from any thread."""
        os.kill(self.pid, signal.SIGINT)

    def send(self, text: str) -> str:
        """Ask for a cell to be run, without waiting for it."""
        return str(self.client.execute(text))

    def collect(self, *requests: str) -> list[Cell]:
        """How these cells ended, once all of them are idle again."""
        outputs: dict[str, list[tuple[str, Any]]] = {request: [] for request in requests}
        replies: dict[str, Any] = {}
        idle: set[str] = set()
        while not (idle >= set(requests) and replies.keys() >= set(requests)):
            for message in self._arrived(self.client.get_iopub_msg, wait=0.02):
                parent, content = message["parent_header"].get("msg_id"), message["content"]
                if parent in outputs and message["msg_type"] in SHOWN:
                    outputs[parent].append((message["msg_type"], content.get("data", content)))
                elif parent in outputs and content.get("execution_state") == "idle":
                    idle.add(parent)
            for message in self._arrived(self.client.get_shell_msg, wait=0):
                replies[message["parent_header"].get("msg_id")] = message["content"]
        return [Cell(replies[r]["status"], replies[r].get("execution_count"), outputs[r]) for r in requests]

    @staticmethod
    def _arrived(receive: Any, *, wait: float) -> Iterator[Any]:
        with suppress(queue.Empty):
            yield receive(timeout=wait)
            while True:
                yield receive(timeout=0)

    @property
    def pid(self) -> int:
        return int(self.manager.provisioner.process.pid)


@contextmanager
def kernel_in(folder: Path, *options: str) -> Iterator[Kernel]:
    """A kernel that runs in the folder; it is gone when the block ends."""
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3", connection_file=str(folder / "private" / "kernel.json"))
    env = environment(folder)
    manager.start_kernel(cwd=str(folder), env=env, extra_arguments=list(options), stderr=sys.__stderr__.fileno())
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        yield Kernel(folder, manager, client)
    finally:
        client.stop_channels()
        with suppress(Exception):
            manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def environment(folder: Path) -> dict[str, str]:
    """Everything that IPython and Jupyter write lies below the folder; this hotswap can be imported."""
    private = folder / "private"
    private.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "IPYTHON", "JUPYTER"))}
    places = {name: str(private / name.lower()) for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR")}
    return kept | places | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(folder))), "JUPYTER_PLATFORM_DIRS": "1"}
