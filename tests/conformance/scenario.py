"""Scenario files (*.scn): parsed, and linted for what is most likely a slip.  FORMAT.md describes them.

python -m tests.conformance.scenario PATHS...     prints one line per fault; exit status 1 when there is any
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

KEYS = ("title", "expects", "needs", "why")
EXPECTS = ("live", "rollback", "restart")
ARGUMENTS = {"file": 1, "run": 0, "edit": 1, "delete": 1, "move": 2, "check": 0}
CELLS = ("run", "check")
SAVES = ("file", "edit")
CHANGES = ("edit", "delete", "move")


class ParseError(Exception):
    """The file does not follow FORMAT.md."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}")


@dataclass
class Section:
    """One step of a scenario.  `line` is the line of the .scn file that holds the first line of `text`."""

    kind: str
    args: list[str]
    line: int
    text: str = ""


@dataclass
class Scenario:
    """One parsed file."""

    path: Path
    head: dict[str, str] = field(default_factory=dict)
    sections: list[Section] = field(default_factory=list)

    @property
    def promise(self) -> str:
        """The folder that the file is in."""
        return self.path.resolve().parent.name

    @property
    def name(self) -> str:
        """PROMISE/short-name."""
        return f"{self.promise}/{self.path.stem}"

    @property
    def needs(self) -> tuple[tuple[int, ...], list[str]]:
        """The lowest Python, and names of packages (or "shell")."""
        floor: tuple[int, ...] = (3, 0)
        names = []
        for need in filter(None, re.split(r"[,\s]+", self.head.get("needs", ""))):
            if version := re.fullmatch(r"py(\d+)\.(\d+)", need):
                floor = max(floor, tuple(map(int, version.groups())))
            else:
                names.append(need)
        return floor, names


class Parser:
    """Reads one file line by line.  Raises ParseError at the first line that does not fit."""

    def __init__(self, path: Path) -> None:
        self.scenario = Scenario(path)
        self.key = ""
        self.section: Section | None = None

    def parse(self) -> Scenario:
        """The scenario in the file."""
        text = self.scenario.path.read_text("utf-8")
        number = 0
        for number, line in enumerate(text.splitlines(keepends=True), 1):
            if line.startswith("--- "):
                self._begin_section(line, number)
            elif self.section is not None:
                self._continue_section(self.section, line, number)
            else:
                self._head_line(line, number)
        self._check_whole(number)
        return self.scenario

    def _fail(self, line: int, why: str) -> ParseError:
        return ParseError(self.scenario.path, line, why)

    def _begin_section(self, line: str, number: int) -> None:
        kind, *args = line[4:].split()
        if kind not in ARGUMENTS:
            raise self._fail(number, f"unknown section {kind!r} (known: {', '.join(ARGUMENTS)})")
        if len(args) != ARGUMENTS[kind]:
            raise self._fail(number, f"section {kind!r} takes {ARGUMENTS[kind]} argument(s), found {len(args)}")
        for arg in args:
            if arg.startswith("/") or ".." in PurePosixPath(arg).parts:
                raise self._fail(number, f"path {arg!r} is not inside the scenario's root")
        if kind == "file":
            self._check_file(args, number)
        self.section = Section(kind, args, number + 1)
        self.scenario.sections.append(self.section)

    def _check_file(self, args: list[str], number: int) -> None:
        if any(section.kind != "file" for section in self.scenario.sections):
            raise self._fail(number, "'file' section after the program started (an 'edit' is meant?)")
        if any(section.args == args for section in self.scenario.sections):
            raise self._fail(number, f"file {args[0]!r} is given twice")

    def _continue_section(self, section: Section, line: str, number: int) -> None:
        if section.kind in ("delete", "move") and line.strip():
            raise self._fail(number, f"section {section.kind!r} takes no text")
        section.text += line

    def _head_line(self, line: str, number: int) -> None:
        head = self.scenario.head
        if found := re.match(rf"#\s*({'|'.join(KEYS)})\s*:(.*)", line):
            self.key = found[1]
            if self.key in head:
                raise self._fail(number, f"head line {self.key!r} is given twice")
            head[self.key] = found[2].strip()
        elif line.startswith("#") and self.key:
            head[self.key] += " " + line.lstrip("#").strip()
        elif line.strip():
            raise self._fail(number, "text before the first section is not a '# key: value' head line")

    def _check_whole(self, last_line: int) -> None:
        head = self.scenario.head
        if not head.get("title"):
            raise self._fail(1, "head line '# title: ...' is missing")
        if head.get("expects") not in EXPECTS:
            raise self._fail(
                1, f"head line '# expects: ...' is {head.get('expects')!r}, not one of {', '.join(EXPECTS)}"
            )
        if not any(section.kind == "check" for section in self.scenario.sections):
            raise self._fail(last_line, "there is no 'check' section")


def parse(path: Path) -> Scenario:
    """The scenario in the file.  Raises ParseError (or UnicodeDecodeError) when it does not follow FORMAT.md."""
    return Parser(path).parse()


def lint(path: Path) -> Iterator[str]:
    """Faults that are none of the format, but most likely the writer's."""
    try:
        scenario = parse(path)
    except (ParseError, UnicodeDecodeError) as error:
        yield str(error)
        return
    present: set[str] = set()
    for index, section in enumerate(scenario.sections):
        for line, why in (*_faults_of_python(scenario, index), *_faults_of_paths(section, present)):
            yield f"{path}:{section.line + line - 1}: {why}"
        present.update(section.args[:1] if section.kind in SAVES else section.args[1:])
        if section.kind in ("delete", "move"):
            present.discard(section.args[0])
    if not any(section.kind in CHANGES for section in scenario.sections):
        yield f"{path}: nothing is edited"


def _faults_of_paths(section: Section, present: set[str]) -> Iterator[tuple[int, str]]:
    if section.kind in ("delete", "move"):
        gone = section.args[0]
        if not any(path == gone or path.startswith(gone + "/") for path in present):
            yield 0, f"{section.kind} of {gone!r}, which is not there"


def _faults_of_python(scenario: Scenario, index: int) -> Iterator[tuple[int, str]]:
    section = scenario.sections[index]
    if section.kind not in CELLS and not (section.kind in SAVES and section.args[0].endswith(".py")):
        return
    if sys.version_info[:2] < scenario.needs[0]:
        return  # its syntax may be too new to be parsed here
    try:
        tree = ast.parse(section.text)
    except (SyntaxError, ValueError) as error:
        if not _may_be_broken(scenario, index):
            yield getattr(error, "lineno", 1) or 1, f"syntax error in {section.kind!r}: {error}"
        return
    asserts = (ast.Assert, ast.Raise)
    if section.kind == "check" and not any(isinstance(node, asserts) for node in ast.walk(tree)):
        yield 0, "check without an assert"


def _may_be_broken(scenario: Scenario, index: int) -> bool:
    """An edit, unless all is expected to be live and the file is not saved again."""
    section = scenario.sections[index]
    saved_again = any(later.args == section.args for later in scenario.sections[index + 1 :] if later.kind == "edit")
    return section.kind == "edit" and (scenario.head["expects"] != "live" or saved_again)


def find(paths: Iterable[Path]) -> list[Path]:
    """The .scn files that the files and folders name, sorted."""
    files: list[Path] = []
    for path in paths:
        files += sorted(path.rglob("*.scn")) if path.is_dir() else [path]
    return files


def main(arguments: Sequence[str]) -> int:
    """Lint the named files and folders."""
    faults = [fault for path in find(map(Path, arguments)) for fault in lint(path)]
    for fault in faults:
        print(fault)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
