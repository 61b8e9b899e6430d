"""A case: a program's versions in order, as blocks of text; carried out whole, it shows a difference or none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.properties.judge import Difference, judge
from tests.properties.live import Live
from tests.properties.process import Child, Look, Sources, fresh_look, module_names, write_sources
from tests.properties.programs import Program

Version = dict[str, tuple[str, ...]]
"""Relative path → the statements of the file."""


def blocks_of(program: Program) -> Version:
    """The program as a version of a case."""
    return {m.path: tuple(s.text for s in m.statements) for m in program.modules}


def sources_of(version: Version) -> dict[str, str]:
    """The text of each file."""
    return {path: "\n".join(blocks) + "\n" for path, blocks in version.items()}


class Laboratory:
    """Folders for the live and the fresh process, in memory where there is such a place."""

    def __init__(self) -> None:
        base = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  the files are few and go at once
        self.root = Path(tempfile.mkdtemp(prefix="fuzz-", dir=base))
        self._fresh: Sources = {}
        self._count = 0
        (self.root / "fresh").mkdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def fresh(self, sources: Sources, before: Iterable[str] = ()) -> Look:
        """What a new process says, which asks for the modules that were there `before` first."""
        write_sources(self.root / "fresh", sources, self._fresh)
        self._fresh = sources
        return fresh_look(self.root / "fresh", module_names(sources, before))

    @contextmanager
    def live(self) -> Iterator[Session]:
        """A live process that is about to begin."""
        self._count += 1
        session = Session(self.root / f"live{self._count}")
        try:
            yield session
        finally:
            session.close()


class Session:
    """A live process and the sources that it was last given."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.child = Child(Live().serve)
        self.sources: Sources = {}
        self.modules: list[str] = []
        """In the order in which they were first asked for; a round that fails loads and unloads none."""

    def give(self, sources: Sources) -> Look:
        """Save these sources and let the process catch up."""
        write_sources(self.root, sources, self.sources)
        self.sources = sources
        asked = module_names(sources, self.modules)
        try:
            answer: Look = self.child.ask((str(self.root), asked))
        except (EOFError, TimeoutError, BrokenPipeError) as error:
            return Look("lost", type(error).__name__)
        if answer.went_live:
            self.modules = asked
        return answer

    def close(self) -> None:
        self.child.close()
        shutil.rmtree(self.root, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the last round of a case ended, and what was wrong with it."""

    outcome: str
    told: str
    differences: tuple[Difference, ...]
    warned: bool = False


def carry_out(laboratory: Laboratory, versions: list[Version]) -> Verdict | None:
    """The verdict on the last round; None when the case is not one (its start cannot be imported, say)."""
    sources = [sources_of(v) for v in versions]
    if laboratory.fresh(sources[0]).kind != "imported":
        return None
    with laboratory.live() as session:
        looks = [session.give(s) for s in sources[:-1]]
        if any(look.kind == "lost" for look in looks):
            return None
        fresh = laboratory.fresh(sources[-1], session.modules)
        if fresh.kind == "lost":
            return None
        live = session.give(sources[-1])
    good = [s for s, look in zip(sources, looks, strict=False) if look.went_live][-1]
    differences = judge(fresh, live, looks[-1], good, sources[-1])
    return Verdict(live.kind, live.told, tuple(differences), bool(live.warnings))
