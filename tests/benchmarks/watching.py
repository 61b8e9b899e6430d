"""What watching costs: from a save to the live program, a barrier, a start, and nothing at all.

python -m tests.benchmarks.watching [--saves 60] [--modules 20 500 5000]

Each figure stands beside a floor that was measured in the same run, in turns with it, so that the speed of the machine
cancels out: the bare event of the system for a save, `os.stat` of each file for a barrier and a start.  Nothing is
asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

CHECKOUT = Path(__file__).resolve().parents[2]

# Another process saves a file when it is told to, and tells when it began to.
WRITER = """
import sys, time
for line in sys.stdin:
    path, number = line.split()
    began = time.monotonic()
    with open(path, "w") as file:
        file.write(f"def value():\\n    return {number}\\n")
    print(began, flush=True)
"""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=60)
    parser.add_argument("--modules", type=int, nargs="+", default=[20, 500, 5000])
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(MEASURES[options.measure](options)))
        return
    print(
        "From the save of one file, by another process, to the live program (milliseconds, median and 90th percentile)\n"
    )
    print("| the main thread | bare inotify event | live | live ÷ event | live, 90 % |\n|---|---|---|---|---|")
    for state in STATES:
        told = measured(state, options.saves, options.modules[:1])
        print(f"| {state} | {told['event']:.2f} | {told['live']:.2f} | {told['ratio']:.0f} | {told['late']:.2f} |")
    told = measured("burst", options.saves, options.modules[:1])
    print(f"\n500 files saved one after the other in {told['writing']:.0f} ms: {told['rounds']} round(s)\n")
    print(
        "| modules | stat of each | watch() | ÷ stat | idle sync() | ÷ that of the smallest | stat ÷ sync() | idle CPU |"
    )
    print("|---|---|---|---|---|---|---|---|")
    smallest = 0.0
    for count in options.modules:
        told = measured("size", options.saves, [count])
        smallest = smallest or told["sync"]
        print(
            f"| {count} | {told['stat'] * 1000:.2f} ms | {told['start'] * 1000:.1f} ms | {told['start'] / told['stat']:.0f} "
            f"| {told['sync'] * 1e6:.1f} µs | {told['sync'] / smallest:.2f} | {told['stat'] / told['sync']:.0f} "
            f"| {told['idle'] * 100:.2f} % |",
            flush=True,
        )


def measured(what: str, saves: int, modules: list[int]) -> dict[str, float]:
    """The figures, from a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.watching", "--measure", what, "--saves", str(saves)]
    command += ["--modules", *map(str, modules)]
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    told: dict[str, float] = json.loads(subprocess.check_output(command, cwd=CHECKOUT, env=env, text=True))
    return told


# ---------------------------------------------------------------------- from a save to the live program


def latency(options: argparse.Namespace, waits: Callable[[threading.Event], None], **how: Any) -> dict[str, float]:
    """Milliseconds from the beginning of a save to the bare event and to the end of the round; the main thread `waits`."""
    import hotswap

    with tempfile.TemporaryDirectory(prefix="hotswap-benchmark-") as temporary:
        folder = Path(temporary).resolve()
        modules = program(folder, options.modules[0])
        live, at = threading.Semaphore(0), [0.0]

        def note(_: hotswap.Outcome) -> None:
            at[0] = time.monotonic()
            live.release()

        with (
            hotswap.watch(folder, report=note, on_restart="never", **how) as reloader,
            BareEvents(folder / "big" / "p0") as bare,
        ):
            reloader.sync()
            time.sleep(2.5)  # what was written just now is looked at more than once
            done = threading.Event()
            found: list[tuple[float, float]] = []

            def save() -> None:
                with subprocess.Popen(
                    [sys.executable, "-c", WRITER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                ) as writer:
                    assert writer.stdin is not None
                    assert writer.stdout is not None
                    for number in range(options.saves):
                        bare.at = 0.0
                        writer.stdin.write(f"{modules[number % 3].__file__} {number + 10}\n")
                        writer.stdin.flush()
                        saved = float(writer.stdout.readline())
                        live.acquire(timeout=10)
                        found.append((bare.at - saved, at[0] - saved))
                        time.sleep(0.1)
                    writer.kill()
                done.set()

            threading.Thread(target=save).start()
            waits(done)
    events, lives = (sorted(times) for times in zip(*found, strict=True))
    return {
        "event": statistics.median(events) * 1000,
        "live": statistics.median(lives) * 1000,
        "ratio": statistics.median(lives) / statistics.median(events),
        "late": lives[len(lives) * 9 // 10] * 1000,
    }


class BareEvents:
    """A queue of its own on the same folder, and when the event of a closed file came out of it."""

    def __init__(self, folder: Path) -> None:
        from hotswap.watching.events import Use
        from hotswap.watching.inotify import Inotify

        self.at = 0.0
        self._queue = Inotify()
        self._queue.arm(str(folder), Use.CONTENT)
        self._stop = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._run, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop = True

    def _run(self) -> None:
        from hotswap.watching.events import What

        poll = select.poll()
        poll.register(self._queue._fd, select.POLLIN)
        while not self._stop:
            if poll.poll(200):
                now = time.monotonic()
                if any(event.what is What.FINISHED for event in self._queue.drain()):
                    self.at = now


def sleeping(done: threading.Event) -> None:
    """A script that sleeps and works in turns."""
    while not done.is_set():
        time.sleep(0.005)


def waiting(done: threading.Event) -> None:
    """A prompt, or a server: waits inside of a call."""
    done.wait()


def busy(done: threading.Event) -> None:
    """A computation in pure Python."""
    while not done.is_set():
        sum(range(1000))


STATES: dict[str, Callable[[argparse.Namespace], dict[str, float]]] = {
    "sleeps and works": lambda options: latency(options, sleeping),
    "waits": lambda options: latency(options, waiting),
    "computes": lambda options: latency(options, busy),
    "is not needed (apply='thread')": lambda options: latency(options, waiting, apply="thread"),
}


def burst(_options: argparse.Namespace) -> dict[str, float]:
    """How many rounds 500 saves make."""
    import hotswap

    with tempfile.TemporaryDirectory(prefix="hotswap-benchmark-") as temporary:
        folder = Path(temporary).resolve()
        modules = program(folder, 500)
        with hotswap.watch(folder, apply="thread") as reloader:
            reloader.sync()
            began = time.monotonic()
            for module in modules:
                Path(str(module.__file__)).write_text("def value():\n    return 2\n", "ascii")
            writing = time.monotonic() - began
            while any(module.value() != 2 for module in modules) or not reloader.history:
                time.sleep(0.01)
            return {"writing": writing * 1000, "rounds": len(reloader.history)}


# ---------------------------------------------------------------------- programs of all sizes


def size(options: argparse.Namespace) -> dict[str, float]:
    """Seconds for a start and a barrier, and for `os.stat` of each file; the share of a core that an idle watcher takes."""
    import hotswap

    with tempfile.TemporaryDirectory(prefix="hotswap-benchmark-") as temporary:
        folder = Path(temporary).resolve()
        modules = program(folder, options.modules[0], packages=20)
        files = [str(module.__file__) for module in modules]
        hotswap.watch(folder / "warm.py").stop()  # imports what is imported only once
        began = time.perf_counter()
        reloader = hotswap.watch(folder / "big", apply="manual")
        start = time.perf_counter() - began
        reloader.sync()
        stats, syncs = [], []
        for _ in range(20):
            stats.append(timed(lambda: [os.stat(file) for file in files]))
            syncs.append(timed(lambda: [reloader.sync() for _ in range(50)]) / 50)
        time.sleep(3)
        cpu, began = time.process_time(), time.monotonic()
        time.sleep(8)
        idle = (time.process_time() - cpu) / (time.monotonic() - began)
        reloader.stop()
    return {"start": start, "stat": statistics.median(stats), "sync": statistics.median(syncs), "idle": idle}


def timed(action: Callable[[], object]) -> float:
    """The seconds that it took."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def program(folder: Path, count: int, packages: int = 1) -> list[Any]:
    """So many modules, written by another process a while ago, and imported."""
    import importlib

    code = (
        "import os, sys\nfolder, count, packages = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])\n"
        "open(f'{folder}/warm.py', 'w').close()\n"
        "for n in range(count):\n"
        "    package = f'{folder}/big/p{n % packages}'\n"
        "    os.makedirs(package, exist_ok=True)\n"
        "    open(f'{package}/m{n}.py', 'w').write('import os\\n\\n\\ndef value():\\n    return 1\\n' + 40 * '# text\\n')\n"
    )
    subprocess.run([sys.executable, "-c", code, str(folder), str(count), str(packages)], check=True)
    sys.path.insert(0, str(folder))
    return [importlib.import_module(f"big.p{n % packages}.m{n}") for n in range(count)]


MEASURES: dict[str, Callable[[argparse.Namespace], dict[str, float]]] = {**STATES, "burst": burst, "size": size}


if __name__ == "__main__":
    main()
