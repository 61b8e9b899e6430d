"""A game at 60 frames a second while it is edited: which frames are lost, how long does a round take.

python -m tests.benchmarks.frames [--edits 300] [--seed 0]

Needs pygame-ce.  A copy of examples/arcade runs without a screen in a process of its own; this one saves edits of all
kinds in it, one after the other.  A frame counts as late when it began more than half a frame after its time.  The
same game is run without edits first: what is late there is the machine's doing.  Nothing is asserted about time; the
exit status is 1 when a round did not end as it should, the state was lost, or an exception escaped.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.body_edit import CHECKOUT
from tests.benchmarks.game_edits import Author, Edited

ARCADE = CHECKOUT / "examples" / "arcade"
FPS = 60
PATIENCE = 60.0


@dataclass
class Played:
    """What the game told: its frames, the rounds in it, and what it had in the end."""

    frames: list[dict[str, Any]] = field(default_factory=list)
    prepared: list[float] = field(default_factory=list)
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    edits: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    end: dict[str, Any] = field(default_factory=dict)

    @property
    def late(self) -> list[dict[str, Any]]:
        """Frames that began too late."""
        return [frame for frame in self.frames if is_late(frame)]

    @property
    def commits(self) -> list[float]:
        """The milliseconds of the rounds that went live."""
        return [outcome["ms"] for outcome in self.outcomes if outcome["kind"] == "swapped"]


class Game:
    """The game in its process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process, self.played = process, Played()
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def next(self) -> dict[str, Any]:
        """The next thing that it tells."""
        line = self._lines.get(timeout=PATIENCE)
        if line is None:
            sys.exit(f"the game ended with status {self.process.wait()}: an exception escaped")
        told: dict[str, Any] = json.loads(line)
        if told["told"] == "outcome":
            self.played.outcomes.append(told)
        return told

    def wait_for(self, *kinds: str) -> dict[str, Any]:
        """The next thing of these kinds."""
        while (told := self.next())["told"] not in kinds:
            pass
        return told

    def check(self, edited: Edited) -> None:
        """See that the edit that was just saved ends as it should."""
        self.played.edits[edited.kind] += 1
        if edited.ends == "level":
            self.wait_for("level")
            return
        outcome = self.wait_for("outcome")
        if edited.ends == "raises":
            self.wait_for("error")
        if edited.ends == "together" and outcome["kind"] == "rolled_back":
            outcome = self.wait_for("outcome")
        if outcome["kind"] != (edited.ends if edited.ends == "rolled_back" else "swapped"):
            self.played.wrong.append(f"{edited.kind}: {outcome['text']}")

    def stop(self) -> Played:
        """Have it end, and take in what it told last."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        end = self.wait_for("end")
        self.played.frames, self.played.prepared, self.played.end = end.pop("frames"), end.pop("prepared"), end
        if self.process.wait(PATIENCE) != 0:
            self.played.wrong.append("the game did not end well")
        return self.played


@contextmanager
def playing() -> Iterator[tuple[Game, Path]]:
    """The game in a copy of its folder, while the block runs."""
    with tempfile.TemporaryDirectory(prefix="hotswap-frames-") as temporary:
        folder = Path(temporary).resolve() / "arcade"
        shutil.copytree(ARCADE, folder, ignore=shutil.ignore_patterns("__pycache__"))
        env = {**os.environ, "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", "PYTHONPATH": str(CHECKOUT)}
        env["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
        command = [sys.executable, "-m", "tests.benchmarks.frames_game"]
        with subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            game = Game(process)
            try:
                game.wait_for("ready")
                yield game, folder
            finally:
                process.kill()
                game.reader.join(PATIENCE)


def play(count: int, seed: int) -> Played:
    """Play while so many edits are made."""
    with playing() as (game, folder):
        author = Author(folder, seed)
        for edited in author.edits(count):
            game.check(edited)
            time.sleep(author.chance.uniform(0.0, 0.06))  # so that saves fall anywhere within a frame
        return game.stop()


def play_alone(seconds: float) -> Played:
    """Play without edits."""
    with playing() as (game, _):
        time.sleep(seconds)
        return game.stop()


def main() -> None:
    """Print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    alone = play_alone(10)
    print(f"without edits: {len(alone.frames)} frames, {len(alone.late)} late ({share(alone.late, alone.frames)})")
    played = play(options.edits, options.seed)
    print(f"{sum(played.edits.values())} edits: {', '.join(f'{n} {kind}' for kind, n in played.edits.items())}")
    print(f"outcomes: {dict(Counter(outcome['kind'] for outcome in played.outcomes))}")
    print(f"{len(played.frames)} frames; late: {late_of(played)}")
    told = sorted(played.commits)
    print(
        f"commit: median {statistics.median(told):.2f} ms, 90 % below {told[len(told) * 9 // 10]:.2f} ms, "
        f"longest {told[-1]:.1f} ms"
    )
    busy = sorted(frame["busy"] * 1000 for frame in played.frames if frame["outcome"] == "swapped")
    idle = statistics.median(frame["busy"] for frame in played.frames if not frame["outcome"])
    print(
        f"processor time of the poll() that commits: median {statistics.median(busy):.2f} ms, 90 % below "
        f"{busy[len(busy) * 9 // 10]:.2f} ms; of one that does not: {idle * 1e6:.1f} µs"
    )
    ahead = sorted(1000 * seconds for seconds in played.prepared)
    print(
        f"processor time of a preparation, in the pauses: median {statistics.median(ahead):.2f} ms, 90 % below "
        f"{ahead[len(ahead) * 9 // 10]:.2f} ms"
    )
    for kind, times in by_kind(played).items():
        print(f"    {kind}: median {statistics.median(times):.2f} ms, longest {max(times):.1f} ms")
    print(f"state: {played.end}")
    for line in played.wrong:
        print(f"WRONG: {line}")
    sys.exit(1 if played.wrong or not kept(played) else 0)


def late_of(played: Played) -> str:
    """Frames that began late: after a round, after a preparation on the other thread, and of the rest."""
    frames = played.frames
    committed = [frame for frame in frames if frame["outcome"]]
    prepared = [frame for frame in frames if frame["prepared"] and not frame["outcome"]]
    others = [frame for frame in frames if not frame["prepared"] and not frame["outcome"]]
    return "; ".join(
        f"{sum(is_late(frame) for frame in group)} {what} ({share([f for f in group if is_late(f)], group)})"
        for what, group in (
            ("that committed", committed),
            ("while a round was prepared", prepared),
            ("others", others),
        )
    )


def is_late(frame: dict[str, Any]) -> bool:
    """Whether it began more than half a frame after its time."""
    return bool(frame["seconds"] > 1.5 / FPS)


def share(some: list[dict[str, Any]], all_of_them: list[dict[str, Any]]) -> str:
    """In per cent."""
    return f"{100 * len(some) / max(1, len(all_of_them)):.1f} % of {len(all_of_them)}"


def by_kind(played: Played) -> dict[str, list[float]]:
    """The milliseconds of the rounds by what their reports begin with."""
    found: dict[str, list[float]] = {}
    for outcome in played.outcomes:
        if outcome["kind"] == "swapped":
            found.setdefault(outcome["did"], []).append(outcome["ms"])
    return found


def kept(played: Played) -> bool:
    """Whether the state is that of one game: the same world, which has counted each of its frames."""
    end = played.end
    return bool(end["same"] and end["counted"] == end["drawn"] + end["raised"])


if __name__ == "__main__":
    main()
