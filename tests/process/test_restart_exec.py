"""The process replaces itself: same process id, same launch, nothing left over and nothing lost."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.process.running import environment, in_terminal, save, started

RUN = ("-m", "hotswap", "run")

AGAIN = """\
import atexit, json, os, signal, sys, threading, time
from hotswap.restart import remember_start, restart

remember_start()
GENERATION = len(open("generations").read()) if os.path.exists("generations") else 0
with open("generations", "a") as file:
    file.write("x")


def again():
    if GENERATION < LAST:
        restart("the test asks for it")


LAST = 2
"""

TELL = """
facts = [os.getpid(), os.getcwd(), sys.argv, sys.orig_argv[1:], sys.flags[:], sys.warnoptions, sys._xoptions, os.environ.get("ADDED")]
with open("facts", "a") as file:
    print(json.dumps(facts), file=file)
os.environ["ADDED"] = "by the program"
os.mkdir(f"elsewhere-{GENERATION}")
os.chdir(f"elsewhere-{GENERATION}")
again()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    for name in ("program.py", "folder/__main__.py"):
        (tmp_path / name).write_text(AGAIN + TELL)
    return tmp_path


LAUNCHES = {
    "script": ("program.py", "a b", ""),
    "module": ("-m", "program", "-c"),
    "folder": ("folder",),
    "command": ("-c", AGAIN + TELL, "x"),
    "flags": ("-X", "dev", "-W", "ignore", "-O", "-u", "-s", "-B", "program.py"),
    "under hotswap": ("-O", "-m", "hotswap", "run", "--quiet", "program.py", "-m"),
    "a module under hotswap": ("-m", "hotswap", "run", "-m", "program", "x"),
}


@pytest.mark.parametrize("words", LAUNCHES.values(), ids=LAUNCHES)
def test_the_launch_is_repeated(folder, words):
    """Process id, folder, arguments, flags and environment of each generation are those of the first."""
    with started(*words, cwd=folder) as run:
        assert run.wait() == 0, run.text
    facts = [json.loads(line) for line in (folder / "facts").read_text().splitlines()]
    assert facts == [facts[0]] * 3
    assert facts[0][0] == run.pid


def test_exit_handlers_run_once_and_in_order(tmp_path):
    """Exit handlers run once in each generation, the newest first; what was printed before is not lost."""
    (tmp_path / "program.py").write_text(
        AGAIN + "atexit.register(print, 'first', GENERATION)\natexit.register(print, 'second', GENERATION)\n"
        "print('printed', GENERATION, end=' ')\nagain()\n"
    )
    env = environment()
    del env["PYTHONUNBUFFERED"]
    with started("program.py", cwd=tmp_path, env=env) as run:
        assert run.wait() == 0
    told = [line for line in run.text.splitlines() if not line.startswith("hotswap:")]
    assert told == [f"{word} {n}" for n in range(3) for word in (f"printed {n} second", "first")]


def test_files_that_are_open_are_written_out(tmp_path):
    """What the program wrote into a file that it still has open is there after the restart."""
    (tmp_path / "program.py").write_text(AGAIN + "log = open(f'log{GENERATION}', 'w')\nlog.write('line')\nagain()\n")
    with started("program.py", cwd=tmp_path) as run:
        assert run.wait() == 0
    assert [(tmp_path / f"log{n}").read_text() for n in range(3)] == ["line"] * 3


@pytest.mark.parametrize("hang", ["atexit.register(time.sleep, 600)", "atexit.register(threading.Event().wait)"])
def test_a_hanging_exit_handler_is_left_behind(tmp_path, hang):
    """An exit handler that never returns delays the restart by its deadline, not for ever."""
    program = (
        AGAIN.replace('asks for it")', 'asks for it", deadline=0.3)') + f"if GENERATION < LAST:\n    {hang}\nagain()\n"
    )
    (tmp_path / "program.py").write_text(program)
    with started("program.py", cwd=tmp_path) as run:
        assert run.wait() == 0
        assert run.count("exit handlers took longer than 0.3 s; going on without") == 2


def test_a_failing_exit_handler_is_told(tmp_path):
    """An exit handler that raises does not keep the process from being replaced."""
    (tmp_path / "program.py").write_text(AGAIN + "atexit.register(lambda: 1 / 0)\nagain()\n")
    with started("program.py", cwd=tmp_path) as run:
        assert run.wait() == 0
        assert run.count("ZeroDivisionError") == 3


def test_timers_signals_and_masks_are_put_right(tmp_path):
    """A running timer is stopped; signals that the program blocked or ignored work in the successor."""
    (tmp_path / "program.py").write_text(
        AGAIN
        + "print(signal.getitimer(signal.ITIMER_REAL), signal.getsignal(signal.SIGINT) is signal.default_int_handler,\n"
        "      signal.getsignal(signal.SIGHUP).name, sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])), oct(os.umask(0o22)))\n"
        "if GENERATION == LAST:\n    sys.exit()\nsignal.signal(signal.SIGALRM, lambda *_: None)\nsignal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\nos.umask(0o77)\n"
        "thread = threading.Thread(target=again)\nthread.start()\nthread.join()\n"
    )
    with started("program.py", cwd=tmp_path) as run:
        assert run.wait() == 0
    told = [line for line in run.text.splitlines() if not line.startswith("hotswap:")]
    assert told == [told[0]] * 3
    assert told[0].startswith("(0.0, 0.0) True SIG_DFL []")


def test_the_terminal_is_put_right(tmp_path):
    """The successor of a program that put its terminal into raw mode finds it as the first one did."""
    (tmp_path / "program.py").write_text(
        AGAIN
        + "import termios, tty\nprint('mode', termios.tcgetattr(0)[3] & (termios.ECHO | termios.ICANON), os.get_blocking(0))\n"
        "tty.setraw(0)\nos.set_blocking(0, False)\nagain()\ntermios.tcflush(0, termios.TCIFLUSH)\n"
    )
    with in_terminal("program.py", cwd=tmp_path) as run:
        assert run.wait() == 0
        assert re.findall(r"mode (\d+ \w+)", run.text) == ["10 True"] * 3


def test_descriptors_of_the_parent_are_kept(tmp_path):
    """A descriptor that was handed to the program at its start is there in every generation."""
    reader, writer = os.pipe()
    (tmp_path / "program.py").write_text(AGAIN + f"os.write({writer}, b'here ')\nagain()\n")
    with started("program.py", cwd=tmp_path, pass_fds=[writer]) as run:
        os.close(writer)
        assert run.wait() == 0
    with open(reader) as file:
        assert file.read() == "here here here "


# ---- refusals: nothing has happened, the program goes on

REFUSED = "from hotswap import RestartRefused\ntry:\n    again()\nexcept RestartRefused as refusal:\n    print(refusal)\n    print('alive')\n"

REFUSALS = {
    "does not compile": ("open('program.py', 'a').write('x = (')", "program.py, line .*was never closed; correct it"),
    "script gone": ("os.remove('program.py')", "program.py is gone; put it back"),
    "interpreter gone": ("import hotswap.startup as s; s._remembered = __import__('dataclasses').replace(s.remember(), executable='/nowhere')",
                         "the interpreter '/nowhere' cannot be executed any more; put it back"),
    "environment too large": ("os.environ.update({f'V{n}': 'x' * 100_000 for n in range(100)}); import hotswap.startup as s; s._remembered = s._look()",
                              "of .* bytes that the system allows"),
}  # fmt: skip


@pytest.mark.parametrize(("harm", "told"), REFUSALS.values(), ids=REFUSALS)
def test_a_restart_that_would_fail_is_refused(tmp_path, harm, told):
    """What would keep the successor from starting is found before anything is done; exit handlers have not run."""
    (tmp_path / "program.py").write_text(AGAIN + f"atexit.register(print, 'the end')\n{harm}\n" + REFUSED)
    with started("program.py", cwd=tmp_path) as run:
        assert run.wait() == 0
        run.expect(told)
        run.expect("alive\nthe end\n")


def test_a_program_read_from_standard_input_is_refused(tmp_path):
    """A program that came through a pipe cannot be read twice."""
    (tmp_path / "program.py").write_text(AGAIN + REFUSED)
    with (tmp_path / "program.py").open() as file, started("-", cwd=tmp_path, stdin=file) as run:
        assert run.wait() == 0
        run.expect("read from standard input.*; start it from a file")


def test_a_forked_child_is_refused(tmp_path):
    """A forked child does not become a second run of the whole program."""
    (tmp_path / "program.py").write_text(
        AGAIN
        + "if not os.fork():\n"
        + "".join("    " + line + "\n" for line in REFUSED.splitlines())
        + "else:\n    os.wait()\n"
    )
    with started("-W", "ignore", "program.py", cwd=tmp_path) as run:
        assert run.wait() == 0
        run.expect("this is a forked child; its parent is the program")


# ---- under `hotswap run`: the main thread is called away from whatever it does

WAITS = {
    "sleep": "time.sleep(600)",
    "lock": "lock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "busy loop": "while True:\n    pass",
    "event": "threading.Event().wait()",
    "select": "import select\nselect.select([], [], [])",
    "asyncio": "import asyncio\n\n\nasync def main():\n    try:\n        await asyncio.sleep(600)\n    finally:\n        print('cancelled')\n\n\nasyncio.run(main())",
    "asyncio task": "import asyncio\n\n\nasync def main():\n    await asyncio.create_task(busy())\n\n\nasync def busy():\n    while True:\n        await asyncio.sleep(0)\n\n\nasyncio.run(main())",
    "swallows": "while True:\n    try:\n        time.sleep(600)\n    except Exception:\n        pass",
    "slow cleanup": "try:\n    time.sleep(600)\nfinally:\n    time.sleep(0.3)\n    print('cleaned')",
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_the_main_thread_is_unwound(tmp_path, wait):
    """Whatever the main thread waits in, `finally` blocks run and the process is replaced from there."""
    body = "\n".join("        " + line for line in wait.splitlines())
    (tmp_path / "program.py").write_text(
        AGAIN + "if GENERATION < LAST:\n    threading.Timer(0.2, again).start()\n    try:\n"
        f"{body}\n    finally:\n        print('left', GENERATION)\n"
    )
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        assert run.wait() == 0, run.text
        assert re.findall(r"left \d", run.text) == ["left 0", "left 1"], run.text
        assert run.count("restarting over it") == 0
        assert run.count("Traceback") == 0, run.text
        assert run.count("cancelled") == 2 * ("cancelled" in wait)
        assert run.count("cleaned") == 2 * ("cleaned" in wait)


def test_a_main_thread_that_cannot_be_reached_is_left_behind(tmp_path):
    """A program that catches everything and goes on is restarted all the same, when the time is over."""
    (tmp_path / "program.py").write_text(
        AGAIN.replace('asks for it")', 'asks for it", deadline=0.5)')
        + "if GENERATION < LAST:\n    threading.Timer(0.2, again).start()\n"
        "    while True:\n        try:\n            time.sleep(600)\n        except BaseException:\n            pass\n"
    )
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        assert run.wait() == 0
        assert run.count("the main thread did not stop within 0.5 s; restarting over it") == 2


def test_input_on_a_terminal_is_left(tmp_path):
    """A program that waits for a line is restarted, and the line typed afterwards goes to its successor."""
    (tmp_path / "program.py").write_text(
        AGAIN
        + "if GENERATION < LAST:\n    threading.Timer(0.2, again).start()\nprint('got', input(f'prompt {GENERATION}: '))\n"
    )
    with in_terminal(*RUN, "program.py", cwd=tmp_path) as run:
        run.expect("prompt 2: ")
        run.type("hello\n")
        assert run.wait() == 0
        run.expect("got hello")
        assert run.pid == run.process.pid


# ---- together with the engine

SCRIPT = """\
import os, time
import setting

print("started", os.getpid(), setting.WORD)
while not os.path.exists("stop"):
    time.sleep(0.01)
print("stopped", WORD)
"""


def test_an_edit_of_the_running_loop_restarts_the_program(tmp_path):
    """An edited statement of the main program cannot run twice: the process is replaced, and says why."""
    (tmp_path / "setting.py").write_text("WORD = 'one'\n")
    (tmp_path / "program.py").write_text(SCRIPT.replace('stopped", WORD', 'stopped"'))
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        run.expect(f"started {run.pid} one")
        save(tmp_path / "program.py", SCRIPT.replace('stopped", WORD', 'stopped"').replace("started", "started again"))
        run.expect(f"started again {run.pid} one")
        (tmp_path / "stop").touch()
        assert run.wait() == 0
        assert run.count("hotswap: needs a restart because") == 1
        assert run.count("Exception ignored") == 0
        assert run.count("Traceback") == 0
