"""A program that crashes under `hotswap run` is reported, waited on, and started again by the next good save."""

from __future__ import annotations

import signal

import pytest

from tests.process.running import in_terminal, save, started

RUN = ("-m", "hotswap", "run")
WAITING = "hotswap: the program crashed"

CRASHES = {
    "syntax error": "print('never'\n",
    "exception": "print('first')\n1 / 0\n",
    "bytes that are no text": "x = '\udcff'\n",
    "null byte": "x = 1\0\n",
    "name error in a function": "def f():\n    return undefined\n\n\nf()\n",
}


@pytest.mark.parametrize("source", CRASHES.values(), ids=CRASHES)
def test_the_next_good_save_starts_it(tmp_path, source):
    """The corrected script runs from its start in the same process, and its end is the process's end."""
    program = tmp_path / "program.py"
    program.write_bytes(source.encode(errors="surrogateescape"))
    with started(*RUN, "program.py", "argument", cwd=tmp_path) as run:
        run.expect(WAITING)
        save(program, "import os, sys\nprint('pid', os.getpid(), sys.argv)\nsys.exit(5)\n")
        assert run.wait() == 5
        run.expect(rf"pid {run.pid} \['program.py', 'argument'\]")


def test_a_save_that_does_not_compile_is_waited_on(tmp_path):
    """A save with another syntax error is named in one line, and the wait goes on."""
    program = tmp_path / "program.py"
    program.write_text("1 / 0\n")
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        run.expect(WAITING)
        save(program, "x = (\n")
        run.expect(r"hotswap: still waiting, not restarted: .*program.py, line 1: '\(' was never closed; correct it")
        save(program, "print('fine')\n")
        assert run.wait() == 0
        assert run.count("fine") == 1


@pytest.mark.parametrize("broken", ["def f(:\n", "1 / 0\n"])
def test_the_module_it_crashed_in_is_watched(tmp_path, broken):
    """A module that could not be imported is corrected: the program starts."""
    module = tmp_path / "module.py"
    module.write_text(broken)
    (tmp_path / "program.py").write_text("import module\nprint('value', module.VALUE)\n")
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        run.expect(WAITING)
        save(module, "VALUE = 3\n")
        assert run.wait() == 0
        run.expect("value 3")


@pytest.mark.parametrize("created", ["missing.py", "missing/__init__.py"])
def test_a_missing_module_is_waited_for(tmp_path, created):
    """Creating the module that could not be found starts the program."""
    (tmp_path / "program.py").write_text("import missing\nprint('value', missing.VALUE)\n")
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        run.expect(WAITING)
        path = tmp_path / created
        path.parent.mkdir(exist_ok=True)
        save(path, "VALUE = 4\n")
        assert run.wait() == 0
        run.expect("value 4")


def test_a_missing_file_is_waited_for(tmp_path):
    """Creating the file that could not be opened starts the program."""
    (tmp_path / "program.py").write_text("print(open('table.txt').read())\n")
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        run.expect(WAITING)
        save(tmp_path / "table.txt", "contents")
        assert run.wait() == 0
        run.expect("contents")


def test_an_interrupt_while_waiting_exits_130(tmp_path):
    """Ctrl-C while waiting ends the process with status 130, whatever the program had done to the signal."""
    (tmp_path / "program.py").write_text(
        "import atexit, signal\natexit.register(print, 'bye')\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n1 / 0\n"
    )
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        run.expect(WAITING)
        run.interrupt()
        assert run.wait() == 130
        run.expect("bye")


def test_sigterm_while_waiting_ends_it(tmp_path):
    """SIGTERM while waiting kills the process, also when the program handled that signal."""
    (tmp_path / "program.py").write_text("import signal\nsignal.signal(signal.SIGTERM, print)\n1 / 0\n")
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        run.expect(WAITING)
        run.process.terminate()
        assert run.wait() == -signal.SIGTERM


def test_with_a_terminal_the_same_holds(tmp_path):
    """On a terminal left in raw mode Ctrl-C still ends the wait, and a save still starts the program."""
    program = tmp_path / "program.py"
    program.write_text("import tty\ntty.setraw(0)\n1 / 0\n")
    with in_terminal(*RUN, "program.py", cwd=tmp_path) as run:
        run.expect(WAITING)
        save(program, "1 / 0 # again\n")
        run.expect(WAITING, since=run.expect("restarting").end())
        run.type("\x03")
        assert run.wait() == 130


def test_never_means_that_a_crash_ends_it(tmp_path):
    """With `--on-restart never` a crash ends the process with status 1."""
    (tmp_path / "program.py").write_text("1 / 0\n")
    with started(*RUN, "--on-restart", "never", "program.py", cwd=tmp_path) as run:
        assert run.wait() == 1
