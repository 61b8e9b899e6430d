"""`hotswap run --strategy supervise`: a parent starts the program again; status, signals and terminal are the program's."""

from __future__ import annotations

import os
import re
import signal

import pytest

from tests.process.running import PATIENCE, environment, in_terminal, save, started

RUN = ("-m", "hotswap", "run", "--strategy", "supervise")

LOOP = """\
import os, signal, sys, threading, time
import hotswap

generation = hotswap.keep("generation", lambda: [0])
generation[0] += 1
print("started", generation[0], os.getpid(), os.getppid(), sys.argv, sys.flags.optimize, sorted(signal.pthread_sigmask(0, [])), flush=True)
while not os.path.exists("stop"):
    time.sleep(0.01)
"""


def test_the_parent_starts_it_again(tmp_path):
    """Edits that need it, and `hotswap.restart()`: a new child of the same parent each time, with what was kept."""
    program = tmp_path / "program.py"
    program.write_text(LOOP)
    with started("-O", *RUN, "program.py", "x", cwd=tmp_path) as run:
        first = run.expect(rf"started 1 (\d+) {run.pid} \['program.py', 'x'\] 1 \[\]")[1]
        save(program, LOOP + "print('edited')\n")
        second = run.expect(rf"started 2 (\d+) {run.pid} \['program.py', 'x'\] 1 \[\]")[1]
        assert first != second
        (tmp_path / "stop").touch()
        assert run.wait() == 0
        run.expect("edited")
        assert run.count("started") == 3 - 1


ENDS = {
    "falls off": ("pass", 0),
    "exit with a number": ("sys.exit(7)", 7),
    "the number that asks for a successor": ("sys.exit(3)", 3),
    "killed by itself": ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    "aborted": ("import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); os.abort()", -signal.SIGABRT),
    "interrupted": ("raise KeyboardInterrupt", -signal.SIGINT),
    "crashed": ("1 / 0", 1),
}


@pytest.mark.parametrize(("source", "status"), ENDS.values(), ids=ENDS)
def test_it_ends_as_the_program_ends(tmp_path, source, status):
    """The parent's status or signal is the child's, whatever the number."""
    (tmp_path / "program.py").write_text(f"import os, signal, sys\n{source}\n")
    with started(*RUN, "--on-restart", "never", "program.py", cwd=tmp_path) as run:
        assert run.wait() == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1])
def test_signals_reach_the_program(tmp_path, number):
    """A signal sent to the parent alone is the program's to handle; its end is the end of both."""
    (tmp_path / "program.py").write_text(
        f"import signal, sys, time\nsignal.signal({int(number)}, lambda *_: print('handled', flush=True) or sys.exit(5))\n"
        "print('ready', flush=True)\ntime.sleep(60)\n"
    )
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        run.expect("ready")
        os.kill(run.pid, number)
        assert run.wait() == 5
        assert run.count("handled") == 1


def test_sigterm_kills_what_does_not_handle_it(tmp_path):
    """By default both end by the signal, and nothing of the program is left."""
    (tmp_path / "program.py").write_text(LOOP)
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        child = int(run.expect(r"started 1 (\d+)")[1])
        run.process.terminate()
        assert run.wait() == -signal.SIGTERM
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def test_a_program_that_ignores_sigterm_is_killed(tmp_path):
    """After its time is over; the time is short here."""
    (tmp_path / "program.py").write_text("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + LOOP)
    (tmp_path / "parent.py").write_text(
        "import sys, hotswap.supervisor\nhotswap.supervisor.PATIENCE = 0.3\nfrom hotswap.cli import main\n"
        f"main({list(RUN[2:])} + ['program.py'])\n"
    )
    with started("parent.py", cwd=tmp_path) as run:
        run.expect("started 1")
        run.process.terminate()
        assert run.wait() == -signal.SIGKILL
        run.expect("the program did not end within 0.3 s; killing it")


def test_the_program_does_not_outlive_its_parent(tmp_path):
    """When the parent is killed, the child ends by itself."""
    (tmp_path / "program.py").write_text("import atexit\n" + LOOP)
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        child = int(run.expect(r"started 1 (\d+)")[1])
        handle = os.pidfd_open(child)
        run.process.kill()
        import select

        assert select.select([handle], [], [], PATIENCE)[0] == [handle]
        os.close(handle)


def test_ctrl_c_on_a_terminal_is_seen_once(tmp_path):
    """The key reaches parent and child alike: the program has one KeyboardInterrupt, the shell sees 130."""
    (tmp_path / "program.py").write_text(
        "import time\ntry:\n    print('rea' + 'dy', flush=True)\n    time.sleep(60)\nexcept KeyboardInterrupt:\n"
        "    print('once', flush=True)\n    time.sleep(0.3)\n    raise\n"
    )
    with in_terminal(*RUN, "program.py", cwd=tmp_path) as run:
        run.expect("ready")
        run.type("\x03")
        assert run.wait() == -signal.SIGINT
        assert run.count("once") == 1
        assert run.count("Traceback") == 1


def test_the_terminal_of_a_killed_program_is_put_right(tmp_path):
    """A program that is killed in raw mode leaves a terminal that echoes."""
    import termios

    (tmp_path / "program.py").write_text(
        "import os, signal, tty\ntty.setraw(0)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with in_terminal(*RUN, "program.py", cwd=tmp_path) as run:
        before = termios.tcgetattr(run.keyboard)
        assert run.wait() == -signal.SIGKILL
        assert termios.tcgetattr(run.keyboard) == before


def test_a_crash_waits_in_the_child(tmp_path):
    """The next good save starts a crashed program, below the same parent."""
    program = tmp_path / "program.py"
    program.write_text("import os\nprint('parent', os.getppid(), flush=True)\n1 / 0\n")
    with started(*RUN, "program.py", cwd=tmp_path) as run:
        run.expect("hotswap: the program crashed; save program.py")
        save(program, "import os, sys\nprint('parent', os.getppid())\nsys.exit(6)\n")
        assert run.wait() == 6
        assert re.findall(r"parent (\d+)", run.text) == [str(run.pid)] * 2


def test_input_on_a_terminal_goes_to_one_program(tmp_path):
    """After a restart out of `input()` the line that is typed goes to the successor, whole."""
    (tmp_path / "program.py").write_text(
        "import threading, hotswap\nn = hotswap.keep('n', list)\nn.append(1)\n"
        "if len(n) == 1:\n    threading.Timer(0.3, hotswap.restart).start()\nprint('got', input(f'prompt {len(n)}: '))\n"
    )
    with in_terminal(*RUN, "program.py", cwd=tmp_path) as run:
        run.expect("prompt 2: ")
        run.type("hello there\n")
        assert run.wait() == 0
        run.expect("got hello there")


def test_descriptors_of_the_shell_reach_the_program(tmp_path):
    """A descriptor that was handed to the command (make's, systemd's) is there in each child, and nothing of hotswap's is."""
    reader, writer = os.pipe()
    (tmp_path / "program.py").write_text(
        f"import hotswap, os\nn = hotswap.keep('n', list)\nn.append(1)\nos.write({writer}, b'here ')\n"
        "print([k for k in os.environ if 'HOTSWAP' in k])\n"
        "if len(n) < 3:\n    hotswap.restart()\n"
    )
    with started(*RUN, "program.py", cwd=tmp_path, pass_fds=[writer]) as run:
        os.close(writer)
        assert run.wait() == 0, run.text
        assert run.count(r"\[\]") == 3
    with open(reader) as file:
        assert file.read() == "here here here "


def test_the_environment_can_ask_for_it(tmp_path):
    """HOTSWAP_STRATEGY is the default of the option; a wrong one is told."""
    (tmp_path / "program.py").write_text("import os\nprint('parent', os.getppid())\n")
    with started(
        "-m", "hotswap", "run", "program.py", cwd=tmp_path, env=environment(HOTSWAP_STRATEGY="supervise")
    ) as run:
        assert run.wait() == 0
        run.expect(f"parent {run.pid}")
    with started("-m", "hotswap", "run", "program.py", cwd=tmp_path, env=environment(HOTSWAP_STRATEGY="both")) as run:
        assert run.wait() == 2
        run.expect("HOTSWAP_STRATEGY=both is not one of auto, exec, supervise")


def test_under_a_debugger_it_is_the_default(tmp_path):
    """With an editor's debugger loaded the process is not replaced: `hotswap run` supervises, `watch()` alone refuses and says why."""
    (tmp_path / "pydevd.py").write_text("def get_global_debugger():\n    return 'attached'\n")
    (tmp_path / "program.py").write_text("import os\nprint('parent', os.getppid())\n")
    (tmp_path / "debugged.py").write_text(
        "import sys\nsys.argv.pop(0)\nimport pydevd, runpy\nif sys.argv[0] == '-m':\n    del sys.argv[0]\n"
        "    runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)\n"
    )
    with started("debugged.py", *RUN[:3], "program.py", cwd=tmp_path) as run:
        assert run.wait() == 0, run.text
        run.expect(f"parent {run.pid}")
    (tmp_path / "program.py").write_text(
        "import pydevd, hotswap\ntry:\n    hotswap.restart()\nexcept hotswap.RestartRefused as e:\n    print(e)\n"
    )
    with started("program.py", cwd=tmp_path) as run:
        assert run.wait() == 0
        run.expect("not restarted: under a debugger a process cannot be replaced; start the program with `hotswap run`")
