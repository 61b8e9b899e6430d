"""Every way to start Python is repeated by a restart, at a prompt too; terminals and signals are as they were."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import sysconfig
import zipfile

import pytest

from tests.process.running import PATIENCE, environment, in_terminal, started

PROGRAM = """\
import os, sys
import hotswap
from hotswap.restart import remember_start, restart

remember_start()
count = hotswap.keep("count", lambda: [0])
count[0] += 1
print("facts", os.getpid(), __name__, sys.argv, sys.orig_argv[1:], sys.flags[:], sys.prefix, sys.path[0], sys.warnoptions, "end", flush=True)


def main():
    os.chdir("/")
    if count[0] < 3:
        restart("the test asks for it")


if __name__ == "__main__":
    main()
"""


def assert_repeated(run):
    assert run.wait() == 0, run.text
    facts = re.findall(r"facts .* end", run.text)
    assert facts == [facts[0]] * 3
    assert facts[0].startswith(f"facts {run.pid} ")


@pytest.fixture
def package(tmp_path):
    """`package/__main__.py`, an archive of the same, and a script."""
    (tmp_path / "package").mkdir()
    for name in ("package/__init__.py", "package/__main__.py", "program.py"):
        (tmp_path / name).write_text("" if "init" in name else PROGRAM)
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("__main__.py", PROGRAM)
    return tmp_path


LAUNCHES = {
    "package": ("-m", "package", "x"),
    "archive": ("archive.zip", "x"),
    "unbuffered, no user site, safe path": ("-u", "-s", "-P", "program.py"),
    "utf-8, import time, optimized twice": ("-X", "utf8", "-X", "importtime", "-OO", "program.py"),
    "warnings": ("-W", "error::DeprecationWarning", "-Wignore::ImportWarning", "-b", "program.py", "-W"),
    "archive under hotswap": ("-m", "hotswap", "run", "--quiet", "archive.zip", "x"),
    "package under hotswap": ("-b", "-m", "hotswap", "run", "--quiet", "-m", "package", "-x"),
}


@pytest.mark.parametrize("words", LAUNCHES.values(), ids=LAUNCHES)
def test_the_launch_is_repeated(package, words):
    """Process id, arguments, flags, prefix and path of each generation are those of the first."""
    with started(*words, cwd=package) as run:
        assert_repeated(run)


def test_an_isolated_interpreter_is_repeated(package):
    """`python -I` ignores PYTHONPATH, in every generation."""
    program = f"import sys\nsys.path[:0] = {[p for p in (environment()['PYTHONPATH'], *sys.path) if p]}\n" + PROGRAM
    (package / "program.py").write_text(program)
    with started("-I", "program.py", cwd=package) as run:
        assert_repeated(run)


def test_a_console_script_is_repeated(package):
    """A script with a `#!` line, found along PATH, as pip makes them: what is run again is that script."""
    script = package / "bin" / "tool"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\n" + PROGRAM)
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    env = environment(PATH=f"{script.parent}:{os.environ['PATH']}")
    process = subprocess.run(
        ["tool", "x"], cwd=package, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    facts = re.findall(r"facts .*", process.stdout)
    assert facts == [facts[0]] * 3, process.stderr
    assert str(script) in facts[0]


def test_a_virtual_environment_is_repeated(package):
    """An interpreter reached through the link of a virtual environment finds that environment again."""
    bin_ = package / "venv" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "python").symlink_to(os.path.realpath(sys.executable))
    (package / "venv" / "pyvenv.cfg").write_text(f"home = {sysconfig.get_config_var('BINDIR')}\n")
    env = environment(PYTHONPATH=os.pathsep.join([environment()["PYTHONPATH"], *sys.path]))
    process = subprocess.run(
        ["venv/bin/python", "program.py"],
        cwd=package,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    facts = re.findall(r"facts .*", process.stdout)
    assert facts == [facts[0]] * 3, process.stderr
    assert f" {package / 'venv'} " in facts[0]


def test_a_missing_interpreter_leaves_the_session_alive(package):
    """An interpreter that was deleted meanwhile (a rebuilt environment) is named, and the program goes on."""
    bin_ = package / "bin"
    bin_.mkdir()
    (bin_ / "python").symlink_to(os.path.realpath(sys.executable))
    (package / "program.py").write_text(
        f"import os\nos.remove({str(bin_ / 'python')!r})\n{PROGRAM}".replace(
            "    main()\n",
            "    try:\n        main()\n    except hotswap.RestartRefused as refused:\n        print(refused, 'and alive')\n",
        )
    )
    env = environment(PYTHONPATH=os.pathsep.join([environment()["PYTHONPATH"], *sys.path]))
    done = subprocess.run(
        [bin_ / "python", "program.py"],
        cwd=package,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert re.search(
        "not restarted: the interpreter .* cannot be executed any more; put it back and alive", done.stdout
    ), done


# ---- prompts

ECHO_AND_LINES = 10


def at_prompt(run, text, answer, *, since):
    """Type a line at the prompt and wait for the answer; returns how far the output goes."""
    run.expect(">>> ", since=since)
    here = len(run.text)
    run.type(text + "\n")
    run.expect(answer, since=here)
    return here + run.expect(answer, since=here).end()


@pytest.mark.parametrize("from_thread", [False, True], ids=["typed", "while at the prompt"])
def test_a_prompt_is_left_with_a_sane_terminal(tmp_path, from_thread):
    """A restart typed at Python's prompt, or while it waits there in raw mode: the next prompt works, and so does the shell."""
    import termios

    (tmp_path / "startup.py").write_text(
        "import hotswap, termios\nn = hotswap.keep('n', list)\nn.append(1)\nprint('start' + 'up', len(n))\n"
    )
    env = environment(
        TERM="xterm",
        PYTHONSTARTUP=str(tmp_path / "startup.py"),
        HOME=str(tmp_path),
        PYTHON_HISTORY=str(tmp_path / "history"),
    )
    with in_terminal("-q", cwd=tmp_path, env=env) as run:
        before = termios.tcgetattr(run.keyboard)
        here = run.expect("startup 1").end()
        here = at_prompt(run, "r = hotswap.watch(apply='manual'); print('watch' + 'ing')", "watching", since=here)
        act = (
            "import threading; t = threading.Timer(0.5, hotswap.restart); t.start()"
            if from_thread
            else "hotswap.restart()"
        )
        here = at_prompt(run, act, "startup 2", since=here)
        at_prompt(run, "print('mode', termios.tcgetattr(0)[3] & 10)", f"mode {ECHO_AND_LINES}", since=here)
        run.type("exit()\n")
        assert run.wait() == 0
        assert termios.tcgetattr(run.keyboard) == before


def test_an_interactive_script_is_repeated(tmp_path):
    """`python -i script` runs the script again and shows its prompt again."""
    (tmp_path / "program.py").write_text(
        "import hotswap\nn = hotswap.keep('n', list)\nn.append(1)\nprint('ran', len(n))\n"
    )
    with in_terminal("-q", "-i", "program.py", cwd=tmp_path, env=environment(TERM="dumb")) as run:
        here = at_prompt(run, "hotswap.restart()", "ran 2", since=run.expect("ran 1").end())
        run.expect(">>> ", since=here)
        run.type("raise SystemExit(3)\n")
        assert run.wait() == 3


def test_a_prompt_for_a_password_is_left(tmp_path):
    """A program that is called away while getpass has switched echo off: its successor's terminal echoes."""
    (tmp_path / "program.py").write_text(
        PROGRAM.replace(
            'restart("the test asks for it")',
            'import getpass, threading\n        threading.Timer(0.3, restart, [""]).start()\n        getpass.getpass()',
        )
        + "import termios\nprint('mode', termios.tcgetattr(0)[3] & 10, flush=True)\n"
    )
    with in_terminal("-m", "hotswap", "run", "--quiet", "program.py", cwd=tmp_path) as run:
        assert run.wait() == 0, run.text
        assert re.findall(r"mode (\d+)", run.text) == [str(ECHO_AND_LINES)], run.text
        assert run.text.count("Password: ") == 2


# ---- after it


def test_ctrl_c_works_afterwards(tmp_path):
    """After restarts out of a program that blocked and ignored SIGINT, Ctrl-C ends the successor."""
    (tmp_path / "program.py").write_text(
        PROGRAM.replace(
            "    os.chdir",
            "    import signal\n    if count[0] < 3:\n        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])\n        signal.signal(signal.SIGINT, signal.SIG_IGN)\n    os.chdir",
        )
        + "    print('rea' + 'dy', flush=True)\n    import time\n    time.sleep(60)\n"
    )
    with in_terminal("program.py", cwd=tmp_path) as run:
        run.expect("ready")
        run.type("\x03")
        assert run.wait() == -2, run.text
        run.expect("KeyboardInterrupt")


def test_a_plain_script_is_unwound(tmp_path):
    """Without `hotswap run` too, `finally` blocks and exit handlers of a script run once before it starts again."""
    (tmp_path / "program.py").write_text(
        PROGRAM.replace("    main()\n", "")
        + "    import atexit, threading, time\n    atexit.register(print, 'exit')\n    hotswap.watch(apply='manual')\n"
        "    threading.Thread(target=threading.Event().wait).start() if count[0] < 3 else None\n"
        "    threading.Timer(0.2, hotswap.restart).start() if count[0] < 3 else None\n"
        "    try:\n        time.sleep(60 if count[0] < 3 else 0)\n    finally:\n        print('finally')\n"
    )
    with started("program.py", cwd=tmp_path) as run:
        assert run.wait() == 0, run.text
        told = [line.split()[0] for line in run.text.splitlines() if not line.startswith("hotswap:")]
        assert told == ["facts", "finally", "exit"] * 3
        assert run.count("Exception ignored") == 0, run.text


def test_a_loop_that_polls_is_left_where_it_polls(tmp_path):
    """A program that calls `poll()` is left there and nowhere else, when another thread restarts it."""
    (tmp_path / "program.py").write_text(
        PROGRAM.replace('restart("the test asks for it")', """\
import threading, time
        hotswap.watch(apply="manual")
        hotswap.poll()  # from now on it is left here
        threading.Timer(0.2, hotswap.restart).start()
        half_done = False
        try:
            while True:
                half_done = True
                time.sleep(0.04)
                half_done = False
                hotswap.poll()
        finally:
            print("half done", half_done, flush=True)""")
    )  # fmt: skip
    with started("program.py", cwd=tmp_path) as run:
        assert_repeated(run)
        assert re.findall("half done .*", run.text) == ["half done False"] * 2


def test_work_in_progress_is_finished(tmp_path):
    """A `busy()` block of the main thread is not cut in two, nor one of another thread; one that takes too long is named."""
    (tmp_path / "program.py").write_text(
        PROGRAM.replace('restart("the test asks for it")', """\
import threading, time
        def work(seconds, what):
            with hotswap.busy(what):
                time.sleep(seconds)
                print("finished", what, flush=True)
        threading.Thread(target=work, args=(0.6, "other"), daemon=True).start()
        threading.Thread(target=work, args=(60, "endless"), daemon=True).start()
        threading.Timer(0.1, restart, [""], {"deadline": 2.4}).start()
        work(0.5, "main")
        time.sleep(60)""")
    )  # fmt: skip
    with started("-m", "hotswap", "run", "--quiet", "program.py", cwd=tmp_path) as run:
        assert_repeated(run)
        assert sorted(re.findall("finished .*", run.text)) == ["finished main"] * 2 + ["finished other"] * 2
        assert run.count("hotswap: cut off after 1.2 s: endless") == 2


def test_an_exec_that_fails_at_the_last_moment_ends_the_program(tmp_path):
    """What preflight could not foresee: exit handlers have run, so the process ends, with status 1 and the reason."""
    (tmp_path / "program.py").write_text(
        "import os\nimport hotswap\n\n\ndef execve(path, *_):\n    raise OSError(7, 'Argument list too long')\n\n\n"
        "os.execve = execve\nhotswap.restart()\n"
    )
    for runner in ((), ("-m", "hotswap", "run")):
        with started(*runner, "program.py", cwd=tmp_path) as run:
            assert run.wait() == 1
            run.expect("hotswap: Argument list too long: .*; exit handlers have run, so start the program again")
            assert run.count("Traceback") == 0


def test_a_call_into_c_is_forced_by_the_deadline(tmp_path):
    """A main thread that C code does not give back is left behind, in time, with exit handlers run and state kept."""
    (tmp_path / "program.py").write_text(
        PROGRAM.replace('restart("the test asks for it")', """\
import atexit, ctypes, threading
        atexit.register(print, "exit", flush=True)
        threading.Timer(0.2, restart, ["blocked"], {"deadline": 0.5}).start()
        libc, lock = ctypes.CDLL(None), ctypes.create_string_buffer(64)
        libc.pthread_mutex_lock(lock)
        libc.pthread_mutex_lock(lock)""")
    )  # fmt: skip
    with started("-m", "hotswap", "run", "--quiet", "program.py", cwd=tmp_path) as run:
        assert_repeated(run)
        assert run.count("the main thread did not stop within 0.5 s; restarting over it") == 2
        assert run.count("exit") == 2


def test_zombies_do_not_pile_up(tmp_path):
    """Children that outlive a restart and end later are taken note of: they do not stay as zombies."""
    (tmp_path / "program.py").write_text(
        PROGRAM.replace("count[0] < 3", "count[0] < 5").replace('restart("the test asks for it")', """\
import subprocess
        keep = subprocess.Popen([sys.executable, "-S", "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
        restart("")
    else:
        children = open(f"/proc/self/task/{os.getpid()}/children").read().split()
        print("children", len(children) <= 1, flush=True)""")
    )  # fmt: skip
    with started("-W", "ignore", "program.py", cwd=tmp_path) as run:
        assert run.wait() == 0, run.text
        run.expect("children True")
