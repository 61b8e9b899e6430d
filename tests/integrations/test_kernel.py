"""hotswap in real Jupyter kernels: what cells see, what is shown, and what goes on meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

pytest.importorskip("ipykernel")
from tests.integrations.kernels import PATIENCE, Kernel, kernel_in

LIB = "SPEED = 1\n\n\ndef where():\n    return 'old'\n"
NEW = LIB.replace("old", "new")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One kernel for all tests that leave it as it was."""
    with kernel_in(tmp_path_factory.mktemp("kernel")) as kernel:
        kernel.run("%load_ext hotswap")
        yield kernel


@pytest.fixture
def kernel(shared):
    """The kernel, with a fresh `lib` imported."""
    shared.run("import sys; sys.modules.pop('lib', None)")
    shared.save("lib.py", LIB)
    shared.run("import lib", "%hotswap on")
    return shared


def test_a_cell_sees_what_was_saved_before_it(kernel):
    """The message comes before the cell's own output, once; as HTML for notebooks, as text for terminals."""
    kernel.save("lib.py", NEW)
    cell = kernel.run("lib.where()")
    assert [kind for kind, _ in cell.outputs] == ["display_data", "execute_result"]
    assert (cell.value, cell.notices[0].startswith("hotswap: swapped 1 of ")) == ("'new'", True)
    assert "<summary" in cell.html[0]
    assert kernel.run("lib.where()").outputs == [("execute_result", {"text/plain": "'new'"})]


def test_two_hundred_rounds_of_write_and_run(kernel):
    """As programs do that write a file and run a cell at once: never a stale result."""
    results = []
    for number in range(200):
        kernel.save("lib.py", LIB.replace("old", f"{number:03}"))
        results.append(kernel.run("lib.where()").value)
    assert results == [repr(f"{number:03}") for number in range(200)]


def test_a_failure_is_shown_once_and_then_a_reminder(kernel):
    """At the user's own line; the cell runs on the old program."""
    path = kernel.save("lib.py", NEW + "oops\n")
    first, second = kernel.run("lib.where()"), kernel.run("lib.where()")
    assert (first.value, second.value) == ("'old'", "'old'")
    assert f'File "{path}", line 6, in <module>\n    oops' in first.notices[0]
    assert "importlib" not in first.notices[0]
    assert second.notices == ["hotswap: not live yet: lib.py (lib.py:6: NameError: name 'oops' is not defined)"]
    kernel.save("lib.py", LIB)
    kernel.run("pass")
    assert kernel.run("pass").outputs == []


def test_tasks_go_on_between_cells(kernel):
    """A task of the event loop lives through swaps, and calls the new code."""
    kernel.run(
        "import asyncio\nseen = []\n"
        "async def look():\n    while True:\n        seen.append(lib.where())\n        await asyncio.sleep(0.001)\n"
        "task = asyncio.create_task(look())\n"
        "await asyncio.sleep(0.1)"
    )
    kernel.save("lib.py", NEW)
    cell = kernel.run("await asyncio.sleep(0.1)\ntask.done(), sorted(set(seen))")
    assert cell.value == "(False, ['new', 'old'])"
    kernel.run("task.cancel()")


def test_an_asynchronous_cell_is_not_changed_under_way(kernel):
    """What is saved while it waits is live in the next one."""
    cell = kernel.run(
        f"import asyncio, pathlib\npathlib.Path('lib.py').write_text({NEW!r})\nawait asyncio.sleep(0.3)\nlib.where()"
    )
    assert (cell.value, kernel.run("lib.where()").value) == ("'old'", "'new'")


def test_a_loop_swaps_where_it_polls(kernel):
    """`hotswap.poll()` in a cell that goes on and on."""
    cell = kernel.run(
        "import hotswap, pathlib\n"
        f"pathlib.Path('lib.py').write_text({NEW!r})\n"
        "for turn in range(10**8):\n    if hotswap.poll():\n        break\n"
        "lib.where()"
    )
    assert (cell.value, len(cell.notices)) == ("'new'", 1)


def test_the_watchers_thread_swaps_while_a_cell_runs(kernel):
    """`%hotswap thread on`; its message belongs to the cell that runs, or to one behind it if it comes late."""
    kernel.run("%hotswap thread on")
    cell = kernel.run(
        f"import pathlib, time\npathlib.Path('lib.py').write_text({NEW!r})\n"
        "for turn in range(20_000):\n    time.sleep(0.001)\n    if lib.where() == 'new':\n        break\n"
        "lib.where()"
    )
    notices, until = cell.notices, time.monotonic() + PATIENCE
    while not notices and time.monotonic() < until:
        notices = kernel.run("pass").notices
    kernel.run("%hotswap thread off")
    assert (cell.value, [notice[:16] for notice in notices]) == ("'new'", ["hotswap: swapped"])


def test_an_interrupt_of_a_round_leaves_the_old_program(kernel):
    """The stop button while a module's statement runs: neither it nor the cell goes on, and the next save counts."""
    kernel.save("lib.py", NEW + "import time\nopen('running', 'w').close()\ntime.sleep(60)\n")
    with interrupted_when(kernel, "running"):
        cell = kernel.run("ran = True")
    assert (cell.status, cell.error) == ("error", "InputRejected")
    kernel.save("lib.py", NEW)
    assert kernel.run("lib.where(), 'ran' in globals()").value == "('new', False)"


def test_an_interrupt_of_a_cell_is_the_cells(kernel):
    """The stop button works as always, and so does the cell after it."""
    with interrupted_when(kernel, "cell-runs"):
        cell = kernel.run("import time\nopen('cell-runs', 'w').close()\ntime.sleep(60)")
    assert cell.error == "KeyboardInterrupt"
    kernel.save("lib.py", NEW)
    assert kernel.run("lib.where()").value == "'new'"


@contextmanager
def interrupted_when(kernel: Kernel, name: str) -> Iterator[None]:
    """Press the stop button as soon as the file is there, and again if nothing comes of it.

    Python drops an interrupt that arrives while it runs the callback of a weak reference, or a finalizer.
    """
    path, is_over = kernel.folder / name, threading.Event()

    def press() -> None:
        while not path.exists():
            if is_over.wait(0.01):
                return
        kernel.interrupt()
        while not is_over.wait(15):
            kernel.interrupt()

    waiter = threading.Thread(target=press)
    waiter.start()
    try:
        yield
    finally:
        is_over.set()
        waiter.join()
        path.unlink(missing_ok=True)


def test_a_widgets_callback_runs_what_was_saved(kernel):
    """A message of the front end to a comm, while no cell runs: it sees the save, and the next cell tells."""
    kernel.run(
        "import comm\nanswers = []\n"
        "def opened(channel, message):\n    channel.on_msg(lambda message: answers.append(lib.where()))\n"
        "comm.get_comm_manager().register_target('test', opened)"
    )
    kernel.save("lib.py", NEW)
    session = kernel.client.session
    for kind, content in (("comm_open", {"target_name": "test"}), ("comm_msg", {})):
        kernel.client.shell_channel.send(session.msg(kind, {"comm_id": "one", "data": {}, **content}))
    cell = kernel.run("answers")
    assert (cell.value, len(cell.notices)) == ("['new']", 1)


def test_completion_reaches_the_front_end(kernel):
    """Tab behind the magic."""
    reply = kernel.client.complete("%hotswap pl", 11, reply=True, timeout=30)
    assert reply["content"]["matches"] == ["plan"]


def test_watch_finds_the_kernel(tmp_path):
    """`hotswap.watch()` in the first cell is enough."""
    with kernel_in(tmp_path) as kernel:
        kernel.save("lib.py", LIB)
        kernel.run("import hotswap, lib\nreloader = hotswap.watch()")
        kernel.save("lib.py", NEW)
        cell = kernel.run("lib.where()")
    assert (cell.value, len(cell.html)) == ("'new'", 1)


def test_several_kernels_at_once_on_the_same_sources(tmp_path):
    """Each has its own session; an edit of the shared module is live in all of them."""
    lib = tmp_path / "lib.py"
    lib.write_text(LIB)
    with ExitStack() as stack:
        kernels = []
        for folder in (tmp_path / "a", tmp_path / "b"):
            folder.mkdir()
            (folder / "lib.py").symlink_to(lib)
            kernels.append(stack.enter_context(kernel_in(folder)))
        for kernel in kernels:
            kernel.run("%load_ext hotswap", "import lib")
        lib.write_text(NEW)
        requests = [kernel.send("lib.where()") for kernel in kernels]
        assert [k.collect(r)[0].value for k, r in zip(kernels, requests, strict=True)] == ["'new'", "'new'"]
