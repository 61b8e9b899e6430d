"""Children never watch by accident; each may ask for its own watcher, and leaves its parent's alone."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from textwrap import dedent

import pytest

from tests.process.running import Process, save, started

MOD = "X = 1\n"

# What each child shows of itself.
SHOW = r"""
import os, sys, threading, time
from contextlib import suppress
import hotswap

def show(who):
    queues = 0
    for fd in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            queues += "inotify" in os.readlink(f"/proc/self/fd/{fd}")
    threads = sum(thread.name == "hotswap-watch" for thread in threading.enumerate())
    say(f"{who}: {threads} threads, {queues} queues")

def until(who, condition):
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    say(f"{who}: {'live' if condition() else 'old'}")

def say(line):
    os.write(1, f"{line}\n".encode())  # in one piece: parent and child write at the same time
"""


def run(folder: Path, text: str, *words: str) -> AbstractContextManager[Process]:
    (folder / "mod.py").write_text(MOD)
    (folder / "show.py").write_text(SHOW)
    (folder / "main.py").write_text(dedent(text))
    return started("-W", "ignore::DeprecationWarning", *words, "main.py", cwd=folder)


def test_a_forked_child_does_not_watch(tmp_path: Path) -> None:
    """It has neither a thread nor a descriptor of it; its parent goes on; `sync()` works in both."""
    text = """
    import os, mod, hotswap
    from show import show, until
    reloader = hotswap.watch()
    child = os.fork()
    if child == 0:
        show("child")
        print("child watching", reloader.watching, bool(reloader.status().why_not), flush=True)
        until("saved", lambda: "X = 2" in open("mod.py").read())
        print("child", hotswap.sync().kind, mod.X, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    show("parent")
    until("parent", lambda: mod.X == 2)
    """
    with run(tmp_path, text) as process:
        process.expect("child watching")
        save(tmp_path / "mod.py", "X = 2\n")
        process.wait()
    assert process.text.splitlines() == [
        "child: 0 threads, 0 queues", "child watching False True", "saved: live", "child swapped 2",
        "parent: 1 threads, 1 queues", "parent: live",
    ]  # fmt: skip


@pytest.mark.parametrize("ask", ["reloader.start()", "hotswap.watch()"])
def test_a_forked_child_may_watch(tmp_path: Path, ask: str) -> None:
    """It asks, and has a watcher of its own; what was saved between the fork and that is not lost, in parent and child."""
    text = f"""
    import os, mod, hotswap
    from show import say, show, until
    reloader = hotswap.watch()
    child = os.fork()
    if child == 0:
        until("first", lambda: "X = 2" in open("mod.py").read())
        {ask}
        show("child")
        until("child", lambda: mod.X == 2)
        until("child again", lambda: mod.X == 3)
        os._exit(0)
    say("ready")
    until("parent", lambda: mod.X == 3)
    os.waitpid(child, 0)
    """
    with run(tmp_path, text) as process:
        process.expect("ready")
        save(tmp_path / "mod.py", "X = 2\n")
        process.expect("child: live")
        save(tmp_path / "mod.py", "X = 3\n")
        process.wait()
    assert sorted(process.text.split("\n")) == [
        "", "child again: live", "child: 1 threads, 1 queues", "child: live", "first: live", "parent: live", "ready",
    ]  # fmt: skip


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_a_child_of_multiprocessing_does_not_watch_by_accident(tmp_path: Path, method: str) -> None:
    """`hotswap.watch()` at the top of the script is run again by spawn and forkserver, and watches nothing there."""
    text = f"""
    import multiprocessing, mod, hotswap
    from show import show
    reloader = hotswap.watch()
    def work():
        show("child")
        print("child", reloader.watching, hotswap.poll(), bool(hotswap.sync()), flush=True)
    if __name__ == "__main__":
        child = multiprocessing.get_context("{method}").Process(target=work)
        child.start()
        child.join()
        show("parent")
    """
    with run(tmp_path, text) as process:
        process.wait()
    assert process.text == "child: 0 threads, 0 queues\nchild False None True\nparent: 1 threads, 1 queues\n"


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_a_child_of_multiprocessing_may_watch(tmp_path: Path, method: str) -> None:
    """`hotswap.watch()` in the function that the child runs watches in the child."""
    text = f"""
    import multiprocessing, mod, hotswap
    from show import show, until
    hotswap.watch()
    def work():
        hotswap.watch()
        show("child")
        until("child", lambda: mod.X == 2)
    if __name__ == "__main__":
        child = multiprocessing.get_context("{method}").Process(target=work)
        child.start()
        until("parent", lambda: mod.X == 2)
        child.join()
    """
    with run(tmp_path, text) as process:
        process.expect("child: 1 threads, 1 queues")
        save(tmp_path / "mod.py", "X = 2\n")
        process.wait()
    assert sorted(process.text.split("\n")) == ["", "child: 1 threads, 1 queues", "child: live", "parent: live"]


def test_a_subprocess_has_a_watcher_only_if_it_asks(tmp_path: Path) -> None:
    """Nothing of the parent's is inherited; another program that calls `watch()` has its own."""
    text = """
    import subprocess, sys, mod, hotswap
    from show import show
    hotswap.watch()
    code = "from show import show; show('plain'); import hotswap; hotswap.watch(); show('asking')"
    subprocess.run([sys.executable, "-c", code], close_fds=False, check=True)
    """
    with run(tmp_path, text) as process:
        process.wait()
    assert process.text == "plain: 0 threads, 0 queues\nasking: 1 threads, 1 queues\n"


def test_no_descriptor_outlives_an_exec(tmp_path: Path) -> None:
    """A program that replaces itself again and again has one queue each time: 128 is all that a user may have."""
    text = """
    import os, sys, mod, hotswap
    from show import show
    hotswap.watch()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    if count < 5:
        os.execv(sys.executable, [sys.executable, "main.py", str(count + 1)])
    show("at last")
    """
    with run(tmp_path, text) as process:
        process.wait()
    assert process.text == "at last: 1 threads, 1 queues\n"


def test_a_fork_in_the_middle_of_a_round_has_a_whole_program(tmp_path: Path) -> None:
    """A fork waits for the round that another thread is in: the child has its lock free, and all of the round."""
    text = """
    import os, sys, threading, types, hotswap
    sys.modules["gate"] = gate = types.ModuleType("gate")
    gate.entered, gate.go_on = threading.Event(), threading.Event()
    gate.wait = lambda: (gate.entered.set(), gate.go_on.wait(10))
    import mod
    reloader = hotswap.watch(apply="thread")
    open("mod.py", "w").write("import gate\\nX = 2\\ngate.wait()\\nY = 2\\n")
    gate.entered.wait(10)
    threading.Timer(0.2, gate.go_on.set).start()
    child = os.fork()
    if child == 0:
        print("child", mod.X, mod.Y, reloader.sync().kind, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    """
    with run(tmp_path, text) as process:
        process.wait()
    assert process.text == "child 2 2 unchanged\n"


def test_a_second_call_returns_the_reloader_that_is_there(tmp_path: Path) -> None:
    """Under `hotswap run` a program's own `watch()` is the same reloader: no save is applied twice."""
    text = """
    import hotswap, mod
    from show import show, until
    told, runs = [], []
    reloader = hotswap.watch(report=told.append)
    show("program")
    until("program", lambda: told)
    print(len(told), len(reloader.history), runs, flush=True)
    """
    with run(tmp_path, text, "-m", "hotswap", "run", "--quiet") as process:
        process.expect("program: 1 threads, 1 queues")
        save(tmp_path / "mod.py", "import __main__\nX = 1\n__main__.runs.append(X)\n")
        process.wait()
    assert process.text == "program: 1 threads, 1 queues\nprogram: live\n1 1 [1]\n"


def test_a_part_of_what_is_watched_is_refused(tmp_path: Path) -> None:
    """A second reloader that would apply some of the same saves is not begun; the error says what to do."""
    text = """
    import hotswap
    with hotswap.watch("mod.py"):
        try:
            hotswap.watch()
        except hotswap.UsageError as error:
            print(error)
    """
    with run(tmp_path, text) as process:
        process.wait()
    assert process.text == f"{tmp_path / 'mod.py'} is being watched already; stop() that reloader first\n"
