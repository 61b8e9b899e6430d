"""`hotswap.run_with_reloader(main)`: Django's function of that name, for any program, with edits swapped in place."""

from __future__ import annotations

import os
import re
import signal

import pytest

from tests.process.running import environment, in_terminal, save, started

MODULE = """\
WORD = "one"


def word():
    return WORD
"""
LOOP = """\
import os, sys, threading, time
import hotswap
import module

generation = hotswap.keep("generation", lambda: [0])


def main(*words, **options):
    generation[0] += 1
    print("started", generation[0], os.getpid(), words, options, threading.current_thread().name, flush=True)
    last = None
    try:
        while not os.path.exists("stop"):
            time.sleep(0.01)
            if module.word() != last:
                last = module.word()
                print("word", last, flush=True)
    finally:
        print("left", flush=True)


if __name__ == "__main__":
    hotswap.run_with_reloader(main, "a", "b", option=1)
    print("not reached")
"""


@pytest.fixture
def program(tmp_path):
    (tmp_path / "module.py").write_text(MODULE)
    (tmp_path / "program.py").write_text(LOOP)
    return tmp_path


@pytest.mark.parametrize("runner", [(), ("-m", "hotswap", "run")], ids=["python", "run"])
def test_edits_are_swapped_and_only_what_cannot_be_is_restarted(program, runner):
    """Main runs once in a thread of its own with its arguments; an edit of a module is live; one of the script restarts."""
    with started(*runner, "program.py", cwd=program) as run:
        run.expect(rf"started 1 {run.pid} \('a', 'b'\) \{{'option': 1\}} hotswap-main")
        run.expect("word one")
        save(program / "module.py", MODULE.replace("one", "two"))
        run.expect("word two")
        run.expect("hotswap: swapped")
        save(program / "program.py", LOOP.replace('"a", "b"', '"c"'))
        run.expect(rf"started 2 {run.pid} \('c',\)")
        run.expect("left")
        run.expect("word two", since=run.text.index("started 2"))
        run.interrupt()
        assert run.wait() == 130
        assert run.count("left") == 2
        assert run.count("Traceback") == run.count("not reached") == 0


ENDS = {
    "sigterm": (None, signal.SIGTERM, 0),
    "interrupt": (None, signal.SIGINT, 130),
    "exit in main": ("sys.exit(7)", None, 7),
    "exit in main with a text": ("sys.exit('no luck')", None, 1),
    "interrupt handled by main": (
        "try:\n        while print('ready', flush=True) is None:\n            time.sleep(0.01)\n    except KeyboardInterrupt:\n        sys.exit(9)",
        signal.SIGINT, 9,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "number", "status"), ENDS.values(), ids=ENDS)
def test_how_it_ends(tmp_path, source, number, status):
    """SIGTERM 0, Ctrl-C 130, `sys.exit` its own status; exit handlers run, and there is no traceback."""
    source = source or "print('ready', flush=True)\n    time.sleep(60)"
    (tmp_path / "program.py").write_text(
        f"import atexit, hotswap, sys, time\natexit.register(print, 'exit handler')\n\n\ndef main():\n    {source}\n\n\n"
        "hotswap.run_with_reloader(main)\n"
    )
    with started("program.py", cwd=tmp_path) as run:
        if number:
            run.expect("ready")
            os.kill(run.pid, number)
        assert run.wait() == status, run.text
        assert run.count("exit handler") == 1
        assert run.count("Traceback") == 0


def test_errors_at_the_start_are_shown_and_their_files_watched(program):
    """Main raises over a broken module: the traceback, without hotswap's frames; correcting the module starts it again."""
    (program / "broken.py").write_text("x = (\n")
    (program / "program.py").write_text(LOOP.replace("    last = None\n", "    last = None\n    import broken\n"))
    with started("program.py", cwd=program) as run:
        run.expect("SyntaxError: '\\(' was never closed")
        run.expect(r"hotswap: the program crashed; save broken\.py and \d+ more to start it again, Ctrl-C to leave")
        assert "hotswap/" not in run.text
        save(program / "broken.py", "x = 1\n")
        run.expect(f"started 2 {run.pid}")
        run.expect("word one")


def test_held_errors_are_raised_by_main(program):
    """`check_errors` holds what a set-up function raises; `raise_last_exception` shows it, with its cause and attributes."""
    (program / "settings.py").write_text("VALUE = 1 / 0\n")
    (program / "program.py").write_text(
        "from hotswap import autoreload\n\n\n@autoreload.check_errors\ndef setup():\n    try:\n        import settings\n"
        "    except ZeroDivisionError as error:\n        raise OSError(2, 'wrong settings') from error\n    return settings.VALUE\n\n\n"
        "try:\n    print('set up', setup())\nexcept Exception:\n    print('held')\n\n\n"
        "def main():\n    autoreload.raise_last_exception()\n    print('main runs', flush=True)\n    raise SystemExit\n\n\n"
        "autoreload.run_with_reloader(main)\n"
    )
    with started("program.py", cwd=program) as run:
        run.expect("held")
        run.expect("FileNotFoundError: .Errno 2. wrong settings")
        run.expect("settings.py.*\n.*\n.*\nZeroDivisionError|ZeroDivisionError")
        run.expect("the program crashed; save program.py")
        save(program / "settings.py", "VALUE = 5\n")
        assert run.wait() == 0
        run.expect("set up 5")
        run.expect("main runs")


def test_a_main_that_returns_runs_again_with_the_next_save(program):
    """As under Django: the reloader stays, and a save starts the program again."""
    (program / "program.py").write_text(LOOP.replace("        while", "        while False and"))
    with started("program.py", cwd=program) as run:
        run.expect("the program has finished; save a file to start it again, Ctrl-C to leave")
        save(program / "module.py", MODULE.replace("one", "two"))
        run.expect(f"started 2 {run.pid}")
        run.expect("(?s)the program has finished.*the program has finished")
        run.interrupt()
        assert run.wait() == 130


def test_children_run_nothing_twice(tmp_path):
    """A spawned child that imports the script again does not run main again; one that calls it as its work runs it plainly."""
    (tmp_path / "program.py").write_text(
        "import multiprocessing, os, sys, threading\nimport hotswap\n\n\n"
        "def work():\n    print('work', hotswap._default, threading.active_count(), flush=True)\n\n\n"
        "def as_work():\n    hotswap.run_with_reloader(work)\n\n\n"
        "def main():\n    print('main', flush=True)\n    spawn = multiprocessing.get_context('spawn')\n"
        "    for target in (work, as_work):\n        child = spawn.Process(target=target)\n        child.start()\n        child.join()\n"
        "        print('status', child.exitcode, flush=True)\n"
        "    if not os.fork():\n        hotswap.run_with_reloader(work)\n        os._exit(0)\n    os.wait()\n    sys.exit()\n\n\n"
        "hotswap.run_with_reloader(main)\n"
    )
    with started("-W", "ignore", "program.py", cwd=tmp_path) as run:
        assert run.wait() == 0, run.text
        assert run.count(r"^main|\nmain") == 1, run.text
        assert run.count("work None 1") == 2, run.text
        assert run.count("work <") == 1
        assert run.count("status 0") == 2


def test_echo_is_switched_on(program):
    """A terminal that something left without echo has it when main runs."""
    import termios

    (program / "program.py").write_text(
        "import hotswap, sys, termios\n\n\ndef main():\n    print('echo', termios.tcgetattr(0)[3] & termios.ECHO)\n    sys.exit()\n\n\n"
        "mode = termios.tcgetattr(0)\nmode[3] &= ~termios.ECHO\ntermios.tcsetattr(0, termios.TCSANOW, mode)\n"
        "hotswap.run_with_reloader(main)\n"
    )
    with in_terminal("program.py", cwd=program) as run:
        assert run.wait() == 0
        run.expect(f"echo {termios.ECHO}")


def test_a_handler_can_deal_with_a_file(program):
    """`file_changed`: a file that it says it has handled is neither swapped nor restarted for; its next save counts anew."""
    source = LOOP.replace(
        "def main",
        "@hotswap.file_changed\ndef broken(path):\n    1 / 0\n\n\n@hotswap.file_changed\ndef changed(path):\n    text = path.read_text()\n    print('changed', path.name, flush=True)\n    return 'handled' in text\n\n\ndef main",
    )
    (program / "program.py").write_text(source)
    with started("program.py", cwd=program) as run:
        run.expect("word one")
        save(program / "module.py", MODULE.replace("one", "handled"))
        run.expect("changed module.py")
        save(program / "module.py", MODULE.replace("one", "three"))
        run.expect("word three")
        assert run.count("changed module.py") == 2
        assert run.count("word handled") == 0
        run.expect("(?s)(file_changed: broken raised ZeroDivisionError.*){2}")
        save(program / "program.py", source.replace('"a", "b"', '"handled"'))
        run.expect("changed program.py")
        save(program / "module.py", MODULE.replace("one", "four"))
        run.expect("word four")
        assert run.count("started") == 1


def test_switched_off_main_runs_here(program):
    """Under HOTSWAP=0 main runs on the main thread, once, and nothing is watched."""
    (program / "stop").touch()
    with started("program.py", cwd=program, env=environment(HOTSWAP="0")) as run:
        assert run.wait() == 0
        run.expect(r"started 1 \d+ \('a', 'b'\) \{'option': 1\} MainThread")
        run.expect("not reached")


def test_it_can_be_supervised(program):
    """HOTSWAP_STRATEGY=supervise: the parent starts main's process again, and passes its status on."""
    with started("program.py", cwd=program, env=environment(HOTSWAP_STRATEGY="supervise")) as run:
        run.expect("started 1")
        save(program / "program.py", LOOP.replace('"a", "b"', '"c"'))
        run.expect(r"started 2 \d+ \('c',\)")
        assert str(run.pid) not in re.findall(r"started \d (\d+)", run.text)
        run.process.terminate()
        assert run.wait() == 0


def test_only_the_main_thread_may_call_it(program):
    """On another thread it says so, and runs nothing."""
    (program / "program.py").write_text(
        "import hotswap, threading\n\n\ndef call():\n    try:\n        hotswap.run_with_reloader(print, 'main')\n    except hotswap.UsageError as error:\n        print(error)\n\n\n"
        "thread = threading.Thread(target=call)\nthread.start()\nthread.join()\n"
    )
    with started("program.py", cwd=program) as run:
        assert run.wait() == 0
        assert (
            run.text
            == "run_with_reloader() has to be called on the main thread, which takes signals and the keyboard\n"
        )
