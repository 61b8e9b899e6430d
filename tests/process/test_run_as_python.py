"""A program under `hotswap run` cannot tell the difference, and neither can who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.process.running import environment

RUNNER = ("-m", "hotswap", "run", "--on-restart", "never")

PROBE = '''\
"""The docstring."""
import json, os, pickle, sys, warnings


class Kind:
    pass


def plain(value):
    return repr(value).split(" at 0x")[0]


assert type(pickle.loads(pickle.dumps(Kind()))) is Kind
facts = {name: plain(value) for name, value in globals().items() if name.startswith("__")}
print(json.dumps([list(facts.items()), sys.argv, sys.path, os.getcwd(), sys.modules["__main__"].__dict__ is globals()]))
warnings.warn("old", DeprecationWarning)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    work = tmp_path / "here"
    for place in (work, work / "folder", work / "package"):
        place.mkdir()
    (work / "package/__init__.py").touch()
    for name in ("probe.py", "folder/__main__.py", "package/__main__.py", "package/inner.py", "-odd name.py"):
        (work / name).write_text(PROBE)
    with zipfile.ZipFile(work / "archive.zip", "w") as archive:
        archive.writestr("__main__.py", PROBE)
    (tmp_path / "link.py").symlink_to("here/probe.py")
    return work


def result(*words: str, cwd: Path, **options: object) -> tuple[int, str, str]:
    settings = {"env": environment(), "stdin": subprocess.DEVNULL, "timeout": 60} | options
    done = subprocess.run([sys.executable, *words], cwd=cwd, capture_output=True, text=True, check=False, **settings)
    return done.returncode, done.stdout, done.stderr


def assert_same(cwd: Path, *program: str, flags: tuple[str, ...] = (), **options: object) -> tuple[int, str, str]:
    """Run the program both ways.  A fork is warned of when there are threads, and watching takes one."""
    options.setdefault("env", environment(PYTHONWARNINGS="ignore:This process:DeprecationWarning"))
    plain = result(*flags, *program, cwd=cwd, **options)
    assert result(*flags, *RUNNER, *program, cwd=cwd, **options) == plain
    return plain


LAUNCHES = {
    "script": ("probe.py", "a", "-m", "--quiet"),
    "script in the same folder": ("./probe.py",),
    "script in another folder": ("../here/probe.py",),
    "link": ("../link.py", "--", "x"),
    "folder": ("folder", "a"),
    "archive": ("archive.zip", "a"),
    "module": ("-m", "probe", "-m", "x"),
    "module in one word": ("-mprobe",),
    "package": ("-m", "package"),
    "module in a package": ("-m", "package.inner"),
    "missing module": ("-m", "nowhere"),
    "missing module in a package": ("-m", "package.nowhere"),
    "folder without a main": ("package/__pycache__",),
}


@pytest.mark.parametrize("program", LAUNCHES.values(), ids=LAUNCHES)
def test_the_program_sees_what_it_sees_under_python(folder, program):
    """`__main__`'s names, arguments, path, folder, output, warnings and status are those of plain `python`."""
    (folder / "package/__pycache__").mkdir()
    assert_same(folder, *program)


@pytest.mark.parametrize("flags", [("-P",), ("-O", "-W", "error"), ("-X", "utf8=0", "-B")])
@pytest.mark.parametrize("program", [("probe.py",), ("folder",), ("-m", "probe")])
def test_flags_of_the_interpreter_count(folder, flags, program):
    """The interpreter's flags have the effect that they have under plain `python`."""
    assert_same(folder, *program, flags=flags)


ENDS = {
    "falls off": "print(1)",
    "exit with a number": "import sys; sys.exit(7)",
    "exit with a text": "import sys; sys.exit('no luck')",
    "exit with nothing": "raise SystemExit",
    "exception": "def f():\n    1 / 0\n\n\ntry:\n    {}['x']\nexcept KeyError:\n    f()",
    "exception group": "raise ExceptionGroup('two', [ValueError(1), KeyError(2)])",
    "syntax error": "print('never')\nx = (1,\n",
    "indentation": "if 1:\nx = 1\n",
    "import of what is not there": "import nowhere_to_be_found",
    "own excepthook": "import sys\nsys.excepthook = lambda *a: print('mine', a[0].__name__)\n1 / 0",
    "broken excepthook": "import sys\nsys.excepthook = lambda *a: 1 / 0\n{}['x']",
    "exit handler": "import atexit\natexit.register(print, 'bye')\n1 / 0",
    "os._exit": "import os; os._exit(9)",
    "killed by itself": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
    "interrupted": "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(30)",
    "interrupt handled": "try:\n    raise KeyboardInterrupt\nexcept KeyboardInterrupt:\n    print('caught')",
    "last thread": "import threading, time\nthreading.Timer(.1, print, ['late']).start()",
    "forked child raises": "import os\nif os.fork():\n    print(os.waitstatus_to_exitcode(os.wait()[1]))\nelse:\n    1 / 0",
    "recursion": "import sys\ndef f(): f()\ntry:\n    f()\nexcept RecursionError as e:\n    print(e)",
}


@pytest.mark.parametrize("source", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("as_module", [False, True], ids=["script", "module"])
def test_it_ends_as_it_ends_under_python(tmp_path, source, as_module):
    """Status, signal, output and traceback are those of plain `python`."""
    (tmp_path / "program.py").write_text(source)
    assert_same(tmp_path, *(("-m", "program") if as_module else ("program.py",)))


def test_an_interrupt_kills_by_the_signal(tmp_path):
    """A KeyboardInterrupt that nobody catches ends the process by SIGINT, so that shells and makes stop too."""
    (tmp_path / "program.py").write_text(ENDS["interrupted"])
    assert result(*RUNNER, "program.py", cwd=tmp_path)[0] == -signal.SIGINT


def test_a_reader_that_leaves_ends_the_program(tmp_path):
    """Writing into a closed pipe ends the program as under plain `python`, also when crashes are waited on."""
    (tmp_path / "program.py").write_text("import sys\nwhile True:\n    print('x' * 1000)\n")
    outcomes = []
    for runner in ((), ("-m", "hotswap", "run")):
        command = [sys.executable, *runner, "program.py"]
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        with process:
            process.stdout.read(10)
            process.stdout.close()
            outcomes.append((process.wait(60), process.stderr.read()))
    assert outcomes[0] == outcomes[1]


def test_spawned_children_find_the_classes_of_the_script(tmp_path):
    """The spawn method of multiprocessing imports the script again in its children, and instances travel both ways."""
    (tmp_path / "program.py").write_text(
        "import multiprocessing\n\n\nclass Box:\n    def __init__(self, x):\n        self.x = x\n\n\n"
        "def double(box):\n    return Box(box.x * 2)\n\n\n"
        "if __name__ == '__main__':\n    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print([box.x for box in pool.map(double, [Box(1), Box(2)])])\n"
    )
    assert assert_same(tmp_path, "program.py")[1] == "[2, 4]\n"


def test_a_module_of_the_program_hides_one_of_the_library(tmp_path):
    """A file beside the script named like a library module that hotswap uses is the one that the script imports."""
    (tmp_path / "queue.py").write_text("MINE = True")
    (tmp_path / "program.py").write_text("import queue\nprint(queue.MINE)")
    assert_same(tmp_path, "program.py")


def test_the_program_keeps_the_main_thread(tmp_path):
    """The script runs on the main thread: it may set signal handlers."""
    (tmp_path / "program.py").write_text(
        "import signal, threading\nsignal.signal(signal.SIGINT, print)\nprint(threading.current_thread().name)"
    )
    assert assert_same(tmp_path, "program.py")[1] == "MainThread\n"


def test_compiled_scripts_run(tmp_path):
    """A script that is bytecode runs, as under plain `python`."""
    import py_compile

    (tmp_path / "program.py").write_text("print(__file__, __loader__.__class__)")
    py_compile.compile(str(tmp_path / "program.py"), str(tmp_path / "program.pyc"))
    os.remove(tmp_path / "program.py")
    assert_same(tmp_path, "program.pyc")
