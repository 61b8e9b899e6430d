"""Carries out one scenario in this process: `python child.py < job.json`, started by run.py.

`python child.py --forks` imports hotswap and waits for jobs, one a line, for each of which it forks: see forks.py.

Standard library only, and nothing of the runner stays importable under a name that a scenario could use.
"""

from __future__ import annotations

import builtins
import importlib.util
import json
import linecache
import os
import shutil
import sys
import time
import traceback
import types
from importlib import metadata
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent


def load_adapter(name: str) -> Any:
    """The Adapter of adapters/NAME.py, imported as a module of `_conform_adapters`."""
    package = "_conform_adapters"
    folder = HERE / "adapters"
    spec = importlib.util.spec_from_file_location(
        package, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    sys.modules[package] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[package])
    return importlib.import_module(f"{package}.{name}").Adapter()


def missing(floor: list[int], needs: list[str], adapter: Any) -> str | None:
    """Why the scenario cannot run here, if it cannot."""
    if sys.version_info[:2] < tuple(floor):
        return "needs Python {}.{}".format(*floor)
    for need in needs:
        if need == "shell":
            if not hasattr(adapter, "run_cell"):
                return "needs a tool that sees the cells"
        elif importlib.util.find_spec(need.replace("-", "_")) is None:
            return f"needs {need}"
    return None


def carry_out_change(root: Path, section: dict[str, Any]) -> None:
    """Save, delete or rename a file."""
    kind, args = section["kind"], section["args"]
    path = root / args[0]
    if kind in ("file", "edit"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(section["text"].encode())
    elif kind == "move":
        (root / args[1]).parent.mkdir(parents=True, exist_ok=True)
        path.rename(root / args[1])
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def describe(error: BaseException, section: dict[str, Any], filename: str) -> tuple[int, str]:
    """The line of the .scn file, and what went wrong in one line."""
    lines = section["text"].splitlines()
    inside = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == filename]
    at = inside[0] if inside else getattr(error, "lineno", None)
    shown = lines[at - 1].strip() if at and at <= len(lines) else section["kind"]
    if not isinstance(error, AssertionError):
        shown += f"  <- {type(error).__name__}: {error}"
    elif str(error) and str(error) not in shown:
        shown += f"  <- {error}"
    return section["line"] + (at or 1) - 1, shown


class Run:
    """One scenario on its way: the program's namespace, the tool, what to answer."""

    def __init__(self, job: dict[str, Any], answer: dict[str, Any]) -> None:
        self.job, self.answer = job, answer
        self.root = Path(job["root"])
        self.namespace = types.ModuleType("__main__")
        self.namespace.__dict__["__builtins__"] = builtins
        self.applied = False

    def carry_out(self) -> None:
        """Do all sections, until one fails."""
        self.adapter = load_adapter(self.job["adapter"])
        floor, needs = self.job["needs"]
        if why := missing(floor, needs, self.adapter):
            self.answer.update(status="SKIP", message=why)
            return
        self._become_the_program()
        self.adapter.start(self.root, self.namespace)
        self._sections()
        self.adapter.stop()
        self.answer["tool"] = self._tool()

    def _become_the_program(self) -> None:
        # The checkout comes last: an installed hotswap, if there is one, is the one that is tested.
        path = [entry for entry in sys.path if entry and Path(entry).resolve() != HERE]
        sys.path[:] = [str(self.root), *path, str(CHECKOUT)]
        sys.modules["__main__"] = self.namespace
        for section in self.job["sections"]:
            if section["kind"] == "file":
                carry_out_change(self.root, section)

    def _sections(self) -> None:
        settled = False
        for number, section in enumerate(self.job["sections"], 1):
            if section["kind"] in ("edit", "delete", "move"):
                if not settled:
                    time.sleep(self.job["settle"])  # for tools that trust mtimes; 0 otherwise
                settled = True
                carry_out_change(self.root, section)
            elif section["kind"] in ("run", "check"):
                settled = False
                if not self._cell(section, f"<cell {number}>"):
                    return
        self.answer["status"] = "PASS"

    def _cell(self, section: dict[str, Any], filename: str) -> bool:
        """Whether it held."""
        if section["kind"] == "check" and not self._apply(section):
            return False
        # Blank lines at the start go, so that a shell that strips them counts lines as we do.
        text = section["text"].lstrip("\n")
        section["line"] += len(section["text"]) - len(text)
        section["text"] = text
        run = getattr(self.adapter, "run_cell", self._run_plain)
        error = run(text, filename)
        if error is None:
            return True
        line, message = describe(error, section, filename)
        self.answer.update(status="FAIL" if self.applied else "ERROR", line=line, message=message)
        return False

    def _apply(self, section: dict[str, Any]) -> bool:
        self.applied = True
        self.adapter.errors = []
        try:
            outcome = self.adapter.apply()
        except BaseException as error:  # noqa: BLE001  a SystemExit of the edited code, say
            traceback.print_exc()
            self.answer.update(
                status="FAIL", line=section["line"] - 1, message=f"reload  <- {type(error).__name__}: {error}"
            )
            return False
        self.namespace.__dict__["outcome"] = outcome
        self.answer["outcomes"].append(outcome)
        return True

    def _run_plain(self, text: str, filename: str) -> BaseException | None:
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        try:
            exec(compile(text, filename, "exec", dont_inherit=True), vars(self.namespace))
        except BaseException as error:  # noqa: BLE001  the scenario's own
            return error
        return None

    def _tool(self) -> str:
        distribution: str | None = getattr(self.adapter, "DIST", None)
        if distribution is None:
            return ""
        try:
            return f"{distribution} {metadata.version(distribution)}"
        except metadata.PackageNotFoundError:
            return distribution


def fork_for_each() -> None:
    """Answer each request with the number of the process that does it, and with its status when it has ended."""
    sys.path.append(str(CHECKOUT))
    importlib.import_module("hotswap")
    sys.path.remove(str(CHECKOUT))
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if not pid:
            _begin(request)
            carry_out(request["job"])
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _begin(request: dict[str, Any]) -> None:
    """Become what a process is that was started for the job alone."""
    os.setsid()
    os.chdir(request["root"])
    os.environ.update(request["env"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = os.fdopen(0)
    output = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(output, number)
    os.close(output)


def carry_out(job: dict[str, Any]) -> None:
    """Do the job, leave the answer, end at once: threads that were left behind must not keep us."""
    answer: dict[str, Any] = {
        "status": "ERROR",
        "message": "",
        "line": None,
        "outcomes": [],
        "tool": "",
        "python": sys.version.split()[0],
    }
    try:
        Run(job, answer).carry_out()
    except BaseException as error:  # noqa: BLE001  whatever the tool raises is its result
        traceback.print_exc()
        answer.update(status="ERROR", message=f"adapter: {type(error).__name__}: {error}")
    Path(job["answer"]).write_text(json.dumps(answer))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    fork_for_each() if sys.argv[1:] == ["--forks"] else carry_out(json.load(sys.stdin))
