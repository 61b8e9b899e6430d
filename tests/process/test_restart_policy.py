"""What happens when only a new process can be true: it is done, asked about, told, or left to a function."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.process.running import environment, in_terminal, save, started

RUN = ("-m", "hotswap", "run")

LOOP = """\
import os, sys, threading, time
import hotswap

generation = hotswap.keep("generation", lambda: [0])
generation[0] += 1
lock = hotswap.keep("lock", threading.Lock)
threading.Thread(target=threading.Event().wait, name="worker", daemon=True).start()
print("started", generation[0], os.getpid(), flush=True)
while not os.path.exists("stop"):
    time.sleep(0.01)
"""
EDITED = LOOP + "print('edited')\n"


@pytest.mark.parametrize(("answer", "edited"), [("y\n", True), ("\n", False)])
def test_ask_shows_why_and_what_would_be_lost(tmp_path, answer, edited):
    """`--on-restart ask`: the reasons, unpicklable keys and threads, then the question; the answer counts."""
    program = tmp_path / "program.py"
    program.write_text(LOOP)
    with in_terminal(*RUN, "--on-restart", "ask", "program.py", cwd=tmp_path) as run:
        run.expect(f"started 1 {run.pid}")
        save(program, EDITED)
        run.expect(r"restart now\? \[y/N\] ")
        run.expect(r"needs a restart because \[HS\d+\]")
        run.expect(
            r"hotswap: made anew, as it does not pickle: lock \(TypeError: cannot pickle '_thread.lock' object\)"
        )
        run.expect(r"hotswap: threads that end: worker\b")
        run.type(answer)
        if edited:
            run.expect(f"started 2 {run.pid}")
        (tmp_path / "stop").touch()
        assert run.wait() == 0
        assert run.count("\nedited") == edited
        assert run.count("restart now") == 1


def test_ask_works_for_a_program_in_raw_mode(tmp_path):
    """The question can be read and answered although the program switched echo and line mode off; after "no" they are off."""
    program = tmp_path / "program.py"
    program.write_text(
        "import termios, tty\ntty.setcbreak(0)\n" + LOOP + "print('mode', termios.tcgetattr(0)[3] & 10)\n"
    )
    with in_terminal(*RUN, "--on-restart", "ask", "program.py", cwd=tmp_path) as run:
        run.expect("started 1")
        save(program, program.read_text() + "print('edited')\n")
        run.expect(r"restart now\? \[y/N\] ")
        run.type("no\n")
        run.expect("no\r?\n")
        (tmp_path / "stop").touch()
        assert run.wait() == 0
        run.expect("mode 0")


def test_ask_takes_no_line_from_a_program_that_reads(tmp_path):
    """The main thread waits in `input()`: the answer goes to the question, the next line to the program, both whole."""
    (tmp_path / "module.py").write_text("__hotswap__ = 'restart'\nX = 1\n")
    for program in ("import module\n", "import module, readline\n"):
        (tmp_path / "program.py").write_text(program + "print('got', input('name? '))\n")
        with in_terminal(*RUN, "--on-restart", "ask", "program.py", cwd=tmp_path) as run:
            run.expect(r"name\? ")
            save(tmp_path / "module.py", f"__hotswap__ = 'restart'\nX = {program!r}\n")
            end = run.expect(r"restart now\? \[y/N\] ").end()
            run.type("n\n")
            run.expect("n\r?\n", since=end)
            run.type("Bob\n")
            assert run.wait() == 0
            run.expect("got Bob")


def test_without_a_terminal_ask_only_tells(tmp_path):
    """Nobody can be asked: the program goes on, and is told what would do it."""
    program = tmp_path / "program.py"
    program.write_text(LOOP)
    with started(*RUN, "--on-restart", "ask", "program.py", cwd=tmp_path) as run:
        run.expect("started 1")
        save(program, EDITED)
        run.expect(
            r"hotswap: needs a restart because .*\nhotswap: hotswap\.restart\(\) does it, and hands over what is kept\n"
        )
        (tmp_path / "stop").touch()
        assert run.wait() == 0
        assert run.count("edited'") == run.count("started 2") == 0


def test_never_tells_the_command(tmp_path):
    """`--on-restart never`: the outcome and what does it; the process goes on."""
    program = tmp_path / "program.py"
    program.write_text(LOOP)
    with started(*RUN, "--on-restart", "never", "program.py", cwd=tmp_path) as run:
        run.expect("started 1")
        save(program, EDITED)
        run.expect(r"hotswap: needs a restart because .*\nhotswap: hotswap\.restart\(\) does it")
        (tmp_path / "stop").touch()
        assert run.wait() == 0
        assert run.count("started") == 1


@pytest.mark.parametrize(
    "writes",
    ["open(path, 'w').write(text)", "__import__('subprocess').run(['cp', 'other', path])"],
    ids=["itself", "child"],
)
def test_a_storm_is_held(tmp_path, writes):
    """A program that rewrites a source of its own at each start restarts three times, then waits; the next save restarts it."""
    program, other = tmp_path / "program.py", tmp_path / "generated.py"
    other.write_text("__hotswap__ = 'restart'\nX = 0\n")
    program.write_text(
        "import generated, os, time\nimport hotswap\ncount = hotswap.keep('count', list)\ncount.append(1)\n"
        "print('started', len(count), flush=True)\n"
        "text = f\"__hotswap__ = 'restart'\\nX = {len(count)}\\n\"\npath = os.path.abspath('generated.py')\n"
        f"open('other', 'w').write(text)\n{writes}\n"
        "while not os.path.exists('stop'):\n    time.sleep(0.01)\n"
    )
    with started(*RUN, "program.py", cwd=tmp_path, env=environment(PYTHONDONTWRITEBYTECODE="1")) as run:
        run.expect("hotswap: restarted 3 times within 10 s over what the program itself writes; waiting for a save")
        save(other, "__hotswap__ = 'restart'\nX = 'saved by hand'\n")
        run.expect("started 5")
        (tmp_path / "stop").touch()
        assert run.wait() == 0
        assert re.findall(r"^started (\d+)", run.text, re.MULTILINE) == ["1", "2", "3", "4", "5"]


def test_quick_saves_by_hand_are_never_held(tmp_path):
    """Eight saves as fast as they can be made, each of which needs a restart, are eight restarts."""
    program = tmp_path / "program.py"
    program.write_text(LOOP)
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        for number in range(1, 9):
            run.expect(f"started {number} ")
            save(program, LOOP + f"print({number})\n")
        run.expect("started 9 ")
        (tmp_path / "stop").touch()
        assert run.wait() == 0


def test_restarts_that_the_program_asks_for_are_never_held(tmp_path):
    """`hotswap.restart()` in a program, ten times at once."""
    (tmp_path / "program.py").write_text(
        "import hotswap\ncount = hotswap.keep('count', list)\ncount.append(1)\nprint('started', len(count), flush=True)\n"
        "if len(count) < 10:\n    hotswap.restart('asked for')\n"
    )
    with started("program.py", cwd=tmp_path) as run:
        assert run.wait() == 0
        assert run.count("started") == 10


def test_switched_off_it_is_plain_python(tmp_path):
    """Under HOTSWAP=0 `hotswap run` and `watch()` watch nothing, a crash ends the program, `keep` and `poll` still work."""
    program = tmp_path / "program.py"
    program.write_text(
        "import threading\nbefore = threading.active_count()\nimport hotswap, module\n"
        "r = hotswap.watch()\nprint(r.watching, threading.active_count() - before, hotswap.keep('x', list), hotswap.poll(), flush=True)\n"
        "open('module.py', 'w').write('X = 2')\nprint(hotswap.sync(), hotswap.plan(), module.X)\n"
        "try:\n    hotswap.restart()\nexcept hotswap.RestartRefused as refused:\n    print(refused)\n1 / 0\n"
    )
    told = "False 0 [] None\nnothing changed nothing to do 1\nnot restarted: hotswap is switched off; start the program without HOTSWAP=0\n"
    for runner in ((), RUN):
        (tmp_path / "module.py").write_text("X = 1")
        with started(
            *runner, "program.py", cwd=tmp_path, env=environment(HOTSWAP="0"), stderr=subprocess.STDOUT
        ) as run:
            assert run.wait() == 1
            assert told in run.text
            assert "ZeroDivisionError" in run.text


def test_a_function_decides(tmp_path):
    """`on_restart=` a function: called once with the outcome; one that raises is told, and the session goes on."""
    (tmp_path / "module.py").write_text("__hotswap__ = 'restart'\nX = 1\n")
    (tmp_path / "program.py").write_text(
        "import hotswap, module\ntold = []\n\n\ndef decide(outcome):\n    told.append(outcome.kind)\n    1 / 0\n\n\n"
        "hotswap.watch(apply='manual', on_restart=decide)\nopen('module.py', 'a').write('X = 2\\n')\n"
        "print(hotswap.sync().kind, hotswap.sync().kind, told)\n"
    )
    with started("program.py", cwd=tmp_path) as run:
        assert run.wait() == 0
        run.expect(r"restart_required restart_required \['restart_required'\]")
        assert run.count("hotswap: on_restart: ZeroDivisionError: division by zero") == 1


def test_enter_starts_a_crashed_program_again(tmp_path):
    """What was typed before the crash is no answer; Enter afterwards is, in the same process."""
    (tmp_path / "program.py").write_text(
        "import os, sys, time\nprint('started', os.getpid(), flush=True)\n"
        "while not os.path.exists('crash'):\n    time.sleep(0.01)\n1 / 0\n"
    )
    with in_terminal(*RUN, "program.py", cwd=tmp_path) as run:
        run.expect(f"started {run.pid}")
        run.type("typed for the program\n")
        run.expect("typed for the program\r?\n")
        (tmp_path / "crash").touch()
        end = run.expect(
            r"hotswap: the program crashed; save program\.py or press Enter to start it again, Ctrl-C to leave"
        ).end()
        os.remove(tmp_path / "crash")
        run.type("\n")
        run.expect("hotswap: restarting: Enter was pressed", since=end)
        run.expect(f"started {run.pid}", since=end)
        run.interrupt()
        assert run.wait() == -2


def test_a_save_between_the_crash_and_the_first_look_counts(tmp_path):
    """A file that was corrected while the program was on its way to crash is not waited for."""
    (tmp_path / "module.py").write_text("def f():\n    1 / 0\n")
    (tmp_path / "program.py").write_text(
        "import module, hotswap\nif hotswap.keep('count', list):\n    print('again')\n    raise SystemExit\n"
        "hotswap.keep('count', list).append(1)\nopen('module.py', 'w').write('def f():\\n    0 / 1\\n')\n"
        "raise ValueError\n"
    )
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        assert run.wait() == 0
        run.expect("again")
        assert run.count("the program crashed; save") == 0


def test_a_terminal_is_sane_after_ctrl_c(tmp_path):
    """A program in cbreak mode that ends by Ctrl-C is dead of the signal (130 to a shell), and the terminal is as before."""
    import termios

    (tmp_path / "program.py").write_text(
        "import time, tty\ntty.setcbreak(0)\nprint('rea' + 'dy', flush=True)\ntime.sleep(60)\n"
    )
    with in_terminal(*RUN, "program.py", cwd=tmp_path) as run:
        before = termios.tcgetattr(run.keyboard)
        run.expect("ready")
        run.type("\x03")
        assert run.wait() == -2
        assert termios.tcgetattr(run.keyboard) == before
