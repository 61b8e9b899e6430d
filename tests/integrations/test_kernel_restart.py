"""`%hotswap restart` in real kernels: the same process id and connection file, answers to all, the names that pickle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest

pytest.importorskip("ipykernel")
from tests.integrations.kernels import PATIENCE, Kernel, environment, kernel_in

LIB = "SPEED = 1\n\n\nclass Thing:\n    __slots__ = ('a',)\n\n    def __init__(self):\n        self.a = 5\n"
WIDER = LIB.replace("('a',)", "('a', 'b')").replace("SPEED = 1", "SPEED = 2")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One kernel that is restarted by all of these tests."""
    folder = tmp_path_factory.mktemp("restarts")
    (folder / "lib.py").write_text(LIB)
    with kernel_in(folder) as kernel:
        kernel.run("%load_ext hotswap\nimport os, lib\nfrom lib import SPEED")
        yield kernel


@pytest.fixture
def kernel(shared):
    """The kernel, once its session has what each test needs."""
    shared.save("lib.py", LIB)
    shared.run("%hotswap on", "pass")
    return shared


def test_the_asking_cell_gets_its_answers_and_the_session_goes_on(kernel):
    """Reply and idle status; then the same process with the same names, from the new sources."""
    connection = (kernel.folder / "private" / "kernel.json").read_bytes()
    kernel.run("thing = lib.Thing()\nnumbers = [1]\nboth = {'numbers': numbers}")
    kernel.save("lib.py", WIDER)
    assert "needs a restart" in kernel.run("pass").notices[0]
    asking = kernel.run("%hotswap restart")
    assert (asking.status, asking.error) == ("ok", None)
    after = kernel.run("os.getpid(), thing.a, thing.__slots__, both['numbers'] is numbers, SPEED")
    assert after.value == f"({kernel.pid}, 5, ('a', 'b'), True, 2)"
    assert after.number == asking.number + 1
    assert (kernel.folder / "private" / "kernel.json").read_bytes() == connection
    assert kernel.manager.is_alive()


def test_what_does_not_come_back_is_named_before(kernel):
    """With the reason, and the cell that defines it; afterwards it is told how many came back."""
    number = kernel.run("import threading\nlock = threading.Lock()\ndef own(): pass\nmine = [own]").number
    told = kernel.run("%hotswap restart").notices[0].splitlines()
    assert told[0].startswith("hotswap: restarting; ")
    assert told[1:] == [
        "not coming back:",
        "  lock: lock: cannot pickle '_thread.lock' object",
        f"  own: defined in the session, In [{number}]",
        "  mine: list: own is defined in the session",
    ]
    after = kernel.run("sorted({'lock', 'own', 'mine', 'threading'} & globals().keys())")
    assert (after.value, after.notices[0].startswith("hotswap: restarted; ")) == ("['threading']", True)


def test_what_cannot_be_made_again_is_named_after(kernel):
    """Its class has left the sources meanwhile."""
    kernel.save("gone.py", "class Gone:\n    pass\n")
    kernel.run("import sys; sys.path.insert(0, os.getcwd())\nimport gone\nold = gone.Gone()\nfine = 1")
    kernel.save("gone.py", "pass\n")
    kernel.run("%hotswap off", "%hotswap restart")
    after = kernel.run("fine, 'old' in globals()")
    assert after.value == "(1, False)"
    assert "  old: AttributeError: " in after.notices[0]


def test_the_session_keeps_its_surroundings(kernel):
    """The folder, the path, the variables, the settings of hotswap, the inputs; `%who` lists what came back."""
    (kernel.folder / "elsewhere").mkdir(exist_ok=True)
    kernel.run("os.chdir('elsewhere')\nsys.path.append('/somewhere')\nos.environ['COLOUR'] = 'red'\nvisible = 1")
    kernel.run("%hotswap verbose", "%hotswap exclude gone", "%hotswap restart")
    after = kernel.run("os.path.basename(os.getcwd()), sys.path[-1], os.environ['COLOUR'], 'restart' in In[-2]")
    assert after.value == "('elsewhere', '/somewhere', 'red', True)"
    state = kernel.run("%hotswap").printed
    assert "  excluded: gone\n" in state
    assert "messages: verbose" in state
    assert "visible" in kernel.run("%who").printed.split()
    kernel.run("os.chdir('..')", "%hotswap include gone", "%hotswap normal")


def test_run_all_goes_on_behind_a_restart(kernel):
    """Front ends send all cells at once: those behind the restart are run by the new process, in order."""
    cells = ["a = [1]", "a.append(2)", "%hotswap restart", "a.append(3)", "a.append(4); a", "os.getpid()"]
    ended = kernel.collect(*[kernel.send(cell) for cell in cells])
    assert [cell.status for cell in ended] == ["ok"] * 6
    assert (ended[4].value, ended[5].value) == ("[1, 2, 3, 4]", str(kernel.pid))
    assert [cell.number for cell in ended] == list(range(ended[0].number, ended[0].number + 6))


def test_requests_sent_at_any_moment_are_answered(kernel):
    """While the old process goes down and the new one comes up."""
    requests = [kernel.send("count = 0"), kernel.send("%hotswap restart")]
    for _ in range(100):
        requests.append(kernel.send("count += 1"))
        threading.Event().wait(0.01)  # over a second, which is how long a restart takes
    assert {cell.status for cell in kernel.collect(*requests)} == {"ok"}
    assert kernel.run("count").value == "100"


def test_an_edit_and_an_interrupt_work_behind_a_restart(kernel):
    """The extension is loaded again by itself, and the stop button is the stop button."""
    kernel.run("%hotswap restart", "pass")
    kernel.save("lib.py", LIB.replace("SPEED = 1", "SPEED = 7"))
    assert kernel.run("lib.SPEED, SPEED").value == "(7, 7)"
    request = kernel.send("open('running', 'w').close()\nimport time\ntime.sleep(60)")
    while not (kernel.folder / "running").exists():
        threading.Event().wait(0.01)
    kernel.interrupt()
    assert kernel.collect(request)[0].error == "KeyboardInterrupt"


def test_nothing_is_lost_or_leaked_over_many_restarts(kernel):
    """Descriptors, threads and options of the process stay what they were; so do the names."""
    look = "len(os.listdir('/proc/self/task')), sys.orig_argv, kept"
    kernel.run("import sys\nkept = list(range(1000))")
    kernel.run("%hotswap restart", "pass")  # from here on with the option that loads the extension
    seen = [kernel.run(look).value]
    descriptors = [kernel.run("len(os.listdir('/proc/self/fd'))").value]
    for _ in range(3):
        seen.append(kernel.run("%hotswap restart", look).value)
        descriptors.append(kernel.run("len(os.listdir('/proc/self/fd'))").value)
    assert set(seen) == {seen[0]}
    assert seen[0].count("--ext=hotswap") == 1
    assert max(map(int, descriptors)) - min(map(int, descriptors)) <= 3  # connections that are being made anew


def test_the_python_call_does_the_same(kernel):
    """`hotswap.restart()` in a cell waits for the cell's answers too."""
    kernel.run("import hotswap\nhotswap.watch()\nhotswap.watch()")
    asking = kernel.run("hotswap.restart('because')\nlater = 1")
    after = kernel.run("later, os.getpid()")
    assert (asking.status, after.value) == ("ok", f"(1, {kernel.pid})")


def test_a_restart_that_would_fail_is_refused(kernel):
    """A source that does not compile: the session is whole, the reason told."""
    kernel.save("lib.py", "x = (\n")
    kernel.run("pass")
    ran = kernel.run("%hotswap restart")
    assert ran.printed.startswith("not restarted: ")
    assert kernel.run("SPEED").status == "ok"


def test_two_kernels_restart_at_once(tmp_path):
    """Each comes back on its own connection, with its own names."""
    with ExitStack() as stack:
        kernels: list[Kernel] = []
        for name in "ab":
            (tmp_path / name).mkdir()
            kernels.append(stack.enter_context(kernel_in(tmp_path / name)))
            kernels[-1].run(f"%load_ext hotswap\nname = {name!r}")
        for kernel, request in [(kernel, kernel.send("%hotswap restart")) for kernel in kernels]:
            kernel.collect(request)
        assert [kernel.run("name").value for kernel in kernels] == ["'a'", "'b'"]


def test_a_kernel_without_a_server_keeps_its_connection_file(tmp_path):
    """`ipython kernel` makes the file itself, and removes it at its end; not when it restarts."""
    from jupyter_client.blocking import BlockingKernelClient

    env = environment(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "ipykernel"], cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        path = tmp_path / "private" / "jupyter_runtime_dir" / f"kernel-{process.pid}.json"
        while not path.exists() or not path.read_text().endswith("}"):
            assert process.poll() is None
        client = BlockingKernelClient(connection_file=str(path))
        client.load_connection_file()
        client.start_channels()
        client.wait_for_ready(timeout=PATIENCE)
        kernel = Kernel(tmp_path, None, client)
        kernel.run("%load_ext hotswap\nimport os\nkept = 1", "%hotswap restart")
        assert kernel.run("kept, os.getpid()").value == f"(1, {process.pid})"
        assert json.loads(path.read_text())["shell_port"] == client.shell_port
        client.shutdown(reply=True, timeout=PATIENCE)
        process.wait(PATIENCE)
        assert not path.exists()
        client.stop_channels()
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
