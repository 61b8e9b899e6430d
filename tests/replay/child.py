"""The process that lives through the edits, or the fresh one that it is compared with.

python -P -m tests.replay.child JOB ANSWER     both are JSON files; run.py starts it
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import shutil
import sys
import time
import traceback
import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.conformance.child import load_adapter
from tests.replay import signature

PLAIN_NEW = inspect.getattr_static(object, "__new__")


class Program:
    """The packages below a folder, and what is loaded of them."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        self.root: str = job["root"]
        self.base = os.path.normpath(os.path.join(self.root, job["src"]))
        self.packages: list[str] = job["packages"]
        self.skip = re.compile(job["skip"])

    def modules_on_disk(self) -> list[str]:
        """The names of the packages' modules, in the order to import them: parents first, then sorted."""
        names = []
        for package in self.packages:
            for folder, folders, files in os.walk(os.path.join(self.base, package)):
                folders[:] = [name for name in folders if name != "__pycache__"]
                parts = os.path.relpath(folder, self.base).split(os.sep)
                if "__init__.py" in files and all(part.isidentifier() for part in parts):
                    stems = [file[:-3] for file in files if file.endswith(".py") and file[:-3].isidentifier()]
                    names += [".".join(parts if stem == "__init__" else [*parts, stem]) for stem in stems]
        return sorted(name for name in names if not self.skip.search(name))

    def import_all(self) -> dict[str, str]:
        """Import what is not loaded yet; tells what could not be imported."""
        failed = {}
        for name in self.modules_on_disk():
            if name not in sys.modules:
                try:
                    importlib.import_module(name)
                except BaseException as error:  # noqa: BLE001  a SystemExit of a script among them
                    failed[name] = f"{type(error).__name__}: {error}"[:200]
        return failed

    def snapshot(self) -> dict[str, Any]:
        """The modules now loaded, and their signature."""
        names = sorted(
            name
            for name, module in sys.modules.items()
            if name.split(".")[0] in self.packages
            and not self.skip.search(name)
            and str(getattr(module, "__file__", None)).startswith(self.root)
        )
        return {"modules": names, "signature": signature.dump(names, self.packages, self.root)}

    def digests(self, objects: Iterable[tuple[str, Any]]) -> dict[str, str]:
        """What each object does, by its path."""
        shared = signature.Dumper(self.packages, self.root)
        found = {}
        for path, obj in objects:
            try:
                found[path] = signature.behaviour(obj, shared)
            except Exception as error:  # noqa: BLE001  an odd object is odd in both processes
                found[path] = f"error {error!r}"
        return found

    def find(self, path: str) -> Any:
        """What is at module:qualname today."""
        return signature.Dumper(self.packages, self.root).lookup(*path.split(":"))


class LiveRun:
    """The program starts on A, and lives through the steps."""

    def __init__(self, job: Mapping[str, Any], program: Program) -> None:
        self.job, self.program = job, program
        self.adapter = load_adapter(job["adapter"])

    def run(self) -> dict[str, Any]:
        """The answer."""
        program = self.program
        early = [package for package in program.packages if package in sys.modules]
        if early:
            sys.exit(f"{self.job['adapter']} itself imports {early}: it cannot be measured on it")
        self.adapter.start(Path(program.root), types.ModuleType("__main__"))
        answer: dict[str, Any] = {"failed": program.import_all()}
        self.adapter.ready()
        answer["before"] = program.snapshot()
        self.held = list(signature.own_objects(answer["before"]["modules"]))
        self.instances = plain_instances(self.held)
        answer["steps"] = []
        for step in self.job["steps"]:
            answer["steps"].append(done := self._step(step))
            if done["outcome"] == "restart":
                break
        self.adapter.stop()
        return answer

    def _step(self, step: Mapping[str, Any]) -> dict[str, Any]:
        write_edit(self.program.root, step["source"], step["changes"])
        done = self._apply()
        if done["outcome"] != "restart":
            done["failed"] = self.program.import_all()  # a program imports what is new
            done |= self.program.snapshot()
            done["held"] = self.program.digests((path, self._acts_as(path, obj)) for path, obj in self.held)
            done["instances"] = {p: type(obj) is self.program.find(p) for p, obj in self.instances.items()}
        return done

    def _acts_as(self, path: str, obj: Any) -> Any:
        """What a held function does: one that hands its calls on to what its name stands for now does what that does.

        A function that a decorator of another library wraps now cannot run the wrapper's code itself.
        """
        code = getattr(obj, "__code__", None)
        now = self.program.find(path)
        hands_on = callable(now) and code is not None and any(constant is now for constant in code.co_consts)
        return now if hands_on else obj

    def _apply(self) -> dict[str, Any]:
        adapter = self.adapter
        adapter.errors, adapter.executed, outcome = [], None, None
        began, cpu = time.perf_counter(), time.process_time()
        try:
            outcome = adapter.apply()
        except BaseException as error:  # noqa: BLE001  that it raised is the result
            traceback.print_exc()
            adapter.errors.append("apply raised " + "".join(traceback.format_exception_only(error)).strip())
        return {
            "outcome": outcome,
            "apply_ms": round((time.perf_counter() - began) * 1000, 2),
            "cpu_ms": round((time.process_time() - cpu) * 1000, 2),
            "errors": [error[-600:] for error in adapter.errors],
            "executed": adapter.executed,
            "told": adapter.told,
        }


def write_edit(root: str, source: str, changes: Iterable[tuple[str, str]]) -> None:
    """As `git checkout` does: unlink, write the new file, drop emptied folders."""
    for status, path in changes:
        target = os.path.join(root, path)
        if os.path.lexists(target):
            os.unlink(target)
        if status != "D":
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(os.path.join(source, path), target)
        elif not os.listdir(os.path.dirname(target)):
            os.removedirs(os.path.dirname(target))


def plain_instances(held: Iterable[tuple[str, Any]]) -> dict[str, object]:
    """An instance of each class that makes them in the plain way, without its constructor."""
    made: dict[str, object] = {}
    for path, cls in held:
        if (
            type(cls) is type
            and inspect.getattr_static(cls, "__new__") is PLAIN_NEW
            and not issubclass(cls, BaseException)
        ):
            try:
                made[path] = cls.__new__(cls)
            except TypeError:
                continue  # abstract
    return made


def main(job_file: str, answer_file: str) -> None:
    """Do the job, leave the answer, end at once: threads and half-made instances have nothing more to say."""
    job = json.loads(Path(job_file).read_text())
    program = Program(job)
    sys.path.insert(0, program.base)
    if job["adapter"]:
        answer = LiveRun(job, program).run()
    else:
        answer = {"failed": program.import_all(), **program.snapshot()}
        answer["held"] = program.digests(signature.own_objects(answer["modules"]))
    Path(answer_file).write_text(json.dumps(answer))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
